"""The panel at work on a synthetic spine, without networks: what tests start and read."""

import threading
import time

import numpy as np
from helpers.synthetic_spine import LEVELS, body_keypoints, scoliotic_curve
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.errors import Cancelled

CURVE = scoliotic_curve()


def truth(preset: str) -> SpineReport:
    """The report of the synthetic spine, as it is."""
    vertebrae = [
        Vertebra(points, 0.9, np.full(6, 0.5), level, 0.95)
        for points, level in zip(body_keypoints(CURVE), LEVELS, strict=True)
    ]
    return SpineReport("VertebralFractures test", {}, "anchor-free", preset, CURVE, tuple(vertebrae))


def analysis(seconds: float = 0.1, error: Exception | None = None):
    """An analysis that knows the truth, reports its stages and can be cancelled, without networks."""

    def analyze(image, *, preset, device, progress, cancel, image_classifier):
        from VertebralFracturesLib.ct.pipeline import STAGES

        assert threading.current_thread() is not threading.main_thread()
        for stage in ("networks", *STAGES):
            progress(stage, 0.0)
            end = time.monotonic() + seconds / 5
            while time.monotonic() < end:
                if cancel():
                    raise Cancelled("cancelled")
                time.sleep(0.002)
        if error is not None:
            raise error
        return truth(preset)

    return analyze


def apply(host) -> None:
    """Click Apply and wait until the job has ended."""
    host.click("applyButton")
    host.wait(lambda: host.ui.applyButton.enabled)


def nodes(host) -> list[str]:
    """The classes of all nodes."""
    return sorted(host.scene.GetNthNode(i).GetClassName() for i in range(host.scene.GetNumberOfNodes()))


def column(host, name: str) -> list[str]:
    """What stands in a column of the table."""
    from VertebralFracturesLib.widgets.words import column_headings

    table, place = host.ui.vertebraTable, list(column_headings()).index(name)
    return [table.item(row, place).text() for row in range(table.rowCount)]
