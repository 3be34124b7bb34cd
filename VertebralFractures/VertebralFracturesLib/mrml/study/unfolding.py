"""A spine curve that was bent so sharply that the straightened view folds: its neighbouring points move along."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.spine_curve import SpineCurve
from ...errors import UnusableInput
from ..nodes.curve import DescribedPoint, control_points, described_points, set_described_points
from ..nodes.keypoints import keypoints_from_node
from ..nodes.straightened import straightening_error_mm
from .report import model_report, study_curve
from .study import Study

LARGEST_ERROR_MM = 0.02
"""How far a point may be drawn beside its place in the straightened view; chosen, a tenth of a pixel on a screen."""

_REACHES = (1.0, 1.5, 2.0, 3.0, 4.0)
"""Standard deviations, in control points, of how far neighbours move along, tried in turn. Chosen: after one point was
moved by 2 to 20 mm in any of four directions, one of the first three sufficed (``scoliotic_curve`` of the tests)."""

MOVED_ALONG = (
    "Adjacent points of the spine curve were moved as well; otherwise the curve would be too sharply bent to be "
    "straightened."
)


def folding_problem(study: Study) -> str | None:
    """The message about a study whose straightened view folds; None where it does not."""
    if _error_mm(study) <= LARGEST_ERROR_MM:
        return None
    return (
        "the spine curve bends too sharply, or ends too far from a vertebra: landmarks may be shown beside their "
        "vertebrae in the straightened slice. Measurements are not affected. Smooth the curve in the other views"
    )


def unfold_curve(study: Study, before: Sequence[DescribedPoint]) -> bool:
    """Move the neighbours of moved control points along where the straightened view would fold without that.

    :param study: its curve was changed by the user.
    :param before: the control points before the change.
    :return: whether neighbours were moved.
    :raises UnusableInput: the straightened view would fold all the same, and worse than before, or there are too few
        points.
    """
    if _error_mm(study) <= LARGEST_ERROR_MM:
        return False
    node, now = study.curve_node, described_points(study.curve_node)
    for candidate in _candidates(study, before, now):
        set_described_points(node, candidate)
        if _error_mm(study) <= LARGEST_ERROR_MM:
            return True
    if _error_mm_with(study, now) < _error_mm_with(study, before):
        set_described_points(node, now)
        return False
    raise UnusableInput(
        "the change of the spine curve was undone: the curve would bend too sharply, or end too far from a "
        "vertebra, for the straightened slice to show all vertebrae at their true positions"
    )


def check_shown(study: Study, points_ras: NDArray[np.float64], curve: SpineCurve) -> None:
    """Check that points are drawn in the straightened view where they are.

    :raises ValueError: they lie so far beside a bend of the spine that they are not.
    """
    node = study.straightening_node
    if node is None:
        return
    if straightening_error_mm(curve, points_ras, node.GetTransformToParent()) > LARGEST_ERROR_MM:
        raise UnusableInput(
            "the point was moved back: it lay too far beside a bend of the spine to be shown in the straightened slice"
        )


def _error_mm(study: Study) -> float:
    """How far points around the spine, and the keypoints, are drawn beside their places at worst."""
    points = [keypoints_from_node(node) for node in study.keypoint_nodes]
    curve = study_curve(study)
    try:
        return straightening_error_mm(curve, np.array(points).reshape(-1, 3))
    except ValueError:  # a keypoint that no plane across the curve holds
        return np.inf


def _error_mm_with(study: Study, points: Sequence[DescribedPoint]) -> float:
    set_described_points(study.curve_node, points)
    return _error_mm(study)


def _candidates(
    study: Study, before: Sequence[DescribedPoint], now: Sequence[DescribedPoint]
) -> Iterator[list[DescribedPoint]]:
    """The changed control points with more and more neighbours moved along; none where points came or went.

    Where the curve was bent sharply there before, its neighbours move along from where the model had them.
    """
    if len(before) != len(now):
        return
    old, new = (np.array([one[0] for one in points]) for points in (before, now))
    model = control_points(model_report(study).curve)[0]
    is_moved = np.abs(new - old).max(axis=1) > 0
    for start in (old, model) if model.shape == old.shape else (old,):
        for reach in _REACHES:
            weights = _weights(len(old), reach) * is_moved
            along = weights @ (new - start) / np.maximum(weights.sum(axis=1, keepdims=True), 1.0)
            near = (_weights(len(old), 2 * reach) * is_moved).max(axis=1, keepdims=True)
            places = near * (start + along) + (1 - near) * (old + (along if start is old else 0.0))
            yield _described(np.where(is_moved[:, None], new, places), before)


def _weights(count: int, reach: float) -> NDArray[np.float64]:
    """How much each control point follows each other one."""
    steps = np.subtract.outer(np.arange(count), np.arange(count))
    return np.exp(-0.5 * (steps / reach) ** 2)


def _described(places: NDArray[np.float64], like: Sequence[DescribedPoint]) -> list[DescribedPoint]:
    return [((x, y, z), text) for (x, y, z), (_, text) in zip(places.tolist(), like, strict=True)]
