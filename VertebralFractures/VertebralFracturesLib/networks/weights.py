"""The shipped weights: NumPy archives of 16-bit numbers, which load without executing code, with a model card each."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import UnusableInput
from .devices import choose_device
from .spine_curve_net import SpineCurveNet
from .vertebra_net import DetectorName, VertebraNet

WEIGHTS_FOLDER = Path(__file__).parent / "weight_files"
CURVE_WEIGHTS = "spine_curve"
VERTEBRA_WEIGHTS: dict[DetectorName, str] = {"anchor-free": "vertebrae_anchor_free", "anchor": "vertebrae_anchor"}


@dataclass(frozen=True, eq=False)
class Models:
    """Both networks in evaluation mode on one device.

    :param spine_curve: step 1.
    :param vertebrae: step 2.
    :param versions: name to version and SHA-256 of each weight file.
    """

    spine_curve: SpineCurveNet
    vertebrae: VertebraNet
    versions: dict[str, str]


def load_models(device: str = "auto", detector: DetectorName = "anchor-free", folder: Path = WEIGHTS_FOLDER) -> Models:
    """Load both networks.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param detector: which detector.
    :param folder: holds the weight files and their model cards.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    chosen = choose_device(device)
    files = {name: folder / f"{name}.npz" for name in (CURVE_WEIGHTS, VERTEBRA_WEIGHTS[detector])}
    spine_curve, vertebrae = SpineCurveNet(), VertebraNet(detector)
    for net, file in zip((spine_curve, vertebrae), files.values(), strict=True):
        load_weights(net, file)
        net.to(chosen).eval()
    return Models(spine_curve, vertebrae, {name: _version(file) for name, file in files.items()})


def load_weights(net: nn.Module, file: Path) -> None:
    """Read a weight file into a network.

    :raises UnusableInput: the file is missing, damaged, or of another network.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            state = {name: torch.from_numpy(archive[name].astype(np.float32)) for name in archive.files}
        net.load_state_dict(state)
    except Exception as error:  # a damaged archive can fail in any part of zipfile, zlib and NumPy
        raise _unusable(file) from error


def save_weights(net: nn.Module, file: Path) -> None:
    """Write a network's weights as 16-bit numbers."""
    state = {name: value.detach().cpu().numpy().astype(np.float16) for name, value in net.state_dict().items()}
    temporary = file.with_suffix(".tmp")
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, **state)
    os.replace(temporary, file)


def model_card(name: str, folder: Path = WEIGHTS_FOLDER) -> dict[str, Any]:
    """The model card beside a weight file.

    :raises UnusableInput: it is missing or damaged, or says no version.
    """
    file = folder / f"{name}.json"
    try:
        card = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(file) from error
    if not isinstance(card, dict) or "version" not in card:
        raise _unusable(file)
    return card


def _version(file: Path) -> str:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{model_card(file.stem, file.parent)['version']} sha256:{digest}"


def _unusable(file: Path) -> UnusableInput:
    return UnusableInput(f"the model file {file} is missing or damaged: install VertebralFractures again")
