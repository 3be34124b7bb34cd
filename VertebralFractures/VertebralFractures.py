import enum
import logging
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import qt
import slicer
import vtk
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

if TYPE_CHECKING:
    from VertebralFracturesLib.core.report import SpineReport, Vertebra
    from VertebralFracturesLib.core.volume import Volume
    from VertebralFracturesLib.mrml.study import Study


#
# VertebralFractures
#


class VertebralFractures(ScriptedLoadableModule):
    """Measures every vertebral body in a CT; the work is done by the package VertebralFracturesLib."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Vertebral Fractures")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.dependencies = []
        self.parent.contributors = ["VertebralFractures contributors"]
        self.parent.helpText = _("""
Finds every vertebral body in a CT, places six keypoints on each, measures the anterior, middle and posterior height and
grades compression fractures after Genant. Choose a CT and click Apply; check the points in the straightened view, drag
what is wrong, mark each vertebra as verified, and export the table or the report page.
For research use only; not a medical device.
See the <a href="https://github.com/VertebralFractures/SlicerVertebralFractures">documentation</a>.
""")
        self.parent.acknowledgementText = _("""
The method follows M. Pisov et al., Keypoints localization for joint vertebra detection and fracture severity
quantification, MICCAI 2020; the grades follow H. K. Genant et al., J Bone Miner Res 1993.
""")
        slicer.app.connect("startupCompleted()", registerSampleData)


#
# Sample data
#


SAMPLE_NAME = "SyntheticSpineCT"


def registerSampleData():
    """Offer the synthetic patient in the Sample Data module; it is made on the spot, without any download."""
    import SampleData

    icon = Path(__file__).parent / "Resources" / "Icons" / "VertebralFractures.png"
    SampleData.SampleDataLogic.registerCustomSampleDataCategory("VertebralFractures", title=_("Vertebral Fractures"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="VertebralFractures",
        sampleName=SAMPLE_NAME,
        thumbnailFileName=str(icon),
        uris=[],
        fileNames=[],
        customDownloader=addSyntheticPatient,
    )


def addSyntheticPatient(source=None) -> vtkMRMLScalarVolumeNode | None:
    """Make the CT of a synthetic patient with three fractures and show it; None if the user cancels.

    :param source: the sample data source that was clicked.
    """
    from VertebralFracturesLib.demo import sample_ct
    from VertebralFracturesLib.errors import Cancelled
    from VertebralFracturesLib.mrml.volume_nodes import add_volume_node

    dialog = slicer.util.createProgressDialog(
        labelText=_("Making a synthetic patient..."), windowTitle=_("Vertebral Fractures")
    )

    def progressed(share: float) -> None:
        dialog.setValue(int(100 * share))
        slicer.app.processEvents()
        if dialog.wasCanceled:
            raise Cancelled("cancelled")

    try:
        volume = sample_ct(progressed)
    except Cancelled:
        return None
    finally:
        dialog.close()
    node = add_volume_node(slicer.mrmlScene, volume, slicer.mrmlScene.GenerateUniqueName(SAMPLE_NAME))
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


#
# VertebralFracturesParameterNode
#


class Grading(enum.Enum):
    """Cut-offs of the grades, by the names that the library knows them by."""

    GENANT = "genant"
    PISOV = "pisov"

    def label(self) -> str:
        """What the user reads."""
        from VertebralFracturesLib.core.genant import find_preset

        return find_preset(self.value).title


class Device(enum.Enum):
    """Where the networks run."""

    AUTOMATIC = "auto"
    CPU = "cpu"
    GPU = "cuda"

    def label(self) -> str:
        """What the user reads."""
        return {"auto": _("Automatic"), "cpu": _("CPU"), "cuda": _("GPU")}[self.value]


@parameterNodeWrapper
class VertebralFracturesParameterNode:
    """
    The user's choices.

    inputVolume - The CT to measure, and whose study is shown.
    preset - The cut-offs of the grades.
    device - Where the networks run.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    preset: Grading = Grading.GENANT
    device: Device = Device.AUTOMATIC


#
# VertebralFracturesWidget
#


class VertebralFracturesWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: runs the analysis and hands its study to the library's widgets."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.studyPanel = None
        self.exportPanel = None
        self.addPanel = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._jobs = None
        self._shortcuts = []

    def setup(self) -> None:
        """Called when the user opens the module the first time and the widget is initialized."""
        from VertebralFracturesLib.widgets.add_panel import AddPanel
        from VertebralFracturesLib.widgets.export_panel import ExportPanel
        from VertebralFracturesLib.widgets.job_runner import JobRunner
        from VertebralFracturesLib.widgets.study_panel import StudyPanel

        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/VertebralFractures.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = VertebralFracturesLogic()
        self.studyPanel = StudyPanel(self.ui)
        self.exportPanel = ExportPanel(self.ui, self.studyPanel)
        self.addPanel = AddPanel(self.ui, self.studyPanel, self._proposeVertebra)
        self._jobs = JobRunner(self._showProgress)

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        self.ui.applyButton.connect("clicked(bool)", self.onApplyButton)
        self.ui.cancelButton.connect("clicked(bool)", self.onCancelButton)
        self._makeShortcuts(uiWidget)
        self._showRunning(False)
        self.initializeParameterNode()

    def _makeShortcuts(self, uiWidget) -> None:
        """Keys that work wherever the focus is in the main window while the module is open."""
        for keys, button in (
            ("Ctrl+Up", self.ui.previousButton),
            ("Ctrl+Down", self.ui.nextButton),
            ("Ctrl+Return", self.ui.verifyButton),
        ):
            shortcut = qt.QShortcut(qt.QKeySequence(keys), slicer.util.mainWindow() or uiWidget)
            shortcut.connect("activated()", lambda button=button: button.click())
            self._shortcuts.append(shortcut)

    def cleanup(self) -> None:
        """Called when the application closes and the module widget is destroyed."""
        if self._jobs is not None:
            self._jobs.discard()
            self.addPanel.close()
            self.studyPanel.show(None)
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
            shortcut.deleteLater()
        self._shortcuts = []
        self.setParameterNode(None)
        self.removeObservers()

    def onReload(self) -> None:
        """Reload the library with the module."""
        for name in [name for name in sys.modules if name.split(".")[0] == "VertebralFracturesLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def enter(self) -> None:
        """Called each time the user opens this module."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(True)
        self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the user opens a different module; the study stays linked."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(False)
        self.addPanel.close()
        self.setParameterNode(None)

    def onSceneStartClose(self, caller, event) -> None:
        """Called just before the scene is closed."""
        self._jobs.discard()
        self._showRunning(False)
        self.addPanel.close()
        self.studyPanel.show(None)
        self.setParameterNode(None)

    def onSceneEndClose(self, caller, event) -> None:
        """Called just after the scene is closed."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    def onSceneEndImport(self, caller, event) -> None:
        """Called when a scene was loaded: its study comes back."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeRemoved(self, caller, event, node) -> None:
        """Called when a node was deleted: a study without its report node is gone."""
        live = self.studyPanel.live
        if live is not None and node is live.study.report_node:
            self.studyPanel.show(None)

    def initializeParameterNode(self) -> None:
        """Ensure parameter node exists and observed."""
        self.setParameterNode(self.logic.getParameterNode())
        if not self._parameterNode.inputVolume:
            self._parameterNode.inputVolume = self.logic.defaultVolume()

    def setParameterNode(self, inputParameterNode: VertebralFracturesParameterNode | None) -> None:
        """Set and observe parameter node."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameterNode = inputParameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
            self._onParametersModified()

    def _onParametersModified(self, caller=None, event=None) -> None:
        """Show the study of the chosen volume, graded as chosen."""
        self._checkCanApply()
        if self._jobs.is_running or not self._parameterNode:
            return
        volumeNode = self._parameterNode.inputVolume
        study = self.logic.studyOf(volumeNode)
        live = self.studyPanel.live
        shown = live.study.report_node if live is not None else None
        if study is None:
            self.studyPanel.show(None)
        elif study.report_node is not shown:
            self._showStudy(study)
        elif study.preset != self._parameterNode.preset.value:
            live.set_preset(self._parameterNode.preset.value)
            self.studyPanel.refresh()

    def _showStudy(self, study: "Study") -> None:
        """Open a study in the views and link it to the panel, which takes over its preset."""
        from VertebralFracturesLib.mrml.live_study import LiveStudy

        self.logic.showStudy(study)
        self.studyPanel.show(LiveStudy(study, changed=self.studyPanel.refresh))
        if self._parameterNode:
            self._parameterNode.preset = Grading(study.preset)

    def _checkCanApply(self) -> None:
        isRunning = self._jobs.is_running
        hasVolume = bool(self._parameterNode and self._parameterNode.inputVolume)
        self.ui.applyButton.toolTip = (
            _("Find and measure the vertebrae") if hasVolume else _("Load a CT and choose it above")
        )
        self.ui.applyButton.enabled = hasVolume and not isRunning
        self.ui.cancelButton.enabled = isRunning

    def onApplyButton(self) -> None:
        """Run the analysis when the user clicks "Apply"."""
        from VertebralFracturesLib.errors import UnusableInput
        from VertebralFracturesLib.widgets.dependencies import ensure_packages

        volumeNode = self._parameterNode.inputVolume
        if not self._mayReplaceStudy(volumeNode):
            return
        try:
            volume = self.logic.readVolume(volumeNode)
            ensure_packages(self.resourcePath("requirements.txt"))
        except (RuntimeError, UnusableInput) as error:
            slicer.util.errorDisplay(str(error))
            return
        preset, device = self._parameterNode.preset.value, self._parameterNode.device.value
        started = time.monotonic()
        self._jobs.start(
            lambda progress, cancel: self.logic.analyze(volume, preset, device, progress, cancel),
            lambda report: self._onAnalyzed(volumeNode, volume, report, time.monotonic() - started),
            self._onFailed,
        )
        self.ui.statusLabel.text = ""
        self._showRunning(True)

    def _mayReplaceStudy(self, volumeNode: vtkMRMLScalarVolumeNode) -> bool:
        """Ask before a study that holds edits is replaced."""
        from VertebralFracturesLib.mrml.study_edits import has_edits

        study = self.logic.studyOf(volumeNode)
        return (
            study is None
            or not has_edits(study)
            or slicer.util.confirmOkCancelDisplay(
                _("The study of {volume} holds edits. Replace it by a new analysis?").format(
                    volume=volumeNode.GetName()
                )
            )
        )

    def onCancelButton(self) -> None:
        """Stop the analysis at the next chance."""
        self._jobs.cancel()
        self.ui.cancelButton.enabled = False
        self.ui.statusLabel.text = _("Cancelling...")

    def _showProgress(self, stage: str, fraction: float) -> None:
        place = self.logic.stages.index(stage)
        self.ui.progressBar.value = int(100 * (place + fraction) / len(self.logic.stages))
        if self.ui.cancelButton.enabled:
            self.ui.statusLabel.text = _("{stage} ({place} of {count})").format(
                stage=self.logic.stageTitle(stage), place=place + 1, count=len(self.logic.stages)
            )

    def _showRunning(self, isRunning: bool) -> None:
        self.ui.progressBar.setVisible(isRunning)
        self.ui.progressBar.value = 0
        for widget in (
            self.ui.inputSelector,
            self.ui.presetBox,
            self.ui.deviceBox,
            self.ui.vertebraeCollapsibleButton,
            self.ui.exportCollapsibleButton,
        ):
            widget.enabled = not isRunning
        self._checkCanApply()

    def _onAnalyzed(
        self, volumeNode: vtkMRMLScalarVolumeNode, volume: "Volume", report: "SpineReport", seconds: float
    ) -> None:
        """Called when the analysis has come to its end."""
        try:
            self.studyPanel.show(None)
            study = self.logic.addStudy(volumeNode, volume, report)
            self._showRunning(False)
            self._showStudy(study)
        except Exception as error:
            self._onFailed(error)
            return
        self.ui.statusLabel.text = _("{count} vertebrae measured in {seconds:.0f} s on {device}").format(
            count=len(report.vertebrae), seconds=seconds, device=self.logic.deviceTitle
        )

    def _proposeVertebra(self, point_ras) -> None:
        """Let the network place the points of a vertebra where the reader clicked."""
        from VertebralFracturesLib.errors import UnusableInput
        from VertebralFracturesLib.widgets.dependencies import ensure_packages

        live = self.studyPanel.live
        try:
            ensure_packages(self.resourcePath("requirements.txt"))
            if live.study.volume_node is None:
                raise UnusableInput(_("the CT of this study was deleted: no vertebra can be added"))
            volume = self.logic.readVolume(live.study.volume_node)
        except (RuntimeError, UnusableInput) as error:
            slicer.util.errorDisplay(str(error))
            return
        curve, device = live.report.curve, self._parameterNode.device.value

        def proposed(vertebra: "Vertebra") -> None:
            self._showRunning(False)
            live.add_vertebra(vertebra.keypoints_ras, None, vertebra.score, vertebra.uncertainty_mm)

        self._jobs.start(
            lambda progress, cancel: self.logic.propose(volume, curve, point_ras, device), proposed, self._onFailed
        )
        self.ui.statusLabel.text = _("Placing the points...")
        self._showRunning(True)

    def _onFailed(self, error: Exception) -> None:
        """Called when the analysis was cancelled or could not be done; the scene was not touched."""
        from VertebralFracturesLib.errors import Cancelled, NoSpineFound, UnusableInput

        self._showRunning(False)
        self._onParametersModified()
        if isinstance(error, Cancelled):
            self.ui.statusLabel.text = _("Cancelled")
            return
        self.ui.statusLabel.text = _("Failed: {error}").format(error=error)
        if isinstance(error, (NoSpineFound, UnusableInput)):
            slicer.util.errorDisplay(str(error))
        else:
            logging.error("The analysis failed", exc_info=error)
            slicer.util.errorDisplay(_("The analysis failed: {error}").format(error=repr(error)))


#
# VertebralFracturesLogic
#


class VertebralFracturesLogic(ScriptedLoadableModuleLogic):
    """From a volume node to its study, for scripts and for the panel."""

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.deviceTitle = ""

    def getParameterNode(self) -> VertebralFracturesParameterNode:
        """The user's choices, in the scene."""
        return VertebralFracturesParameterNode(super().getParameterNode())

    def process(self, volumeNode: vtkMRMLScalarVolumeNode, preset: str = "genant", device: str = "auto") -> "Study":
        """Measure the vertebrae of a volume and add them to its scene; returns when all is done.

        :param volumeNode: a CT.
        :param preset: "genant" or "pisov".
        :param device: "auto", "cpu" or "cuda".
        :raises UnusableInput: no CT, or no such device.
        :raises NoSpineFound: no spine in view.
        """
        volume = self.readVolume(volumeNode)
        return self.addStudy(volumeNode, volume, self.analyze(volume, preset, device))

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages of :meth:`analyze`, in order."""
        from VertebralFracturesLib.pipeline import STAGES

        return ("networks", *STAGES)

    def stageTitle(self, stage: str) -> str:
        """What the user reads of a stage."""
        return {
            "networks": _("Loading the networks"),
            "spine curve": _("Finding the spine"),
            "straightened slice": _("Straightening the spine"),
            "vertebrae": _("Finding the vertebrae"),
            "measures": _("Measuring the vertebrae"),
        }[stage]

    def readVolume(self, volumeNode: vtkMRMLScalarVolumeNode) -> "Volume":
        """The volume as it lies in the world."""
        from VertebralFracturesLib.mrml.volume_nodes import volume_from_node

        return volume_from_node(volumeNode)

    def analyze(self, volume, preset="genant", device="auto", progress=None, cancel=None) -> "SpineReport":
        """Measure the vertebrae of a volume; touches no node, so that it can run in any thread.

        :param progress: called with each of :attr:`stages` and the fraction done.
        :param cancel: asked between the steps.
        :raises Cancelled: ``cancel`` said so.
        """
        from VertebralFracturesLib.networks.devices import device_title
        from VertebralFracturesLib.networks.weights import load_models
        from VertebralFracturesLib.pipeline import analyze

        progress, cancel = progress or (lambda stage, fraction: None), cancel or (lambda: False)
        progress("networks", 0.0)
        models = load_models(device)
        self.deviceTitle = device_title(device)
        measured, warnings = withoutPadding(volume)
        report = analyze(measured, models, preset=preset, progress=progress, cancel=cancel)
        return replace(report, warnings=tuple(dict.fromkeys((*warnings, *report.warnings))))

    def propose(self, volume, curve, point_ras, device="auto") -> "Vertebra":
        """The vertebra that the detection network sees at a point; touches no node.

        :param curve: the spine curve as it is now.
        :param point_ras: about the centre of the body.
        :raises NoSpineFound: none there.
        """
        from VertebralFracturesLib.networks.weights import load_models
        from VertebralFracturesLib.pipeline import propose_vertebra

        return propose_vertebra(withoutPadding(volume)[0], load_models(device), curve, point_ras)

    def addStudy(self, volumeNode: vtkMRMLScalarVolumeNode, volume: "Volume", report: "SpineReport") -> "Study":
        """Add the result of an analysis to the scene; the volume's former study goes.

        :param volume: what was analyzed.
        :raises UnusableInput: the volume node was deleted or moved in the meantime.
        """
        from VertebralFracturesLib.errors import UnusableInput
        from VertebralFracturesLib.mrml.input_description import input_description
        from VertebralFracturesLib.mrml.study import studies_of
        from VertebralFracturesLib.mrml.study_creation import create_study
        from VertebralFracturesLib.mrml.study_removal import remove_study

        scene = volumeNode.GetScene()
        if scene is None:
            raise UnusableInput(_("the volume was deleted while it was analyzed"))
        now = self.readVolume(volumeNode)
        if now.shape != volume.shape or abs(now.ijk_to_ras - volume.ijk_to_ras).max() > 1e-6:
            raise UnusableInput(_("the volume was changed while it was analyzed: click Apply again"))
        former = studies_of(volumeNode)
        study = create_study(scene, volumeNode, replace(report, input=input_description(volumeNode, volume)))
        for one in former:
            remove_study(one)
        return study

    def showStudy(self, study: "Study") -> None:
        """Open the layout with the straightened spine; nothing to do where Slicer runs without views."""
        from VertebralFracturesLib.mrml.layout import show_study

        layoutManager = slicer.app.layoutManager()
        if layoutManager is not None:
            show_study(study, layoutManager.layoutLogic().GetLayoutNode())

    def studyOf(self, volumeNode: vtkMRMLScalarVolumeNode | None) -> "Study | None":
        """The study of a volume; for None, one whose volume was deleted."""
        from VertebralFracturesLib.mrml.study import studies

        return next((study for study in studies(slicer.mrmlScene) if study.volume_node is volumeNode), None)

    def defaultVolume(self) -> vtkMRMLScalarVolumeNode | None:
        """The volume to begin with: one that has a study, else the first that is no study's straightened CT."""
        from VertebralFracturesLib.mrml.study import studies

        present = studies(slicer.mrmlScene)
        if present:
            return present[0].volume_node
        return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")


def withoutPadding(volume: "Volume") -> tuple["Volume", tuple[str, ...]]:
    """A volume whose padding is air, and warnings; the volume node's own voxels stay as they are."""
    from VertebralFracturesLib.core.ct_check import fill_padding
    from VertebralFracturesLib.core.volume import Volume

    voxels = volume.voxels.view()
    voxels.flags.writeable = False
    filled, warnings = fill_padding(voxels)
    return Volume(filled, volume.ijk_to_ras), warnings


#
# VertebralFracturesTest
#


class VertebralFracturesTest(ScriptedLoadableModuleTest):
    """Measures the synthetic patient; needs torch, as Apply does."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run all tests."""
        self.setUp()
        self.test_syntheticPatient()

    def test_syntheticPatient(self):
        """The fractures of the synthetic patient are found, and a second run replaces the first."""
        import importlib.util

        if importlib.util.find_spec("torch") is None:
            self.skipTest("torch is not installed: open the module and click Apply once")
        from VertebralFracturesLib.demo import FRACTURES
        from VertebralFracturesLib.mrml.study import studies
        from VertebralFracturesLib.mrml.study_report import study_report

        self.delayDisplay("Making a synthetic patient")
        volumeNode = addSyntheticPatient()
        logic = VertebralFracturesLogic()
        self.delayDisplay("Measuring it")
        study = logic.process(volumeNode)
        report = study_report(study)
        self.assertGreaterEqual(len(report.vertebrae), 8)
        graded = [measures.grade for measures in report.measures if measures is not None]
        self.assertGreaterEqual(sum(grade > 0 for grade in graded), len(FRACTURES))
        self.assertEqual(study.table_node.GetTable().GetNumberOfRows(), len(report.vertebrae))
        nodeCount = slicer.mrmlScene.GetNumberOfNodes()
        logic.addStudy(volumeNode, logic.readVolume(volumeNode), report)
        self.assertEqual(len(studies(slicer.mrmlScene)), 1)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), nodeCount)
        self.delayDisplay("Test passed")
