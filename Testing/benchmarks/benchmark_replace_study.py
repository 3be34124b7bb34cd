"""How long the window stands still when an analysis ends: adding its study while four views are open.

    python Testing/benchmarks/benchmark_replace_study.py [--against FOLDER] [--repeat 3]

A study of 20 vertebrae is added to a scene and takes the place of the one before, in processor time. The views of the
layout are Slicer's own, off screen at 1280 x 768 pixels, and draw as Slicer's windows do: when something changed, but
not within 1/60 s of the drawing before, and not while the scene is in batch processing or the panel pauses them.
FOLDER is the checkout of another version: both are measured in turn, each in processes of its own.
"""

import argparse
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from statistics import median
from time import monotonic, process_time

ROOT = Path(__file__).resolve().parents[2]
PANEL = Path("VertebralFractures", "VertebralFracturesLib", "widgets", "run_panel.py")
"""Where a version would pause the views."""

SIZE = (1280, 768)
LEAST_S = 1 / 60
"""Slicer's views draw at most 60 times a second (ctkVTKAbstractView::scheduleRender)."""


def main() -> None:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="checkout of another version")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--once", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once is not None:
        once(args.once)
        return
    folders = [ROOT] if args.against is None else [ROOT, args.against.resolve()]
    runs: dict[Path, list[list[float]]] = {folder: [] for folder in folders}
    for _ in range(args.repeat):
        for folder in folders:
            command = [sys.executable, __file__, "--once", str(folder)]
            found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs[folder].append([float(value) for value in found.split()[-4:]])
    print(f"load {os.getloadavg()[0]:.1f}, median of {args.repeat}; seconds of processor time, drawings")
    for folder, values in runs.items():
        first, first_drawings, again, again_drawings = (median(column) for column in zip(*values, strict=True))
        print(f"{folder}: first study {first:.2f} s, {first_drawings:.0f}; second {again:.2f} s, {again_drawings:.0f}")


def once(folder: Path) -> None:
    """Add a study and replace it with the version in a folder; print seconds and drawings of both."""
    sys.path[:0] = [str(folder / "VertebralFractures"), str(folder / "Testing"), str(folder / "Testing" / "benchmarks")]
    from benchmark_drag import flat_volume, long_spine
    from VertebralFracturesLib.mrml.application import boot_scene
    from VertebralFracturesLib.mrml.layout.rendered import RenderedLayout
    from VertebralFracturesLib.mrml.layout.show import show_study
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, volume_from_node
    from VertebralFracturesLib.mrml.study.replacement import replace_study

    with boot_scene() as application:
        report, node = long_spine(), add_volume_node(application.scene, flat_volume(), "CT")
        image = volume_from_node(node)
        with closing(RenderedLayout(application, SIZE)) as layout:
            layout.render()
            pauses = "RenderBlocker" in (folder / PANEL).read_text(encoding="utf-8")
            drawers = [Drawer(view, application.scene, pauses) for view in layout.views.values()]
            for _ in range(2):
                drawings, started = sum(drawer.count for drawer in drawers), process_time()
                study = replace_study(node, image, report)
                for drawer in drawers:
                    drawer.draw()
                print(process_time() - started, sum(drawer.count for drawer in drawers) - drawings)
                show_study(study, layout.layout_node)
                layout.render()


class Drawer:
    """Draws a view when it asks to be drawn, as the view's window in Slicer does while Python code runs."""

    def __init__(self, view, scene, is_paused: bool) -> None:
        self.count = 0
        self._view, self._scene, self._is_paused = view, scene, is_paused
        self._asked_at: float | None = None
        view.managers.AddObserver("UpdateEvent", self._asked)

    def draw(self) -> None:
        """Draw now."""
        self._asked_at = None
        self.count += 1
        self._view.render()

    def _asked(self, *_: object) -> None:
        if self._is_paused or self._scene.IsBatchProcessing():
            return
        if self._asked_at is None:
            self._asked_at = monotonic()
        elif monotonic() - self._asked_at > LEAST_S:
            self.draw()


if __name__ == "__main__":
    main()
