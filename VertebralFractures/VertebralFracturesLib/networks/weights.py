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

from ..ct.image_classifier import SecondOpinionNets
from ..errors import UnusableInput
from .canal_net import CanalNet
from .devices import Net, choose_device, ready_to_run
from .fracture_sequence_net import FractureSequenceNet, Representation
from .radiograph_nets import LandmarkRefiner, StepOne
from .spine_curve_net import SpineCurveNet
from .vertebra_net import DetectorName, VertebraNet

WEIGHTS_FOLDER = Path(__file__).parent / "weight_files"
CURVE_WEIGHTS = "spine_curve"
CANAL_WEIGHTS = "canal"
SEQUENCE_WEIGHTS: dict[str, Representation] = {"fracture_sequence_25d": "2.5d", "fracture_sequence_3d": "3d"}
"""The ensemble of the second opinion: weight files and what each of their networks reads."""

VERTEBRA_WEIGHTS: dict[DetectorName, str] = {"anchor-free": "vertebrae_anchor_free", "anchor": "vertebrae_anchor"}


@dataclass(frozen=True, eq=False)
class Models:
    """The networks in evaluation mode on one device.

    :param spine_curve: step 1.
    :param vertebrae: step 2.
    :param versions: name to version and SHA-256 of each weight file.
    :param second_opinion: the networks that read the spine a second time; None where they are not wanted.
    :param uncertainty_factor: calibrates the uncertainties of step 2; from its model card.
    """

    spine_curve: SpineCurveNet
    vertebrae: VertebraNet
    versions: dict[str, str]
    second_opinion: SecondOpinionNets | None = None
    uncertainty_factor: float = 1.0


def load_models(
    device: str = "auto",
    detector: DetectorName = "anchor-free",
    folder: Path = WEIGHTS_FOLDER,
    second_opinion: bool = False,
) -> Models:
    """Load the networks.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param detector: which detector.
    :param folder: holds the weight files and their model cards.
    :param second_opinion: whether to load those of the second opinion, too.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    chosen = choose_device(device)
    files = {name: folder / f"{name}.npz" for name in (CURVE_WEIGHTS, VERTEBRA_WEIGHTS[detector])}
    spine_curve = loaded(SpineCurveNet(), files[CURVE_WEIGHTS], chosen)
    vertebrae = loaded(VertebraNet(detector), files[VERTEBRA_WEIGHTS[detector]], chosen)
    versions = {name: weight_version(file) for name, file in files.items()}
    factor = float(model_card(VERTEBRA_WEIGHTS[detector], folder).get("uncertainty_factor", 1.0))
    if not second_opinion:
        return Models(spine_curve, vertebrae, versions, uncertainty_factor=factor)
    versions |= {name: weight_version(folder / f"{name}.npz") for name in (CANAL_WEIGHTS, *SEQUENCE_WEIGHTS)}
    return Models(spine_curve, vertebrae, versions, _load_second_opinion(chosen, folder), factor)


def _load_second_opinion(device: str, folder: Path) -> SecondOpinionNets:
    sequences = tuple(
        loaded(FractureSequenceNet(representation), folder / f"{name}.npz", device)
        for name, representation in SEQUENCE_WEIGHTS.items()
    )
    temperature = model_card(next(iter(SEQUENCE_WEIGHTS)), folder).get("temperature", 1.0)
    return SecondOpinionNets(load_canal(device, folder), sequences, float(temperature))


def load_canal(device: str = "auto", folder: Path = WEIGHTS_FOLDER) -> CanalNet:
    """Load the network that finds the spinal canal.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param folder: holds its weight file.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    return loaded(CanalNet(), folder / f"{CANAL_WEIGHTS}.npz", choose_device(device))


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

    :raises UnusableInput: the file is missing or damaged.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: torch.from_numpy(archive[name].astype(np.float32)) for name in archive.files}
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


def weight_version(file: Path) -> str:
    """Version of a weight file and its SHA-256."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{model_card(file.stem, file.parent)['version']} sha256:{digest}"


def _unusable(file: Path) -> UnusableInput:
    return UnusableInput(f"the model file {file} is missing or damaged: install VertebralFractures again")


STEP_ONE_WEIGHTS = "radiograph_step_one"
REFINER_WEIGHTS = "radiograph_refiner"


@dataclass(frozen=True, eq=False)
class RadiographModels:
    """The networks of both steps in evaluation mode on one device.

    :param step_one: identifies the vertebrae and regresses their landmarks.
    :param refiner: refines the landmarks of one vertebra.
    :param versions: name to version and SHA-256 of each weight file.
    """

    step_one: StepOne
    refiner: LandmarkRefiner
    versions: dict[str, str]


def load_radiograph_models(device: str = "auto", folder: Path = WEIGHTS_FOLDER) -> RadiographModels:
    """Load the networks.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param folder: holds the weight files; beside shipped ones lie their model cards.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    chosen = choose_device(device)
    files = [folder / f"{name}.npz" for name in (STEP_ONE_WEIGHTS, REFINER_WEIGHTS)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise UnusableInput(
            f"no networks for radiographs in {folder} ({', '.join(missing)} missing): "
            "make them with 'vertebral-fractures research train radiographs' and name their folder with --models"
        )
    step_one, refiner = loaded(StepOne(), files[0], chosen), loaded(LandmarkRefiner(), files[1], chosen)
    return RadiographModels(step_one, refiner, {file.stem: _version(file) for file in files})


def _version(file: Path) -> str:
    """Of weights that somebody trained and that have no model card, the checksum alone."""
    if file.with_suffix(".json").is_file():
        return weight_version(file)
    return f"without a model card, sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
