"""The lines of a study."""

import numpy as np
from helpers.study_nodes import keypoints_of, move_point
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.study.creation import complete_study
from VertebralFracturesLib.mrml.study.removal import remove_node
from VertebralFracturesLib.mrml.study.study import LINES
from vtk.util.numpy_support import vtk_to_numpy


def points_of(node) -> np.ndarray:
    return vtk_to_numpy(node.GetPolyData().GetPoints().GetData())


def test_a_study_has_lines_in_both_spaces_and_gets_back_those_it_lost(study) -> None:
    assert tuple(study.line_nodes) == LINES
    for name in ("endplates", "straightenedLengths"):
        remove_node(study.line_nodes[name])
    complete_study(study)
    assert tuple(study.line_nodes) == LINES


def test_lines_follow_a_point_and_the_automatic_ones_stay(study) -> None:
    live, nodes = LiveStudy(study), study.line_nodes
    count = nodes["endplates"].GetPolyData().GetNumberOfLines()
    live.select(live.report.levels.index("T12"))
    before = points_of(nodes["heights"]).copy()
    assert len(before) == 6
    texts = [nodes["lengths"].GetNthControlPointLabel(index) for index in range(3)]
    heights = live.report.measures[live.selected].heights_mm
    assert texts == [f"{height:.1f} mm" for height in heights]
    move_point(keypoints_of(study, "T12"), 0, (0, 0, -4.0))
    after = points_of(nodes["heights"])
    assert np.abs(after - before).max() > 3.9
    assert nodes["endplates"].GetPolyData().GetNumberOfLines() == count + 2, "where the model had put it"
    np.testing.assert_allclose(after, points_of(nodes["straightenedHeights"]))
    assert nodes["lengths"].GetNthControlPointLabel(0) == f"{live.report.measures[live.selected].heights_mm[0]:.1f} mm"
    live.select(None)
    assert nodes["heights"].GetPolyData().GetNumberOfLines() == 0
    assert nodes["lengths"].GetNumberOfControlPoints() == 0
    live.close()


def test_a_vertebra_that_is_not_evaluable_has_no_heights(study) -> None:
    live = LiveStudy(study)
    live.select(2)
    live.set_status(2, "not evaluable")
    assert study.line_nodes["heights"].GetPolyData().GetNumberOfLines() == 0
    live.close()
