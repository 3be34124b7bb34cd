"""Training of what tells the levels: the rest of the network stays as it is."""

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.training_samples import canal_trunk
from VertebralFracturesLib.core.level_naming import SPINE_CLASSES
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.spine_curve_net import SliceHead, SpineCurveNet
from VertebralFracturesLib.networks.weights import read_weights, save_weights
from VertebralFracturesLib.training import levels
from VertebralFracturesLib.training.samples.volumes import VolumeSample


@pytest.fixture(scope="module")
def trunk() -> VolumeSample:
    """A trunk with a spine from T8 to T12, below which the sacrum shall lie."""
    sample = canal_trunk()
    curve_ras = sample.curve.points_ras
    level = np.linspace(15.0, 19.0, len(curve_ras))
    return VolumeSample(sample.volume, curve_ras, level, (True, True), curve_ras[[-4, -1]])


def described(trunk: VolumeSample, folder: Path, count: int) -> list[dict[str, np.ndarray]]:
    torch.manual_seed(0)
    net = SpineCurveNet((4, 4, 4, 4, 4)).eval()
    return levels.described_crops(net, [[replace(trunk, sacrum_ras=None)], [trunk]], folder, count, seed=1)


def test_crops_are_described_once(trunk, tmp_path, monkeypatch):
    crops = described(trunk, tmp_path, 3)
    for crop in crops:
        slices = len(crop["level"])
        assert crop["features"].shape == (4 + 2 * 4 * 4, slices)
        assert crop["sacrum"].shape == crop["named"].shape == (slices,)
    monkeypatch.setattr(SpineCurveNet, "described", lambda *_: pytest.fail("described again"))
    for crop, again in zip(crops, described(trunk, tmp_path, 3), strict=True):
        np.testing.assert_array_equal(crop["features"], again["features"])


def test_a_real_trunk_with_a_sacrum_is_drawn_three_times_as_often(trunk):
    rng = np.random.default_rng(0)
    real = [replace(trunk, sacrum_ras=None), trunk]
    drawn = [levels._drawn([real, [replace(trunk)]], rng) for _ in range(600)]
    counts = [sum(one is sample for one in drawn) for sample in real]
    assert sum(counts) == pytest.approx(180, abs=35)
    assert counts[1] / counts[0] == pytest.approx(3, rel=0.4)


def test_crops_of_a_batch_have_as_many_slices():
    crops = [
        {"features": np.full((2, count), number, np.float16), "level": np.zeros(count, np.float32)}
        for number, count in enumerate([16, 16, 32, 16, 32, 48])
    ]
    seen = set()
    for batch in islice(levels.batches(crops, 4, seed=0), 40):
        assert batch["features"].shape[0] == 4
        assert batch["level"].shape[1] == batch["features"].shape[2]
        seen |= set(batch["features"][:, 0, 0].tolist())
    assert seen == set(range(6))


def test_only_the_head_of_the_levels_learns(trunk, tmp_path, monkeypatch):
    torch.manual_seed(0)
    save_weights(SpineCurveNet(), tmp_path / "start.npz")
    monkeypatch.setattr(levels, "training_pools", lambda args: ([[trunk]], []))
    parser = ArgumentParser()
    levels.add_arguments(parser)
    options = ["-o", str(tmp_path / "out"), "--start-from", str(tmp_path / "start.npz"), "--crops", "1", "--steps", "3"]
    levels.run(parser.parse_args([*options, "--batch-size", "1", "--threads", "1"]))
    before, after = read_weights(tmp_path / "start.npz"), read_weights(tmp_path / "out" / "spine_curve.npz")
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"level_head"}


def test_a_head_learns_the_levels_of_a_crop(trunk, tmp_path):
    torch.manual_seed(0)
    (crop,) = described(trunk, tmp_path, 1)
    batch = next(levels.batches([crop], 1, seed=0))
    head = SliceHead(len(crop["features"]), SPINE_CLASSES)
    optimiser = torch.optim.Adam(head.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = levels.level_loss(head(batch["features"].float()), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_weights_to_start_from_are_needed(tmp_path):
    with pytest.raises(UnusableInput, match="--start-from"):
        levels.run(Namespace(start_from=None, output=tmp_path))
