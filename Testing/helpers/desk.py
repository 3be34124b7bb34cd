"""A reader's desk: a scene with the layout of a study, its views, its live links, and a mouse to drag points with."""

import numpy as np
import pytest
import slicer
from helpers.slice_view import SliceView
from VertebralFracturesLib.mrml.layout.show import register_layout, show_study
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.keypoints import keypoints_from_node
from VertebralFracturesLib.mrml.nodes.volume import array_from_matrix
from VertebralFracturesLib.mrml.study.study import proxy_of

TOLERANCE_MM = 0.1


class Desk:
    """A scene with the layout of a study, its views and its live links."""

    def __init__(self, application) -> None:
        self.application = application
        self.layout = slicer.vtkMRMLLayoutLogic()
        self.layout.SetMRMLScene(application.scene)
        register_layout(self.layout.GetLayoutNode())
        self.views: list[SliceView] = []
        self.lives: list[LiveStudy] = []

    def link(self, study) -> LiveStudy:
        self.lives.append(LiveStudy(study))
        return self.lives[-1]

    def show(self, study) -> None:
        show_study(study, self.layout.GetLayoutNode())

    def open(self, layout_name: str, size: tuple[int, int] = (400, 500)) -> SliceView:
        self.views.append(SliceView(self.application, layout_name, size))
        return self.views[-1]

    def close(self) -> None:
        for closing in (*self.views, *self.lives):
            closing.close()
        self.layout.SetMRMLScene(None)


def drag_in_straightened_view(live: LiveStudy, view: SliceView, place: int, index: int, by=(13, -9)) -> np.ndarray:
    """Drag a keypoint; the patient's point has to be where the cursor maps. Returns that place."""
    node = live.study.keypoint_nodes[place]
    before = keypoints_from_node(node)
    point_straight = live.report.curve.ras_to_straight(before[index])
    start = np.rint(view.pixel_of(point_straight))
    dropped = view.dropped(point_straight, start, start + by)
    view.drag(start, start + by)
    after = keypoints_from_node(node)
    expected = live.report.curve.straight_to_ras(dropped)
    np.testing.assert_allclose(after[index], expected, atol=TOLERANCE_MM)
    assert np.linalg.norm(expected - before[index]) > 3
    assert live.report.curve.ras_to_straight(after[index])[0] == pytest.approx(point_straight[0], abs=TOLERANCE_MM)
    np.testing.assert_array_equal(np.delete(after, index, 0), np.delete(before, index, 0))
    measured = live.report.vertebrae[live.report.levels.index(node.GetName())].keypoints_ras
    np.testing.assert_allclose(measured, after, atol=1e-6)
    return expected


def drag_in_patient_view(live: LiveStudy, view: SliceView, place: int, index: int, by=(12, -15)) -> None:
    """Drag a keypoint; it has to be where the cursor maps, in straightened space too, at its old depth."""
    node = live.study.keypoint_nodes[place]
    before = keypoints_from_node(node)[index]
    start = np.rint(view.pixel_of(before))
    expected = view.dropped(before, start, start + by)
    view.drag(start, start + by)
    after = keypoints_from_node(node)[index]
    np.testing.assert_allclose(after, expected, atol=TOLERANCE_MM)
    assert np.linalg.norm(after - before) > 3
    normal = array_from_matrix(view.node.GetSliceToRAS())[:3, 2]
    assert (after - before) @ normal == pytest.approx(0, abs=1e-6)
    shown = np.array(proxy_of(node).GetNthControlPointPositionWorld(index))
    np.testing.assert_allclose(shown, live.report.curve.ras_to_straight(after), atol=TOLERANCE_MM)
