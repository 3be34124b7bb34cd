"""Crops of slabs keep their targets at their bodies, in thick slices too."""

import numpy as np
import pytest
from helpers.training_samples import straight_case
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.image_classification import ROW_CLASSES, ROWS_PER_POSITION
from VertebralFracturesLib.core.spine_slab import SLAB_SIZE
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.training.samples import slab_augmentation
from VertebralFracturesLib.training.samples.slabs import (
    SlabSample,
    real_slab_samples,
)


@pytest.fixture(scope="module")
def case() -> TrainingCase:
    return straight_case()


@given(
    rows_per_slice=st.floats(1.1, 4.0), phase=st.floats(0, 1), slant=st.floats(-0.5, 0.5), step=st.floats(-50.0, 50.0)
)
@settings(max_examples=30, deadline=None)
def test_thick_slices_move_nothing(rows_per_slice, phase, slant, step):
    """Averaging and interpolating leaves what changes evenly along the spine as it is, but for the ends."""
    image = np.broadcast_to(step * np.arange(64.0), (2, 20, 64)).astype(np.float32)
    thick = slab_augmentation.in_thick_slices(image, rows_per_slice, phase, slant)
    np.testing.assert_allclose(thick[..., 8:-8], image[..., 8:-8], atol=0.1 * abs(step) + 1e-3)


def test_thick_slices_blur_along_the_spine():
    image = np.zeros((2, 20, 64), np.float32)
    image[..., 32] = 1.0
    thick = slab_augmentation.in_thick_slices(image, 10 / 3, 0.5, 0.2)
    assert 0.1 < thick.max() < 0.4
    centres = (thick * np.arange(64)).sum(2) / thick.sum(2)
    np.testing.assert_allclose(centres, 32, atol=1.2)
    assert np.ptp(centres) > 0.2  # a slant puts other columns elsewhere in a slice


def test_targets_follow_the_bodies():
    rows, indices = np.array([[10.0, 25.0], [30.0, 45.0]]), np.array([0.95, 0.5])
    known = np.zeros(64)
    known[8:48] = 1
    made = slab_augmentation.targets(rows, indices, known)
    assert made["shares"].shape == (32, ROW_CLASSES)
    np.testing.assert_allclose(made["shares"].sum(1), 1.0, atol=1e-6)
    assert made["shares"][18 // ROWS_PER_POSITION].argmax() == 1
    assert made["shares"][38 // ROWS_PER_POSITION].argmax() == 4
    assert made["shares"][27 // ROWS_PER_POSITION, 0] == 1
    assert made["counted"].sum() == 20
    assert made["bodies"].max() == 2
    np.testing.assert_array_equal(made["bodies"] > 0, made["shares"][:, 0] == 0)
    assert (made["shares"][made["bodies"] == 2, 3:].sum(1) > 0.99).all()


def test_crops_keep_their_targets_at_their_bodies(case):
    rng = np.random.default_rng(5)
    sample = real_slab_samples(case, None, 1, rng)[0]
    for _ in range(6):
        crop = slab_augmentation.random_crop(sample, rng)
        assert crop["image"].shape == (*SLAB_SIZE, slab_augmentation.CROP_ROWS)
        bone = crop["image"][5:11, 12:22].mean((0, 1)).reshape(-1, ROWS_PER_POSITION).mean(1)
        counted = crop["counted"] > 0
        bodies = crop["shares"][:, 0] < 0.5
        assert bone[counted & bodies].mean() > bone[counted & ~bodies].mean() + 40


def test_a_sample_that_reaches_nowhere_is_cut_as_air():
    empty = SlabSample(np.zeros((*SLAB_SIZE, 20), np.float16), np.zeros((0, 2)), np.zeros(0), np.zeros(20, bool))
    crop = slab_augmentation.random_crop(empty, np.random.default_rng(0))
    assert crop["counted"].sum() == 0
    assert np.isfinite(crop["image"]).all()
