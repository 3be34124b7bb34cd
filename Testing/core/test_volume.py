import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from VertebralFracturesLib.core import volume as volume_module
from VertebralFracturesLib.core.volume import AIR_HU, Volume

SLOPE_RAS = np.array([1.5, -2.0, 0.7])
GEOMETRY = settings(deadline=None, max_examples=40)


def linear(points_ras: np.ndarray) -> np.ndarray:
    """A function that trilinear interpolation has to reproduce."""
    return points_ras @ SLOPE_RAS + 30.0


def painted(shape: tuple[int, int, int], matrix: np.ndarray, function=linear) -> Volume:
    """A volume (k, j, i) with a function of RAS in its voxels."""
    k, j, i = np.indices(shape)
    points = np.stack([i, j, k], -1) @ matrix[:3, :3].T + matrix[:3, 3]
    return Volume(function(points), matrix)


@st.composite
def matrices(draw: st.DrawFn) -> np.ndarray:
    """Any orientation and obliquity, mirrored axes, anisotropic spacing, and the shear of a tilted gantry."""
    turn = Rotation.from_euler("xyz", [draw(st.floats(-180, 180)) for _ in range(3)], degrees=True).as_matrix()
    shear = np.eye(3)
    shear[1, 2] = draw(st.floats(-0.4, 0.4))
    signs = [draw(st.sampled_from([-1.0, 1.0])) for _ in range(3)]
    spacing = [draw(st.floats(0.4, 5.0)) for _ in range(3)]
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ shear @ np.diag(np.array(signs) * spacing)
    matrix[:3, 3] = [draw(st.floats(-500, 500)) for _ in range(3)]
    return matrix


SHAPES = st.tuples(*[st.integers(2, 9)] * 3)


@GEOMETRY
@given(matrices(), SHAPES, st.integers(0, 999))
def test_sampling_reproduces_a_linear_function_in_any_orientation(matrix, shape, seed):
    volume = painted(shape, matrix)
    points_ijk = np.random.default_rng(seed).uniform(0, np.array(shape[::-1]) - 1, (3, 7, 3))
    points_ras = points_ijk @ matrix[:3, :3].T + matrix[:3, 3]
    np.testing.assert_allclose(volume.sample(points_ras), linear(points_ras), rtol=1e-4, atol=5e-3)
    assert volume.contains(points_ras).all()


@GEOMETRY
@given(matrices(), SHAPES, st.integers(0, 999))
def test_to_ijk_inverts_the_matrix(matrix, shape, seed):
    volume = Volume(np.zeros(shape), matrix)
    points_ijk = np.random.default_rng(seed).uniform(-20, 20, (5, 3))
    points_ras = points_ijk @ matrix[:3, :3].T + matrix[:3, 3]
    np.testing.assert_allclose(volume.to_ijk(points_ras), points_ijk, atol=1e-8)


@GEOMETRY
@given(matrices(), SHAPES, st.integers(0, 2), st.sampled_from([-1, 1]))
def test_beyond_the_outer_voxels_nothing_was_measured(matrix, shape, axis, side):
    volume = painted(shape, matrix)
    upper = np.array(shape[::-1]) - 1.0
    outside_ijk = upper / 2
    outside_ijk[axis] = -0.01 if side < 0 else upper[axis] + 0.01
    outside_ras = outside_ijk @ matrix[:3, :3].T + matrix[:3, 3]
    assert not volume.contains(outside_ras)
    assert volume.sample(outside_ras) == AIR_HU
    assert volume.sample(outside_ras, fill=7.0) == 7.0


@GEOMETRY
@given(matrices(), SHAPES)
def test_the_corners_are_voxel_centres_and_span_the_volume(matrix, shape):
    corners_ijk = Volume(np.zeros(shape), matrix).to_ijk(Volume(np.zeros(shape), matrix).corners_ras())
    np.testing.assert_allclose(corners_ijk.min(0), 0, atol=1e-8)
    np.testing.assert_allclose(corners_ijk.max(0), np.array(shape[::-1]) - 1, atol=1e-8)
    assert len(np.unique(corners_ijk.round(6), axis=0)) == 8


def test_spacing_is_measured_along_the_axes():
    turn = Rotation.from_euler("xyz", [20, -35, 70], degrees=True).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ np.diag([-0.7, 0.8, 2.5])
    np.testing.assert_allclose(Volume(np.zeros((4, 3, 2)), matrix).spacing_mm, [0.7, 0.8, 2.5])


def test_voxels_are_indexed_k_j_i():
    voxels = np.zeros((2, 3, 4), np.int16)
    voxels[1, 2, 3] = 500
    volume = Volume(voxels, np.diag([2.0, 3.0, 5.0, 1.0]))
    assert volume.shape == (2, 3, 4)
    assert volume.sample([6.0, 6.0, 5.0]) == 500
    assert volume.sample([5.0, 6.0, 5.0]) == 250
    assert volume.sample([5.1, 6.0, 5.0], order=0) == 500
    assert volume.sample([4.9, 6.0, 5.0], order=0) == 0


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, np.float64])
def test_interpolation_is_not_rounded_to_the_voxels_type(dtype):
    volume = Volume(np.arange(8).reshape(2, 2, 2).astype(dtype), np.eye(4))
    value = volume.sample([0.25, 0.5, 0.5])
    assert value == pytest.approx(0.25 + 1.0 + 2.0)
    assert volume.sample(np.zeros((2, 5, 3))).dtype == np.float32


def test_sampling_in_chunks_changes_nothing(monkeypatch):
    volume = painted((4, 5, 6), np.diag([1.0, 2.0, 3.0, 1.0]))
    points = np.random.default_rng(0).uniform(-1, [6, 9, 10], (50, 3))
    whole = volume.sample(points)
    for size in (1, 7, 49, 50, 51):
        monkeypatch.setattr(volume_module, "_POINTS_PER_CHUNK", size)
        np.testing.assert_array_equal(volume.sample(points), whole)
    assert volume.sample(np.zeros((0, 3))).shape == (0,)


@GEOMETRY
@given(matrices(), st.floats(1.0, 4.0))
def test_resampling_keeps_a_linear_function_and_covers_the_volume(matrix, spacing_mm):
    volume = painted((24, 22, 20), matrix)
    cubic = volume.resampled(spacing_mm)
    assert cubic.voxels.dtype == np.float32
    np.testing.assert_allclose(cubic.ijk_to_ras[:3, :3], spacing_mm * np.eye(3))
    corners = volume.corners_ras()
    np.testing.assert_allclose(cubic.corners_ras().min(0), corners.min(0))
    assert (cubic.corners_ras().max(0) > corners.max(0) - spacing_mm).all()
    k, j, i = np.indices(cubic.shape)
    points = np.stack([i, j, k], -1) * spacing_mm + cubic.ijk_to_ras[:3, 3]
    margin = 2 * spacing_mm / volume.spacing_mm + 1
    inner = np.all((volume.to_ijk(points) > margin) & (volume.to_ijk(points) < [19, 21, 23] - margin), axis=-1)
    np.testing.assert_allclose(cubic.voxels[inner], linear(points[inner]), rtol=1e-4, atol=2e-2)
    outside = ~volume.contains(points)
    assert (cubic.voxels[outside] == AIR_HU).all()


def test_resampling_keeps_the_weight_of_thin_structures():
    checks = np.indices((60, 60, 60)).sum(0) % 2 * 1000.0
    cubic = Volume(checks, np.diag([0.5, 0.5, 0.5, 1.0])).resampled(3.0)
    np.testing.assert_allclose(cubic.voxels[2:-2, 2:-2, 2:-2], 500, atol=1)
    sheet = np.zeros((60, 60, 60), np.int16)
    sheet[:, :, 29] = 1200
    across = Volume(sheet, np.diag([0.5, 0.5, 0.5, 1.0])).resampled(3.0).voxels[5, 5]
    assert across[across != AIR_HU].sum() * 3.0 == pytest.approx(1200 * 0.5, rel=1e-3)


def test_coarser_volumes_are_interpolated_not_averaged():
    volume = painted((6, 12, 12), np.diag([2.0, 2.0, 5.0, 1.0]))
    cubic = volume.resampled(3.0)
    points = np.indices(cubic.shape)[::-1].transpose(1, 2, 3, 0) * 3.0
    np.testing.assert_allclose(cubic.voxels, linear(points), atol=1e-3)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 40, 40), (40, 1, 40)])
def test_volumes_of_one_slice_can_be_sampled_and_resampled(shape):
    volume = Volume(np.full(shape, 40, np.int16), np.diag([1.0, 1.0, 3.0, 1.0]))
    assert volume.sample(volume.corners_ras()).tolist() == [40.0] * 8
    assert volume.contains(volume.corners_ras()).all()
    assert np.isfinite(volume.resampled(3.0).voxels).all()


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((4, 4)),
        np.diag([1.0, 1.0, 0.0, 1.0]),
        np.full((4, 4), np.nan),
        np.eye(3),
        np.array([[1.0, 2, 0, 0], [2, 4, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    ],
)
def test_a_matrix_that_cannot_be_inverted_is_refused(matrix):
    with pytest.raises(ValueError, match="invertible 4x4"):
        Volume(np.zeros((2, 2, 2)), matrix)


@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 4, 5)])
def test_voxels_of_other_than_three_axes_are_refused(shape):
    with pytest.raises(ValueError, match=f"three axes, this one has {len(shape)}"):
        Volume(np.zeros(shape), np.eye(4))


def test_the_matrix_is_a_copy():
    matrix = np.eye(4)
    volume = Volume(np.zeros((2, 2, 2)), matrix)
    matrix[0, 3] = 99.0
    np.testing.assert_array_equal(volume.corners_ras()[0], 0)


def test_where_nothing_was_measured_there_is_the_least_value_of_a_ct():
    assert AIR_HU == -(2**10)


def scanned(shape: tuple[int, int, int] = (40, 44, 48)) -> np.ndarray:
    """Noise, as a scanner measures it."""
    return np.random.default_rng(0).normal(0, 15, shape).round().astype(np.int16)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("value", [-1024, 0, 300])
def test_slices_of_one_value_were_not_measured(axis, value):
    voxels = scanned()
    np.moveaxis(voxels, axis, 0)[30:] = value
    np.moveaxis(voxels, axis, 0)[7] = value
    volume = Volume(voxels, np.eye(4))
    points = np.full((7, 3), 20.0)
    points[:, 2 - axis] = [29.0, 29.1, 30.0, 35.0, 6.0, 7.0, 8.0]
    assert volume.measures(points).tolist() == [True, False, False, False, True, False, True]
    assert volume.contains(points).all()


@pytest.mark.parametrize(("value", "is_padding"), [(-3000, True), (-1000, True), (0, True), (-200, False), (70, False)])
def test_padding_at_the_border_was_not_measured(value, is_padding):
    voxels = scanned()
    k, _, i = np.indices(voxels.shape)
    voxels[k + i > 60] = value
    volume = Volume(voxels, np.diag([0.8, 0.9, 1.0, 1.0]))
    points_ijk = np.array([[20.0, 20, 20], [30, 20, 30], [30, 20, 31], [40, 30, 35]])
    measured = volume.measures(points_ijk * [0.8, 0.9, 1.0])
    assert measured.tolist() == ([True, True, False, False] if is_padding else [True] * 4)


def test_the_rest_of_a_slice_that_was_written_in_part_was_not_measured():
    voxels = scanned()
    voxels.reshape(-1)[int(25.5 * 44 * 48) :] = 0
    volume = Volume(voxels, np.eye(4))
    assert volume.measures([[20.0, 10, 24], [20, 10, 25], [20, 30, 25]]).tolist() == [True, True, False]


def test_air_within_the_patient_was_measured():
    voxels = scanned()
    voxels[10:30, 10:30, 10:30] = -1024
    assert Volume(voxels, np.eye(4)).measures([20.0, 20.0, 20.0])


@GEOMETRY
@given(matrices(), st.integers(0, 99))
def test_where_all_was_measured_the_grid_is_the_border(matrix, seed):
    volume = Volume(scanned((9, 8, 7)), matrix)
    points_ras = volume.corners_ras().mean(0) + np.random.default_rng(seed).normal(0, 20, (50, 3))
    np.testing.assert_array_equal(volume.measures(points_ras), volume.contains(points_ras))
