"""The angles of a radiograph as its page shows them."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_radiograph import report
from VertebralFracturesLib.report.angles import COLORS, angle_rows, disc_text, endplate_lines


def on_page(points_ras: np.ndarray) -> np.ndarray:
    """Anterior to the left, superior up."""
    return -np.asarray(points_ras)[..., 1:]


def test_every_angle_has_a_row_in_a_color_of_its_own() -> None:
    rows = {row.title: row for row in angle_rows(report())}
    assert len({row.color for row in rows.values()}) == len(rows) == len(COLORS)
    assert rows["Sacral slope"].value == "31.0°"
    assert rows["T4-T12 kyphosis"].value == "not in view"
    assert rows["L1-L5 lordosis"].description.startswith("between the superior endplate of L1")


def test_discs_stand_in_one_line() -> None:
    assert disc_text(report()).endswith("L4-L5 0.0°, L5-S1 31.0°")
    assert disc_text(replace(report(), vertebrae=())) == "none in view"


def test_lines_run_along_their_endplates_and_beyond() -> None:
    lines = {(line.title, line.color): line for line in endplate_lines(report(), on_page)}
    slope = next(line for (title, _), line in lines.items() if title == "Sacral slope")
    start, end = np.array(slope.start), np.array(slope.end)
    anterior, posterior = on_page(report().sacral_endplate_ras[[0, 2]])
    along = (anterior - posterior) / np.linalg.norm(anterior - posterior)
    np.testing.assert_allclose(start, posterior - 4.0 * along)
    np.testing.assert_allclose(end, anterior + 24.0 * along)
    assert {title for title, _ in lines} == {"L1-L5 lordosis", "L1-S1 lordosis", "Sacral slope"}


def test_lines_that_share_an_endplate_end_apart() -> None:
    ends = sorted(line.end[0] for line in endplate_lines(report(), on_page) if line.title != "Sacral slope")
    assert min(np.diff(ends)) == pytest.approx(0.0, abs=6.0)
    upper = [line for line in endplate_lines(report(), on_page) if line.end[1] == pytest.approx(0.0)]
    assert [line.end[0] for line in upper] == [-17.0 - 34.0, -17.0 - 29.0]
