"""``train canal``: the centre of the spinal canal in cross-sections of the straightened spine."""

import argparse
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from ..core.spine_curve import SpineCurve
from ..core.volume import AIR_HU, Volume
from ..ct.canal import PIXEL_MM, find_canal
from ..errors import UnusableInput
from ..networks.canal_net import CanalNet, locate_canal
from ..networks.spine_curve_net import normalised, soft_argmax
from .curve import HEATMAP_WEIGHT, gaussian_heatmap
from .loop import Recipe, add_common_arguments, chosen_recipe, split_patients, train_and_save, worker_rng
from .samples.canal import CanalSample, random_crop

RECIPES = {"cpu": Recipe(steps=1000, batch_size=4, learning_rate=3e-3, checkpoint_every=250)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_common_arguments(parser, RECIPES)


def run(args: argparse.Namespace) -> None:
    """Train, and write the weights into the output folder.

    :raises UnusableInput: no synthetic patients were asked for; reference cases do not tell where the canal is.
    """
    if args.phantoms < 2:
        raise UnusableInput("the spinal canal is known only in synthetic patients: give --phantoms 2 or more")
    from .samples.synthetic_patients import synthetic_canals

    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    drawn, held_out = split_patients(synthetic_canals(args.cache, args.phantoms, args.phantom_seed))
    recipe = chosen_recipe(args, RECIPES)
    batches = iter(DataLoader(CropStream(drawn, args.seed), recipe.batch_size, num_workers=args.workers))

    def loss(candidate: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        return canal_loss(candidate(normalised(batch["image"])[:, None]), batch)

    def validate(candidate: nn.Module) -> dict[str, float]:
        return held_out_metrics(candidate, held_out)

    train_and_save(args, CanalNet(), batches, loss, validate, recipe, "canal")


class CropStream(IterableDataset):
    """Endless random crops.

    :param samples: to draw from.
    :param seed: of the randomness, beside the worker's own.
    """

    def __init__(self, samples: list[CanalSample], seed: int) -> None:
        self.samples, self.seed = samples, seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rng = worker_rng(self.seed)
        while True:
            yield random_crop(self.samples[rng.integers(len(self.samples))], rng)


def canal_loss(logits: Tensor, targets: dict[str, Tensor]) -> Tensor:
    """MAE of the soft-argmax in mm and the cross-entropy to a Gaussian heatmap, as for the spine curve.

    :param logits: (batch, sections, back, right).
    :param targets: fields of :func:`~.samples.canal.random_crop`, batched.
    """
    weights = torch.softmax(logits.flatten(2), -1).view_as(logits)
    position = (soft_argmax(weights) - targets["centres"]).abs().mean(-1)
    target = gaussian_heatmap(logits, targets["centres"]).flatten(2)
    heatmap = (functional.log_softmax(logits.flatten(2), -1) * target).sum(-1)
    per_section = PIXEL_MM * position - HEATMAP_WEIGHT * heatmap
    return (per_section * targets["located"]).sum() / targets["located"].sum().clamp_min(1.0)


def held_out_metrics(net: nn.Module, samples: list[CanalSample]) -> dict[str, float]:
    """Distances of the whole path's canal from the true one across the spine in mm, on held-out trunks."""
    assert isinstance(net, CanalNet)
    distances, lost = [], 0
    for sample in samples:
        found = find_canal(partial(locate_canal, net), sample.volume, sample.curve)
        if found is None:
            lost += 1
            continue
        distances.append(canal_errors_mm(found, sample.canal_ras, sample.volume))
    every = np.concatenate(distances) if distances else np.array([np.nan])
    return {
        "canal error mm": float(every.mean()),
        "canal error p95 mm": float(np.percentile(every, 95)),
        "canals not detected": float(lost),
    }


def canal_errors_mm(found: SpineCurve, canal_ras: NDArray[np.float64], volume: Volume) -> NDArray[np.float64]:
    """Distances of true points (n, 3) that were scanned and lie beside the found line from it, in mm."""
    scanned = volume.contains(canal_ras) & (volume.sample(canal_ras, order=0) > AIR_HU + 1)
    beside = found.ras_to_straight(canal_ras[scanned])
    inside = (beside[:, 2] <= 0) & (beside[:, 2] >= -found.length_mm)
    return np.asarray(np.linalg.norm(beside[inside, :2], axis=1))
