"""The trained networks of a radiograph together, as its stages ask for them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworksMissing
from ..radiograph.networks import BodyDetections
from .devices import choose_device
from .radiograph_nets import LandmarkRefiner, StepOne, detect_bodies, refine_landmarks, regress_landmarks
from .weights import WEIGHTS_FOLDER, loaded, weight_version

STEP_ONE_WEIGHTS = "radiograph_step_one"
REFINER_WEIGHTS = "radiograph_refiner"


@dataclass(frozen=True, eq=False)
class TrainedRadiographNetworks:
    """The networks of both steps in evaluation mode on one device; a ``RadiographNetworks``.

    :param step_one: identifies the vertebrae and regresses their landmarks.
    :param refiner: refines the landmarks of one vertebra.
    :param versions: name to version and SHA-256 of each weight file.
    """

    step_one: StepOne
    refiner: LandmarkRefiner
    versions: Mapping[str, str]

    def detect_bodies(self, image: NDArray[np.float32], pixel_mm: float, threshold: float) -> BodyDetections:
        """Step 1, see :meth:`~..radiograph.networks.RadiographNetworks.detect_bodies`."""
        return detect_bodies(self.step_one.finder, image, pixel_mm, threshold)

    def regress_landmarks(
        self, image: NDArray[np.float32], pixel_mm: float, centres_mm: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Step 1, see :meth:`~..radiograph.networks.RadiographNetworks.regress_landmarks`."""
        return regress_landmarks(self.step_one.regressor, image, pixel_mm, centres_mm)

    def refine_landmarks(self, windows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Step 2, see :meth:`~..radiograph.networks.RadiographNetworks.refine_landmarks`."""
        return refine_landmarks(self.refiner, windows)


def load_radiograph_networks(device: str = "auto", folder: Path = WEIGHTS_FOLDER) -> TrainedRadiographNetworks:
    """Load the networks.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param folder: holds the weight files; beside shipped ones lie their model cards.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    chosen = choose_device(device)
    files = [folder / f"{name}.npz" for name in (STEP_ONE_WEIGHTS, REFINER_WEIGHTS)]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise NetworksMissing(f"no networks for radiographs in {folder} ({', '.join(missing)} missing)")
    step_one, refiner = loaded(StepOne(), files[0], chosen), loaded(LandmarkRefiner(), files[1], chosen)
    return TrainedRadiographNetworks(step_one, refiner, {file.stem: _version(file) for file in files})


def _version(file: Path) -> str:
    """Of weights that somebody trained and that have no model card, the checksum alone."""
    if file.with_suffix(".json").is_file():
        return weight_version(file)
    return f"without a model card, sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
