"""Figures for programs that show images only."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.dicom_study import read_ct_study, spine_report
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.pacs.figures import (
    CLOSE_UP_PIXEL_MM,
    SPINE_PIXEL_MM,
    abnormal_captures,
    spine_capture,
)
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.spine_image import spine_image


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    read = read_ct_study(tmp_path_factory.mktemp("ct"))
    report = spine_report(read)
    return report, spine_image(report, read.image)


def pixels_of(color: tuple[float, float, float], pixels: np.ndarray) -> np.ndarray:
    """Rows and columns (n, 2) of the pixels of a color."""
    return np.argwhere((pixels == np.round(255 * np.array(color)).astype(np.uint8)).all(-1))


def test_the_spine_shows_every_vertebra_in_the_color_of_its_grade(shown) -> None:
    report, image = shown
    capture = spine_capture(report, image, "footer")
    rows, columns, colors = capture.pixels.shape
    assert colors == 3
    assert rows > image.height_mm / SPINE_PIXEL_MM
    assert columns > image.width_mm / SPINE_PIXEL_MM
    assert capture.pixel_mm is None
    grades = {one.grade for one in report.measures if one is not None and one.grade is not None}
    for grade, color in enumerate(GRADE_COLORS):
        assert (len(pixels_of(color, capture.pixels)) > 100) == (grade in grades)


def test_an_outline_lies_where_its_body_is(shown) -> None:
    """The rows and columns of the colored pixels span the points of the body."""
    report, image = shown
    worst = max(range(len(report.vertebrae)), key=lambda i: (report.measures[i] and report.measures[i].grade) or 0)
    number = sorted(i for i, one in enumerate(report.measures) if one is not None and one.grade).index(worst)
    capture = list(abnormal_captures(report, image, "footer", True))[number]
    body = image.bodies[worst].close_up
    left, _, width, _ = body.view_box
    found = pixels_of(GRADE_COLORS[report.measures[worst].grade], capture.pixels)
    found = found[found[:, 1] > width / CLOSE_UP_PIXEL_MM]
    spread = np.ptp(body.points_mm, axis=0) / CLOSE_UP_PIXEL_MM
    np.testing.assert_allclose(np.ptp(found, axis=0)[::-1], spread, atol=6)
    columns = found[:, 1].min() * CLOSE_UP_PIXEL_MM - width - 1.2
    assert columns == pytest.approx(body.points_mm[:, 0].min() - left, abs=0.4)


def test_only_abnormal_vertebrae_have_a_close_up(shown) -> None:
    report, image = shown
    titles = [one.title for one in abnormal_captures(report, image, "", True)]
    expected = [
        f"Close-up of {name}"
        for name, one in zip(report.shown_levels, report.measures, strict=True)
        if one is not None and one.grade
    ]
    assert titles == expected
    assert [one.pixel_mm for one in abnormal_captures(report, image, "", False)] == [None] * len(expected)


def test_the_footer_is_written_below_the_image(shown) -> None:
    report, image = shown
    without, with_one = (spine_capture(report, image, text).pixels for text in ("", "a line of text"))
    assert without.shape == with_one.shape
    changed = np.argwhere((without != with_one).any(-1))
    assert changed[:, 0].min() > without.shape[0] - 60
    long = spine_capture(report, image, "words that go on " * 20).pixels
    assert long.shape[0] > without.shape[0]
    assert long.shape[1] == without.shape[1]


def test_a_radiograph_is_shown_as_it_is() -> None:
    report = radiograph_report()
    radiograph = Radiograph(np.random.default_rng(0).random((1100, 500), np.float32), 0.2, "left")
    moved = replace(report, vertebrae=tuple(
        replace(one, keypoints_ras=one.keypoints_ras + [0, -50, -10]) for one in report.vertebrae))  # fmt: skip
    capture = spine_capture(moved, spine_image(moved, radiograph), "footer")
    assert capture.title == "Radiograph"
    assert capture.pixels.shape[0] > 220 / SPINE_PIXEL_MM
