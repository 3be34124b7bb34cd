from dataclasses import replace

import numpy as np
import pytest
from helpers.spine_shapes import curve_through, kyphotic_circle
from scipy import ndimage
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import AIR_HU, Volume
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.training.samples import volumes as volume_samples
from VertebralFracturesLib.training.samples.volumes import (
    VolumeCrop,
    VolumeSample,
    random_crop_shape,
    random_volume_crop,
    real_volume_sample,
)

SHAPE = (48, 48, 64)
SEEDS = range(30)


def tube_sample(ends: tuple[bool, bool] = (True, True), length_mm: float = 300.0) -> VolumeSample:
    """A trunk of soft tissue with a bright tube along a bent spine that ends within it."""
    z = np.arange(0, length_mm, 1.0)
    curve_ras = np.column_stack([10 * np.sin(z / 60), -40 + 15 * np.cos(z / 80), 250 - z])
    count = np.array([100, 80, 130])
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = [-150, -150, -60]
    k, j, i = np.indices(count[::-1])
    height = matrix[2, 3] + 3.0 * k[:, 0, 0]
    along = np.column_stack([np.interp(height, curve_ras[::-1, 2], curve_ras[::-1, axis]) for axis in (0, 1)])
    squared = (matrix[0, 3] + 3 * i - along[:, 0, None, None]) ** 2 + (
        matrix[1, 3] + 3 * j - along[:, 1, None, None]
    ) ** 2
    exists = (height <= curve_ras[0, 2]) & (height >= curve_ras[-1, 2])
    voxels = 40 + 1000 * np.exp(-squared / (2 * 7.0**2)) * exists[:, None, None]
    return VolumeSample(Volume(voxels.astype(np.float32), matrix), curve_ras, 8 + z / 27.0, ends)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the intensities and the field of view as they are."""
    monkeypatch.setattr(volume_samples, "_degraded", lambda image, rng: image.copy())
    monkeypatch.setattr(volume_samples, "_cut_field_of_view", lambda image, rng: image > AIR_HU + 1)


def crops(sample: VolumeSample, seeds=SEEDS) -> list[VolumeCrop]:
    return [random_volume_crop(sample, SHAPE, np.random.default_rng(seed)) for seed in seeds]


@pytest.mark.usefixtures("clean")
def test_centres_and_levels_follow_the_image():
    errors, slopes = [], []
    for crop in crops(tube_sample()):
        assert crop.image.shape == SHAPE
        rows, columns = np.indices(SHAPE[1:])
        slices = np.flatnonzero(crop.located)
        for number in slices:
            column, row = crop.centres[number]
            weights = np.where(
                np.hypot(columns - column, rows - row) < 7, np.clip(crop.image[number] - 100, 0, None), 0
            )
            if min(column, row) < 8 or column > SHAPE[2] - 9 or row > SHAPE[1] - 9:
                continue
            assert weights.max() > 500
            found = np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()
            errors.append(np.linalg.norm(found - [column, row]))
        if len(slices) > 4:
            slopes.append(np.diff(crop.level[slices]).mean())
    assert len(errors) > 400
    assert np.mean(errors) < 0.25
    assert np.percentile(errors, 99) < 1.0
    assert np.min(slopes) > 0  # the first slice is cranial
    assert np.median(slopes) == pytest.approx(3.0 / 27.0, rel=0.15)


@pytest.mark.usefixtures("clean")
def test_the_sacrum_lies_between_its_points_and_below():
    """In the image the share is told by height alone: none at the last vertebra, all at S1, half in between."""
    sample = replace(tube_sample(), sacrum_ras=np.array([[0.0, 0.0, -20.0], [0.0, 0.0, -53.0]]))
    between = []
    for crop in crops(sample, range(60)):
        assert (np.diff(crop.sacrum) >= 0).all()  # the first slice is cranial
        assert (crop.sacrum[crop.located == 0][:1] <= crop.sacrum[-1]).all()
        slices = np.flatnonzero((crop.sacrum > 0) & (crop.sacrum < 1))
        if len(slices) > 3:
            between.append(1 / np.diff(crop.sacrum[slices]).mean())
        np.testing.assert_array_equal(crop.named, (crop.decided == 1) & _shows_curve(crop))
    assert np.median(between) == pytest.approx(11.0, rel=0.2)
    assert all((crop.sacrum == 0).all() for crop in crops(tube_sample()))


def _shows_curve(crop: VolumeCrop) -> np.ndarray:
    """Slices in which the curve, or the place of its end, is in view."""
    column, row = np.round(crop.centres).astype(int).T
    inside = (crop.centres >= 0).all(1) & (crop.centres <= np.array(SHAPE[:0:-1]) - 1).all(1)
    seen = crop.image[np.arange(SHAPE[0]), row.clip(0, SHAPE[1] - 1), column.clip(0, SHAPE[2] - 1)] > AIR_HU + 1
    return inside & seen


@pytest.mark.usefixtures("clean")
def test_some_crops_are_of_the_size_of_children():
    """A spine of 270 mm from T1 down is drawn between half as long and a third longer."""
    levels = [crop.level[crop.located == 1] for crop in crops(tube_sample(), range(80))]
    sizes = np.array([3.0 / 27.0 / np.diff(one).mean() for one in levels if len(one) > 1])
    assert 0.5 < sizes.min() < 0.75
    assert 0.9 < np.median(sizes) < 1.1
    assert (sizes < 0.8).mean() < 0.3


@pytest.mark.usefixtures("clean")
def test_where_the_spine_is_known_to_end_absence_is_taught():
    seen = 0
    for crop in crops(tube_sample(ends=(True, True))):
        above, below = _beyond(crop)
        assert (crop.existence[above | below] == 0).all()
        assert (crop.decided[above | below] == 1).all()
        seen += (above | below).sum()
        assert (crop.located[above | below] == 0).all()
    assert seen > 100


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("ends", [(False, False), (True, False), (False, True)])
def test_where_the_marking_just_stops_nothing_is_said(ends):
    undecided = 0
    for crop in crops(tube_sample(ends)):
        above, below = _beyond(crop)
        assert (crop.decided[above] == ends[0]).all()
        assert (crop.decided[below] == ends[1]).all()
        undecided += (crop.decided == 0).sum()
        np.testing.assert_array_equal(crop.existence, crop.located)
    assert undecided > 50


def _beyond(crop: VolumeCrop) -> tuple[np.ndarray, np.ndarray]:
    """Slices above and below the curve: the level does not change there."""
    slices = np.arange(len(crop.level))
    inner = np.flatnonzero(np.diff(crop.level) > 1e-4)
    if len(inner) == 0:
        return np.zeros(len(slices), bool), np.zeros(len(slices), bool)
    return slices < inner[0], slices > inner[-1] + 1


@pytest.mark.usefixtures("clean")
def test_slices_whose_centre_lies_outside_the_crop_hold_no_spine():
    outside = 0
    for crop in crops(tube_sample(), range(60)):
        column, row = crop.centres.T
        away = (column < 0) | (row < 0) | (column > SHAPE[2] - 1) | (row > SHAPE[1] - 1)
        assert (crop.located[away] == 0).all()
        assert (crop.existence[away] == 0).all()
        assert (crop.decided[away] == 1).all()
        outside += away.sum()
    assert outside > 50


def test_a_cut_field_of_view_is_air_and_its_slices_hold_no_spine():
    cut = {"image": 0, "slices": 0}
    for crop in crops(tube_sample()):
        kept = crop.image > AIR_HU
        column, row = np.round(crop.centres).astype(int).T
        inside = (column >= 0) & (row >= 0) & (column < SHAPE[2]) & (row < SHAPE[1])
        at_curve = kept[np.arange(SHAPE[0]), row.clip(0, SHAPE[1] - 1), column.clip(0, SHAPE[2] - 1)]
        gone = inside & ~at_curve & (crop.decided == 1)
        assert (crop.existence[gone] == 0).all()
        assert (crop.located[gone] == 0).all()
        cut["image"] += (~kept).any()
        cut["slices"] += gone.sum()
        assert ((crop.existence == 1) <= (crop.decided == 1)).all()
        assert ((crop.located == 1) == (crop.existence == 1)).all()
    assert cut["image"] > 10
    assert cut["slices"] > 50


@pytest.mark.usefixtures("clean")
def test_crops_bend_and_mirror_the_spine():
    sample = tube_sample()
    straight = np.polyfit(sample.curve_ras[:, 2], sample.curve_ras[:, 0], 1)
    assert np.isfinite(straight).all()
    bends = []
    for crop in crops(sample):
        where = crop.located == 1
        if where.sum() > 25:
            column = ndimage.gaussian_filter1d(crop.centres[where, 0], 3)
            bends.append(
                np.ptp(column - np.polyval(np.polyfit(np.arange(len(column)), column, 1), np.arange(len(column))))
            )
    assert min(bends) < 3
    assert max(bends) > 6


def test_degrading_keeps_places_and_varies_intensities():
    image = np.full((20, 24, 28), 40.0, np.float32)
    image[10, 12, 14] = 20000.0
    means = []
    for seed in range(30):
        result = volume_samples._degraded(image, np.random.default_rng(seed))
        k, j, i = np.unravel_index(result.argmax(), result.shape)
        assert (j, i) == (12, 14)
        assert abs(k - 10) <= 1
        means.append(np.median(result))
    assert np.std(means) > 15


def test_crop_shapes_suit_the_network_and_the_memory():
    rng = np.random.default_rng(0)
    shapes = [random_crop_shape(rng) for _ in range(200)]
    assert len(set(shapes)) > 15
    assert all(side % 16 == 0 for shape in shapes for side in shape)
    assert max(np.prod(shape) for shape in shapes) <= 500_000


def case(levels, curve: SpineCurve, arcs, spacing_mm=2.0) -> TrainingCase:
    """Flat bodies at places along a curve, in a block of soft tissue."""
    centres = np.column_stack([0 * arcs, 0 * arcs, -arcs])
    pattern = np.array([[0.0, 14, 10], [0, 14, -10], [0, 0, 9], [0, 0, -9], [0, -14, 10], [0, -14, -10]])
    keypoints = curve.straight_to_ras(centres[:, None] + pattern)
    low, high = curve.points_ras.min(0) - 60, curve.points_ras.max(0) + 60
    matrix = np.diag([spacing_mm] * 3 + [1.0])
    matrix[:3, 3] = low
    voxels = np.full(np.ceil((high - low) / spacing_mm).astype(int)[::-1], 40.0, np.float32)
    return TrainingCase("case", lambda: Volume(voxels, matrix), keypoints, np.array(levels), curve)


def test_levels_are_whole_in_the_middle_of_each_body():
    curve = kyphotic_circle(200.0, 60.0)
    arcs = np.array([40.0, 70.0, 102.0, 136.0])
    sample = real_volume_sample(case([9, 10, 11, 12], curve, arcs))
    places = curve.straight_to_ras(np.column_stack([0 * arcs, 0 * arcs, -arcs]))
    nearest = np.linalg.norm(sample.curve_ras[:, None] - places, axis=-1).argmin(0)
    np.testing.assert_allclose(sample.level[nearest], [9, 10, 11, 12], atol=0.05)
    assert (np.diff(sample.level) > 0).all()
    assert (np.diff(sample.curve_ras[:, 2]) < 0).all()
    assert sample.ends == (False, False)
    np.testing.assert_allclose(sample.volume.ijk_to_ras[:3, :3], 3 * np.eye(3))


def test_the_mobile_spine_ends_below_l5():
    curve = curve_through(np.column_stack([np.zeros(20), np.zeros(20), -np.linspace(0, 200, 20)]))
    sample = real_volume_sample(case([22, 23, 24], curve, np.array([40.0, 74.0, 108.0])))
    assert sample.ends == (False, True)
    assert sample.level.max() <= 24.5
    assert sample.curve_ras[-1, 2] == pytest.approx(-108.0 - 16.0, abs=1.5)
    np.testing.assert_allclose(sample.sacrum_ras[:, 2], [-108.0, -140.0], atol=1e-6)
    assert real_volume_sample(case([22, 23], curve, np.array([40.0, 74.0]))).sacrum_ras is None
