"""What is written beside each vertebra, and where."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.synthetic_spine import LEVELS
from VertebralFracturesLib.mrml.nodes.labels import (
    LABEL_COLOR,
    SELECTED_LABEL_COLOR,
    add_labels_node,
    highlight_label,
    label_positions,
    label_texts,
    update_labels_node,
    vertebra_names,
)
from VertebralFracturesLib.mrml.nodes.straightened import add_straightening_node
from VertebralFracturesLib.mrml.nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS


@pytest.fixture
def node(scene, report):
    return add_labels_node(scene, report, "CT labels", PATIENT_VIEWS)


def test_labels_tell_level_and_index(report) -> None:
    texts = label_texts(report)
    assert texts[3] == f"T12  G {report.measures[3].genant_index:.2f}"
    assert texts[-1] == "L4  not evaluable"
    assert vertebra_names(report) == list(LEVELS)
    unnamed = replace(report, vertebrae=tuple(replace(one, level=None) for one in report.vertebrae))
    assert vertebra_names(unnamed)[:2] == ["No. 1", "No. 2"]


def test_a_label_begins_four_millimetres_behind_the_posterior_wall() -> None:
    front, middle, back = 30.0, 15.0, 0.0
    body = np.array([[0, y, z] for y in (front, middle, back) for z in (12.0, -12.0)])
    np.testing.assert_allclose(label_positions([body, body + [5, 0, 40]]), [[0, -4, 0], [5, -4, 40]])
    assert label_positions([]).shape == (0, 3)
    assert np.isfinite(label_positions([np.zeros((6, 3))])).all(), "points that coincide have no direction"


def test_labels_are_seen_as_text_alone(node) -> None:
    display = node.GetDisplayNode()
    assert node.GetLocked()
    assert display.GetGlyphSize() == pytest.approx(0.01)
    assert not display.GetUseGlyphScale()
    assert display.GetSliceProjection()
    assert display.GetSelectedColor() == pytest.approx(SELECTED_LABEL_COLOR)
    assert display.GetColor() == pytest.approx(LABEL_COLOR)
    assert list(display.GetViewNodeIDs()) == ["vtkMRMLSliceNodeYellow", "vtkMRMLViewNode1"]


def test_labels_follow_the_report(node, report) -> None:
    fewer = replace(report, vertebrae=report.vertebrae[2:])
    for one in (fewer, report):
        update_labels_node(node, one)
        texts = [node.GetNthControlPointLabel(index) for index in range(node.GetNumberOfControlPoints())]
        assert texts == label_texts(one)
        points = [node.GetNthControlPointPosition(index) for index in range(node.GetNumberOfControlPoints())]
        np.testing.assert_allclose(points, label_positions([vertebra.keypoints_ras for vertebra in one.vertebrae]))


def test_one_label_is_selected_or_none(node) -> None:
    def selected() -> list[int]:
        count = node.GetNumberOfControlPoints()
        return [index for index in range(count) if node.GetNthControlPointSelected(index)]

    assert selected() == []
    for place in (2, 5):
        highlight_label(node, place)
        assert selected() == [place]
    highlight_label(node, None)
    assert selected() == []


def test_labels_of_straightened_space_lie_under_the_straightening(scene, report) -> None:
    straightening = add_straightening_node(scene, report.curve, "straightening")
    node = add_labels_node(scene, report, "labels", STRAIGHTENED_VIEWS, straightening)
    point_ras = np.array(node.GetNthControlPointPosition(4))
    shown = node.GetNthControlPointPositionWorld(4)
    np.testing.assert_allclose(shown, report.curve.ras_to_straight(point_ras), atol=0.05)
    assert list(node.GetDisplayNode().GetViewNodeIDs()) == ["vtkMRMLSliceNodeYellow+"]
