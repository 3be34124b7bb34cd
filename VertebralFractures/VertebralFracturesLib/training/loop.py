"""How every network is trained: arguments, recipe, and a loop that averages weights and can be broken and resumed."""

import argparse
import csv
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import get_worker_info

from ..networks.devices import choose_device
from ..networks.weights import read_weights, save_weights

Batch = dict[str, Tensor]
Sample = TypeVar("Sample")

_LOG_EVERY = 50
"""Steps over which the loss in the log is averaged."""

_HELD_OUT_SHARE = 20
"""One synthetic patient of as many is held out."""

_NOT_FINITE = "the gradient is not finite: continue from the last checkpoint, without --low-precision if it was given"


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    :param steps: optimiser steps.
    :param batch_size: crops a step.
    :param learning_rate: peak of the one-cycle schedule.
    :param average_decay: decay of the exponential moving average of the weights, which is what is kept.
    :param checkpoint_every: steps between checkpoints and validations.
    """

    steps: int
    batch_size: int
    learning_rate: float
    average_decay: float = 0.998
    checkpoint_every: int = 500


def add_common_arguments(parser: argparse.ArgumentParser, recipes: Mapping[str, Recipe]) -> None:
    """Declare where the data are, what to train with, and where to write.

    :param parser: of one training command.
    :param recipes: named defaults of that command.
    """
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder for checkpoint, log, curves and weights"
    )
    parser.add_argument("--cases", type=Path, help="folder of reference cases")
    parser.add_argument(
        "--hold-out", nargs="*", default=[], metavar="NAME", help="cases used for validation instead of training"
    )
    parser.add_argument("--phantoms", type=int, default=0, metavar="COUNT", help="synthetic patients to train on")
    parser.add_argument(
        "--phantom-seed",
        type=int,
        default=1,
        help="random seed of the synthetic patients; trainings that are compared need the same",
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("training-cache"), help="folder where rendered synthetic patients are kept"
    )
    parser.add_argument(
        "--recipe", choices=list(recipes), default="cpu", help="named set of steps, batch size and learning rate"
    )
    parser.add_argument("--steps", type=int, help="number of training steps (default: from the recipe)")
    parser.add_argument("--batch-size", type=int, help="batch size (default: from the recipe)")
    parser.add_argument("--learning-rate", type=float, help="learning rate (default: from the recipe)")
    parser.add_argument(
        "--start-from", type=Path, metavar="CHECKPOINT", help="checkpoint whose matching weights are the start"
    )
    parser.add_argument("--seed", type=int, default=1, help="random seed (default: 1)")
    parser.add_argument(
        "--device", choices=["auto", "cpu", "cuda"], default="auto", help="device that trains (default: auto)"
    )
    parser.add_argument(
        "--low-precision", action="store_true", help="16-bit arithmetic also on a CPU (a GPU always uses it)"
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of the network")
    parser.add_argument("--workers", type=int, default=1, help="number of processes that prepare training data")


def chosen_recipe(args: argparse.Namespace, recipes: Mapping[str, Recipe]) -> Recipe:
    """The named recipe with what the arguments change in it."""
    changes = {"steps": args.steps, "batch_size": args.batch_size, "learning_rate": args.learning_rate}
    return replace(recipes[args.recipe], **{name: value for name, value in changes.items() if value is not None})


def split_patients(samples: list[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Samples of synthetic patients to draw from, and the twentieth that is held out."""
    held_out = max(1, len(samples) // _HELD_OUT_SHARE)
    return samples[held_out:], samples[:held_out]


def worker_rng(seed: int) -> np.random.Generator:
    """The randomness of the process that makes training data, which is given one thread.

    :param seed: of the command; each process adds its own.
    """
    torch.set_num_threads(1)
    worker = get_worker_info()
    return np.random.default_rng([seed, worker.seed if worker else 0])


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

    :param args: of :func:`add_common_arguments`.
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


def take_weights(net: nn.Module, checkpoint: Path) -> None:
    """Start a network from the averaged weights of a checkpoint or a weight file, as far as names and shapes fit."""
    own = net.state_dict()
    if checkpoint.suffix == ".npz":
        kept = read_weights(checkpoint)
    else:
        kept = torch.load(checkpoint, weights_only=True)["average"]
    fitting = {name: value for name, value in kept.items() if name in own and own[name].shape == value.shape}
    net.load_state_dict(fitting, strict=False)
    print(f"taking {len(fitting)} of {len(own)} tensors from {checkpoint}", flush=True)


def train(
    net: nn.Module,
    batches: Iterator[Any],
    loss: Callable[[nn.Module, Any], Tensor],
    validate: Callable[[nn.Module], dict[str, float]],
    recipe: Recipe,
    folder: Path,
    device: str,
    low_precision: bool,
) -> nn.Module:
    """Train a network, or go on where its folder's checkpoint stands.

    :param net: the network with its initial weights.
    :param batches: endless training data.
    :param loss: of a network on one batch.
    :param validate: figures of a network on data held out.
    :param recipe: steps, batch size and rates.
    :param folder: takes checkpoint.pt, log.csv and learning_curves.png.
    :param device: "cpu" or "cuda".
    :param low_precision: 16-bit arithmetic where it is safe.
    :return: the network with its averaged weights.
    :raises FloatingPointError: a gradient that is not finite; 16-bit 3D convolutions on a CPU make such ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net.to(device).train()
    average = AveragedModel(net, multi_avg_fn=_moving_average(recipe.average_decay)).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.steps + 1, pct_start=0.05, final_div_factor=100
    )
    parts = {"net": net, "average": average.module, "optimiser": optimiser, "schedule": schedule}
    first = _resume(parts, folder)
    average.n_averaged.fill_(first)
    started, total = time.monotonic(), 0.0
    for step in range(first + 1, recipe.steps + 1):
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=low_precision):
            value = loss(net, next(batches))
        value.backward()
        if not nn.utils.clip_grad_norm_(net.parameters(), 1.0).isfinite():
            raise FloatingPointError(f"step {step}: {_NOT_FINITE}")
        optimiser.step()
        schedule.step()
        average.update_parameters(net)
        total += value.item()
        if step % _LOG_EVERY == 0:
            _log(folder, {"step": step, "loss": total / _LOG_EVERY, "seconds": time.monotonic() - started})
            total = 0.0
        if step % recipe.checkpoint_every == 0 or step == recipe.steps:
            _save(parts, step, folder)
            _log(folder, {"step": step, **validate(average.module)})
            draw_learning_curves(folder)
    return average.module


def _moving_average(decay: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]:
    """Torch's exponential moving average whose decay rises to the given one, so that first weights are forgotten."""

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], count: Any) -> None:
        step = int(count) + 1
        get_ema_multi_avg_fn(min(decay, step / (step + 10)))(averaged, current, count)

    return update


def _save(parts: dict[str, Any], step: int, folder: Path) -> None:
    state = {name: part.state_dict() for name, part in parts.items()}
    temporary = folder / "checkpoint.tmp"
    torch.save({**state, "step": step}, temporary)
    os.replace(temporary, folder / "checkpoint.pt")


def _resume(parts: dict[str, Any], folder: Path) -> int:
    file = folder / "checkpoint.pt"
    if not file.exists():
        return 0
    state = torch.load(file, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    print(f"continuing from step {state['step']} of {file}", flush=True)
    return int(state["step"])


def _log(folder: Path, row: dict[str, float]) -> None:
    print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    with (folder / "log.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerows((int(row["step"]), name, value) for name, value in row.items() if name != "step")


def draw_learning_curves(folder: Path) -> None:
    """Draw log.csv as learning_curves.png, one plot a figure."""
    series: dict[str, list[tuple[int, float]]] = {}
    with (folder / "log.csv").open(newline="") as file:
        for step, name, value in csv.reader(file):
            series.setdefault(name, []).append((int(step), float(value)))
    series.pop("seconds", None)
    if not series:
        return
    figure = Figure(figsize=(4 * len(series), 3), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(1, len(series), squeeze=False)[0], series.items(), strict=True):
        axes.plot(*zip(*sorted(points), strict=True))
        axes.set(title=name, xlabel="step", yscale="log" if min(value for _, value in points) > 0 else "linear")
    figure.savefig(folder / "learning_curves.png", dpi=80)
