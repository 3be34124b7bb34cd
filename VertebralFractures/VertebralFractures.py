from __future__ import annotations

import sys
import unittest
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
from VertebralFracturesLib.widgets.choices import Device, Grading
from VertebralFracturesLib.widgets.setup.versions import unsupported_version

if TYPE_CHECKING:
    from VertebralFracturesLib.mrml.live.study import LiveStudy
    from VertebralFracturesLib.mrml.study.study import Study


#
# VertebralFractures
#


class VertebralFractures(ScriptedLoadableModule):
    """Measures every vertebral body in a CT; the work is done by the package VertebralFracturesLib."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("Vertebral Fractures")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.contributors = ["VertebralFractures contributors"]
        self.parent.helpText = _("""
Finds every vertebral body in a CT, places six keypoints on each, measures the anterior, middle and posterior height and
grades compression fractures after Genant. Choose a CT and click Apply; check the points in the straightened view, drag
what is wrong, mark each vertebra as verified, and export the table or the report page.
For research use only; not a medical device. Needs 3D Slicer 5.12 or newer.
See the <a href="https://github.com/VertebralFractures/SlicerVertebralFractures">documentation</a>.
""")
        self.parent.acknowledgementText = _("""
The method follows M. Pisov et al., Keypoints localization for joint vertebra detection and fracture severity
quantification, MICCAI 2020; the grades follow H. K. Genant et al., J Bone Miner Res 1993.
""")
        slicer.app.connect("startupCompleted()", registerWithSlicer)


def registerWithSlicer():
    """Offer the synthetic patient in Sample Data; make the layout known, as a scene saved in it opens blank without."""
    if unsupported_version():
        return
    from VertebralFracturesLib.mrml.layout.description import register_layout
    from VertebralFracturesLib.widgets.sample_data import register_sample_data

    layoutManager = slicer.app.layoutManager()
    if layoutManager is not None:
        register_layout(layoutManager.layoutLogic().GetLayoutNode())
    register_sample_data(Path(__file__).parent / "Resources" / "Icons" / "VertebralFractures.png")


#
# VertebralFracturesParameterNode
#


@parameterNodeWrapper
class VertebralFracturesParameterNode:
    """The user's choices.

    inputVolume - The CT to measure, and whose study is shown.
    preset - How vertebrae are graded.
    device - Where the networks run.
    secondOpinion - Whether the spine is read a second time.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    preset: Grading = Grading.LEVEL_AWARE
    device: Device = Device.AUTOMATIC
    secondOpinion: bool = True


#
# VertebralFracturesWidget
#


class VertebralFracturesWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: puts the library's widgets together and decides which study they show."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = self.shortcuts = self._leavingVolume = None
        self.studyPanel = self.exportPanel = self.addPanel = self.runPanel = self.volumeSelector = None
        self.supportPanel = self.lastChoices = self.worklistPanel = None
        self._parameterNode = self._parameterNodeGuiTag = None

    def setup(self) -> None:
        """Called when the user opens the module the first time and the widget is initialized."""
        ScriptedLoadableModuleWidget.setup(self)
        if problem := unsupported_version():
            label = qt.QLabel(problem)
            label.wordWrap = True
            self.layout.addWidget(label)
        else:
            self._setup()

    def _setup(self) -> None:
        """Put the panel together."""
        from VertebralFracturesLib.widgets.add_panel import AddPanel
        from VertebralFracturesLib.widgets.export_panel import ExportPanel
        from VertebralFracturesLib.widgets.run_panel import RunPanel
        from VertebralFracturesLib.widgets.setup.last_choices import LastChoices
        from VertebralFracturesLib.widgets.setup.support_panel import SupportPanel
        from VertebralFracturesLib.widgets.shortcuts import Shortcuts
        from VertebralFracturesLib.widgets.study_panel import StudyPanel
        from VertebralFracturesLib.widgets.volume_selector import VolumeSelector
        from VertebralFracturesLib.widgets.worklist.panel import WorklistPanel

        uiWidget = slicer.util.loadUI(self.resourcePath("UI/VertebralFractures.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)

        self.logic = VertebralFracturesLogic()
        self.studyPanel = StudyPanel(self.ui)
        self.exportPanel = ExportPanel(self.ui, self.studyPanel)
        needed, opened, ended = self.resourcePath("requirements.txt"), self._openStudy, self._onParametersModified
        self.runPanel = RunPanel(self.ui, self.logic.analyzer, self.studyPanel, needed, opened, ended)
        self.addPanel = AddPanel(self.ui, self.studyPanel, self.runPanel.propose)
        choose = lambda node: setattr(self.logic.getParameterNode(), "inputVolume", node)  # noqa: E731
        self.worklistPanel = WorklistPanel(self.ui, self.studyPanel, opened, choose, self.runPanel.apply)
        self.volumeSelector = VolumeSelector(
            self.ui.inputSelector, slicer.mrmlScene, self.onVolumeLoaded, self.onVolumeLeaving
        )
        self.shortcuts = Shortcuts(self.ui, uiWidget)
        self.supportPanel, self.lastChoices = SupportPanel(self.ui, needed), LastChoices(self.ui)
        self.ui.viewsButton.connect("clicked()", lambda: self.studyPanel.restore_layout(self.logic.showStudy))

        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        for event in (scene.EndCloseEvent, scene.EndImportEvent):
            self.addObserver(scene, event, self.onSceneChanged)
        self.addObserver(scene, scene.NodeRemovedEvent, self.onNodeRemoved)
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes and the module widget is destroyed."""
        if self.runPanel is not None:
            self.runPanel.close()
            self.worklistPanel.close()
            self.supportPanel.close()
            self.volumeSelector.close()
            self.addPanel.destroy()
            self.studyPanel.show(None)
            self.shortcuts.delete()
            self.setParameterNode(None)
        self.removeObservers()

    def onReload(self) -> None:
        """Reload the library with the module."""
        for name in [name for name in sys.modules if name.split(".")[0] == "VertebralFracturesLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def enter(self) -> None:
        """Called each time the user opens this module."""
        if self.runPanel is not None:
            self.shortcuts.set_enabled(True)
            self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the user opens a different module; the study stays linked."""
        if self.runPanel is not None:
            self.shortcuts.set_enabled(False)
            self.addPanel.close()
            self.setParameterNode(None)

    def onSceneStartClose(self, caller, event) -> None:
        """Called just before the scene is closed."""
        self.runPanel.discard()
        self._show(None)
        self.setParameterNode(None)

    def onSceneChanged(self, caller, event) -> None:
        """Called just after the scene was closed, and when one was loaded: its study comes back."""
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeRemoved(self, caller, event, node) -> None:
        """Called when a node was deleted: a study without its report node is gone, one without its CT stays."""
        live = self.studyPanel.live
        if live is not None and node is live.study.report_node:
            self._show(None)
        if node is self._leavingVolume:
            self._leavingVolume = None
            self._onParametersModified()

    def onVolumeLoaded(self, node: vtkMRMLScalarVolumeNode) -> None:
        """Called when a volume was added that can be analyzed: it is chosen where none is."""
        if self._parameterNode and not self._parameterNode.inputVolume and not slicer.mrmlScene.IsImporting():
            self._parameterNode.inputVolume = node

    def onVolumeLeaving(self, node: vtkMRMLScalarVolumeNode) -> None:
        """Called before a volume is deleted: if it is the chosen one, none is chosen from then on."""
        if self._parameterNode and self._parameterNode.inputVolume is node:
            self._leavingVolume = node
            self._parameterNode.inputVolume = None

    def initializeParameterNode(self) -> None:
        """Ensure parameter node exists and observed."""
        self.setParameterNode(self.lastChoices.given_to(self.logic.getParameterNode()))
        if not self._parameterNode.inputVolume:
            self._parameterNode.inputVolume = self.logic.defaultVolume()

    def setParameterNode(self, inputParameterNode: VertebralFracturesParameterNode | None) -> None:
        """Set and observe parameter node."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            self.removeObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameterNode = inputParameterNode
        self.runPanel.set_parameters(inputParameterNode)
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            self.addObserver(self._parameterNode, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
            self._onParametersModified()

    def _onParametersModified(self, caller=None, event=None) -> None:
        """Show the study of the chosen volume, graded as chosen."""
        from VertebralFracturesLib.mrml.layout.show import hide_studies

        self.runPanel.refresh()
        scene = slicer.mrmlScene
        isBusy = self.runPanel.is_running or self._leavingVolume is not None
        if isBusy or not self._parameterNode or scene.IsImporting() or scene.IsClosing():
            return
        study, live = self.logic.studyOf(self._parameterNode.inputVolume), self.studyPanel.live
        if study is None:
            self._show(None)
            hide_studies(scene, self._parameterNode.inputVolume)
        elif live is None or study.report_node is not live.study.report_node:
            self._openStudy(study)
        elif study.preset != self._parameterNode.preset.value:
            live.set_preset(self._parameterNode.preset.value)
            self.studyPanel.refresh()

    def _openStudy(self, study: Study) -> None:
        """Open a study in the views and link it to the panel, which takes over its preset."""
        from VertebralFracturesLib.mrml.application import one_change
        from VertebralFracturesLib.mrml.live.study import LiveStudy

        with slicer.util.RenderBlocker():
            self.logic.showStudy(study)
            with one_change(slicer.mrmlScene):
                live = LiveStudy(study, changed=self._onStudyChanged)
            self._show(live)
        parameterNode = self._parameterNode or self.logic.getParameterNode()
        parameterNode.inputVolume = study.volume_node
        parameterNode.preset = Grading(study.preset)
        self.studyPanel.begin_review()

    def _show(self, live: LiveStudy | None) -> None:
        """Show another study in the panel; clicks that were awaited for the one before are not any more."""
        self.addPanel.close()
        self.runPanel.study_left()
        self.studyPanel.show(live)

    def _onStudyChanged(self) -> None:
        self.runPanel.study_changed()
        self.studyPanel.refresh()


#
# VertebralFracturesLogic
#


class VertebralFracturesLogic(ScriptedLoadableModuleLogic):
    """From a volume node to its study, for scripts and for the panel."""

    def __init__(self) -> None:
        if problem := unsupported_version():
            raise RuntimeError(problem)
        from VertebralFracturesLib.analyzer import Analyzer

        ScriptedLoadableModuleLogic.__init__(self)
        self.analyzer = Analyzer()

    def getParameterNode(self) -> VertebralFracturesParameterNode:
        """The user's choices, in the scene."""
        return VertebralFracturesParameterNode(super().getParameterNode())

    def process(
        self,
        volumeNode: vtkMRMLScalarVolumeNode,
        preset: str = "level-aware",
        device: str = "auto",
        secondOpinion: bool = True,
    ) -> Study:
        """Measure the vertebrae of a CT or a radiograph and add them to its scene; returns when all is done.

        :param volumeNode: a CT, or a lateral radiograph as a single slice.
        :param preset: "level-aware", "genant" or "pisov".
        :param device: "auto", "cpu" or "cuda".
        :param secondOpinion: whether to read the spine of a CT a second time.
        :raises UnusableInput: no CT and no radiograph, a label map, a straightened CT, or no such device.
        :raises NoSpineFound: no spine in view.
        """
        from VertebralFracturesLib.mrml.nodes.image import image_from_node
        from VertebralFracturesLib.mrml.study.input import check_input
        from VertebralFracturesLib.mrml.study.replacement import replace_study

        check_input(volumeNode)
        image = image_from_node(volumeNode)
        report = self.analyzer.analyze(image, preset=preset, device=device, image_classifier=secondOpinion)
        return replace_study(volumeNode, image, report)

    def exportStudy(self, study: Study, path: str) -> None:
        """Write a study with its edits as .csv, .tsv, .json or .html, as the command line writes its results.

        :param study: from :meth:`process` or :meth:`studyOf`.
        :param path: the file; its suffix says the format.
        :raises UnusableInput: another suffix, or a file that cannot be written.
        """
        from VertebralFracturesLib.mrml.study.export import export_study

        export_study(study, Path(path))

    def showStudy(self, study: Study) -> None:
        """Open the layout with the straightened spine; nothing to do where Slicer runs without views."""
        from VertebralFracturesLib.mrml.layout.show import show_study

        layoutManager = slicer.app.layoutManager()
        if layoutManager is not None:
            show_study(study, layoutManager.layoutLogic().GetLayoutNode())

    def studyOf(self, volumeNode: vtkMRMLScalarVolumeNode | None) -> Study | None:
        """The study of a CT or a radiograph; for None, one whose volume was deleted."""
        from VertebralFracturesLib.mrml.study.study import study_of

        return study_of(slicer.mrmlScene, volumeNode)

    def defaultVolume(self) -> vtkMRMLScalarVolumeNode | None:
        """The volume to begin with: one that has a study, else the first that can be analyzed."""
        from VertebralFracturesLib.mrml.study.input import default_volume

        return default_volume(slicer.mrmlScene)


#
# VertebralFracturesTest
#


class VertebralFracturesTest(ScriptedLoadableModuleTest):
    """What a change of Slicer could break: nodes, links, saved scenes and, where torch is installed, the networks."""

    def setUp(self):
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run all tests, as "Reload and Test" does, which counts a skipped one as failed otherwise."""
        outcome = _("Tests passed")
        for test in (self.test_syntheticPatient, self.test_draggedPoint, self.test_savedScene):
            self.setUp()
            try:
                test()
            except unittest.SkipTest as skipped:
                outcome = _("Tests passed but one that was skipped: {reason}").format(reason=skipped)
        self.delayDisplay(outcome)

    def test_syntheticPatient(self):
        """The networks on the synthetic patient."""
        from VertebralFracturesLib.widgets.self_test import check_synthetic_patient

        check_synthetic_patient(self, VertebralFracturesLogic())

    def test_draggedPoint(self):
        """Points of both spaces are linked."""
        from VertebralFracturesLib.widgets.self_test import check_dragged_point

        check_dragged_point(self)

    def test_savedScene(self):
        """A saved study comes back."""
        from VertebralFracturesLib.widgets.self_test import check_saved_scene

        check_saved_scene(self)
