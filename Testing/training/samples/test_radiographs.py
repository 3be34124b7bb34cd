"""Training images of radiographs carry their landmarks and are as varied as real ones."""

import numpy as np
import pytest
from helpers.training_samples import projection
from VertebralFracturesLib.core.levels import LEVEL_NUMBERS
from VertebralFracturesLib.radiograph.network_input import CROP_CELLS, DETAIL_CHANNELS
from VertebralFracturesLib.simulation.radiograph.views import (
    SACRUM,
)
from VertebralFracturesLib.training.samples.radiographs import (
    _chances,
    _exported,
    random_crops,
    random_sample,
    spineless_sample,
)


def test_samples_carry_their_landmarks() -> None:
    """A body is brighter inside its landmarks than beside them, wherever it was turned and scaled to."""
    contrasts = []
    for seed in range(60):
        sample = random_sample(projection(), (128, 80), 4.0, np.random.default_rng(seed))
        local = sample.channels[1]
        for points in sample.keypoints_mm[~np.isnan(sample.keypoints_mm).any((1, 2))]:
            column, row = np.rint(points.mean(0) / 4.0).astype(int)
            ahead = np.rint((points.mean(0) + 1.3 * (points[0] - points[4])) / 4.0).astype(int)
            if (ahead >= 0).all() and ahead[0] < 80 and ahead[1] < 128:
                contrasts.append(local[row, column] - local[ahead[1], ahead[0]])
        assert sample.judged.shape == (128, 80)
        assert np.isfinite(sample.channels).all()
    assert len(contrasts) > 20
    assert np.mean(np.array(contrasts) > 0) > 0.85


def test_crops_hold_their_body() -> None:
    crops, places = random_crops(projection(), 8, np.random.default_rng(3))
    assert crops.shape == (8, DETAIL_CHANNELS + 2, CROP_CELLS, CROP_CELLS)
    assert np.nanmax(np.abs(places)) < 1.3
    assert np.isnan(places).any()
    middle, edge = crops[:, 0, 28:44, 28:44].mean(), crops[:, 0, :4].mean()
    assert middle > edge


def test_some_pictures_are_clipped_or_of_few_greys() -> None:
    """A narrow window leaves many pixels of the same brightness, 8 bits few different ones."""
    smooth = np.linspace(0, 1, 200 * 150, dtype=np.float32).reshape(200, 150)
    clipped, coarse = 0, 0
    for seed in range(400):
        values = _exported(smooth, np.random.default_rng(seed))
        assert values.shape == smooth.shape
        assert np.abs(values - np.clip(smooth, 0.2, 0.8)).max() < 0.21
        clipped += (values == values.max()).sum() > 500 or (values == values.min()).sum() > 500
        coarse += len(np.unique(values)) < 300
    assert 15 < clipped < 60
    assert 80 < coarse < 160


def test_crops_are_exposed_as_parts_of_the_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """How bright and grainy a body is depends on all that is in the picture."""
    seen = []

    def expose(integrals: np.ndarray, *_: object) -> np.ndarray:
        seen.append(integrals.shape)
        return integrals.sum(0)

    monkeypatch.setattr("VertebralFracturesLib.training.samples.radiographs.expose", expose)
    random_crops(projection(), 5, np.random.default_rng(1))
    assert seen == [projection().integrals.shape]


def test_pictures_of_nothing_differ() -> None:
    rng = np.random.default_rng(3)
    samples = [spineless_sample((64, 48), 1.5, rng) for _ in range(20)]
    assert all(one.channels.shape == (2, 64, 48) and np.isfinite(one.channels).all() for one in samples)
    assert all(one.judged.all() and not len(one.keypoints_mm) for one in samples)
    roughness = [np.abs(np.diff(one.channels[0], axis=0)).mean() for one in samples]
    assert max(roughness) > 5 * min(roughness)


def test_what_is_hard_to_see_is_cut_out_more_often() -> None:
    levels = np.array([LEVEL_NUMBERS["L3"], LEVEL_NUMBERS["L4"], LEVEL_NUMBERS["L5"], SACRUM])
    np.testing.assert_allclose(_chances(levels), np.array([1, 1, 2, 4]) / 8)
