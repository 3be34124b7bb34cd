import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.radiograph.network_input import (
    CROP_CELLS,
    CROP_PIXELS,
    CROP_SIDE,
    DETAIL_CHANNELS,
    SURROUNDINGS,
    CropFrames,
    crop_channels,
    resampled,
    two_channels,
)

BODY = np.array([[-17, -13], [-17, 13], [0, -11], [0, 11], [17, -13], [17, 13]], float)


@given(st.floats(-180, 180), st.floats(0.3, 3.0), st.floats(-100, 100), st.floats(-100, 100))
def test_crops_are_inverted_exactly(angle: float, scale: float, x: float, y: float) -> None:
    turn = np.deg2rad(angle)
    body = scale * BODY @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + [x, y]
    frames = CropFrames.around(body[None])
    places = frames.to_crops(body[None])
    np.testing.assert_allclose(frames.from_crops(places)[0], body, atol=1e-9)
    np.testing.assert_allclose(places[0], BODY / (CROP_SIDE * 34 / 2), atol=1e-9)


def test_the_sacrum_hangs_from_its_endplate() -> None:
    plate = BODY.copy()
    plate[1::2] = np.nan
    frames = CropFrames.around(plate[None])
    places = frames.to_crops(plate[None])[0, ::2]
    assert (np.abs(places) < 1).all()
    assert places[0, 1] == pytest.approx(places[2, 1])
    assert places[0, 1] < 0


def test_a_crop_shows_what_lies_in_it() -> None:
    rows, columns = np.indices((120, 120), dtype=np.float32)
    image = columns + 1000 * rows
    frames = CropFrames(np.array([[60.0, 50.0]]), np.array([[1.0, 0.0]]), np.array([32.0]))
    window = frames.cut(image)[0]
    count = SURROUNDINGS * CROP_PIXELS
    places = (2 * np.arange(count) - (count - 1)) / CROP_PIXELS * 16
    np.testing.assert_allclose(window[0], 60 + places + 1000 * (50 + places[0]), rtol=1e-5)
    half = CropFrames(np.array([[30.0, 25.0]]), np.array([[1.0, 0.0]]), np.array([16.0]))
    np.testing.assert_allclose(half.cut(image, 0.5)[0], window, rtol=1e-5)


def test_both_views_have_one_middle() -> None:
    """A bright band across half of the crop fills half of its rows and a quarter of those of the wider view."""
    count = SURROUNDINGS * CROP_PIXELS
    window = np.zeros((1, count, count), np.float32)
    middle = count // 2
    window[:, middle - CROP_PIXELS // 4 : middle + CROP_PIXELS // 4, :] = 1.0
    crop, wide = crop_channels(window)[0, [0, DETAIL_CHANNELS]]
    bright = [np.flatnonzero(view[:, CROP_CELLS // 2] > 0) for view in (crop, wide)]
    assert [len(rows) for rows in bright] == [CROP_CELLS // 2, CROP_CELLS // 4]
    assert [rows.mean() for rows in bright] == [(CROP_CELLS - 1) / 2] * 2


def test_resampling_keeps_places_and_means() -> None:
    rows, columns = np.indices((90, 60), dtype=np.float32)
    small = resampled(2 * columns - rows, 2.5)
    inner = np.s_[2:-2, 2:-2]
    expected = (2 * 2.5 * np.arange(small.shape[1]) - 2.5 * np.arange(small.shape[0])[:, None])[inner]
    np.testing.assert_allclose(small[inner], expected, atol=0.05)


@given(st.floats(0.01, 1000), st.floats(-500, 500))
def test_contrast_and_brightness_do_not_matter(contrast: float, brightness: float) -> None:
    image = np.random.default_rng(1).normal(size=(40, 30)).astype(np.float32)
    changed = (image * contrast + brightness).astype(np.float32)
    np.testing.assert_allclose(two_channels(changed, 4.0), two_channels(image, 4.0), atol=0.05 + 1e-4 / contrast)
    side = SURROUNDINGS * CROP_PIXELS
    window = np.random.default_rng(2).normal(size=(1, side, side)).astype(np.float32)
    brighter = (window * contrast + brightness).astype(np.float32)
    np.testing.assert_allclose(
        crop_channels(brighter), crop_channels(window), atol=0.05 + 1e-4 * abs(brightness) / contrast
    )
