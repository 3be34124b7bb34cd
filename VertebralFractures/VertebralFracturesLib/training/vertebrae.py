"""``train vertebrae``: step 2, the detector of vertebrae and keypoints in straightened slices."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from ..core.anchor_free import region_targets
from ..core.anchors import anchor_targets
from ..core.detection import settle
from ..core.genant import genant_index, heights_mm
from ..core.keypoints import body_centre
from ..core.straightening import PIXEL_MM
from ..networks.vertebra_net import DetectorName, VertebraNet, detect, normalised
from .loop import Recipe
from .options import add_common_arguments, chosen_recipe
from .reference_cases import flat_cases, reference_cases
from .run import split_phantoms, train_and_save, worker_rng
from .slice_augmentation import Crop, random_crop
from .slice_samples import SliceSample, real_samples
from .vertebra_losses import VertebraTargets, vertebra_loss

RECIPES = {
    "paper": Recipe(steps=4000, batch_size=30, learning_rate=1e-3),
    "cpu": Recipe(steps=9000, batch_size=12, learning_rate=3e-3),
}
_MOST_BODIES = 16
_SLICES_PER_CASE = 14
_MATCH_MM = 8.0


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
        return measure(candidate, held_out)

    train_and_save(args, net, batches, loss, validate, recipe, f"vertebrae_{args.detector.replace('-', '_')}")


def training_pools(
    args: argparse.Namespace, rng: np.random.Generator
) -> tuple[list[list[SliceSample]], list[SliceSample]]:
    """Slices to draw from, a pool a source, and the slices held out.

    :return: pools of real volumes, flat images and phantoms, those that were asked for; held-out slices of the cases
        named by ``--hold-out`` and of a few phantoms.
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
        from .phantom_cache import phantom_slices

        drawn, reserved = split_phantoms(phantom_slices(args.cache, args.phantoms, args.phantom_seed))
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
        shares = np.array([3.0, 1.0, 2.0])[: len(self.pools)]
        while True:
            pool = self.pools[rng.choice(len(self.pools), p=shares / shares.sum())]
            crop = random_crop(pool[rng.integers(len(pool))], PIXEL_MM, rng)
            yield crop_targets(crop, self.detector)


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
    index = np.pad(genant_index(heights_mm(crop.keypoints_mm)), padding[0], constant_values=1.0)
    return {
        "image": crop.image,
        "bodies": bodies,
        "decided": np.ascontiguousarray(decided, dtype=np.float32),
        "keypoints_mm": keypoints.astype(np.float32),
        "genant_index": index.astype(np.float32),
    }


def measure(net: nn.Module, samples: list[SliceSample]) -> dict[str, float]:
    """Height error, |dG|, recall and precision of a network on whole held-out slices."""
    assert isinstance(net, VertebraNet)
    height_errors, index_errors, found, marked, false = [], [], 0, 0, 0
    for sample in samples:
        image, keypoints = _at_network_pixels(sample)
        detections = settle(detect(net, image[None])[0])
        centres = np.array([body_centre(item.keypoints_mm) for item in detections]).reshape(-1, 2)
        distances = np.linalg.norm(centres[None] - body_centre(keypoints)[:, None], axis=-1)
        marked += len(keypoints)
        inside = [((sample.known_mm[:, 0] < y) & (y < sample.known_mm[:, 1])).any() for y in centres[:, 1]]
        false += int((np.array(inside, dtype=bool) & (distances.min(0, initial=99.0) > _MATCH_MM)).sum())
        for body, row in zip(keypoints, distances, strict=True):
            if row.min(initial=99.0) > _MATCH_MM:
                continue
            found += 1
            heights, expected = heights_mm(detections[row.argmin()].keypoints_mm), heights_mm(body)
            height_errors.append(np.abs(heights - expected).mean())
            index_errors.append(abs(float(genant_index(heights) - genant_index(expected))))
    return {
        "height error mm": float(np.mean(height_errors)) if height_errors else float("nan"),
        "|dG|": float(np.mean(index_errors)) if index_errors else float("nan"),
        "recall": found / max(marked, 1),
        "precision": found / max(found + false, 1),
    }


def _at_network_pixels(sample: SliceSample) -> tuple[np.ndarray, np.ndarray]:
    """A sample's image at the network's pixels around the line of its bodies, and its keypoints there."""
    from scipy import ndimage

    rows = int(sample.image.shape[0] * sample.pixel_mm / PIXEL_MM)
    left_mm = float(sample.keypoints_mm[..., 0].mean()) - 48.0
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(96) + left_mm, indexing="ij")) * PIXEL_MM / sample.pixel_mm
    image = ndimage.map_coordinates(sample.image, grid, order=1, cval=-1024.0, output=np.float32)
    return image, sample.keypoints_mm - np.array([left_mm, 0.0])
