"""Targets of the canal lie on it."""

import numpy as np
import pytest
from helpers.training_samples import canal_trunk
from VertebralFracturesLib.training.samples.canal import CROP_SECTIONS, CanalSample, random_crop


@pytest.fixture(scope="module")
def sample() -> CanalSample:
    return canal_trunk()


def test_targets_lie_on_the_canal(sample):
    rng = np.random.default_rng(0)
    for _ in range(5):
        crop = random_crop(sample, rng)
        assert crop["image"].shape[0] == CROP_SECTIONS
        assert crop["located"].mean() > 0.5
        for section in np.flatnonzero(crop["located"])[::7]:
            column, row = crop["centres"][section].round().astype(int)
            image = crop["image"][section]
            around = image[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            assert around.mean() > np.median(image) + 200


def test_the_same_seed_gives_the_same_crop(sample):
    one, two = (random_crop(sample, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one["image"], two["image"])
