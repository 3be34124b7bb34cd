"""What a drag costs beside rendering: python Testing/benchmarks/benchmark_drag.py

A keypoint of 20 vertebrae is dragged in a real slice view of the straightened spine while the patient's views are open,
off screen. Printed are milliseconds for each mouse move: all that happens before the views are drawn, and the part of
it that is this extension's, both in processor time, which other programs do not disturb; for comparison, drawing the
view under the mouse.
"""

import sys
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, thread_time

import numpy as np
import slicer

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "VertebralFractures"), str(ROOT / "Testing")]

from helpers.slice_view import SliceView  # noqa: E402
from VertebralFracturesLib.core.levels import LEVEL_NAMES  # noqa: E402
from VertebralFracturesLib.core.report import SpineReport, Vertebra  # noqa: E402
from VertebralFracturesLib.core.spine_curve import SpineCurve  # noqa: E402
from VertebralFracturesLib.core.volume import Volume  # noqa: E402
from VertebralFracturesLib.mrml.application import boot_scene  # noqa: E402
from VertebralFracturesLib.mrml.layout.show import show_study  # noqa: E402
from VertebralFracturesLib.mrml.live.study import LiveStudy  # noqa: E402
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node  # noqa: E402
from VertebralFracturesLib.mrml.study.creation import create_study  # noqa: E402

VERTEBRAE = 20
PITCH_MM = 25.0
MOVES = 100
VIEWS = ("Yellow+", "Yellow", "Red")


def long_spine() -> SpineReport:
    """Twenty box-shaped vertebrae along a bent curve."""
    length_mm = PITCH_MM * (VERTEBRAE + 1)
    s = np.linspace(0, 1, 160)
    points = np.stack([15 * np.sin(2 * np.pi * s), 20 * np.sin(np.pi * s), length_mm * (0.5 - s)], -1)
    curve = SpineCurve(points, np.ones(len(s)))
    box = np.array([(0, a, h) for a in (15, 0, -15) for h in (9.0, -9.0)])
    places = PITCH_MM * (np.arange(VERTEBRAE) + 1)
    vertebrae = tuple(
        Vertebra(curve.straight_to_ras(box - [0, 0, place]), 0.9, np.full(6, 0.5), level, 0.9)
        for place, level in zip(places, LEVEL_NAMES[4:], strict=True)
    )
    return SpineReport("benchmark", {"path": "none"}, "anchor-free", "genant", curve, vertebrae)


def flat_volume() -> Volume:
    """Soft tissue that covers the spine."""
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -100, -100, -300
    return Volume(np.full((300, 100, 100), 40, dtype=np.int16), matrix)


def main() -> None:
    """Drag and print."""
    with boot_scene() as application:
        layout = slicer.vtkMRMLLayoutLogic()
        layout.SetMRMLScene(application.scene)
        report = long_spine()
        study = create_study(application.scene, add_volume_node(application.scene, flat_volume(), "CT"), report)
        own = OwnTime()
        live = LiveStudy(study, own.stop)
        show_study(study, layout.GetLayoutNode())
        views = [SliceView(application, name) for name in VIEWS]
        moves, draws, owns = timed_drag(live, views[0], own)
        for name, values in (("mouse move", moves), ("of it ours", owns), ("drawing one view", draws)):
            print(f"{name:17s} median {median(values):6.2f} ms   95 % below {quantiles(values, n=20)[-1]:6.2f} ms")
        for closing in (*views, live):
            closing.close()
        layout.SetMRMLScene(None)


class OwnTime:
    """The time from the first event that a move causes to the study's callback."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self._started = 0.0

    def start(self, *_: object) -> None:
        self._started = thread_time()

    def stop(self) -> None:
        self.milliseconds.append(1000 * (thread_time() - self._started))


def timed_drag(live: LiveStudy, view: SliceView, own: OwnTime) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each mouse move, of each drawing of the view under the mouse, and of our part of each move."""
    place = VERTEBRAE // 2
    proxy = live.study.proxy_nodes[place]
    proxy.AddObserver(proxy.PointModifiedEvent, own.start, 1.0)
    live.select(place)
    view.render()
    start = np.rint(view.pixel_of(proxy.GetNthControlPointPositionWorld(0)))
    view.hover(start)
    view.interactor.LeftButtonPressEvent()
    own.milliseconds.clear()
    moves, draws = [], []
    for move in range(1, MOVES + 1):
        before = thread_time()
        view.hover(start + [move % 10 + 1, -(move % 7) - 1])
        moves.append(1000 * (thread_time() - before))
        moved = perf_counter()
        view.render()
        draws.append(1000 * (perf_counter() - moved))
    owns = list(own.milliseconds)
    view.interactor.LeftButtonReleaseEvent()
    if len(owns) < MOVES:
        raise RuntimeError(f"only {len(owns)} of {MOVES} mouse moves moved the point")
    return moves, draws, owns


if __name__ == "__main__":
    main()
