"""The shipped weights of the networks for radiographs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnusableInput
from .devices import choose_device
from .radiograph_nets import LandmarkRefiner, StepOne
from .weights import WEIGHTS_FOLDER, loaded, weight_version

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
            "make them with 'vertebral-fractures train radiographs' and name their folder with --models"
        )
    step_one, refiner = loaded(StepOne(), files[0], chosen), loaded(LandmarkRefiner(), files[1], chosen)
    return RadiographModels(step_one, refiner, {file.stem: _version(file) for file in files})


def _version(file: Path) -> str:
    """Of weights that somebody trained and that have no model card, the checksum alone."""
    if file.with_suffix(".json").is_file():
        return weight_version(file)
    return f"without a model card, sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
