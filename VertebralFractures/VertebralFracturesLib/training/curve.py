"""``train curve``: step 1, the spine curve at 3 mm."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from ..core.level_naming import LEVEL_CLASSES
from ..core.volume import AIR_HU
from ..ct.body_centres import SPACING_MM, locate_bodies
from ..io.training_case import reference_cases
from ..networks.spine_curve_net import CurveOutput, SpineCurveNet, locate_spine, normalised
from .loop import Recipe, add_common_arguments, chosen_recipe, split_patients, train_and_save, worker_rng
from .samples.volumes import VolumeCrop, VolumeSample, random_crop_shape, random_volume_crop, real_volume_sample

RECIPES = {
    "paper": Recipe(steps=10000, batch_size=3, learning_rate=1e-3),
    "cpu": Recipe(steps=3000, batch_size=2, learning_rate=2e-3, checkpoint_every=200),
}
HEATMAP_SIGMA_VOXELS = 1.5
HEATMAP_WEIGHT, EXISTENCE_WEIGHT, LEVEL_WEIGHT = 2.0, 1.0, 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_common_arguments(parser, RECIPES)


def run(args: argparse.Namespace) -> None:
    """Train, and write the weights into the output folder."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    pools, held_out = training_pools(args)
    recipe = chosen_recipe(args, RECIPES)
    batches = iter(DataLoader(VolumeStream(pools, recipe.batch_size, args.seed), None, num_workers=args.workers))

    def loss(candidate: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        return curve_loss(candidate(normalised(batch["image"])[:, None]), batch)

    def validate(candidate: nn.Module) -> dict[str, float]:
        return held_out_metrics(candidate, held_out)

    train_and_save(args, SpineCurveNet(), batches, loss, validate, recipe, "spine_curve")


def training_pools(args: argparse.Namespace) -> tuple[list[list[VolumeSample]], list[VolumeSample]]:
    """Trunks to draw from, a pool a source, and the trunks held out."""
    pools: list[list[VolumeSample]] = []
    held_out: list[VolumeSample] = []
    if args.cases:
        pools.append([])
        for case in reference_cases(args.cases, "lowres.nii.gz"):
            print(f"reading {case.name}", file=sys.stderr, flush=True)
            (held_out if case.name in args.hold_out else pools[0]).append(real_volume_sample(case))
    if args.phantoms:
        from .samples.synthetic_patients import synthetic_volumes

        drawn, reserved = split_patients(synthetic_volumes(args.cache, args.phantoms, args.phantom_seed))
        held_out += reserved
        pools.append(drawn)
    return pools, held_out


class VolumeStream(IterableDataset):
    """Endless batches of random crops with their targets; every source has the same share.

    :param pools: one pool a source.
    :param batch_size: crops of a batch, which all have the same shape.
    :param seed: of the randomness, beside the worker's own.
    """

    def __init__(self, pools: list[list[VolumeSample]], batch_size: int, seed: int) -> None:
        self.pools, self.batch_size, self.seed = pools, batch_size, seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rng = worker_rng(self.seed)
        while True:
            shape, crops = random_crop_shape(rng), []
            for _ in range(self.batch_size):
                pool = self.pools[rng.integers(len(self.pools))]
                crops.append(random_volume_crop(pool[rng.integers(len(pool))], shape, rng))
            yield {
                field.name: torch.from_numpy(np.stack([getattr(crop, field.name) for crop in crops]))
                for field in fields(VolumeCrop)
            }


def curve_loss(output: CurveOutput, targets: dict[str, Tensor]) -> Tensor:
    """MAE of the soft-argmax (Pisov 2020, section 4.1), with three terms of ours.

    The gradient through a flat soft-argmax is tiny: a cross-entropy to a Gaussian heatmap gives the first direction.
    Existence is a binary cross-entropy, the level a cross-entropy to the two levels between which the slice is.

    :param output: of the network.
    :param targets: fields of :class:`~.samples.volumes.VolumeCrop`, batched.
    """
    located = targets["located"]
    count = located.sum().clamp_min(1.0)
    position = (output.centres.float() - targets["centres"]).abs().mean(-1)
    logits = output.logits.float().flatten(2)
    target = gaussian_heatmap(output.logits, targets["centres"]).flatten(2)
    heatmap = (functional.log_softmax(logits, -1) * target).sum(-1)
    existence = functional.binary_cross_entropy_with_logits(
        output.existence.float(), targets["existence"], weight=targets["decided"], reduction="sum"
    )
    per_slice = SPACING_MM * position - HEATMAP_WEIGHT * heatmap
    return (
        (per_slice * located).sum() / count
        + LEVEL_WEIGHT * level_loss(output.levels, targets)
        + EXISTENCE_WEIGHT * existence / targets["decided"].sum().clamp_min(1.0)
    )


def level_loss(levels: Tensor, targets: dict[str, Tensor]) -> Tensor:
    """Mean cross-entropy of the levels of the slices whose level is known.

    :param levels: logits (batch, slices, 26).
    :param targets: ``level``, ``sacrum`` and ``named`` of :class:`~.samples.volumes.VolumeCrop`, batched.
    """
    shares = level_shares(targets["level"], targets["sacrum"])
    entropy = -(functional.log_softmax(levels.float(), -1) * shares).sum(-1)
    return (entropy * targets["named"]).sum() / targets["named"].sum().clamp_min(1.0)


def level_shares(level: Tensor, sacrum: Tensor) -> Tensor:
    """Shares (batch, slices, 26) of the levels and, last, of the sacrum.

    A level coordinate of 10.25 is three quarters 10 and one quarter 11; what the sacrum has is taken off the levels.

    :param level: level coordinate (batch, slices).
    :param sacrum: share (batch, slices) of the sacrum.
    """
    levels = torch.arange(1, LEVEL_CLASSES + 1, device=level.device)
    shares = (1 - (level.clamp(1, LEVEL_CLASSES)[..., None] - levels).abs()).clamp_min(0.0)
    return torch.cat([shares * (1 - sacrum[..., None]), sacrum[..., None]], -1)


def gaussian_heatmap(logits: Tensor, centres: Tensor) -> Tensor:
    """Gaussians (batch, slices, rows, columns) at the centres that sum to one per slice."""
    rows = torch.arange(logits.shape[-2], device=logits.device) - centres[..., 1:]
    columns = torch.arange(logits.shape[-1], device=logits.device) - centres[..., :1]
    squared = rows[..., :, None] ** 2 + columns[..., None, :] ** 2
    return torch.softmax((-squared / (2 * HEATMAP_SIGMA_VOXELS**2)).flatten(2), -1).view_as(logits)


def held_out_metrics(net: nn.Module, samples: list[VolumeSample]) -> dict[str, float]:
    """Errors of a network on whole held-out trunks: sideways distance in mm, existence and level."""
    assert isinstance(net, SpineCurveNet)
    if not samples:
        return {}
    distances, existences, levels = [], [], []
    for sample in samples:
        found = locate_bodies(partial(locate_spine, net), sample.volume)
        curve_ras, level = _in_view(sample)
        heights = found.centres_ras[:, 2]
        inside = (heights >= curve_ras[0, 2]) & (heights <= curve_ras[-1, 2])
        expected = np.stack([np.interp(heights[inside], curve_ras[:, 2], curve_ras[:, axis]) for axis in (0, 1)], -1)
        distances.append(np.linalg.norm(found.centres_ras[inside, :2] - expected, axis=1))
        existences.append(found.existence[inside])
        likeliest = 1 + found.levels[inside].argmax(1)
        levels.append(np.abs(likeliest - np.interp(heights[inside], curve_ras[:, 2], level)))
    distance = np.concatenate(distances)
    return {
        "curve error mm": float(distance.mean()),
        "curve error p95 mm": float(np.percentile(distance, 95)),
        "existence within": float((np.concatenate(existences) > 0.5).mean()),
        "level error": float(np.concatenate(levels).mean()),
        "level within one": float((np.concatenate(levels) < 1.0).mean()),
    }


def _in_view(sample: VolumeSample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Curve points (n, 3) that were scanned and their levels (n,), by rising height."""
    scanned = sample.volume.sample(sample.curve_ras, order=0) > AIR_HU + 1
    order = np.argsort(sample.curve_ras[scanned, 2])
    return sample.curve_ras[scanned][order], sample.level[scanned][order]
