"""Which views show which space, and where they look."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
from helpers.desk import Desk
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.views import (
    CENTRED_ON_VERTEBRA_MM,
    composite_node,
    fit_height,
    focus,
    markups_display,
    show_slice,
    slice_node,
)
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, array_from_matrix


@pytest.fixture
def live(desk: Desk, study) -> LiveStudy:
    live = desk.link(study)
    desk.show(study)
    return live


def test_selecting_centres_all_views(desk, live, scene, report) -> None:
    scene.AddNode(camera := slicer.vtkMRMLCameraNode())
    camera.SetLayoutName("1")
    live.select(0)
    centre_ras = report.vertebrae[0].keypoints_ras.mean(0)
    for name, centre in (
        ("Yellow", centre_ras),
        ("Red", centre_ras),
    ):
        to_ras = array_from_matrix(scene.GetSingletonNode(name, "vtkMRMLSliceNode").GetSliceToRAS())
        np.testing.assert_allclose(to_ras[:3, 3], centre, atol=1e-6)
    np.testing.assert_allclose(camera.GetFocalPoint(), centre_ras)


def test_the_straightened_spine_moves_only_to_show_the_selected_vertebra(desk, live, scene, report) -> None:
    node = scene.GetSingletonNode("Yellow+", "vtkMRMLSliceNode")
    before = array_from_matrix(node.GetSliceToRAS())[:3, 3]
    centre = report.curve.ras_to_straight(report.vertebrae[0].keypoints_ras.mean(0))
    live.select(0)
    now = array_from_matrix(node.GetSliceToRAS())[:3, 3]
    np.testing.assert_allclose(now, [centre[0], *before[1:]], atol=1e-6)
    node.SetFieldOfView(60.0, 60.0, 1.0)
    live.select(7)
    live.select(0)
    np.testing.assert_allclose(array_from_matrix(node.GetSliceToRAS())[:3, 3], centre, atol=1e-6)


def test_a_short_volume_is_not_cut_at_its_sides(scene) -> None:
    node = slice_node(scene, "Yellow+", "Sagittal")
    for planes, height in ((60, CENTRED_ON_VERTEBRA_MM), (400, 400.0)):
        fit_height(
            node, add_volume_node(scene, Volume(np.zeros((planes, 50, 50), np.int16), np.eye(4)), "straightened")
        )
        assert node.GetFieldOfView()[1] == pytest.approx(height)


def test_a_view_keeps_its_slice_when_it_shows_a_volume_from_top_to_bottom(scene) -> None:
    node = slice_node(scene, "Yellow+", "Sagittal")
    node.JumpSliceByCentering(7.0, 0.0, 0.0)
    fit_height(node, add_volume_node(scene, Volume(np.zeros((200, 50, 30), np.int16), np.eye(4)), "straightened"))
    np.testing.assert_allclose(array_from_matrix(node.GetSliceToRAS())[:3, 3], [7.0, 24.5, 99.5])


def test_the_first_look_is_at_the_least_index(report) -> None:
    point_ras, point_straight = focus(report)
    place = report.summary.worst_vertebra
    np.testing.assert_allclose(point_ras, report.vertebrae[place].keypoints_ras.mean(0), atol=1)
    np.testing.assert_allclose(report.curve.straight_to_ras(point_straight), point_ras, atol=1e-6)
    np.testing.assert_array_equal(focus(report, 0)[0], body_centre(report.vertebrae[0].keypoints_ras))
    middle_ras, middle_straight = focus(replace(report, vertebrae=()))
    np.testing.assert_allclose(middle_straight, [0, 0, -report.curve.length_mm / 2])
    np.testing.assert_allclose(middle_ras, report.curve.position(report.curve.length_mm / 2))


def test_views_of_both_spaces_have_slicers_colors_and_groups(scene, study) -> None:
    point = [0.0, 0.0, 0.0]
    show_slice(scene, "Yellow", "Sagittal", study.volume_node, point)
    show_slice(scene, "Yellow+", "Sagittal", study.straightened_node, point)
    patient, straightened = (scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in ("Yellow", "Yellow+"))
    assert (patient.GetViewGroup(), straightened.GetViewGroup()) == (0, 1)
    assert (patient.GetLayoutLabel(), straightened.GetLayoutLabel()) == ("Y", "Y+")
    assert patient.GetLayoutColor() == pytest.approx((237 / 255, 213 / 255, 76 / 255), abs=0.002)
    assert straightened.GetLayoutColor() == pytest.approx((246 / 255, 233 / 255, 162 / 255), abs=0.002)
    assert patient.GetFieldOfView()[1] == pytest.approx(180.0)
    assert composite_node(scene, "Yellow").GetDoPropagateVolumeSelection()
    assert not composite_node(scene, "Yellow+").GetDoPropagateVolumeSelection()


def test_a_display_node_is_made_where_it_is_missing(scene) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode")
    display = markups_display(node, 1)
    assert node.GetNumberOfDisplayNodes() == 2
    assert markups_display(node, 1) is display
    assert not display.GetPropertiesLabelVisibility()


def test_the_views_of_a_study_show_directions_and_a_ruler(desk, live, scene) -> None:
    for name in ("vtkMRMLSliceNodeYellow", "vtkMRMLSliceNodeYellow+", "vtkMRMLSliceNodeRed", "vtkMRMLViewNode1"):
        node = scene.GetNodeByID(name)
        assert node.GetOrientationMarkerType() == node.OrientationMarkerTypeAxes, name
        assert node.GetRulerType() == node.RulerTypeThin, name
