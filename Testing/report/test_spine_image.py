"""The image of the spine on a page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.command import oracle
from helpers.small_ct import body_hu
from helpers.small_radiograph import report
from helpers.spine_shapes import kyphotic_circle
from PIL import Image
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.close_up import window_of
from VertebralFracturesLib.report.spine_image import PIXEL_MM, spine_image, thumbnail, write_thumbnail
from VertebralFracturesLib.report.window import BONE_WINDOW


def film(pixel_mm: float, side: str) -> tuple[Radiograph, object]:
    image = np.zeros((400, 200), np.float32)
    image[100, 40] = 1.0
    image[:, :5] = 0.5
    return Radiograph(image), replace(report(), pixel_mm=pixel_mm, anterior_is=side)


@pytest.mark.parametrize("side", ["left", "right"])
def test_anterior_is_on_the_left(side: str) -> None:
    radiograph, shown = film(PIXEL_MM, side)
    image = spine_image(shown, radiograph)
    assert (image.width_mm, image.height_mm) == (100.0, 200.0)
    assert np.unravel_index(image.pixels.argmax(), image.pixels.shape)[1] == (40 if side == "left" else 159)
    points = np.array([body.points_mm for body in image.bodies])
    fronts, backs = points[:, :2, 0].mean(), points[:, 4:, 0].mean()
    assert backs - fronts == pytest.approx(34.0)
    assert len(image.sacral_points_mm) == 3
    assert image.lines


def test_fine_pixels_are_made_half_a_millimetre_and_coarse_ones_stay() -> None:
    assert spine_image(*film(0.2, "left")[::-1]).pixels.shape == (160, 80)
    coarse = spine_image(*film(1.0, "left")[::-1])
    assert (coarse.pixels.shape, coarse.pixel_mm) == ((400, 200), 1.0)


def test_without_a_sacrum_none_is_drawn() -> None:
    radiograph, shown = film(0.5, "left")
    image = spine_image(replace(shown, sacral_endplate_ras=None), radiograph)
    assert image.sacral_points_mm == ()
    assert {line.title for line in image.lines} == {"L1-L5 lordosis"}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("pixel_mm", [0.15, 0.5])
def test_the_close_ups_of_a_radiograph_are_cut_out_of_it(side: str, pixel_mm: float) -> None:
    """A bright point between the points of a body is found in its close-up, whatever side its front is on."""
    place_mm = np.array([2.0, 3.0])
    shown = replace(report(), pixel_mm=pixel_mm, anterior_is=side)
    centre_ras = shown.vertebrae[0].keypoints_ras.mean(0)
    placed = Radiograph(np.zeros((2, 2), np.float32), pixel_mm, side)
    origin_ras = np.array([0.0, -placed.forwards * 30.0, 30.0])
    moved = replace(shown, vertebrae=tuple(
        replace(one, keypoints_ras=one.keypoints_ras - centre_ras - origin_ras) for one in shown.vertebrae[:1]
    ), sacral_endplate_ras=None)  # fmt: skip
    rows, columns = np.indices((round(60 / pixel_mm), round(60 / pixel_mm)))
    grid_ras = placed.pixels_to_ras(np.stack([columns, rows], -1)) + origin_ras
    bright_ras = np.array([0.0, -place_mm[0], -place_mm[1]])
    image = np.exp(-((grid_ras - bright_ras) ** 2).sum(-1) / 72).astype(np.float32)
    (body,) = spine_image(moved, Radiograph(image)).bodies
    cut = body.close_up.slice
    row, column = np.unravel_index(cut.image.argmax(), cut.image.shape)
    found_mm = np.array([cut.left_mm + column * cut.pixel_mm, cut.top_mm + row * cut.pixel_mm])
    np.testing.assert_allclose(found_mm, place_mm, atol=0.5)
    np.testing.assert_array_equal(body.stretch, 1.0)
    assert body.close_up.off_plane_mm == pytest.approx(0.0, abs=1e-9)


@pytest.fixture
def ct() -> tuple[SpineReport, Volume]:
    """Bodies along a kyphotic spine in a CT whose intensity rises to the front."""
    curve = kyphotic_circle(150.0)
    body_straight = np.array([[0, y, z] for y in (15.0, 0.0, -15.0) for z in (0.0, -20.0)])
    vertebrae = tuple(
        Vertebra(curve.straight_to_ras(body_straight - [0, 0, depth]), 0.9, np.ones(6)) for depth in (100.0, 130.0)
    )
    matrix = np.diag([10.0, 10.0, 10.0, 1.0])
    matrix[:3, 3] = -40, -260, -160
    voxels = np.broadcast_to(8.0 * np.arange(30)[:, None], (32, 30, 9)).astype(np.int16)
    return SpineReport("test", {}, "anchor", "genant", curve, vertebrae), Volume(voxels, matrix)


def test_the_image_of_a_ct_says_what_it_is_and_in_which_window_it_is_shown(ct) -> None:
    image = spine_image(*ct)
    assert "curved planar reformation" in image.title
    assert "lengths along it are not true" in image.note
    assert "lengths are true" in image.close_up_note
    assert image.window_text == f"{image.window.low:.0f} to {image.window.high:.0f} HU".replace("-", "−")
    assert image.window == window_of(*ct)
    for body in image.bodies:
        np.testing.assert_allclose(body.stretch, [150 / 135, 1.0, 150 / 165], atol=0.01)


def test_the_window_of_a_ct_without_vertebrae_is_that_of_bone(ct) -> None:
    report, volume = ct
    assert spine_image(replace(report, vertebrae=()), volume).window == BONE_WINDOW


def test_a_radiograph_without_a_scale_has_no_bar() -> None:
    radiograph, shown = film(0.5, "left")
    assert spine_image(shown, radiograph).bar_text == "10 mm"
    without = spine_image(replace(shown, is_scale_known=False), radiograph)
    assert without.bar_text == ""
    assert "no lengths are given" in without.close_up_note


SMALL_CT = Volume(body_hu(), np.diag([3.0, 3.0, 3.0, 1.0]))


def test_in_the_small_image_every_vertebra_is_outlined_in_the_colour_of_its_grade() -> None:
    image = np.asarray(thumbnail(oracle(SMALL_CT, None, preset="pisov"), SMALL_CT)).astype(int)
    assert image.shape[1:] == (128, 3)
    is_coloured = {
        grade: (np.abs(image - np.round(255 * np.array(GRADE_COLORS[grade]))).max(-1) <= 1) for grade in (0, 2, 3)
    }
    rows = {grade: np.flatnonzero(where.any(1)) for grade, where in is_coloured.items()}
    assert rows[3].size == 0
    assert rows[0].min() < rows[2].min() < rows[2].max() < rows[0].max()


def test_the_file_of_the_small_image_is_small(tmp_path: Path) -> None:
    write_thumbnail(tmp_path / "thumbnail.jpg", oracle(SMALL_CT, None, preset="pisov"), SMALL_CT)
    with Image.open(tmp_path / "thumbnail.jpg") as image:
        assert image.format == "JPEG"
    assert (tmp_path / "thumbnail.jpg").stat().st_size < 30_000
    assert [path.name for path in tmp_path.iterdir()] == ["thumbnail.jpg"]
