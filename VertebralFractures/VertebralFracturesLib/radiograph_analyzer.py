"""The networks for radiographs of one session, loaded once per device, and what they are asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .analyzer import LOADING
from .radiograph.pipeline import analyze_radiograph
from .radiograph.record import Radiograph, RadiographReport

if TYPE_CHECKING:
    from .networks.weights import RadiographModels


class RadiographAnalyzer:
    """Analyzes radiographs, one at a time; touches no scene, so that it can work in any thread."""

    def __init__(self) -> None:
        self._models: dict[str, RadiographModels] = {}

    def analyze(
        self,
        radiograph: Radiograph,
        preset: str = "genant",
        device: str = "auto",
        progress: Callable[[str, float], None] = lambda stage, fraction: None,
        cancel: Callable[[], bool] = lambda: False,
    ) -> RadiographReport:
        """Find and measure the vertebrae of a radiograph, and the angles of the spine.

        :param preset: name of the cut-offs of the grades.
        :param device: "auto", "cpu" or "cuda".
        :param progress: called with :data:`~.analyzer.LOADING` or one of the pipeline's stages, and the fraction done.
        :param cancel: asked between the stages.
        :raises UnusableInput: a frontal view, or there is no such device.
        :raises NoSpineFound: no spine in view.
        :raises Cancelled: ``cancel`` said so.
        """
        from .networks.devices import choose_device
        from .networks.weights import load_radiograph_models

        progress(LOADING, 0.0)
        chosen = choose_device(device)
        if chosen not in self._models:
            self._models[chosen] = load_radiograph_models(chosen)
        return analyze_radiograph(radiograph, self._models[chosen], preset=preset, progress=progress, cancel=cancel)
