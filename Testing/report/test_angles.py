"""Angles and discs as a page shows them."""

import re
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from helpers import full_report
from helpers.colors import distance, rgb
from helpers.small_radiograph import report
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.report.angles import COLORS, angle_rows, disc_table, endplate_lines


def on_page(points_ras: np.ndarray) -> np.ndarray:
    """Anterior to the left, superior up."""
    return -np.asarray(points_ras)[..., 1:]


def test_every_angle_has_a_row_in_a_color_of_its_own() -> None:
    rows = {row.title: row for row in angle_rows(report())}
    assert len({row.color for row in rows.values()}) == len(rows) == len(COLORS)
    assert rows["Sacral slope"].value == "31.0°"
    assert rows["T4-T12 kyphosis"].value == "not measurable"
    assert rows["L1-L5 lordosis"].description.startswith("angle between the superior endplate of L1")


def test_angles_differ_from_each_other_and_from_grades_for_colour_blind_readers_too() -> None:
    """A difference of 15 is that of colours which nobody confuses side by side; lines bear numbers as well."""
    angles, grades = [rgb(one) for one in COLORS], [*GRADE_COLORS, NOT_EVALUABLE_COLOR]
    assert min(distance(one, other) for one in angles for other in grades) > 15
    assert min(distance(one, other) for one, other in combinations(angles, 2)) > 15


def test_a_ct_has_the_coronal_angle_and_no_colors() -> None:
    rows = {row.title: row for row in angle_rows(full_report.report())}
    assert {row.color for row in rows.values()} == {""}
    assert rows["Coronal Cobb angle"].value == "0.0°"
    assert rows["T4-T12 kyphosis"].value.endswith("°")


def test_the_coronal_angle_names_its_end_vertebrae() -> None:
    straight = full_report.report()
    points = straight.curve.points_ras.copy()
    points[:, 0] = 30 * np.sin(np.linspace(0, np.pi, len(points)))
    (row,) = [
        row
        for row in angle_rows(replace(straight, curve=SpineCurve(points, np.ones(len(points)))))
        if "Cobb" in row.title
    ]
    assert re.fullmatch(r"\d+\.\d° \(T\d+ to L\d, convex to the right\)", row.value)


def test_discs_stand_in_columns() -> None:
    table = disc_table(report())
    assert table.names == ("L1-L2", "L2-L3", "L3-L4", "L4-L5")
    assert [title for title, _, _ in table.rows] == [
        "Disc anterior (mm)", "Disc middle (mm)", "Disc posterior (mm)", "Intervertebral angle (deg)"
    ]  # fmt: skip
    assert table.rows[2][2] == ("9.0",) * 4
    assert disc_table(replace(report(), vertebrae=())).names == ()


def test_discs_of_a_radiograph_without_a_scale_have_angles_only() -> None:
    assert [title for title, _, _ in disc_table(report(is_scale_known=False)).rows] == ["Intervertebral angle (deg)"]


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
