"""A CT that is moved, replaced or deleted after it was analyzed: the study says so, and no picture is misplaced."""

import numpy as np
import pytest
import slicer
import vtk
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import set_volume, volume_from_node
from VertebralFracturesLib.mrml.study.volume import analyzed_volume, volume_problem
from VertebralFracturesLib.report.document import report_json

MIDDLE = 9


@pytest.fixture
def changes() -> list[str | None]:
    """What the study said at each change."""
    return []


@pytest.fixture
def live(study, changes):
    live = LiveStudy(study, lambda: changes.append(live.problem))
    yield live
    live.close()


def _transform(scene, millimetres: float):
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    _translate(node, millimetres)
    return node


def _translate(node, millimetres: float) -> None:
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(2, 3, millimetres)
    node.SetMatrixTransformToParent(matrix)


def _bend(scene):
    """A transform that is not linear."""
    grid = slicer.vtkOrientedGridTransform()
    image = vtk.vtkImageData()
    image.SetDimensions(2, 2, 2)
    image.AllocateScalars(vtk.VTK_DOUBLE, 3)
    image.GetPointData().GetScalars().Fill(1.0)
    grid.SetDisplacementGridData(image)
    node = scene.AddNewNodeByClass("vtkMRMLTransformNode")
    node.SetAndObserveTransformFromParent(grid)
    return node


def _move_curve(live) -> None:
    node = live.study.curve_node
    moved = np.array(node.GetNthControlPointPosition(MIDDLE)) + [8.0, 0, 0]
    node.SetNthControlPointPosition(MIDDLE, moved)


def test_a_ct_that_stays_is_no_problem(live, study, volume, changes) -> None:
    study.volume_node.SetName("renamed")
    study.volume_node.GetDisplayNode().SetWindowLevel(400, 40)
    assert live.problem is None
    assert not changes
    np.testing.assert_array_equal(analyzed_volume(study).ijk_to_ras, volume.ijk_to_ras)


def test_a_move_is_told_until_it_is_undone(live, study, scene, volume, changes) -> None:
    above = _transform(scene, 0.0)
    study.volume_node.SetAndObserveTransformNodeID(above.GetID())
    assert not changes
    _translate(above, 12.0)
    assert changes == [live.problem]
    assert "moved after it was analyzed" in live.problem
    _translate(above, 13.0)
    assert len(changes) == 1
    np.testing.assert_array_equal(analyzed_volume(study).ijk_to_ras, volume.ijk_to_ras)
    _translate(above, 0.0)
    assert changes[1:] == [None]
    matrix = vtk.vtkMatrix4x4()
    study.volume_node.GetIJKToRASMatrix(matrix)
    matrix.SetElement(0, 3, matrix.GetElement(0, 3) + 5)
    study.volume_node.SetIJKToRASMatrix(matrix)
    assert "moved" in live.problem


def test_what_is_straightened_after_a_move_is_the_spine(live, study, scene, report) -> None:
    study.volume_node.SetAndObserveTransformNodeID(_transform(scene, 40.0).GetID())
    _move_curve(live)
    centres_ras = np.array([vertebra.keypoints_ras.mean(0) for vertebra in report.vertebrae])
    straightened = volume_from_node(study.straightened_node)
    assert (straightened.sample(live.report.curve.ras_to_straight(centres_ras)) > 250).all()
    assert "moved" in live.problem


def test_a_transform_that_is_not_linear_is_told(live, study, scene, changes, capfd) -> None:
    study.volume_node.SetAndObserveTransformNodeID(_bend(scene).GetID())
    assert "not linear" in live.problem
    assert len(changes) == 1
    _move_curve(live)
    live.undo()
    study.volume_node.SetAndObserveTransformNodeID(None)
    assert live.problem is None
    assert "Traceback" not in capfd.readouterr().err


def test_other_voxels_are_told_and_nothing_is_made_of_them(live, study, scene, report, capfd) -> None:
    set_volume(study.volume_node, Volume(np.zeros((5, 6, 7), dtype=np.int16), np.eye(4)))
    assert "voxels of 'CT' were replaced" in live.problem
    with pytest.raises(UnusableInput, match="were replaced"):
        analyzed_volume(study)
    _move_curve(live)
    assert study.straightened_node is None
    live.undo()
    assert report_json(live.report) == report_json(report)
    study.volume_node.SetAndObserveImageData(None)
    assert "holds no voxels" in live.problem
    assert "Traceback" not in capfd.readouterr().err


def test_without_its_ct_a_curve_that_moves_leaves_no_picture_behind(live, study, scene) -> None:
    scene.RemoveNode(study.volume_node)
    assert live.problem is None
    assert analyzed_volume(study) is None
    assert study.straightened_node is not None
    _move_curve(live)
    assert study.straightened_node is None
    live.set_status(0, "verified")


def test_a_move_is_noticed_when_the_study_is_opened(study, scene) -> None:
    study.volume_node.SetAndObserveTransformNodeID(_transform(scene, -3.0).GetID())
    live = LiveStudy(study)
    assert "moved" in live.problem
    live.close()


def test_a_report_without_the_place_of_its_ct_is_told(study) -> None:
    study.report_node.SetAttribute("VertebralFractures.VolumeShape", None)
    assert "does not hold the position of its CT" in volume_problem(study)
