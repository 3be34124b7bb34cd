"""Training of the second opinion: slabs of pressed bodies, crops with targets, loss, measure, and a whole small run."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.core.genant import genant_index, heights_mm
from VertebralFracturesLib.core.image_classification import ROW_CLASSES, ROWS_PER_POSITION
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SLAB_SIZE, slab_frame
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.networks.fracture_sequence_net import FractureSequenceNet, normalised
from VertebralFracturesLib.training import sequence
from VertebralFracturesLib.training.samples import slab_augmentation
from VertebralFracturesLib.training.samples.slabs import (
    SlabSample,
    fractured_sample,
    grade_shares,
    real_slab_samples,
    turned_frame,
)

BODIES, HEIGHT_MM, PITCH_MM = 7, 22.0, 28.0
LENGTH_MM = BODIES * PITCH_MM + 20


def straight_case() -> TrainingCase:
    """Dense bodies with soft discs between them, upright, 22 mm high."""
    matrix = np.diag([1.5, 1.5, 1.5, 1.0])
    matrix[:3, 3] = -45.0, -60.0, -LENGTH_MM - 20
    k, j, i = np.indices((int((LENGTH_MM + 50) / 1.5), 70, 60))
    right, anterior, down = i * 1.5 - 45, j * 1.5 - 60, LENGTH_MM + 20 - k * 1.5
    within = (down % PITCH_MM < HEIGHT_MM) & (down > 0) & (down < BODIES * PITCH_MM)
    body = within & (np.abs(anterior) < 15) & (np.abs(right) < 18)
    voxels = np.where(body, 300.0, 60.0).astype(np.float32)
    points = np.array(
        [
            [[0.0, y, -place * PITCH_MM - end] for y in (15.0, 0.0, -15.0) for end in (0.0, HEIGHT_MM)]
            for place in range(BODIES)
        ]
    )
    line = np.c_[np.zeros(12), np.zeros(12), np.linspace(5, -LENGTH_MM, 12)]
    volume = Volume(voxels, matrix)
    return TrainingCase("straight", lambda: volume, points, np.arange(9, 9 + BODIES), SpineCurve(line, np.ones(12)))


@pytest.fixture(scope="module")
def case() -> TrainingCase:
    return straight_case()


def test_rows_of_a_sample_are_where_its_bodies_are(case):
    rng = np.random.default_rng(3)
    for _ in range(4):
        frame = turned_frame(case.curve, None, rng)
        sample = fractured_sample(case.volume(), frame, case, rng)
        assert sample.image.shape == frame.shape
        profile = sample.image[6:10, 12:22].mean((0, 1))
        for first, last in sample.rows:
            middle = profile[round(first) + 2 : round(last) - 1]
            assert middle.mean() > 200  # bone
        gaps = [(a[1] + b[0]) / 2 for a, b in zip(sample.rows, sample.rows[1:], strict=False)]
        assert all(profile[round(gap)] < 220 for gap in gaps)  # discs
        assert sample.known[round(sample.rows[0, 0] + 1) : round(sample.rows[-1, 1])].all()


def test_pressed_bodies_are_lower_and_labelled_so(case):
    samples = real_slab_samples(case, None, 10, np.random.default_rng(4))
    indices = np.concatenate([sample.indices for sample in samples])
    heights = np.concatenate([sample.rows[:, 1] - sample.rows[:, 0] for sample in samples])
    assert (indices < 0.7).sum() >= 3
    assert (indices > 0.9).mean() > 0.5
    assert heights[indices < 0.7].mean() < 0.9 * heights[indices > 0.9].mean()


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


def test_grades_of_readers_spread_around_the_cutoffs():
    shares = grade_shares(np.array([0.95, 0.80, 0.75, 0.675, 0.40]), (0.80, 0.75, 0.60), 0.03)
    np.testing.assert_allclose(shares.sum(1), 1.0)
    assert shares.argmax(1).tolist() == [0, 0, 1, 2, 3] or shares[2, 1] == pytest.approx(shares[2, 2], abs=0.06)
    assert shares[1, 0] == pytest.approx(0.5)
    assert shares[2, 2:].sum() == pytest.approx(0.5)


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


def test_the_bag_of_a_body_is_its_known_positions_alone():
    rows, indices, known = np.array([[10.0, 25.0], [30.0, 45.0], [50.0, 62.0]]), np.array([0.95, 0.5, 0.9]), np.ones(64)
    known[50:] = 0
    made = slab_augmentation.targets(rows, indices, known)
    batch = {name: torch.from_numpy(value)[None] for name, value in made.items()}
    logits = torch.where(batch["bodies"] == 2, 6.0, -6.0)[..., None].requires_grad_()
    loss = sequence.sequence_loss(logits, batch, "bag")
    assert loss.item() < 0.01  # one body's certainty does not reach its neighbour
    loss.backward()
    used = logits.grad[0, :, 0] != 0
    np.testing.assert_array_equal(used, (made["bodies"] > 0) & (made["bodies"] < 3))
    nothing = {
        name: torch.from_numpy(value)[None]
        for name, value in slab_augmentation.targets(rows[:0], indices[:0], known).items()
    }
    assert sequence.sequence_loss(logits, nothing, "bag").item() == 0.0


def one_fractured_one_not(case: TrainingCase, rng: np.random.Generator) -> list[SlabSample]:
    """Two slabs of which a network can learn something."""
    found: dict[bool, SlabSample] = {}
    while len(found) < 2:
        sample = real_slab_samples(case, None, 1, rng)[0]
        if (sample.indices < 0.7).any() or (sample.indices > 0.85).all():
            found[bool((sample.indices < 0.7).any())] = sample
    return list(found.values())


@pytest.mark.parametrize("answers", ["positions", "bag"])
def test_a_network_learns_one_slab(case, answers):
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    samples = one_fractured_one_not(case, rng)
    crops = [slab_augmentation.random_crop(sample, rng) for sample in samples for _ in range(2)]
    batch = {name: torch.from_numpy(np.stack([crop[name] for crop in crops])) for name in crops[0]}
    net = FractureSequenceNet("2d", answers)
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    losses = []
    for _ in range(40):
        loss = sequence.sequence_loss(net(normalised(batch["image"])), batch, answers)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert np.mean(losses[-3:]) < 0.6 * losses[0]
    measured = sequence.held_out_metrics(net.eval(), samples)
    assert all(0 <= value <= 1 for value in measured.values())
    assert all(np.isfinite(sequence.vertebra_scores(net, sample)).all() for sample in samples)


def test_a_whole_run_from_the_command_line(tmp_path: Path, case, capfd):
    """One case beside the repository's own synthetic ones would take a minute: the cache is filled by hand."""
    from VertebralFracturesLib.files import cached_arrays
    from VertebralFracturesLib.training.samples import slab_cache
    from VertebralFracturesLib.training.samples.synthetic_patients import _cached

    samples = real_slab_samples(case, None, 4, np.random.default_rng(2))
    render = iter(samples)

    def arrays(seed: int) -> dict[str, np.ndarray]:
        one = next(render)
        return {name: np.asarray(getattr(one, name)) for name in ("image", "rows", "indices", "known")}

    _cached(tmp_path / "cache", "slab", 4, 1, arrays)
    again = slab_cache._samples(cached_arrays(tmp_path / "one.npz", lambda: slab_cache._arrays(samples)))
    np.testing.assert_allclose(again[3].image, samples[3].image, atol=2.0)
    np.testing.assert_array_equal(again[3].rows, samples[3].rows)
    options = ["--phantoms", "4", "--cache", str(tmp_path / "cache"), "--steps", "2", "--batch-size", "2"]
    few = ["--representation", "2d", "--workers", "0", "--threads", "1", "--device", "cpu"]
    assert main(["research", "train", "sequence", "-o", str(tmp_path / "out"), *options, *few]) == 0
    assert (tmp_path / "out" / "fracture_sequence_2d.npz").is_file()
    assert main(["research", "train", "sequence", "-o", str(tmp_path / "none")]) == 2
    assert "nothing to train on" in capfd.readouterr().err


def test_a_sample_that_reaches_nowhere_is_cut_as_air():
    empty = SlabSample(np.zeros((*SLAB_SIZE, 20), np.float16), np.zeros((0, 2)), np.zeros(0), np.zeros(20, bool))
    crop = slab_augmentation.random_crop(empty, np.random.default_rng(0))
    assert crop["counted"].sum() == 0
    assert np.isfinite(crop["image"]).all()


def test_the_index_of_a_sample_is_that_of_its_keypoints(case):
    frame = slab_frame(case.curve, None)
    points_mm = -frame.ras_to_slab(case.keypoints_ras)[..., 1:]
    np.testing.assert_allclose(genant_index(heights_mm(points_mm)), genant_index(heights_mm(case.keypoints_ras)))
