"""``train sequence``: the image classifier, fractures along the spine in slabs."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from ..core.heights.genant import PRESETS
from ..core.image_classification import MODERATE, ROWS_PER_POSITION, position_rows
from ..core.volume import AIR_HU
from ..errors import UnusableInput
from ..networks.fracture_sequence_net import FractureSequenceNet, bag_logit, normalised
from .loop import Recipe, add_common_arguments, chosen_recipe, split_patients, train_and_save, worker_rng
from .samples.slab_augmentation import random_crop
from .samples.slab_cache import case_slabs
from .samples.slabs import SlabSample

RECIPES = {"cpu": Recipe(steps=1500, batch_size=8, learning_rate=2e-3, average_decay=0.995, checkpoint_every=300)}

_REAL_SHARE = 0.6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_common_arguments(parser, RECIPES)
    parser.add_argument(
        "--variants", type=int, default=60, help="number of slabs of each case, each with different simulated fractures"
    )
    parser.add_argument(
        "--representation",
        choices=["2d", "2.5d", "3d"],
        default="3d",
        help="input of the network: 2D, 2.5D or 3D slabs",
    )
    parser.add_argument(
        "--answers",
        choices=["positions", "bag"],
        default="positions",
        help="train with one label per position, or per vertebra (bag)",
    )


def run(args: argparse.Namespace) -> None:
    """Train, and write the weights into the output folder."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    pools, held_out = training_pools(args)
    net = FractureSequenceNet(args.representation, args.answers)
    recipe = chosen_recipe(args, RECIPES)
    batches = iter(DataLoader(CropStream(pools, args.seed), recipe.batch_size, num_workers=args.workers))

    def loss(candidate: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        return sequence_loss(candidate(normalised(batch["image"])), batch, args.answers)

    def validate(candidate: nn.Module) -> dict[str, float]:
        return held_out_metrics(candidate, held_out)

    train_and_save(args, net, batches, loss, validate, recipe, weights_name(args.representation, args.answers))


def weights_name(representation: str, answers: str = "positions") -> str:
    """Name of the weight file of a variant."""
    return f"fracture_sequence_{representation.replace('.', '')}{'_bag' if answers == 'bag' else ''}"


def training_pools(args: argparse.Namespace) -> tuple[list[list[SlabSample]], list[SlabSample]]:
    """Slabs to draw from, a pool a source, and the slabs held out.

    :raises UnusableInput: neither cases nor synthetic patients were asked for.
    """
    pools: list[list[SlabSample]] = []
    held_out: list[SlabSample] = []
    if args.cases:
        pool: list[SlabSample] = []
        for name, samples in case_slabs(args.cache, args.cases, args.variants, args.phantom_seed):
            print(f"{name}: {len(samples)} slabs", file=sys.stderr, flush=True)
            if name in args.hold_out:
                held_out += samples
            else:
                pool += samples
        pools.append(pool)
    if args.phantoms:
        from .samples.synthetic_patients import synthetic_slabs

        drawn, reserved = split_patients(synthetic_slabs(args.cache, args.phantoms, args.phantom_seed))
        held_out += reserved
        pools.append(drawn)
    if not any(pools):
        raise UnusableInput("nothing to train on: give --cases DIR, --phantoms COUNT or both")
    return [pool for pool in pools if pool], held_out


class CropStream(IterableDataset):
    """Endless random crops; half of them around a body that is at least moderately fractured, if there is one.

    :param pools: one pool a source, real cases first.
    :param seed: of the randomness, beside the worker's own.
    """

    def __init__(self, pools: list[list[SlabSample]], seed: int) -> None:
        self.pools, self.seed = pools, seed

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rng = worker_rng(self.seed)
        while True:
            is_first = len(self.pools) == 1 or rng.random() < _REAL_SHARE
            pool = self.pools[0 if is_first else int(rng.integers(1, len(self.pools)))]
            yield random_crop(pool[rng.integers(len(pool))], rng)


def sequence_loss(logits: Tensor, batch: dict[str, Tensor], answers: str) -> Tensor:
    """Cross-entropy to the shares of the classes at known positions; or, for a bag, to those of each body as a whole.

    :param logits: (batch, positions, classes).
    :param batch: fields of :func:`~.samples.slab_augmentation.targets`.
    :param answers: "positions" or "bag".
    """
    if answers == "bag":
        return _bag_loss(logits[..., 0].float(), batch)
    entropy = -(functional.log_softmax(logits.float(), -1) * batch["shares"]).sum(-1)
    return (entropy * batch["counted"]).sum() / batch["counted"].sum().clamp_min(1.0)


def _bag_loss(logits: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """A bag is the known positions of one body: a label for a whole crop teaches little, and not where to look."""
    numbers = torch.arange(1, int(batch["bodies"].max()) + 1, device=logits.device)
    members = (batch["bodies"][:, None] == numbers[:, None]) * batch["counted"][:, None]
    sizes = members.sum(-1)
    fractured = (members * batch["shares"][:, None, :, 1 + MODERATE :].sum(-1)).sum(-1) / sizes.clamp_min(1.0)
    pooled = bag_logit(logits[:, None], members)
    losses = functional.binary_cross_entropy_with_logits(pooled, fractured, weight=(sizes > 0).float(), reduction="sum")
    return losses / (sizes > 0).sum().clamp_min(1)


@torch.inference_mode()
def vertebra_scores(net: FractureSequenceNet, sample: SlabSample) -> NDArray[np.float64]:
    """Logit (n,) of an at least moderate fracture of each body of a sample, as a network sees it."""
    image = torch.from_numpy(np.asarray(sample.image, np.float32))
    padded = functional.pad(image, (0, -image.shape[2] % ROWS_PER_POSITION), value=AIR_HU)
    device = next(net.parameters()).device
    logits = net(normalised(torch.stack([padded, padded.flip(0)]).to(device))).float().mean(0).cpu()
    if net.answers == "bag":
        score = logits[:, 0]
    else:
        shares = torch.log_softmax(logits[:, 1:], -1)
        score = torch.logsumexp(shares[:, MODERATE:], -1) - torch.logsumexp(shares[:, :MODERATE], -1)
    centres = position_rows(len(score))
    scores = []
    for first, last in sample.rows:
        inside = (centres > first + 0.15 * (last - first)) & (centres < last - 0.15 * (last - first))
        values = score[torch.from_numpy(inside)]
        pooled = bag_logit(values, torch.ones_like(values)) if net.answers == "bag" else values.mean()
        scores.append(float(pooled) if len(values) else np.nan)
    return np.array(scores, dtype=np.float64)


def held_out_metrics(net: nn.Module, samples: list[SlabSample]) -> dict[str, float]:
    """Areas under the ROC curve of at least moderate fractures, of vertebrae and of slabs."""
    assert isinstance(net, FractureSequenceNet)
    if not samples:
        return {}
    scores = [vertebra_scores(net, sample) for sample in samples]
    truth = [sample.indices <= PRESETS["genant"].moderate for sample in samples]
    filled = [np.nan_to_num(one, nan=-20.0) for one in scores]
    whole = [(any(one), float(score.max())) for one, score in zip(truth, filled, strict=True) if len(score)]
    return {
        "vertebra AUC": _area_under_curve(np.concatenate(truth), np.concatenate(filled)),
        "slab AUC": _area_under_curve(np.array([one for one, _ in whole]), np.array([score for _, score in whole])),
    }


def _area_under_curve(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """How often a positive scores higher than a negative, ties counting half; NaN where a class is empty."""
    positives, negatives = score[truth], score[~truth]
    if not len(positives) or not len(negatives):
        return float("nan")
    return float(mannwhitneyu(positives, negatives).statistic / (len(positives) * len(negatives)))
