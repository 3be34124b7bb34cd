import numpy as np
import pytest
from helpers.spine_shapes import upright_bodies_mm
from scipy import ndimage
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.core.volume import AIR_HU
from VertebralFracturesLib.simulation.fractures.deformation import Bowl, Fracture
from VertebralFracturesLib.training.samples import slice_augmentation
from VertebralFracturesLib.training.samples.slice_augmentation import (
    CROP_COLUMNS,
    CROP_ROWS,
    Crop,
    degraded,
    random_crop,
    thick_slices,
)
from VertebralFracturesLib.training.samples.slices import SliceSample

PIXEL_MM = 0.75
BODIES = upright_bodies_mm(6, height=21.0, depth=30.0, distance=34.0, first_centre=(66.0, 40.0))
HEIGHT_MM = 270.0
DOT, DOT_MM = 1000.0, 2.0
SEEDS = range(40)


def dotted_sample(known_mm: tuple[float, float] = (0.0, HEIGHT_MM)) -> SliceSample:
    """A bright dot at each keypoint."""
    rows, columns = np.indices((round(HEIGHT_MM / PIXEL_MM), round(132 / PIXEL_MM)))
    image = np.zeros(rows.shape, np.float32)
    for x, y in BODIES.reshape(-1, 2):
        image += DOT * np.exp(-((columns * PIXEL_MM - x) ** 2 + (rows * PIXEL_MM - y) ** 2) / (2 * DOT_MM**2))
    return SliceSample(image, PIXEL_MM, BODIES, np.array([known_mm]))


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the intensities as they are."""
    monkeypatch.setattr(slice_augmentation, "degraded", lambda image, pixel_mm, rng: image)
    monkeypatch.setattr(slice_augmentation, "with_degeneration", lambda image, *others: image)


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("pixel_mm", [1.0, 0.75])
def test_keypoints_follow_the_image(pixel_mm):
    sample, brightness, indices = dotted_sample(), [], []
    for seed in SEEDS:
        crop = random_crop(sample, pixel_mm, np.random.default_rng(seed))
        assert crop.image.shape == (CROP_ROWS, CROP_COLUMNS)
        indices.extend(genant_index(heights_mm(crop.keypoints_mm)))
        places = crop.keypoints_mm.reshape(-1, 2).T[::-1] / pixel_mm
        brightness.extend(ndimage.map_coordinates(crop.image, places, order=1))
    assert len(brightness) > 500
    assert np.mean(brightness) > 0.92 * DOT
    assert np.percentile(brightness, 2) > 0.8 * DOT  # where bowls touch, the dots are squeezed
    assert np.min(indices) < 0.65
    assert np.mean(np.array(indices) > 0.9) > 0.2


@pytest.mark.usefixtures("clean")
def test_only_whole_bodies_are_kept_and_rows_of_cut_ones_are_unknown():
    sample, cut = dotted_sample(), 0
    for seed in SEEDS:
        crop = random_crop(sample, 1.0, np.random.default_rng(seed))
        inside = (crop.keypoints_mm >= 0) & (crop.keypoints_mm <= [CROP_COLUMNS - 1, CROP_ROWS - 1])
        assert inside.all()
        assert (np.diff(crop.keypoints_mm.mean(1)[:, 1]) > 0).all()
        for body in crop.keypoints_mm:
            rows = slice(int(np.ceil(body[:, 1].min())), int(body[:, 1].max()) + 1)
            assert crop.known[rows].mean() > 0.6
        cut += not crop.known.all()
        unmarked = [row for row, column in np.argwhere(crop.image > 0.8 * DOT) if _far(crop, row, column)]
        assert not ndimage.binary_erosion(crop.known, np.ones(5))[unmarked].any()
    assert cut > len(SEEDS) / 4


def _far(crop: Crop, row: int, column: int) -> bool:
    """Whether a dot belongs to none of the crop's keypoints."""
    distances = np.linalg.norm(crop.keypoints_mm.reshape(-1, 2) - [column, row], axis=1)
    return bool(distances.min(initial=99.0) > 6.0)


@pytest.mark.usefixtures("clean")
def test_rows_beyond_the_marked_stretch_are_unknown():
    first, last = BODIES[1, :, 1].min() - 1, BODIES[3, :, 1].max() + 1
    marked = SliceSample(dotted_sample().image, PIXEL_MM, BODIES[1:4], np.array([[first, last]]))
    unknown = 0
    for seed in SEEDS:
        crop = random_crop(marked, 1.0, np.random.default_rng(seed))
        rows = np.flatnonzero(crop.known)
        assert len(rows)
        assert (np.diff(rows) >= 1).all()
        unknown += (~crop.known).sum()
        unmarked = [row for row, column in np.argwhere(crop.image > 0.8 * DOT) if _far(crop, row, column)]
        assert not ndimage.binary_erosion(crop.known, np.ones(5))[unmarked].any()
    assert unknown > 20 * len(SEEDS)


def test_chance_comes_from_the_generator_alone():
    sample = dotted_sample()
    one, other = (random_crop(sample, 1.0, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.keypoints_mm, other.keypoints_mm)
    assert not np.array_equal(one.image, random_crop(sample, 1.0, np.random.default_rng(6)).image)


def test_what_was_not_measured_stays_air():
    image = np.full((80, 60), 100.0, np.float32)
    image[:20] = AIR_HU
    for seed in SEEDS:
        result = degraded(image, 1.0, np.random.default_rng(seed))
        assert result.dtype == np.float32
        assert np.isfinite(result).all()
        assert (result[:20] == AIR_HU).all()
        assert (result[20:] != AIR_HU).all()


def test_degrading_varies_contrast_sharpness_and_noise():
    rows, columns = np.indices((120, 90))
    image = np.where((rows // 20 + columns // 20) % 2, 400.0, 0.0).astype(np.float32)
    results = [degraded(image, 1.0, np.random.default_rng(seed)) for seed in SEEDS]
    contrast = [np.median(result[image == 400]) - np.median(result[image == 0]) for result in results]
    assert np.std(contrast) > 50
    assert min(contrast) > 100
    noise = [np.std(result[5:15, 5:15]) for result in results]
    assert max(noise) > 4 * np.median(noise) > 10
    edges = [np.abs(ndimage.sobel(result, 1)).max() / size for result, size in zip(results, contrast, strict=True)]
    assert max(edges) > 1.5 * min(edges)


@pytest.mark.parametrize("seed", range(6))
def test_thick_slices_blur_along_the_spine_and_move_nothing(seed):
    rows, columns = np.indices((120, 90))
    image = (1000 * np.exp(-((rows - 60.0) ** 2 + (columns - 45.0) ** 2) / (2 * 2.0**2))).astype(np.float32)
    result = thick_slices(image, 0.75, np.random.default_rng(seed))
    assert result.sum() == pytest.approx(image.sum(), rel=0.05)
    weights = result / result.sum()
    centre = np.array([(weights * rows).sum(), (weights * columns).sum()])
    np.testing.assert_allclose(centre, [60, 45], atol=0.6)
    spread = [
        np.sqrt((weights * (axis - middle) ** 2).sum()) for axis, middle in zip((rows, columns), centre, strict=True)
    ]
    assert spread[0] > 2.1 > spread[1] - 0.3


def test_thick_slices_show_steps_where_they_lie_apart():
    """Between two slices values are interpolated, so that a slanting edge is straight from slice to slice only."""
    rows = np.indices((160, 20))[0]
    image = np.where(rows % 10 < 2, 1000.0, 0.0).astype(np.float32)
    kept = [np.std(thick_slices(image, 1.0, np.random.default_rng(seed))) / np.std(image) for seed in range(12)]
    assert max(kept) < 0.95
    assert min(kept) < 0.5


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(("disc_hu", "filled"), [(80.0, False), (295.0, True)])
def test_discs_as_bright_as_bone_are_not_stretched_into_bowls(monkeypatch, disc_hu, filled):
    """Where a disc cannot be told from bone, a bowl in which it stretches could not be seen."""
    seen = []

    def fill(image: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        seen.append(share.max() > 0.5)
        return image

    deep = Fracture(np.ones(3), bowls=(Bowl(True, 0.5, 0.5, 0.4),), filled=0.0)
    monkeypatch.setattr(slice_augmentation, "_filled", fill)
    monkeypatch.setattr(slice_augmentation, "_VARIED_SHARE", 1.0)
    monkeypatch.setattr(slice_augmentation, "varied_fracture", lambda rng: deep)
    image = np.full((round(HEIGHT_MM / PIXEL_MM), round(132 / PIXEL_MM)), disc_hu, np.float32)
    for top, bottom in zip(BODIES[..., 1].min(1), BODIES[..., 1].max(1), strict=True):
        image[round(top / PIXEL_MM) : round(bottom / PIXEL_MM)] = 300.0
    sample = SliceSample(image, PIXEL_MM, BODIES, np.array([[0.0, HEIGHT_MM]]))
    for seed in range(20):
        random_crop(sample, 1.0, np.random.default_rng(seed))
    assert any(seen) is filled


def test_where_no_body_lies_beyond_the_ends_are_in_view_more_often():
    def last_in_view(known_mm: tuple[float, float]) -> float:
        crops = (random_crop(dotted_sample(known_mm), 1.0, np.random.default_rng(seed)) for seed in range(60))
        return np.mean([crop.known[-20:].all() for crop in crops])

    middle = BODIES[2:4, :, 1]
    assert last_in_view((0.0, HEIGHT_MM)) > last_in_view((middle.min(), middle.max())) + 0.2


def test_degrading_moves_nothing_by_more_than_half_a_pixel():
    image = np.zeros((90, 90), np.float32)
    rows, columns = np.indices(image.shape)
    image = 1000 * np.exp(-((rows - 45.0) ** 2 + (columns - 45.0) ** 2) / (2 * 3.0**2)).astype(np.float32)
    places = []
    for seed in range(150):
        result = degraded(image, 1.0, np.random.default_rng(seed))
        weights = np.where(np.hypot(rows - 45, columns - 45) < 9, np.clip(result - np.median(result) - 150, 0, None), 0)
        if weights.sum() > 0:
            places.append([(weights * columns).sum() / weights.sum(), (weights * rows).sum() / weights.sum()])
    away = np.linalg.norm(np.array(places) - 45.0, axis=1)
    assert len(away) > 140
    assert np.percentile(away, 90) < 0.75
