"""The networks of one session, loaded once, and what they are asked for: the way of every kind of image."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from .core.heights.genant import DEFAULT_PRESET
from .core.report import SpineReport, Vertebra
from .core.spine_curve import SpineCurve
from .ct.check import without_padding
from .ct.networks import DetectorName
from .ct.pipeline import STAGES, analyze_ct
from .ct.vertebrae import propose_vertebra
from .radiograph.pipeline import RADIOGRAPH_STAGES, analyze_radiograph, propose_body
from .radiograph.record import Image, Radiograph

if TYPE_CHECKING:
    from .networks.ct_networks import TrainedCtNetworks
    from .networks.radiograph_networks import TrainedRadiographNetworks

LOADING = "networks"
"""The stage before those of the pipelines."""

Progress = Callable[[str, float], None]


def stages(image: Image) -> tuple[str, ...]:
    """What :meth:`Analyzer.analyze` tells of its progress, in order.

    :param image: what is analyzed.
    """
    return (LOADING, *(RADIOGRAPH_STAGES if isinstance(image, Radiograph) else STAGES))


class Analyzer:
    """Analyzes images, and parts of them, one at a time; touches no scene, so that it can work in any thread.

    :param weights_folder: weights to use instead of the shipped ones.
    """

    def __init__(self, weights_folder: Path | None = None) -> None:
        self._weights_folder = weights_folder
        self._ct_networks: dict[tuple[str, DetectorName], TrainedCtNetworks] = {}
        self._radiograph_networks: dict[str, TrainedRadiographNetworks] = {}

    def analyze(
        self,
        image: Image,
        *,
        preset: str = DEFAULT_PRESET,
        device: str = "auto",
        detector: DetectorName = "anchor-free",
        image_classifier: bool = True,
        input: Mapping[str, Any] | None = None,
        progress: Progress = lambda stage, fraction: None,
        cancel: Callable[[], bool] = lambda: False,
    ) -> SpineReport:
        """Find and measure the vertebrae of a CT or of a lateral radiograph.

        :param image: a CT in Hounsfield units, or a radiograph.
        :param preset: name of the cut-offs of the grades.
        :param device: "auto", "cpu" or "cuda".
        :param detector: which detection head reads a CT.
        :param image_classifier: whether the image classifier looks at a CT as well.
        :param input: identity of the image, kept in the report.
        :param progress: called with each of :func:`stages` and the fraction done.
        :param cancel: asked between and within the stages.
        :return: a :class:`~.radiograph.record.RadiographReport` for a radiograph.
        :raises UnusableInput: the volume is no CT, the radiograph is a frontal view or upside down, or there is no such
            device.
        :raises NoSpineFound: no spine, or no vertebral body on it.
        :raises Cancelled: ``cancel`` said so.
        """
        progress(LOADING, 0.0)
        if isinstance(image, Radiograph):
            networks = self._load_for_radiographs(device)
            return analyze_radiograph(image, networks, preset=preset, progress=progress, cancel=cancel, input=input)
        ct_networks = self._load_for_cts(device, detector, image_classifier)
        measured, warnings = without_padding(image)
        report = analyze_ct(measured, ct_networks, preset=preset, progress=progress, cancel=cancel, input=input)
        return replace(report, warnings=tuple(dict.fromkeys((*warnings, *report.warnings))))

    def load_for_cts(
        self, device: str = "auto", detector: DetectorName = "anchor-free", image_classifier: bool = True
    ) -> None:
        """Load the networks that CTs need, so that the first CT takes no longer than the others.

        :param device: "auto", "cpu" or "cuda".
        :param detector: which detection head reads CTs.
        :param image_classifier: whether the image classifier looks at them as well.
        :raises UnusableInput: there is no such device.
        """
        self._load_for_cts(device, detector, image_classifier)

    def propose(
        self,
        image: Image,
        curve: SpineCurve,
        point_ras: ArrayLike,
        *,
        device: str = "auto",
        cancel: Callable[[], bool] = lambda: False,
    ) -> Vertebra:
        """The vertebra that the networks give at a point.

        :param image: the CT, or the radiograph with the scale and side of its analysis.
        :param curve: the spine curve as it is now.
        :param point_ras: (3,) about the centre of the body, in RAS mm.
        :param device: "auto", "cpu" or "cuda".
        :param cancel: asked between the steps.
        :raises UnusableInput: there is no such device.
        :raises NoSpineFound: none there.
        :raises Cancelled: ``cancel`` said so.
        """
        if isinstance(image, Radiograph):
            return propose_body(image, self._load_for_radiographs(device), point_ras, cancel)
        networks = self._load_for_cts(device, "anchor-free", True)
        return propose_vertebra(without_padding(image)[0], networks, curve, point_ras, cancel)

    def _load_for_cts(self, device: str, detector: DetectorName, image_classifier: bool) -> "TrainedCtNetworks":
        from .networks.ct_networks import load_ct_networks
        from .networks.devices import choose_device
        from .networks.weights import WEIGHTS_FOLDER

        key = choose_device(device), detector
        networks = self._ct_networks.get(key)
        if networks is None or (image_classifier and networks.image_classifier is None):
            networks = load_ct_networks(*key, self._weights_folder or WEIGHTS_FOLDER, image_classifier)
            self._ct_networks[key] = networks
        return networks if image_classifier else replace(networks, image_classifier=None)

    def _load_for_radiographs(self, device: str) -> "TrainedRadiographNetworks":
        from .networks.devices import choose_device
        from .networks.radiograph_networks import load_radiograph_networks
        from .networks.weights import WEIGHTS_FOLDER

        chosen = choose_device(device)
        if chosen not in self._radiograph_networks:
            self._radiograph_networks[chosen] = load_radiograph_networks(chosen, self._weights_folder or WEIGHTS_FOLDER)
        return self._radiograph_networks[chosen]


def known_device(device: str) -> str | None:
    """What people call a device; None as long as torch is not loaded, which takes seconds.

    :param device: "auto", "cpu" or "cuda".
    :raises UnusableInput: there is no such device.
    """
    if "torch" not in sys.modules:
        return None
    from .networks.devices import device_title

    return device_title(device)
