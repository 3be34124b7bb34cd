"""Training of the image classifier: loss, figures, and a whole small run."""

from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.training_samples import (
    straight_case,
)
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.networks.fracture_sequence_net import FractureSequenceNet, normalised
from VertebralFracturesLib.training import sequence
from VertebralFracturesLib.training.samples import slab_augmentation
from VertebralFracturesLib.training.samples.slabs import (
    SlabSample,
    real_slab_samples,
)


@pytest.fixture(scope="module")
def case() -> TrainingCase:
    return straight_case()


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
    from VertebralFracturesLib.training.samples.synthetic_patients import _cached

    samples = real_slab_samples(case, None, 4, np.random.default_rng(2))
    render = iter(samples)

    def arrays(seed: int) -> dict[str, np.ndarray]:
        one = next(render)
        return {name: np.asarray(getattr(one, name)) for name in ("image", "rows", "indices", "known")}

    _cached(tmp_path / "cache", "slab", 4, 1, arrays)
    options = ["--phantoms", "4", "--cache", str(tmp_path / "cache"), "--steps", "2", "--batch-size", "2"]
    few = ["--representation", "2d", "--workers", "0", "--threads", "1", "--device", "cpu"]
    assert main(["research", "train", "sequence", "-o", str(tmp_path / "out"), *options, *few]) == 0
    assert (tmp_path / "out" / "fracture_sequence_2d.npz").is_file()
    assert main(["research", "train", "sequence", "-o", str(tmp_path / "none")]) == 2
    assert "nothing to train on" in capfd.readouterr().err
