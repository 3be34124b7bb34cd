"""Weights of networks: NumPy archives of 16-bit numbers, which load without executing code, with a model card each.

They are read into a network, written, and named by the version in their card and by their checksum.
"""

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..errors import UnusableInput
from .devices import Net, ready_to_run

WEIGHTS_FOLDER = Path(__file__).parent / "weight_files"
"""Where the shipped weights and their model cards lie."""

_LARGEST_BYTES = 2**30
"""Of unpacked weights; chosen, some 20 times the largest network."""


def loaded(net: Net, file: Path, device: str) -> Net:
    """The network with the weights of a file, ready to run.

    :param device: "cpu" or "cuda".
    :raises UnusableInput: the file is missing, damaged, or of another network.
    """
    load_weights(net, file)
    return ready_to_run(net, device)


def load_weights(net: nn.Module, file: Path) -> None:
    """Read a weight file into a network.

    :raises UnusableInput: the file is missing, damaged, or of another network.
    """
    try:
        net.load_state_dict(read_weights(file))
    except (RuntimeError, TypeError) as error:
        raise _unusable(file) from error


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a weight file by name.

    :raises UnusableInput: the file is missing, damaged, larger than any network, or holds values that are no numbers.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_BYTES:
                raise ValueError("larger than any network")
        with np.load(file, allow_pickle=False) as arrays:
            weights = {name: arrays[name].astype(np.float32) for name in arrays.files}
    except Exception as error:  # a damaged archive can fail in any part of zipfile, zlib and NumPy
        raise _unusable(file) from error
    if not all(np.isfinite(values).all() for values in weights.values()):
        raise _unusable(file)
    return {name: torch.from_numpy(values) for name, values in weights.items()}


def _unusable(file: Path) -> UnusableInput:
    return UnusableInput(f"the model file {file} is missing or damaged: install VertebralFractures again")


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
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(file) from error
    if not isinstance(card, dict) or "version" not in card:
        raise _unusable(file)
    return card


def weight_version(file: Path) -> str:
    """Version of a weight file and its SHA-256."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{model_card(file.stem, file.parent)['version']} sha256:{digest}"
