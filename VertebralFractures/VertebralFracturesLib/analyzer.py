"""The networks of one session, loaded once per device, and what they are asked for."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from .core.report import SpineReport, Vertebra
from .core.spine_curve import SpineCurve
from .core.volume import Volume
from .ct.check import without_padding
from .ct.pipeline import analyze, propose_vertebra

if TYPE_CHECKING:
    from .networks.weights import Models

LOADING = "networks"
"""The stage before those of the pipeline."""


class Analyzer:
    """Analyzes volumes, and parts of them, one at a time; touches no scene, so that it can work in any thread."""

    def __init__(self) -> None:
        self._models: dict[str, Models] = {}

    def analyze(
        self,
        volume: Volume,
        preset: str = "genant",
        device: str = "auto",
        progress: Callable[[str, float], None] = lambda stage, fraction: None,
        cancel: Callable[[], bool] = lambda: False,
        second_opinion: bool = True,
    ) -> SpineReport:
        """Find and measure the vertebrae of a CT.

        :param preset: name of the cut-offs of the grades.
        :param device: "auto", "cpu" or "cuda".
        :param progress: called with :data:`LOADING` or one of the pipeline's stages, and the fraction done.
        :param cancel: asked between and within the stages.
        :param second_opinion: whether to read the spine a second time.
        :raises UnusableInput: the volume is no CT, or there is no such device.
        :raises NoSpineFound: no spine, or no vertebral body on it.
        :raises Cancelled: ``cancel`` said so.
        """
        progress(LOADING, 0.0)
        models = self._load(device)
        if not second_opinion:
            models = replace(models, second_opinion=None)
        measured, warnings = without_padding(volume)
        report = analyze(measured, models, preset=preset, progress=progress, cancel=cancel)
        return replace(report, warnings=tuple(dict.fromkeys((*warnings, *report.warnings))))

    def propose(
        self,
        volume: Volume,
        curve: SpineCurve,
        point_ras: ArrayLike,
        device: str = "auto",
        cancel: Callable[[], bool] = lambda: False,
    ) -> Vertebra:
        """The vertebra that the detection network sees at a point.

        :param curve: the spine curve as it is now.
        :param point_ras: (3,) about the centre of the body, in RAS mm.
        :param device: "auto", "cpu" or "cuda".
        :param cancel: asked between the steps.
        :raises UnusableInput: there is no such device.
        :raises NoSpineFound: none there.
        :raises Cancelled: ``cancel`` said so.
        """
        return propose_vertebra(without_padding(volume)[0], self._load(device), curve, point_ras, cancel)

    def _load(self, device: str) -> "Models":
        from .networks.devices import choose_device
        from .networks.weights import load_models

        chosen = choose_device(device)
        if chosen not in self._models:
            self._models[chosen] = load_models(chosen, second_opinion=True)
        return self._models[chosen]


def known_device(device: str) -> str | None:
    """What people call a device; None as long as torch is not loaded, which takes seconds.

    :param device: "auto", "cpu" or "cuda".
    :raises UnusableInput: there is no such device.
    """
    if "torch" not in sys.modules:
        return None
    from .networks.devices import device_title

    return device_title(device)
