import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from helpers.marked_bodies import body, case, false_find, found, missed
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.evaluation.classification import TASKS
from VertebralFracturesLib.evaluation.evaluate import summarized
from VertebralFracturesLib.evaluation.pages.charts import bland_altman_chart, roc_chart, uncertainty_chart
from VertebralFracturesLib.evaluation.pages.crops import SIZE_MM, vertebra_crops
from VertebralFracturesLib.evaluation.pages.page import evaluation_page
from VertebralFracturesLib.evaluation.pages.tables import all_tables, evaluation_text
from VertebralFracturesLib.evaluation.results import Pool
from VertebralFracturesLib.io.reference_case import ReferenceCase

FRACTURED = [
    case("one", [found(0.9, 0.88), found(0.7, 0.65), found(0.85, 0.79)], [missed(0.9)], [false_find(0.9)]),
    case("two", [found(0.95, 0.9, level="T9"), found(0.55, 0.6, named=None)]),
    case("three <&>", failure="no spine", missed=[missed(0.9)]),
]
HEALTHY = [case("one", [found(0.9, 0.88)]), case("two", [found(0.95, 0.9)])]
VOID = {"meta", "br", "image", "circle", "line", "polyline", "polygon", "path", "i"}


class Balance(HTMLParser):
    """Follows the elements of a page, all of which have to be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page_of(cases, crops=()) -> str:
    page = evaluation_page(summarized(cases, {"cases": "a & b"}), crops)
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert not re.search(r"\bnan\b|\binf\b|None", page)
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    return page


def plain(page: str) -> str:
    return re.sub("<[^>]+>", " ", page).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_the_page_shows_every_number_of_the_terminal():
    evaluation = summarized(FRACTURED, {})
    shown = plain(page_of(FRACTURED)).replace("≤", "<=").replace("–", "-")
    for table in all_tables(evaluation):
        assert table.title in shown
        for row in table.rows:
            assert all(cell in shown for cell in row if cell)
    assert "three <&>: no spine" in shown
    assert "a & b" in shown


def test_empty_classes_are_said_and_have_no_curve():
    for text in (plain(page_of(HEALTHY)), evaluation_text(summarized(HEALTHY, {}))):
        assert "no positives" in text
    svg, words = roc_chart(Pool(HEALTHY), TASKS[:2])
    assert svg == ""
    assert words == ["G ≤ 0.80: no positives", "G ≤ 0.75: no positives"]


def test_nothing_found_at_all_still_makes_a_page():
    text = plain(page_of([FRACTURED[2]]))
    assert "no spine" in text
    assert "Bland-Altman" not in text


def test_folds_show_as_mean_and_spread():
    evaluation = summarized(FRACTURED[:2], {}, [[FRACTURED[0]], [FRACTURED[1]]])
    spread = evaluation.spreads["recall"]
    expected = f"{spread.mean:.3f} ({spread.sd:.3f})"
    assert expected == "0.875 (0.177)"
    assert expected in evaluation_text(evaluation)
    assert expected in evaluation_page(evaluation)


def test_roc_curves_reach_both_corners():
    svg, words = roc_chart(Pool(FRACTURED), [task for task in TASKS if task.unit == "vertebra"])
    curves = [line for line in ET.fromstring(svg).iter("polyline") if "colour" in line.get("class")]
    assert len(curves) == 4
    diagonal = next(line for line in ET.fromstring(svg).iter("polyline") if line.get("class") == "rule")
    corners = diagonal.get("points").split()
    for curve in curves:
        assert [curve.get("points").split()[0], curve.get("points").split()[-1]] == corners
    assert words[0] == "G ≤ 0.80: area 1.000 (2 of 5)"


def test_bland_altman_shows_each_pair_the_bias_and_the_limits():
    svg = bland_altman_chart("anterior height", "mm", np.array([11.0, 12, 16]), np.full(3, 10.0), ["a", "b", "c"])
    root = ET.fromstring(svg)
    assert [dot.find("title").text for dot in root.iter("circle")] == ["a", "b", "c"]
    assert {"+3.00", "+8.19", "-2.19"} <= {text.text for text in root.iter("text")}


def test_the_uncertainty_is_drawn_only_where_it_was_reported():
    assert uncertainty_chart(Pool([case("a", [found(1, 1, uncertainty_mm=None)] * 9)])) == ""
    assert len(list(ET.fromstring(uncertainty_chart(Pool(FRACTURED[:1]))).iter("circle"))) == 6


@pytest.fixture
def a_case(tmp_path):
    """A straight spine whose voxels are bright above 0 and dark below."""
    curve = SpineCurve(np.array([[0, 0, z] for z in (60.0, 20, -20, -60)]), np.ones(4))
    return ReferenceCase("one", tmp_path / "ct", ("T8",), body()[None], curve)


def test_crops_show_the_body_in_their_middle(a_case):
    voxels = np.full((80, 80, 40), -1000, np.int16)
    voxels[40:] = 500
    volume = Volume(
        voxels, np.diag([2.0, 2, 2, 1]) + np.array([[0, 0, 0, -40], [0, 0, 0, -80], [0, 0, 0, -80], [0] * 4])
    )
    read = []
    shown = [("one", found(0.9, 0.8, shift_mm=(0, 3, 0))), ("one", found(1, 1))]
    crops = vertebra_crops(shown, [a_case, replace(a_case, name="unused")], lambda path: read.append(path) or volume)
    assert read == [a_case.image]
    assert [crop.vertebra for crop in crops] == [vertebra for _, vertebra in shown]
    first = crops[0]
    assert first.image.shape == (round(SIZE_MM[1] / 0.5), round(SIZE_MM[0] / 0.5))
    assert first.image[:40].mean() > 400
    assert first.image[-40:].mean() < -900
    np.testing.assert_allclose(first.reference_mm.mean(0), np.array(SIZE_MM) / 2, atol=0.5)
    np.testing.assert_allclose(first.found_mm[:, 0] - first.reference_mm[:, 0], -3, atol=0.01)
    page = page_of(FRACTURED, crops)
    assert page.count("data:image/png;base64,") == 2
    assert "G 0.80 for 0.90" in plain(page)
