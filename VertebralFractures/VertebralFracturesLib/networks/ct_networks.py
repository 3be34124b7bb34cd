"""The trained networks of a CT together, as its stages ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..ct.networks import ArrayFunction, DetectorName
from ..ct.point_uncertainty import NETWORK_ALONE, UncertaintyWeights
from .canal_net import CanalNet, locate_canal
from .devices import choose_device
from .fracture_sequence_net import FractureSequenceNet, Representation, read_rows
from .spine_curve_net import SpineCurveNet, locate_spine
from .vertebra_net import VertebraNet, detect_vertebrae
from .weights import WEIGHTS_FOLDER, loaded, model_card, weight_version

CURVE_WEIGHTS = "spine_curve"
CANAL_WEIGHTS = "canal"
SEQUENCE_WEIGHTS: dict[str, Representation] = {"fracture_sequence_25d": "2.5d", "fracture_sequence_3d": "3d"}
"""The ensemble of the image classifier: weight files and what each of their networks reads."""

VERTEBRA_WEIGHTS: dict[DetectorName, str] = {"anchor-free": "vertebrae_anchor_free", "anchor": "vertebrae_anchor"}


@dataclass(frozen=True, eq=False)
class TrainedImageClassifier:
    """The networks of the image classifier in evaluation mode on one device; an ``ImageClassifierNetworks``.

    :param canal: locates the spinal canal.
    :param sequences: functions of the sequence networks, each from a slab to probabilities along it.
    :param temperature: calibrates the ensemble, see :class:`~..core.image_classification.ImageClassification`.
    """

    canal: CanalNet
    sequences: tuple[ArrayFunction, ...]
    temperature: float

    def locate_canal(self, window_hu: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the spinal canal is, see :meth:`~..ct.networks.ImageClassifierNetworks.locate_canal`."""
        return locate_canal(self.canal, window_hu)


@dataclass(frozen=True, eq=False)
class TrainedCtNetworks:
    """The networks of a CT in evaluation mode on one device; a ``CtNetworks``.

    :param spine_curve: step 1.
    :param vertebrae: step 2.
    :param versions: name to version and SHA-256 of each weight file.
    :param image_classifier: the networks of the image classifier; None where it is not wanted.
    :param uncertainty_weights: what the uncertainties of step 2 are made of; from its model card.
    """

    spine_curve: SpineCurveNet
    vertebrae: VertebraNet
    versions: Mapping[str, str]
    image_classifier: TrainedImageClassifier | None = None
    uncertainty_weights: UncertaintyWeights = NETWORK_ALONE

    @property
    def detector(self) -> DetectorName:
        """Which head step 2 has."""
        return self.vertebrae.detector

    def locate_spine(
        self, image_hu: NDArray[np.float32], is_mirrored: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Step 1, see :meth:`~..ct.networks.CtNetworks.locate_spine`."""
        return locate_spine(self.spine_curve, image_hu, is_mirrored)

    def detect_vertebrae(self, images_hu: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Step 2, see :meth:`~..ct.networks.CtNetworks.detect_vertebrae`."""
        return detect_vertebrae(self.vertebrae, images_hu)


def load_ct_networks(
    device: str = "auto",
    detector: DetectorName = "anchor-free",
    folder: Path = WEIGHTS_FOLDER,
    image_classifier: bool = False,
) -> TrainedCtNetworks:
    """Load the networks.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param detector: which detector.
    :param folder: holds the weight files and their model cards.
    :param image_classifier: whether to load those of the image classifier, too.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    chosen = choose_device(device)
    files = {name: folder / f"{name}.npz" for name in (CURVE_WEIGHTS, VERTEBRA_WEIGHTS[detector])}
    spine_curve = loaded(SpineCurveNet(), files[CURVE_WEIGHTS], chosen)
    vertebrae = loaded(VertebraNet(detector), files[VERTEBRA_WEIGHTS[detector]], chosen)
    versions = {name: weight_version(file) for name, file in files.items()}
    weights = UncertaintyWeights(**model_card(VERTEBRA_WEIGHTS[detector], folder).get("uncertainty_weights", {}))
    if not image_classifier:
        return TrainedCtNetworks(spine_curve, vertebrae, versions, uncertainty_weights=weights)
    versions |= {name: weight_version(folder / f"{name}.npz") for name in (CANAL_WEIGHTS, *SEQUENCE_WEIGHTS)}
    return TrainedCtNetworks(spine_curve, vertebrae, versions, _load_image_classifier(chosen, folder), weights)


def _load_image_classifier(device: str, folder: Path) -> TrainedImageClassifier:
    sequences = tuple(
        partial(read_rows, loaded(FractureSequenceNet(representation), folder / f"{name}.npz", device))
        for name, representation in SEQUENCE_WEIGHTS.items()
    )
    temperature = model_card(next(iter(SEQUENCE_WEIGHTS)), folder).get("temperature", 1.0)
    return TrainedImageClassifier(load_canal(device, folder), sequences, float(temperature))


def load_canal(device: str = "auto", folder: Path = WEIGHTS_FOLDER) -> CanalNet:
    """Load the network that locates the spinal canal.

    :param device: "auto" takes a GPU where there is one; "cpu"; "cuda".
    :param folder: holds its weight file.
    :raises UnusableInput: no GPU where one was asked for, or weights that are missing or damaged.
    """
    return loaded(CanalNet(), folder / f"{CANAL_WEIGHTS}.npz", choose_device(device))
