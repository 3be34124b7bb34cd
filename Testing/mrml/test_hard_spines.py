"""Drags in both spaces where geometry is hard: oblique volumes, volumes under transforms, severe scoliosis."""

from dataclasses import replace

import numpy as np
import pytest
import vtk
from helpers.desk import Desk, drag_in_patient_view, drag_in_straightened_view
from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, array_from_matrix
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.report.document import report_json

PLACES = (0, 3, 6)
COBB_DEGREES = 60.0


def _severe_scoliosis() -> SpineCurve:
    """A curve to one side whose ends are tilted against each other by 60 degrees."""
    half = np.radians(COBB_DEGREES / 2)
    angles = np.linspace(-half, half, 90)
    radius_mm = 270.0 / (2 * half)
    x, z = radius_mm * (np.cos(angles) - np.cos(half)), -radius_mm * np.sin(angles)
    return SpineCurve(np.stack([x - 20.0, -30 + 12 * np.cos(3 * angles), z - 15.0], -1), np.ones(90))


def _report(report: SpineReport, curve: SpineCurve) -> SpineReport:
    vertebrae = tuple(
        Vertebra(points, 0.9, np.full(6, 0.5), level, 0.95)
        for points, level in zip(body_keypoints(curve), LEVELS, strict=True)
    )
    return replace(report, curve=curve, vertebrae=vertebrae)


def _moved(report: SpineReport, matrix: np.ndarray) -> SpineReport:
    def move(points: np.ndarray) -> np.ndarray:
        return points @ matrix[:3, :3].T + matrix[:3, 3]

    vertebrae = tuple(replace(one, keypoints_ras=move(one.keypoints_ras)) for one in report.vertebrae)
    curve = SpineCurve(move(report.curve.points_ras), report.curve.confidence)
    return replace(report, curve=curve, vertebrae=vertebrae)


@pytest.fixture(params=["oblique", "under a transform", "severe scoliosis"])
def live(request, desk: Desk, scene, volume, oblique, report) -> LiveStudy:
    if request.param == "oblique":
        node = add_volume_node(scene, oblique, request.param)
    elif request.param == "under a transform":
        node = add_volume_node(scene, volume, request.param)
        report = _moved(report, _put_under_a_transform(scene, node))
    else:
        curve = _severe_scoliosis()
        tangents = curve.tangent(np.array([0.0, curve.length_mm]))[:, [0, 2]]
        cosine = tangents[0] @ tangents[1] / np.prod(np.linalg.norm(tangents, axis=1))
        assert np.degrees(np.arccos(cosine)) == pytest.approx(COBB_DEGREES, abs=2)
        node, report = add_volume_node(scene, lps_volume(curve), request.param), _report(report, curve)
    live = desk.link(create_study(scene, node, report))
    desk.show(live.study)
    return live


def _put_under_a_transform(scene, volume_node) -> np.ndarray:
    """Turn and shift a volume; the matrix to the world."""
    turn = vtk.vtkTransform()
    turn.Translate(30, -10, 45)
    turn.RotateX(9)
    turn.RotateZ(-14)
    transform_node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform_node.SetMatrixTransformToParent(turn.GetMatrix())
    volume_node.SetAndObserveTransformNodeID(transform_node.GetID())
    return array_from_matrix(turn.GetMatrix())


def test_points_go_where_the_cursor_maps_in_both_spaces(desk, live) -> None:
    before = report_json(live.report)
    straightened, patient, axial = desk.open("Yellow+"), desk.open("Yellow"), desk.open("Red")
    for place in PLACES:
        live.select(place)
        drag_in_straightened_view(live, straightened, place, 0)
        drag_in_patient_view(live, patient, place, 4)
        axial.node.JumpSliceByCentering(*live.report.vertebrae[place].keypoints_ras[5])
        drag_in_patient_view(live, axial, place, 5)
    for _ in range(3 * len(PLACES)):
        live.undo()
    assert report_json(live.report) == before
    assert not live.can_undo
