"""``train vertebrae``: step 2, the detector of vertebrae and keypoints in straightened slices."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from ..core.heights.genant import genant_index, heights_mm
from ..core.keypoints import body_centre
from ..core.straightening import PIXEL_MM
from ..ct.anchor_free import OFFSET_UNIT_MM, SHORT_RADIUS_MM, SHORT_UNIT_MM, region_targets
from ..ct.anchors import anchor_sizes_mm, anchor_targets
from ..ct.detection import settle
from ..ct.networks import DetectorName
from ..ct.vertebrae import decode
from ..io.training_case import flat_cases, reference_cases
from ..networks.vertebra_net import VertebraNet, detect_vertebrae, normalised, split_anchors, split_regions
from .loop import Recipe, add_common_arguments, chosen_recipe, split_patients, train_and_save, worker_rng
from .samples.slice_augmentation import Crop, random_crop
from .samples.slices import SliceSample, real_samples

RECIPES = {
    "paper": Recipe(steps=4000, batch_size=30, learning_rate=1e-3),
    "cpu": Recipe(steps=9000, batch_size=12, learning_rate=3e-3),
}
LONG_WEIGHT, SHORT_WEIGHT, SCALE_WEIGHT = 3.0, 2.0, 0.05
_MOST_BODIES = 16
_SLICES_PER_CASE = 14
_SOURCE_SHARES = 3.0, 1.0, 2.0
_MATCH_MM = 8.0

_LEAST_WEIGHED_INDEX = 0.3
"""G below which a body weighs no more in the loss. Chosen: bodies whose endplates touch would weigh ten times as much
as others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_common_arguments(parser, RECIPES)
    parser.add_argument("--flat-cases", type=Path, help="folder of reference cases of one sagittal image each")
    parser.add_argument("--detector", choices=["anchor-free", "anchor"], default="anchor-free", help="which head")


def run(args: argparse.Namespace) -> None:
    """Train, and write the weights into the output folder."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    rng = np.random.default_rng(args.seed)
    pools, held_out = training_pools(args, rng)
    net = VertebraNet(args.detector)
    recipe = chosen_recipe(args, RECIPES)
    data = CropStream(pools, args.detector, args.seed)
    batches = iter(DataLoader(data, recipe.batch_size, num_workers=args.workers))

    def loss(candidate: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        output = candidate(normalised(batch.pop("image"))[:, None])
        return vertebra_loss(args.detector, output, VertebraTargets(**batch))

    def validate(candidate: nn.Module) -> dict[str, float]:
        return held_out_metrics(candidate, held_out)

    train_and_save(args, net, batches, loss, validate, recipe, f"vertebrae_{args.detector.replace('-', '_')}")


def training_pools(
    args: argparse.Namespace, rng: np.random.Generator
) -> tuple[list[list[SliceSample]], list[SliceSample]]:
    """Slices to draw from, a pool a source, and the slices held out.

    :return: pools of real volumes, flat images and synthetic patients, those that were asked for; held-out slices of
        the cases named by ``--hold-out`` and of a few synthetic patients.
    """
    pools: list[list[SliceSample]] = []
    held_out: list[SliceSample] = []
    for folder, read, count in ((args.cases, reference_cases, _SLICES_PER_CASE), (args.flat_cases, flat_cases, 3)):
        if folder is None:
            continue
        pool: list[SliceSample] = []
        for case in read(folder):
            print(f"straightening {case.name}", file=sys.stderr, flush=True)
            if case.name in args.hold_out:
                held_out += real_samples(case, 1, rng)
            else:
                pool += real_samples(case, count, rng)
        pools.append(pool)
    if args.phantoms:
        from .samples.synthetic_patients import synthetic_slices

        drawn, reserved = split_patients(synthetic_slices(args.cache, args.phantoms, args.phantom_seed))
        held_out += reserved
        pools.append(drawn)
    return pools, held_out


class CropStream(IterableDataset):
    """Endless random crops with their targets, sources taking turns.

    :param pools: one pool a source.
    :param detector: whose targets to make.
    :param seed: of the randomness, beside the worker's own.
    """

    def __init__(self, pools: list[list[SliceSample]], detector: DetectorName, seed: int) -> None:
        self.pools, self.detector, self.seed = pools, detector, seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rng = worker_rng(self.seed)
        shares = np.array(_SOURCE_SHARES[: len(self.pools)])
        while True:
            pool = self.pools[rng.choice(len(self.pools), p=shares / shares.sum())]
            crop = random_crop(pool[rng.integers(len(pool))], PIXEL_MM, rng)
            yield crop_targets(crop, self.detector)


@dataclass(frozen=True, eq=False)
class VertebraTargets:
    """The wanted output for a batch of crops.

    :param bodies: which body answers at each place, -1 for none: (batch, rows, columns), or (batch, 16, rows, columns)
        for anchors.
    :param decided: where the objectness counts, of the same shape.
    :param keypoints_mm: (batch, n, 6, 2), padded with any values.
    :param genant_index: G (batch, n) of every body, from 0.3 up.
    """

    bodies: Tensor
    decided: Tensor
    keypoints_mm: Tensor
    genant_index: Tensor


def crop_targets(crop: Crop, detector: DetectorName) -> dict[str, Any]:
    """Fields of :class:`VertebraTargets` for one crop, with its image."""
    shape = crop.image.shape
    decided = np.broadcast_to(crop.known[:, None], shape)
    if detector == "anchor":
        _, bodies = anchor_targets(crop.keypoints_mm, shape, PIXEL_MM)
        decided = np.broadcast_to(decided, bodies.shape)
    else:
        bodies, seam = region_targets(crop.keypoints_mm, shape, PIXEL_MM)
        decided = (decided | (bodies >= 0)) & ~seam
    padding = [(0, _MOST_BODIES - len(crop.keypoints_mm)), (0, 0), (0, 0)]
    keypoints = np.pad(crop.keypoints_mm, padding)
    index = np.clip(genant_index(heights_mm(crop.keypoints_mm)), _LEAST_WEIGHED_INDEX, 1.0)
    index = np.pad(index, padding[0], constant_values=1.0)
    return {
        "image": crop.image,
        "bodies": bodies,
        "decided": np.ascontiguousarray(decided, dtype=np.float32),
        "keypoints_mm": keypoints.astype(np.float32),
        "genant_index": index.astype(np.float32),
    }


def vertebra_loss(detector: DetectorName, output: Tensor, targets: VertebraTargets) -> Tensor:
    """The loss of either head in 32 bits; it is a mean over the bodies, however large they are."""
    return anchor_loss(output, targets) if detector == "anchor" else region_loss(output, targets)


def anchor_loss(output: Tensor, targets: VertebraTargets) -> Tensor:
    """BCE of the objectness plus the mean over positive anchors of MAE / G (eq. 3)."""
    logits, encoded = split_anchors(output)
    logits = logits.float()
    positive = torch.nonzero(targets.bodies >= 0)
    loss = _objectness_loss(logits, targets)
    if len(positive) == 0:
        return loss
    batch, anchor, row, column = positive.unbind(1)
    sizes = torch.as_tensor(anchor_sizes_mm(), dtype=torch.float32, device=output.device)[anchor]
    body = targets.bodies[batch, anchor, row, column]
    centres = torch.stack([column, row], -1) * PIXEL_MM
    expected = (targets.keypoints_mm[batch, body] - centres[:, None]) / sizes[:, None]
    found = encoded[batch, anchor, :, row, column].float().reshape(-1, 6, 2)
    error = (found - expected).abs().mean((1, 2))
    return loss + (error / targets.genant_index[batch, body]).mean()


def region_loss(output: Tensor, targets: VertebraTargets) -> Tensor:
    """BCE of the centre region plus 1/G-weighted MAE of long and short offsets, plus the scale's likelihood.

    The scale is that of the points' distance after their correction by the short offsets, taken as exponential.
    """
    logits, long_mm, short_mm, log_scale = split_regions(output.float())
    loss = _objectness_loss(logits, targets)
    positive = torch.nonzero(targets.bodies >= 0)
    if len(positive) == 0:
        return loss
    batch, row, column = positive.unbind(1)
    body = targets.bodies[batch, row, column]
    share = _share_of_body(batch, body, targets)
    votes = long_mm[batch, :, :, row, column] + torch.stack([column, row], -1)[:, None] * PIXEL_MM
    expected = targets.keypoints_mm[batch, body]
    error = (votes - expected).abs()
    distance = (_corrected(votes.detach()[:, :, None], short_mm.detach(), batch)[:, :, 0] - expected).norm(dim=-1)
    scale = log_scale[batch, :, row, column]
    likelihood = (distance * torch.exp(-scale) + scale).mean(1)
    long_loss = (share * error.mean((1, 2)) / OFFSET_UNIT_MM).sum()
    return loss + LONG_WEIGHT * long_loss + SHORT_WEIGHT * _short_loss(short_mm, targets) \
        + SCALE_WEIGHT * (share * likelihood).sum()  # fmt: skip


def _objectness_loss(logits: Tensor, targets: VertebraTargets) -> Tensor:
    expected = (targets.bodies >= 0).to(logits.dtype)
    loss = functional.binary_cross_entropy_with_logits(logits, expected, reduction="none")
    return (loss * targets.decided).sum() / targets.decided.sum().clamp_min(1)


def _share_of_body(batch: Tensor, body: Tensor, targets: VertebraTargets) -> Tensor:
    """Weight (pixels,) that gives every body the same say, times 1 / G."""
    group = batch * targets.keypoints_mm.shape[1] + body
    _, position, count = group.unique(return_inverse=True, return_counts=True)
    return 1.0 / (count[position] * len(count) * targets.genant_index[batch, body])


def _short_loss(short_mm: Tensor, targets: VertebraTargets) -> Tensor:
    """1/G-weighted MAE of the offsets at the pixels around each point of the bodies in view."""
    present = torch.stack(
        [(targets.bodies == body).flatten(1).any(1) for body in range(targets.keypoints_mm.shape[1])], 1
    )
    batch, body = torch.nonzero(present).unbind(1)
    points = targets.keypoints_mm[batch, body]
    reach = torch.arange(-SHORT_RADIUS_MM, SHORT_RADIUS_MM + 1, device=points.device)
    around = torch.stack(torch.meshgrid(reach, reach, indexing="xy"), -1).reshape(-1, 2)
    around = around[around.norm(dim=1) <= SHORT_RADIUS_MM]
    moved = _corrected(points[:, :, None] + around, short_mm, batch)
    error = (moved - points[:, :, None]).abs().mean((1, 2, 3))
    return (error / targets.genant_index[batch, body]).mean() / SHORT_UNIT_MM


def _corrected(points: Tensor, short_mm: Tensor, batch: Tensor) -> Tensor:
    """Where the short offsets at the pixels of places (bodies, 6, places, 2) around the six points move these."""
    columns, rows = (points / PIXEL_MM).round().long().unbind(-1)
    columns, rows = columns.clamp(0, short_mm.shape[-1] - 1), rows.clamp(0, short_mm.shape[-2] - 1)
    which = torch.arange(6, device=points.device)[None, :, None].expand_as(rows)
    offsets = short_mm.permute(0, 1, 3, 4, 2)[batch[:, None, None].expand_as(rows), which, rows, columns]
    return torch.stack([columns, rows], -1) * PIXEL_MM + offsets


def held_out_metrics(net: nn.Module, samples: list[SliceSample]) -> dict[str, float]:
    """Height error, |dG|, recall and precision of a network on whole held-out slices."""
    assert isinstance(net, VertebraNet)
    height_errors, index_errors, detected, annotated, false = [], [], 0, 0, 0
    for sample in samples:
        image, keypoints = _at_network_pixels(sample)
        detections = settle(decode(net.detector, detect_vertebrae(net, image[None]))[0])
        centres = np.array([body_centre(item.keypoints_mm) for item in detections]).reshape(-1, 2)
        distances = np.linalg.norm(centres[None] - body_centre(keypoints)[:, None], axis=-1)
        annotated += len(keypoints)
        inside = [((sample.known_mm[:, 0] < y) & (y < sample.known_mm[:, 1])).any() for y in centres[:, 1]]
        false += int((np.array(inside, dtype=bool) & (distances.min(0, initial=99.0) > _MATCH_MM)).sum())
        for body, row in zip(keypoints, distances, strict=True):
            if row.min(initial=99.0) > _MATCH_MM:
                continue
            detected += 1
            heights, expected = heights_mm(detections[row.argmin()].keypoints_mm), heights_mm(body)
            height_errors.append(np.abs(heights - expected).mean())
            index_errors.append(abs(float(genant_index(heights) - genant_index(expected))))
    return {
        "height error mm": float(np.mean(height_errors)) if height_errors else float("nan"),
        "|dG|": float(np.mean(index_errors)) if index_errors else float("nan"),
        "recall": detected / max(annotated, 1),
        "precision": detected / max(detected + false, 1),
    }


def _at_network_pixels(sample: SliceSample) -> tuple[np.ndarray, np.ndarray]:
    """A sample's image at the network's pixels around the line of its bodies, and its keypoints there."""
    rows = int(sample.image.shape[0] * sample.pixel_mm / PIXEL_MM)
    left_mm = float(sample.keypoints_mm[..., 0].mean()) - 48.0
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(96) + left_mm, indexing="ij")) * PIXEL_MM / sample.pixel_mm
    image = ndimage.map_coordinates(sample.image, grid, order=1, cval=-1024.0, output=np.float32)
    return image, sample.keypoints_mm - np.array([left_mm, 0.0])
