"""The training loop of both networks: one-cycle schedule, weight averaging, checkpoints, resume, learning curves."""

import csv
import os
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..networks.weights import read_weights

_LOG_EVERY = 50
_NOT_FINITE = "the gradient is not finite: go on from the last checkpoint, without --low-precision if that was given"


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
    average = deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.steps + 1, pct_start=0.05, final_div_factor=100
    )
    parts = {"net": net, "average": average, "optimiser": optimiser, "schedule": schedule}
    first = _resume(parts, folder)
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
        _average(average, net, min(recipe.average_decay, step / (step + 10)))
        total += value.item()
        if step % _LOG_EVERY == 0:
            _log(folder, {"step": step, "loss": total / _LOG_EVERY, "seconds": time.monotonic() - started})
            total = 0.0
        if step % recipe.checkpoint_every == 0 or step == recipe.steps:
            _save(parts, step, folder)
            _log(folder, {"step": step, **validate(average)})
            draw_learning_curves(folder)
    return average


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


def _average(average: nn.Module, net: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for kept, new in zip(average.parameters(), net.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)


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
    print(f"going on from step {state['step']} of {file}", flush=True)
    return int(state["step"])


def _log(folder: Path, row: dict[str, float]) -> None:
    print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    with (folder / "log.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        writer.writerows((int(row["step"]), name, value) for name, value in row.items() if name != "step")


def draw_learning_curves(folder: Path) -> None:
    """Draw log.csv as learning_curves.png, one plot a figure."""
    from matplotlib.figure import Figure

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
