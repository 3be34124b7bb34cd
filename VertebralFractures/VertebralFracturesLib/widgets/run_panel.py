"""What the reader starts and waits for: the analysis, and the proposal of a single vertebra."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray
from slicer.i18n import translate

from ..analyzer import LOADING, Analyzer, known_device, stages
from ..core.report import SpineReport, Vertebra
from ..errors import Cancelled, NoSpineFound, UnusableInput
from ..mrml.nodes.image import image_from_node
from ..mrml.study.export import analyzed_image
from ..mrml.study.input import check_input
from ..mrml.study.replacement import replace_study
from ..mrml.study.report import has_edits, study_report
from ..mrml.study.study import Study, studies_of
from ..radiograph.record import Image, Radiograph, RadiographReport
from ..report.document import report_json
from .job_runner import JobRunner
from .setup.dependencies import ensure_packages
from .setup.session_log import LOGGER
from .study_panel import StudyPanel

_BUSY = 0
_PERCENT = 100
"""Ends of the progress bar: Qt shows one that ends at 0 as busy."""


def described_image(image: Image) -> str:
    """Kind, voxels and spacing of an image, which tell nothing about the patient."""
    if isinstance(image, Radiograph):
        return f"a radiograph of {' x '.join(map(str, image.image.shape[::-1]))} pixels"
    spacing = " x ".join(f"{value:.3g}" for value in image.spacing_mm)
    return f"a volume of {' x '.join(map(str, image.shape))} voxels of {spacing} mm"


def stage_titles(image: Image) -> dict[str, str]:
    """What the reader reads of the stages of an analysis, in order.

    :param image: what is analyzed.
    """
    is_radiograph = isinstance(image, Radiograph)
    titles = {
        LOADING: translate("VertebralFractures", "Loading the networks"),
        "spine curve": translate("VertebralFractures", "Detecting the spine"),
        "straightened slice": translate("VertebralFractures", "Straightening the spine"),
        "view": translate("VertebralFractures", "Analyzing the radiograph"),
        "vertebrae": translate("VertebralFractures", "Detecting the vertebrae"),
        "landmarks": translate("VertebralFractures", "Placing the landmarks"),
        "image classifier": translate("VertebralFractures", "Classifying the image"),
        "measures": translate("VertebralFractures", "Measuring vertebrae and angles")
        if is_radiograph
        else translate("VertebralFractures", "Measuring the vertebrae"),
    }
    return {stage: titles[stage] for stage in stages(image)}


class RunPanel:
    """Connects the widgets below "Analysis": Apply, Cancel, the progress and what came of it.

    Jobs run beside the window; the scene changes only when one has come to its end.

    :param ui: the widgets of VertebralFractures.ui by name.
    :param analyzer: runs the networks.
    :param panel: shows the study.
    :param requirements_file: the packages that the networks need.
    :param opened: called with the study that an analysis has added.
    :param ended: called when a job has come to its end without one.
    """

    def __init__(
        self,
        ui: Any,
        analyzer: Analyzer,
        panel: StudyPanel,
        requirements_file: str,
        opened: Callable[[Study], None],
        ended: Callable[[], None],
    ) -> None:
        self.ui, self._analyzer, self._panel, self._requirements = ui, analyzer, panel, requirements_file
        self._opened, self._ended = opened, ended
        self._titles: dict[str, str] = {}
        self._parameters: Any = None
        self._jobs = JobRunner(self._show_progress)
        self._is_installing = self._is_closed = self._tells_of_edit = False
        self._discarded = 0
        ui.applyButton.connect("clicked()", self.apply)
        ui.cancelButton.connect("clicked()", self.cancel)
        self._show_running(False)

    @property
    def is_running(self) -> bool:
        """Whether a job is running, or what it needs is being installed."""
        return self._is_installing or self._jobs.is_running

    def set_parameters(self, parameters: Any) -> None:
        """Take other choices of the reader, or None where there are none."""
        self._parameters = parameters
        self.refresh()

    def refresh(self) -> None:
        """Bring the buttons and the name of the device up to the reader's choices."""
        has_volume = bool(self._parameters and self._parameters.inputVolume)
        self.ui.applyButton.toolTip = (
            translate("VertebralFractures", "Detect and measure the vertebrae")
            if has_volume
            else translate("VertebralFractures", "Load a CT and choose it above")
        )
        self.ui.applyButton.enabled = has_volume and not self.is_running
        self.ui.cancelButton.enabled = self._jobs.is_running
        if self._parameters and not self.is_running:
            self.ui.deviceNameLabel.setText(_device_name(self._parameters.device.value))

    def apply(self) -> None:
        """Measure the chosen volume."""
        parameters = self._parameters
        volume_node = parameters.inputVolume
        choices = parameters.preset.value, parameters.device.value, parameters.secondOpinion
        if not self._may_replace_study(volume_node):
            return
        image = self._prepared(lambda: _checked_image(volume_node))
        if image is not None and volume_node.GetScene() is None:
            slicer.util.errorDisplay(
                translate("VertebralFractures", "The volume was deleted while packages were installed.")
            )
        elif image is not None:
            self._analyze(volume_node, image, *choices)

    def _analyze(
        self,
        volume_node: slicer.vtkMRMLScalarVolumeNode,
        image: Image,
        preset: str,
        device: str,
        is_read_twice: bool,
    ) -> None:
        self._titles = stage_titles(image)
        LOGGER.info("Analysis of %s, %s, on %s", described_image(image), preset, device)
        started, before = time.monotonic(), _contents(volume_node)
        self._jobs.start(
            lambda progress, cancel: self._analyzer.analyze(
                image,
                preset=preset,
                device=device,
                image_classifier=is_read_twice,
                progress=progress,
                cancel=cancel,
            ),
            lambda report: self._analyzed(volume_node, image, report, time.monotonic() - started, before),
            self._failed,
        )
        self.ui.statusLabel.text = ""
        self._show_running(True)

    def propose(self, point_ras: NDArray[np.float64]) -> None:
        """Let the network place the points of a vertebra of the shown study.

        :param point_ras: (3,) about the centre of the body.
        """
        live, device = self._panel.live, self._parameters.device.value
        if live is None:
            return
        image = self._prepared(lambda: analyzed_image(live.study))
        if image is None or live is not self._panel.live:
            return
        curve = live.report.curve

        def proposed(vertebra: Vertebra) -> None:
            self._show_running(False)
            live.add_vertebra(vertebra.keypoints_ras, None, vertebra.score, vertebra.uncertainty_mm)
            self.ui.statusLabel.text = translate("VertebralFractures", "Vertebra added: review its landmarks and level")
            self._tells_of_edit = True

        self._jobs.start(
            lambda progress, cancel: self._analyzer.propose(image, curve, point_ras, device=device, cancel=cancel),
            proposed,
            self._failed,
        )
        self.ui.statusLabel.text = translate("VertebralFractures", "Placing the landmarks...")
        self._show_running(True, is_counted=False)

    def study_changed(self) -> None:
        """The shown study was edited: what was said of an edit before holds no more."""
        if self._tells_of_edit:
            self.study_left()

    def study_left(self) -> None:
        """Another study is shown, or none: what was said of the one before holds no more."""
        self._tells_of_edit = False
        if not self.is_running:
            self.ui.statusLabel.text = ""

    def cancel(self) -> None:
        """Stop at the next chance."""
        self._jobs.cancel()
        self.ui.cancelButton.enabled = False
        self.ui.statusLabel.text = translate("VertebralFractures", "Cancelling...")

    def discard(self) -> None:
        """Forget what is running, or waits for an installation: the scene is about to go."""
        self._discarded += 1
        self._jobs.discard()
        self._show_running(False)
        self.ui.statusLabel.text = ""

    def close(self) -> None:
        """Forget what is running for good: the panel is about to go."""
        self.discard()
        self._is_closed = True

    def _prepared(self, read: Callable[[], Image | None]) -> Image | None:
        """The voxels, with all packages in place; None, and a message, where something is missing.

        None, too, where the user declined the installation or closed the scene during it.
        """
        discarded = self._discarded
        try:
            volume = read()
            if volume is None:
                raise UnusableInput(
                    translate("VertebralFractures", "the image of this study was deleted: no vertebra can be added")
                )
            self._install()
        except Cancelled:
            if not self._is_closed:
                self.ui.statusLabel.text = translate(
                    "VertebralFractures", "The analysis needs these packages. Click Apply again to install them."
                )
            return None
        except (RuntimeError, UnusableInput) as error:
            slicer.util.errorDisplay(str(error))
            return None
        return volume if self._discarded == discarded else None

    def _install(self) -> None:
        """Install what is missing. Installers let the window answer, so that nothing else may be started meanwhile."""
        self._is_installing = True
        self._show_running(True, is_counted=False)
        self.ui.statusLabel.text = translate("VertebralFractures", "Installing Python packages...")
        try:
            ensure_packages(self._requirements)
        finally:
            self._is_installing = False
            if not self._is_closed:
                self._show_running(False)
                self.ui.statusLabel.text = ""

    def _may_replace_study(self, volume_node: slicer.vtkMRMLScalarVolumeNode) -> bool:
        """Ask before a study that holds edits is replaced."""
        return not any(has_edits(study) for study in studies_of(volume_node)) or slicer.util.confirmOkCancelDisplay(
            translate(
                "VertebralFractures", "The study of {volume} contains corrections. Replace it with a new analysis?"
            ).format(volume=volume_node.GetName())
        )

    def _may_replace_edited(self, volume_node: slicer.vtkMRMLScalarVolumeNode, before: list[str]) -> bool:
        """Ask before a study is replaced whose points were dragged while the analysis ran: they can be in all views."""
        if volume_node.GetScene() is None or _contents(volume_node) == before:
            return True
        return slicer.util.confirmOkCancelDisplay(
            translate(
                "VertebralFractures",
                "The study of {volume} was corrected during the analysis. Replace it, including these corrections?",
            ).format(volume=volume_node.GetName())
        )

    def _show_progress(self, stage: str, fraction: float) -> None:
        titles = self._titles
        place = list(titles).index(stage)
        self.ui.progressBar.value = int(_PERCENT * (place + fraction) / len(titles))
        if self.ui.cancelButton.enabled:
            self.ui.statusLabel.text = translate("VertebralFractures", "{stage} ({place} of {count})").format(
                stage=titles[stage], place=place + 1, count=len(titles)
            )

    def _show_running(self, is_running: bool, is_counted: bool = True) -> None:
        self.ui.progressBar.setVisible(is_running)
        self.ui.progressBar.maximum = _PERCENT if is_counted else _BUSY
        self.ui.progressBar.value = 0
        for widget in (
            self.ui.inputSelector,
            self.ui.presetBox,
            self.ui.deviceBox,
            self.ui.secondOpinionBox,
            self.ui.vertebraeCollapsibleButton,
            self.ui.exportCollapsibleButton,
        ):
            widget.enabled = not is_running
        self.refresh()

    def _analyzed(
        self,
        volume_node: slicer.vtkMRMLScalarVolumeNode,
        image: Image,
        report: SpineReport,
        seconds: float,
        before: list[str],
    ) -> None:
        if not self._may_replace_edited(volume_node, before):
            self._show_running(False)
            self._ended()
            self.ui.statusLabel.text = translate(
                "VertebralFractures", "Your study was kept, and the new analysis dropped."
            )
            return
        try:
            with slicer.util.RenderBlocker():
                self._panel.show(None)
                study = replace_study(volume_node, image, report)
                self._show_running(False)
                self._opened(study)
        except Exception as error:
            self._failed(error)
            return
        self.ui.statusLabel.text = self._outcome(report, seconds)
        LOGGER.info("%d vertebrae in %.1f s", len(report.vertebrae), seconds)

    def _outcome(self, report: SpineReport, seconds: float) -> str:
        """What came of an analysis, in one sentence."""
        count = len(report.vertebrae)
        if isinstance(report, RadiographReport):
            return translate(
                "VertebralFractures", "{count} vertebrae measured; angles are in a separate table."
            ).format(count=count)
        return translate("VertebralFractures", "{count} vertebrae measured in {seconds:.0f} s on {device}").format(
            count=count, seconds=seconds, device=self.ui.deviceNameLabel.text
        )

    def _failed(self, error: Exception) -> None:
        """A job was cancelled or could not be done; the scene was not touched."""
        self._show_running(False)
        self._ended()
        if isinstance(error, Cancelled):
            self.ui.statusLabel.text = translate("VertebralFractures", "Cancelled")
            return
        self.ui.statusLabel.text = translate("VertebralFractures", "Failed: {error}").format(error=error)
        if isinstance(error, (NoSpineFound, UnusableInput)):
            LOGGER.info("%s", type(error).__name__)
            slicer.util.errorDisplay(str(error))
        else:
            LOGGER.error("The analysis failed", exc_info=error)
            slicer.util.errorDisplay(
                translate("VertebralFractures", "The analysis failed: {error}").format(error=repr(error))
            )


def _contents(volume_node: slicer.vtkMRMLScalarVolumeNode) -> list[str]:
    """What the studies of a volume say, to be compared; a study that cannot be read says nothing."""
    contents = []
    for study in studies_of(volume_node):
        try:
            contents.append(report_json(study_report(study)))
        except UnusableInput:
            contents.append("")
    return contents


def _checked_image(volume_node: slicer.vtkMRMLScalarVolumeNode) -> Image:
    """What is to be analyzed."""
    check_input(volume_node)
    return image_from_node(volume_node)


def _device_name(device: str) -> str:
    """What a choice of device means on this computer, as far as it is known."""
    try:
        return known_device(device) or ""
    except UnusableInput:
        return translate("VertebralFractures", "no GPU found")
