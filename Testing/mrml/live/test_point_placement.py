"""Points that a reader clicks in the real straightened view."""

from collections.abc import Iterator

import numpy as np
import pytest
from helpers.slice_view import SliceView
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.live.point_placement import PointPlacement

PIXEL_MM = 1.0


class Answers:
    """What a placement has told."""

    def __init__(self) -> None:
        self.left: list[int] = []
        self.points: list[np.ndarray] = []
        self.given_up = 0

    def give_up(self) -> None:
        self.given_up += 1


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def view(desk, study, report) -> SliceView:
    """The straightened view around L1."""
    desk.show(study)
    view = desk.open("Yellow+")
    view.node.JumpSliceByCentering(*report.curve.ras_to_straight(report.vertebrae[4].keypoints_ras.mean(0)))
    return view


@pytest.fixture
def place(study, answers) -> Iterator:
    placements = []

    def start(count: int) -> PointPlacement:
        placements.append(PointPlacement(study, count, answers.left.append, answers.points.append, answers.give_up))
        return placements[-1]

    yield start
    for placement in placements:
        placement.close()


def click(view: SliceView, point_straight: np.ndarray) -> None:
    pixel = np.rint(view.pixel_of(point_straight))
    view.drag(pixel, pixel, steps=1)


def node_ids(scene) -> list[str]:
    return [scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())]


def test_clicks_are_told_where_they_are_in_the_patient(scene, view, report, place, answers) -> None:
    before = node_ids(scene)
    placement = place(3)
    points_straight = report.curve.ras_to_straight(report.vertebrae[4].keypoints_ras)[:3]
    for point in points_straight:
        assert answers.points == []
        click(view, point)
    assert answers.left == [2, 1]
    (points_ras,) = answers.points
    found = report.curve.ras_to_straight(points_ras)
    assert np.abs(found[:, 1:] - points_straight[:, 1:]).max() < PIXEL_MM
    placement.close()
    assert node_ids(scene) == before
    assert answers.given_up == 0


def test_one_click_is_enough_for_one_point(scene, view, report, place, answers) -> None:
    placement = place(1)
    click(view, report.curve.ras_to_straight(report.vertebrae[4].keypoints_ras.mean(0)))
    assert answers.left == []
    assert answers.points[0].shape == (1, 3)
    placement.close()


def test_whoever_leaves_place_mode_has_given_up(scene, study, place, answers) -> None:
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    before = node_ids(scene)
    placement = place(6)
    assert interaction.GetCurrentInteractionMode() == interaction.Place
    assert interaction.GetPlaceModePersistence()
    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
    assert answers.given_up == 1
    placement.close()
    assert not interaction.GetPlaceModePersistence()
    assert node_ids(scene) == before
    assert answers.points == []


def test_closing_ends_place_mode_and_is_not_told(scene, study, place, answers) -> None:
    interaction = scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    place(1).close()
    assert interaction.GetCurrentInteractionMode() == interaction.ViewTransform
    assert answers.given_up == 0


def test_without_the_straightening_no_clicks_are_awaited(scene, study, place) -> None:
    scene.RemoveNode(study.straightening_node)
    with pytest.raises(UnusableInput, match="straightening of this study was deleted"):
        place(1)
