"""Training of the canal network: its loss and its figures, on a synthetic trunk."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.training_samples import (
    canal_trunk,
)
from VertebralFracturesLib.ct.canal import PIXEL_MM
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.canal_net import CanalNet
from VertebralFracturesLib.training import canal
from VertebralFracturesLib.training.samples.canal import CanalSample, random_crop


@pytest.fixture(scope="module")
def sample() -> CanalSample:
    return canal_trunk()


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
    assert measured["canals not detected"] == 0
    assert measured["canal error mm"] < PIXEL_MM


def test_a_canal_that_is_not_seen_counts(sample):
    torch.manual_seed(0)
    assert canal.held_out_metrics(CanalNet((4, 4)).eval(), [sample])["canals not detected"] == 1


def test_cases_alone_do_not_do(tmp_path: Path):
    with pytest.raises(UnusableInput, match="--phantoms"):
        canal.run(Namespace(phantoms=0, cases=tmp_path, seed=1, threads=1, output=tmp_path))
