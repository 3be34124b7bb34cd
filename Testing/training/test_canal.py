"""Training of the canal network: its crops, its loss and its measure, on a synthetic trunk."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.canal import PIXEL_MM
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.canal_net import CanalNet
from VertebralFracturesLib.training import canal
from VertebralFracturesLib.training.samples.canal import CROP_SECTIONS, CanalSample, random_crop

CANAL = np.c_[np.full(90, 3.0), np.full(90, -27.0), np.linspace(10, -250, 90)]


@pytest.fixture(scope="module")
def sample() -> CanalSample:
    """A straight spine with a bright rod where its canal is."""
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = -90.0, -110.0, -260.0
    _, j, i = np.indices((92, 60, 60))
    distance = np.hypot(i * 3.0 - 90 - 3, j * 3.0 - 110 + 27)
    curve = SpineCurve(np.c_[np.zeros(20), np.zeros(20), np.linspace(0, -240, 20)], np.ones(20))
    return CanalSample(Volume(np.where(distance < 7, 900.0, 40.0).astype(np.float32), matrix), curve, CANAL)


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


def test_the_loss_is_least_at_the_canal():
    centres = torch.full((1, 4, 2), 12.0)
    batch = {"centres": centres, "located": torch.ones(1, 4)}
    rows, columns = torch.meshgrid(torch.arange(36.0), torch.arange(24.0), indexing="ij")

    def loss_at(place: float) -> float:
        logits = -((rows - place) ** 2 + (columns - place) ** 2) / 4.5
        return canal.canal_loss(logits.expand(1, 4, 36, 24), batch).item()

    assert loss_at(12.0) < loss_at(13.0) < loss_at(16.0)
    nowhere = {**batch, "located": torch.zeros(1, 4)}
    assert canal.canal_loss(torch.zeros(1, 4, 36, 24), nowhere).item() == 0.0


def test_a_network_learns_one_trunk(sample):
    torch.manual_seed(0)
    net, rng = CanalNet((4, 8)), np.random.default_rng(0)
    crops = [random_crop(sample, rng) for _ in range(2)]
    batch = {name: torch.from_numpy(np.stack([crop[name] for crop in crops])) for name in crops[0]}
    optimiser = torch.optim.Adam(net.parameters(), 2e-2)
    for _ in range(20):
        loss = canal.canal_loss(net(canal.normalised(batch["image"])[:, None]), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    measured = canal.held_out_metrics(net.eval(), [sample])
    assert measured["canals not seen"] == 0
    assert measured["canal error mm"] < PIXEL_MM


def test_a_canal_that_is_not_seen_counts(sample):
    torch.manual_seed(0)
    assert canal.held_out_metrics(CanalNet((4, 4)).eval(), [sample])["canals not seen"] == 1


def test_cases_alone_do_not_do(tmp_path: Path):
    with pytest.raises(UnusableInput, match="--phantoms"):
        canal.run(Namespace(phantoms=0, cases=tmp_path, seed=1, threads=1, output=tmp_path))
