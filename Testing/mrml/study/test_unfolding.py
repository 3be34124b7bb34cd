"""A curve that was bent too sharply takes its neighbouring control points along, as few as needed."""

import numpy as np
import pytest
import vtk
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.curve import described_points
from VertebralFracturesLib.mrml.study.display import update_straightening
from VertebralFracturesLib.mrml.study.report import study_curve
from VertebralFracturesLib.mrml.study.unfolding import check_shown, folding_problem, unfold_curve


def move(study, index: int, offset) -> tuple:
    """Move a control point, and say how they all were before."""
    node = study.curve_node
    before = described_points(node)
    place = np.array(node.GetNthControlPointPosition(index)) + offset
    node.SetNthControlPointPosition(index, vtk.vtkVector3d(*place))
    return before


@pytest.mark.parametrize("offset", [(1.0, 0, 0), (0, 1.0, 0)])
def test_a_small_move_is_left_as_it_is(study, offset) -> None:
    before = move(study, 9, offset)
    now = described_points(study.curve_node)
    assert not unfold_curve(study, before)
    assert described_points(study.curve_node) == now
    assert folding_problem(study) is None


@pytest.mark.parametrize("size_mm", [5, 8, 10, 20])
def test_a_large_move_takes_neighbours_along(study, size_mm) -> None:
    before = move(study, 9, (size_mm, 0, 0))
    assert folding_problem(study) is not None
    assert unfold_curve(study, before)
    assert folding_problem(study) is None
    moves = np.array([now[0] for now in described_points(study.curve_node)]) - [then[0] for then in before]
    assert moves[9].tolist() == pytest.approx([size_mm, 0, 0])
    lengths = np.linalg.norm(moves, axis=1)
    assert (np.diff(lengths[9:]) <= 1e-9).all()
    assert lengths[0] < 0.01
    assert lengths[-1] < 0.01


def test_a_move_that_cannot_be_smoothed_is_refused(study) -> None:
    with pytest.raises(UnusableInput, match="was undone"):
        unfold_curve(study, move(study, 9, (0, 0, 80)))


def test_points_far_beside_the_spine_are_refused(study) -> None:
    curve = study_curve(study)
    update_straightening(study)
    check_shown(study, curve.straight_to_ras([[20.0, 25, -100]]), curve)
    with pytest.raises(ValueError, match="moved back"):
        check_shown(study, curve.straight_to_ras([[250.0, 0, -100]]), curve)
