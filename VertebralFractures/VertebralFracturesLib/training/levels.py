"""``train levels``: the head of step 1 that tells the level of a slice, while the rest of step 1 stays as it is.

The output of the rest for the slices of many random crops is computed once and kept, so that a step of the training
takes a tenth of a second.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UnusableInput
from ..files import Arrays, cached_arrays
from ..networks.spine_curve_net import SpineCurveNet, normalised
from .curve import held_out_metrics, level_loss, training_pools
from .loop import Batch, Recipe, add_common_arguments, chosen_recipe, take_weights, train_and_save
from .samples.volumes import VolumeSample, random_crop_shape, random_volume_crop

RECIPES = {"cpu": Recipe(steps=600, batch_size=12, learning_rate=1.2e-3, average_decay=0.99, checkpoint_every=300)}

_REAL_SHARE = 0.3
_SACRUM_WEIGHT = 3
"""Share of the crops of real CTs, and how many times as often those are drawn that show the sacrum. Chosen: of eleven
CTs three do."""

_DROPPED_SHARE = 0.1
"""Share of the features that a step does without, because the crops are few. Chosen."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_common_arguments(parser, RECIPES)
    parser.add_argument("--crops", type=int, default=1000, help="random crops to learn from")


def run(args: argparse.Namespace) -> None:
    """Train, and write the weights of the whole network into the output folder.

    :raises UnusableInput: no weights of step 1 to start from.
    """
    if args.start_from is None:
        raise UnusableInput(
            "training of levels starts from the trained network of step 1: give its weights with --start-from"
        )
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    net = SpineCurveNet()
    take_weights(net, args.start_from)
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name.startswith("level_head."))
    pools, held_out = training_pools(args)
    crops = described_crops(net.eval(), pools, args.output / "described", args.crops, args.seed)
    recipe = chosen_recipe(args, RECIPES)

    def loss(candidate: nn.Module, batch: Batch) -> Tensor:
        assert isinstance(candidate, SpineCurveNet)
        kept = functional.dropout1d(batch["features"].float(), _DROPPED_SHARE)
        return level_loss(candidate.level_head(kept), batch)

    def validate(candidate: nn.Module) -> dict[str, float]:
        return held_out_metrics(candidate, held_out)

    train_and_save(args, net, batches(crops, recipe.batch_size, args.seed), loss, validate, recipe, "spine_curve")


def described_crops(
    net: SpineCurveNet, pools: list[list[VolumeSample]], folder: Path, count: int, seed: int
) -> list[Arrays]:
    """The output of a network for the slices of random crops, and the targets of its levels.

    :param net: step 1 in evaluation mode.
    :param pools: trunks to draw from; where there are two, the first holds the real ones.
    :param folder: keeps what was described; it belongs to these weights and these trunks.
    :param count: how many crops.
    :param seed: of the crops.
    """

    def describe(number: int) -> Arrays:
        print(f"describing crop {number}", file=sys.stderr, flush=True)
        rng = np.random.default_rng([seed, number])
        crop = random_volume_crop(_drawn(pools, rng), random_crop_shape(rng), rng)
        with torch.inference_mode():
            features = net.described(normalised(torch.from_numpy(crop.image))[None, None])
        return {
            "features": features[0].numpy().astype(np.float16),
            "level": crop.level,
            "sacrum": crop.sacrum,
            "named": crop.named,
        }

    return [cached_arrays(folder / f"crop_{number}.npz", partial(describe, number)) for number in range(count)]


def _drawn(pools: list[list[VolumeSample]], rng: np.random.Generator) -> VolumeSample:
    real = len(pools) > 1 and rng.random() < _REAL_SHARE
    pool = pools[0] if real else pools[-1]
    weights = np.array([1.0 if sample.sacrum_ras is None else _SACRUM_WEIGHT for sample in pool])
    return pool[rng.choice(len(pool), p=weights / weights.sum())]


def batches(crops: list[Arrays], size: int, seed: int) -> Iterator[Batch]:
    """Endless batches of crops that have the same number of slices; every crop is as likely as any other.

    :param crops: of :func:`described_crops`.
    :param size: crops of a batch.
    :param seed: of the order.
    """

    def slices(crop: Arrays) -> int:
        return len(crop["level"])

    groups = [list(group) for _, group in groupby(sorted(crops, key=slices), slices)]
    shares = np.array([len(group) for group in groups]) / len(crops)
    rng = np.random.default_rng(seed)
    while True:
        group = groups[rng.choice(len(groups), p=shares)]
        chosen = [group[index] for index in rng.integers(len(group), size=size)]
        yield {name: torch.from_numpy(np.stack([crop[name] for crop in chosen])) for name in chosen[0]}
