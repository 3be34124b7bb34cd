"""What the user drew in the patient does not lie over the straightened spine."""

import numpy as np
import pytest
import slicer
import vtk
from VertebralFracturesLib.mrml.layout.show import hide_studies
from VertebralFracturesLib.mrml.layout.unstraightened import free_unstraightened, keep_out_unstraightened

STRAIGHTENED, PATIENT = "vtkMRMLSliceNodeYellow+", ("vtkMRMLSliceNodeRed", "vtkMRMLSliceNodeYellow", "vtkMRMLViewNode1")


def segmentation(scene):
    return scene.AddNewNodeByClass("vtkMRMLSegmentationDisplayNode")


def model(scene):
    return scene.AddNewNodeByClass("vtkMRMLModelDisplayNode")


def line(scene):
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    node.CreateDefaultDisplayNodes()
    return node.GetDisplayNode()


def transform(scene):
    return scene.AddNewNodeByClass("vtkMRMLTransformDisplayNode")


@pytest.mark.parametrize("add", [segmentation, model, line, transform])
def test_what_the_user_drew_is_kept_out_and_comes_back(desk, scene, study, volume, add) -> None:
    display = add(scene)
    if display is None:
        pytest.skip("slicer-core has no segmentations")
    assert display.IsDisplayableInView(STRAIGHTENED)
    desk.show(study)
    assert not display.IsDisplayableInView(STRAIGHTENED)
    assert all(display.IsDisplayableInView(view) for view in PATIENT)
    hide_studies(scene, None)
    assert display.IsDisplayableInView(STRAIGHTENED)
    assert not display.GetViewNodeIDs()


def test_views_that_the_user_chose_are_left(desk, scene, study) -> None:
    display = line(scene)
    display.SetViewNodeIDs(["vtkMRMLSliceNodeYellow+", "vtkMRMLSliceNodeRed"])
    desk.show(study)
    free_unstraightened(scene)
    assert display.GetViewNodeIDs() == ("vtkMRMLSliceNodeYellow+", "vtkMRMLSliceNodeRed")


def test_a_view_that_is_opened_later_shows_it_too(scene) -> None:
    display = line(scene)
    keep_out_unstraightened(scene)
    view = slicer.vtkMRMLSliceNode()
    view.SetSingletonTag("Slice4")
    view.SetLayoutName("Slice4")
    scene.AddNode(view)
    keep_out_unstraightened(scene)
    assert display.IsDisplayableInView(view.GetID())
    assert not display.IsDisplayableInView(STRAIGHTENED)


def test_a_line_of_the_user_is_not_drawn_over_the_straightened_spine(desk, scene, study) -> None:
    desk.show(study)
    view = desk.open("Yellow+", (200, 300))
    before = view.picture()
    centre = view.node.GetSliceToRAS()
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetSliceProjection(True)
    for offset in (-30.0, 30.0):
        point = np.array(centre.MultiplyPoint([offset, offset, 0.0, 1.0]))[:3]
        node.AddControlPoint(vtk.vtkVector3d(*point))
    assert (view.picture() != before).any(), "Slicer would draw it"
    desk.show(study)
    np.testing.assert_array_equal(view.picture(), before)
