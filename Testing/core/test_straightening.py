import numpy as np
import pytest
from helpers.spine_shapes import kyphotic_circle, spine_curves, upright_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.straightening import StraightenedSlice, straighten
from VertebralFracturesLib.core.volume import AIR_HU, Volume

GEOMETRY = settings(deadline=None, max_examples=30)


def volume_of(function, corner_ras: tuple[float, ...], size_mm: tuple[float, ...], spacing_mm: float = 2.0) -> Volume:
    """A volume along the patient's axes with a function of RAS in its voxels."""
    count = np.round(np.array(size_mm) / spacing_mm).astype(int) + 1
    matrix = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    matrix[:3, 3] = corner_ras
    k, j, i = np.indices(count[::-1])
    return Volume(function(np.stack([i, j, k], -1) * spacing_mm + matrix[:3, 3]), matrix)


def ball(centre_ras: np.ndarray, sigma_mm: float = 4.0):
    return lambda points: 1000 * np.exp(-((points - centre_ras) ** 2).sum(-1) / (2 * sigma_mm**2))


def brightest(image: np.ndarray) -> np.ndarray:
    """Centre of mass (column, row) of what is bright."""
    weights = np.clip(image - 200, 0, None)
    rows, columns = np.indices(image.shape)
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


BLOCK = ((-60.0, -100.0, -260.0), (120.0, 200.0, 320.0))
THIN_BLOCK = ((-12.0, -10.0, -80.0), (24.0, 40.0, 40.0))
"""What surrounds the pixel of column 40 and row 60."""


def test_the_first_column_is_anterior_and_the_first_row_cranial():
    volume = volume_of(lambda points: 2 * points[..., 1] + 3 * points[..., 2], *BLOCK)
    cut = straighten(volume, upright_curve(), width_mm=60.0, margin_mm=15.0)
    assert cut.image.shape == (230, 60)
    assert cut.image.dtype == np.float32
    anterior = 29.5 - np.arange(60)
    superior = 15.0 - np.arange(230)
    np.testing.assert_allclose(cut.image, 2 * anterior + 3 * superior[:, None], atol=0.01)


@GEOMETRY
@given(spine_curves(), st.floats(0.5, 2.0), st.floats(-5.0, 5.0))
def test_pixels_hold_what_lies_at_their_places(curve, pixel_mm, lateral_mm):
    slope = np.array([0.5, -1.0, 2.0])
    centre = curve.points_ras.mean(0)
    matrix = np.diag([1500.0, 1500.0, 1500.0, 1.0])
    matrix[:3, 3] = centre - 750.0
    corners = np.stack(np.meshgrid(*[[-750.0, 750.0]] * 3, indexing="ij"), -1).transpose(2, 1, 0, 3)
    cut = straighten(Volume(corners @ slope, matrix), curve, pixel_mm, slab_mm=1.0, lateral_mm=lateral_mm)
    rows, columns = np.indices(cut.image.shape)
    expected = (cut.pixels_to_ras(np.stack([columns, rows], -1)) - centre) @ slope
    np.testing.assert_allclose(cut.image, expected, atol=0.05)


@GEOMETRY
@given(spine_curves(), st.integers(0, 999))
def test_pixels_and_patient_map_onto_one_another(curve, seed):
    rng = np.random.default_rng(seed)
    cut = StraightenedSlice(np.zeros((1, 1), np.float32), rng.uniform(0.5, 2), curve, 40.0, 20.0, rng.uniform(-4, 4))
    length = curve.length_mm / cut.pixel_mm
    pixels = np.column_stack([rng.uniform(20, 60, 20) / cut.pixel_mm, rng.uniform(-10, length + 30, 20)])
    ras = cut.pixels_to_ras(pixels)
    np.testing.assert_allclose(cut.ras_to_pixels(ras), pixels, atol=1e-3)
    across = curve.frame(-cut.pixels_to_straight(pixels)[..., 2])[..., 0, :]
    np.testing.assert_allclose(cut.ras_to_pixels(ras + 6.0 * across), pixels, atol=1e-3)


@pytest.mark.parametrize("pixel_mm", [0.75, 1.0, 1.6])
def test_a_ball_beside_a_bent_spine_is_found_at_its_pixel(pixel_mm):
    curve = kyphotic_circle(90.0, 110.0)
    middle_straight = np.array([0.0, -14.0, -60.0])
    ball_ras = curve.straight_to_ras(middle_straight)
    volume = volume_of(ball(ball_ras), ball_ras - 40, (80.0, 80.0, 80.0))
    cut = straighten(volume, curve, pixel_mm)
    np.testing.assert_allclose(brightest(cut.image), cut.ras_to_pixels(ball_ras), atol=0.15)
    expected = [(cut.anterior_mm + 14.0) / pixel_mm, (20.0 + 60.0) / pixel_mm]
    np.testing.assert_allclose(cut.ras_to_pixels(ball_ras), expected, atol=1e-3)


@pytest.mark.parametrize(("width_mm", "margin_mm", "pixel_mm"), [(96.0, 20.0, 1.0), (50.0, 0.0, 0.5), (81.0, 7.0, 2.0)])
def test_the_image_is_centred_on_the_curve_and_reaches_beyond_its_ends(width_mm, margin_mm, pixel_mm):
    curve = upright_curve(150.0, (3.0, -20.0, 40.0))
    volume = volume_of(lambda points: 0 * points[..., 0], *BLOCK)
    cut = straighten(volume, curve, pixel_mm, width_mm, margin_mm)
    rows, columns = cut.image.shape
    np.testing.assert_allclose(cut.pixels_to_ras([(columns - 1) / 2, 0]), [3, -20, 40 + margin_mm], atol=1e-9)
    assert columns == round(width_mm / pixel_mm)
    assert rows * pixel_mm == pytest.approx(150.0 + 2 * margin_mm, abs=pixel_mm)
    np.testing.assert_allclose(cut.pixels_to_ras([0, rows - 1])[1] - cut.pixels_to_ras([columns - 1, 0])[1],
                               (columns - 1) * pixel_mm)  # fmt: skip


def test_a_slab_averages_across_the_image_and_a_lateral_offset_moves_it_to_the_right():
    volume = volume_of(lambda points: points[..., 0] ** 2, *THIN_BLOCK, spacing_mm=1.0)
    curve = upright_curve(120.0)
    assert straighten(volume, curve, slab_mm=1.0).image[60, 40] == pytest.approx(0.0, abs=1e-3)
    assert straighten(volume, curve, slab_mm=1.0, lateral_mm=6.0).image[60, 40] == pytest.approx(36.0, abs=1e-3)
    averaged = straighten(volume, curve, slab_mm=5.0).image[60, 40]
    assert averaged == pytest.approx(np.mean(np.array([-2.0, -1, 0, 1, 2]) ** 2), abs=1e-3)
    right = volume_of(lambda points: points[..., 0], *THIN_BLOCK, spacing_mm=1.0)
    assert straighten(right, curve, slab_mm=4.0, lateral_mm=3.0).image[60, 40] == pytest.approx(3.0, abs=1e-3)


def test_where_the_volume_ends_there_is_air():
    volume = volume_of(lambda points: 0 * points[..., 0] + 50, (-20.0, -20.0, -100.0), (40.0, 40.0, 80.0))
    cut = straighten(volume, upright_curve(), width_mm=80.0, margin_mm=20.0)
    rows, columns = np.indices(cut.image.shape)
    inside = volume.contains(cut.pixels_to_ras(np.stack([columns, rows], -1)))
    assert inside.sum() == 81 * 40
    assert (cut.image[inside] == 50).all()
    assert (cut.image[~inside] == AIR_HU).all()


def test_a_slice_is_cut_as_the_detection_network_learnt_it():
    """96 pixels of 1 mm, 20 mm beyond both ends, the mean of three layers 1 mm apart."""
    volume = volume_of(lambda points: points[..., 0] ** 2, *THIN_BLOCK, spacing_mm=1.0)
    cut = straighten(volume, upright_curve(120.0))
    assert cut.image.shape == (160, 96)
    assert cut.image[60, 40] == pytest.approx(2 / 3, abs=1e-3)
