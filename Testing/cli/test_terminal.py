"""Progress is one line on a terminal and one line per stage elsewhere."""

import io
from dataclasses import replace

import numpy as np
from VertebralFracturesLib.cli.terminal import ProgressLine, result_table
from VertebralFracturesLib.core.image_classification import ImageClassification
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_that_is_cleared_at_the_end() -> None:
    terminal = Terminal()
    with ProgressLine(terminal) as progress:
        progress("straightened slice", 0.5)
        progress("vertebrae", 1.0)
    assert terminal.getvalue() == "\rstraightened slice  50 %\rvertebrae 100 %         \r               \r"


def test_a_log_gets_one_line_per_stage() -> None:
    log = io.StringIO()
    with ProgressLine(log) as progress:
        for stage, fraction in (("reading", 0.1), ("reading", 0.9), ("vertebrae", 0.0), ("vertebrae", 1.0)):
            progress(stage, fraction)
    assert log.getvalue() == "reading\nvertebrae\n"


def test_the_table_has_the_image_based_probability_only_where_there_is_one() -> None:
    curve = SpineCurve(np.c_[np.zeros(5), np.zeros(5), np.linspace(20, -80, 5)], np.ones(5))
    points = np.array([[0.0, y, z] for y in (15.0, 0.0, -15.0) for z in (-10.0, -30.0)])
    report = SpineReport("t", {}, "d", "genant", curve, (Vertebra(points, 0.9, np.ones(6), "T9", 0.9),))
    assert "P(image)" not in result_table(report)
    shares = np.tile([0.1, 0.0, 0.0, 0.1, 0.8], (60, 1))
    second = ImageClassification(SlabFrame(curve, np.zeros(2)), shares)
    header, row = result_table(replace(report, image_classification=second)).splitlines()
    assert header.split()[-2:] == ["P(image)", "Discordant"]
    assert row.split()[-2:] == ["1.00", "yes"]
