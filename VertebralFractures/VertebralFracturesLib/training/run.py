"""What both training commands do around the training loop."""

import argparse
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from ..networks.devices import choose_device
from ..networks.weights import save_weights
from .loop import Recipe, take_weights, train

Batch = dict[str, Tensor]
Sample = TypeVar("Sample")


def train_and_save(
    args: argparse.Namespace,
    net: nn.Module,
    batches: Iterator[Batch],
    loss: Callable[[nn.Module, Batch], Tensor],
    validate: Callable[[nn.Module], dict[str, float]],
    recipe: Recipe,
    name: str,
) -> None:
    """Train a network as the arguments say and write its weights into the output folder.

    :param args: of :func:`~.options.add_common_arguments`.
    :param net: the network with its initial weights.
    :param batches: endless training data.
    :param loss: of a network on one batch, which is on the network's device.
    :param validate: figures of a network on data held out.
    :param recipe: steps, batch size and rates.
    :param name: of the weight file.
    """
    device = choose_device(args.device)
    if args.start_from:
        take_weights(net, args.start_from)

    def loss_on_device(candidate: nn.Module, batch: Batch) -> Tensor:
        return loss(candidate, {key: value.to(device) for key, value in batch.items()})

    low_precision = args.low_precision or device == "cuda"
    trained = train(net, batches, loss_on_device, validate, recipe, args.output, device, low_precision)
    save_weights(trained, args.output / f"{name}.npz")


def split_phantoms(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Samples of synthetic patients to draw from, and the twentieth that is held out."""
    held_out = max(1, len(samples) // 20)
    return samples[held_out:], samples[:held_out]


def worker_rng(seed: int) -> np.random.Generator:
    """The randomness of the process that makes training data, which is given one thread.

    :param seed: of the command; each process adds its own.
    """
    torch.set_num_threads(1)
    worker = get_worker_info()
    return np.random.default_rng([seed, worker.seed if worker else 0])
