"""Random edits of a live study: whatever is dragged, undone, deleted or renamed, all that is shown agrees.

The quick run is part of the tests. A long one, here of 10 000 edits::

    RANDOM_EDITS=10000 python -m pytest Testing/mrml/live/test_random_edits.py
"""

import os
from contextlib import ExitStack

import numpy as np
import slicer
import vtk
from helpers.shown_points import assert_shown_where_they_are
from helpers.synthetic_spine import LEVELS, body_keypoints, scoliotic_curve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES
from VertebralFracturesLib.core.report import STATUSES, SpineReport, Vertebra
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import proxy_of
from VertebralFracturesLib.report.document import report_json

STEPS = 40
EXAMPLES = max(3, int(os.environ.get("RANDOM_EDITS", "0")) // STEPS)

INDEX = st.integers(0, 1000)
OFFSET_MM = st.tuples(*3 * [st.floats(-8, 8)])
CURVE_OFFSET_MM = st.tuples(*2 * [st.floats(-15, 15)], st.floats(-5, 5))


def report() -> SpineReport:
    curve = scoliotic_curve()
    vertebrae = tuple(
        Vertebra(points, 0.9, np.full(6, 0.5), level, 0.95)
        for points, level in zip(body_keypoints(curve), LEVELS, strict=True)
    )
    return SpineReport("test", {}, "anchor-free", "genant", curve, vertebrae)


class RandomEdits(RuleBasedStateMachine):
    """A user with little patience."""

    @initialize()
    def open_study(self) -> None:
        self.stack = ExitStack()
        scene = self.stack.enter_context(boot_scene()).scene
        volume_node = add_volume_node(scene, Volume(np.zeros((4, 4, 4), np.int16), np.diag([50.0, 50, 80, 1])), "CT")
        study = create_study(scene, volume_node, report())
        scene.RemoveNode(study.straightened_node)  # resampling it is slow, and it is not what is tested
        scene.RemoveNode(volume_node)
        self.live = LiveStudy(study)
        self.stack.callback(self.live.close)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def has_vertebrae(self) -> bool:
        return bool(self.live.report.vertebrae)

    def drag(self, node: slicer.vtkMRMLMarkupsNode, index: int, offset_mm: tuple[float, ...], steps: int = 2) -> None:
        """Move a control point as a mouse does."""
        node.InvokeEvent(node.PointStartInteractionEvent)
        for _ in range(steps):
            place = np.array(node.GetNthControlPointPositionWorld(index)) + np.array(offset_mm) / steps
            node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*place))
        node.InvokeEvent(node.PointEndInteractionEvent)

    @precondition(has_vertebrae)
    @rule(vertebra=INDEX, point=st.integers(0, 5), offset_mm=OFFSET_MM, is_straightened=st.booleans())
    def drag_keypoint(
        self, vertebra: int, point: int, offset_mm: tuple[float, float, float], is_straightened: bool
    ) -> None:
        nodes = self.live.study.keypoint_nodes
        node = nodes[vertebra % len(nodes)]
        self.drag(proxy_of(node) if is_straightened else node, point, offset_mm)

    @rule(index=INDEX, offset_mm=CURVE_OFFSET_MM)
    def drag_curve(self, index: int, offset_mm: tuple[float, float, float]) -> None:
        node = self.live.study.curve_node
        self.drag(node, index % node.GetNumberOfControlPoints(), offset_mm)

    @rule(index=INDEX)
    def remove_control_point(self, index: int) -> None:
        node = self.live.study.curve_node
        node.RemoveNthControlPoint(index % node.GetNumberOfControlPoints())

    @rule()
    def undo(self) -> None:
        before = report_json(self.live.report)
        if self.live.can_undo:
            self.live.undo()
            self.live.redo()
            assert report_json(self.live.report) == before
        self.live.undo()

    @rule()
    def redo(self) -> None:
        self.live.redo()

    @precondition(has_vertebrae)
    @rule(vertebra=INDEX)
    def delete(self, vertebra: int) -> None:
        self.live.delete_vertebra(vertebra % len(self.live.report.vertebrae))

    @rule(vertebra=st.integers(0, len(LEVELS) - 1), offset_mm=OFFSET_MM)
    def add(self, vertebra: int, offset_mm: tuple[float, float, float]) -> None:
        self.try_to(lambda: self.live.add_vertebra(report().vertebrae[vertebra].keypoints_ras + offset_mm))

    @precondition(has_vertebrae)
    @rule(vertebra=INDEX, level=st.sampled_from(ALL_LEVEL_NAMES), others_follow=st.booleans())
    def relabel(self, vertebra: int, level: str, others_follow: bool) -> None:
        index = vertebra % len(self.live.report.vertebrae)
        self.try_to(lambda: self.live.relabel(index, level, others_follow))

    @precondition(has_vertebrae)
    @rule(vertebra=INDEX, status=st.sampled_from(STATUSES))
    def set_status(self, vertebra: int, status: str) -> None:
        self.live.set_status(vertebra % len(self.live.report.vertebrae), status)

    @rule(vertebra=st.none() | INDEX)
    def reset(self, vertebra: int | None) -> None:
        count = len(self.live.report.vertebrae)
        if vertebra is None or count:
            self.try_to(lambda: self.live.reset_to_model(None if vertebra is None else vertebra % count))

    def try_to(self, edit) -> None:
        """Make an edit that may be refused; then nothing has changed."""
        before = report_json(self.live.report)
        try:
            edit()
        except ValueError:
            assert report_json(self.live.report) == before

    @invariant()
    def all_that_is_shown_agrees(self) -> None:
        if hasattr(self, "live"):
            assert_shown_where_they_are(self.live)
            assert report_json(study_report(self.live.study)) == report_json(self.live.report)


TestRandomEdits = RandomEdits.TestCase
TestRandomEdits.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
