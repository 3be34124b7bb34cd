"""A scene as in Slicer, without Slicer."""

import pytest
import vtk
from VertebralFracturesLib.mrml.application import boot_scene, one_change, quiet


def test_the_scene_has_what_slicer_puts_into_every_scene(application) -> None:
    scene = application.scene
    assert scene.GetNodeByID("vtkMRMLColorTableNodeGrey") is not None
    assert scene.GetSingletonNode("default", "vtkMRMLCrosshairNode") is not None
    for class_name in ("vtkMRMLMarkupsCurveNode", "vtkMRMLTableNode", "vtkMRMLTransformNode", "vtkMRMLTextNode"):
        assert scene.AddNewNodeByClass(class_name) is not None
    for module in ("Markups", "Volumes", "Tables", "Transforms", "SubjectHierarchy", "Sequences"):
        assert application.logic.GetModuleLogic(module).GetMRMLScene() is scene
    assert application.logic.GetSliceLogics().GetNumberOfItems() == 0
    assert scene.GetVersion().startswith("Slicer 5.12")


def test_new_slices_can_be_turned_as_the_clinic_calls_it(scene) -> None:
    node = scene.CreateNodeByClass("vtkMRMLSliceNode")
    node.UnRegister(None)
    node.SetLayoutName("Yellow")
    scene.AddNode(node)
    assert node.SetOrientation("Sagittal")


def test_nothing_is_left_when_the_block_ends() -> None:
    with boot_scene() as application:
        application.scene.AddNewNodeByClass("vtkMRMLTextNode")
    assert application.scene.GetNumberOfNodes() == 0


def test_vtk_is_quiet_for_a_block_even_if_it_fails() -> None:
    was_on = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOn()
    try:
        with pytest.raises(KeyError), quiet():
            assert not vtk.vtkObject.GetGlobalWarningDisplay()
            raise KeyError
        assert vtk.vtkObject.GetGlobalWarningDisplay()
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(was_on)


def test_many_changes_are_one(scene) -> None:
    ends = []
    scene.AddObserver(scene.EndBatchProcessEvent, lambda *_: ends.append(scene.GetNumberOfNodes()))
    before = scene.GetNumberOfNodes()
    with pytest.raises(RuntimeError, match="in the middle"), one_change(scene), one_change(scene):
        scene.AddNewNodeByClass("vtkMRMLTextNode")
        assert scene.IsBatchProcessing()
        raise RuntimeError("in the middle")
    assert not scene.IsBatchProcessing()
    assert ends == [before + 1]
