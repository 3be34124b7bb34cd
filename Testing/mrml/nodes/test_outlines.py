"""Lines between keypoints."""

import numpy as np
import pytest
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.keypoints import INFERIOR, SUPERIOR
from VertebralFracturesLib.mrml.nodes.outlines import (
    ORIGINAL_COLOR,
    add_color_node,
    add_lengths_node,
    add_lines_node,
    endplate_lines,
    height_lines,
    update_lengths_node,
    update_lines_nodes,
)
from vtk.util.numpy_support import vtk_to_numpy

VIEWS = ["vtkMRMLSliceNodeYellow"]


@pytest.fixture
def colors(scene):
    return add_color_node(scene, "colors")


def color(node, number: int) -> list[float]:
    rgba = [0.0] * 4
    node.GetColor(number, rgba)
    return rgba[:3]


def test_endplates_have_the_colors_of_the_grades_and_moved_ones_their_former_place(report, colors) -> None:
    moved = report.vertebrae[2].keypoints_ras + 1.0
    lines = endplate_lines(report, [None, None, moved, *[None] * (len(report.vertebrae) - 3)])
    assert len(lines) == 2 * (len(report.vertebrae) + 1)
    np.testing.assert_array_equal(lines[0][0], report.vertebrae[0].keypoints_ras[list(SUPERIOR)])
    np.testing.assert_array_equal(lines[1][0], report.vertebrae[0].keypoints_ras[list(INFERIOR)])
    np.testing.assert_array_equal(lines[4][0], moved[list(SUPERIOR)])
    assert color(colors, lines[4][1]) == pytest.approx(ORIGINAL_COLOR, abs=1e-2)
    for (_points, number), measures in zip(lines[:4:2], report.measures, strict=False):
        assert color(colors, number) == pytest.approx(GRADE_COLORS[measures.grade], abs=1e-2)


def test_a_model_holds_the_lines_and_is_not_saved(scene, report, colors) -> None:
    node = add_lines_node(scene, "lines", VIEWS, colors)
    assert not node.GetSaveWithScene()
    assert list(node.GetDisplayNode().GetViewNodeIDs()) == VIEWS
    lines = height_lines(report.vertebrae[0].keypoints_ras)
    update_lines_nodes([node], lines)
    data = node.GetPolyData()
    assert data.GetNumberOfLines() == 3
    np.testing.assert_allclose(vtk_to_numpy(data.GetPoints().GetData()), report.vertebrae[0].keypoints_ras)
    update_lines_nodes([node], [])
    assert data.GetNumberOfLines() == 0


def test_lengths_stand_beside_their_heights_and_go(scene, report) -> None:
    node, points = add_lengths_node(scene, "lengths", VIEWS), report.vertebrae[0].keypoints_ras
    update_lengths_node(node, points, ["24.0 mm", "23.0 mm", "25.0 mm"])
    labels = [node.GetNthControlPointLabel(index) for index in range(node.GetNumberOfControlPoints())]
    assert labels == ["24.0 mm", "23.0 mm", "25.0 mm"]
    middle = np.array(node.GetNthControlPointPosition(1))
    np.testing.assert_allclose(middle, points[2:4].mean(0))
    assert node.GetLocked()
    update_lengths_node(node, None, ["", "", ""])
    assert node.GetNumberOfControlPoints() == 0


def test_lines_of_a_radiograph_are_those_of_its_bodies() -> None:
    film = radiograph_report()
    assert len(endplate_lines(film, [None] * len(film.vertebrae))) == 2 * len(film.vertebrae)
