"""The plots of an evaluation, read from their SVG."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from helpers.marked_bodies import case, false_find, found, missed
from VertebralFracturesLib.evaluation.classification import TASKS
from VertebralFracturesLib.evaluation.evaluate import summarized
from VertebralFracturesLib.evaluation.pages.charts import (
    Plot,
    bland_altman_chart,
    level_chart,
    roc_chart,
    uncertainty_chart,
)
from VertebralFracturesLib.evaluation.results import Pool

SVG = "{http://www.w3.org/2000/svg}"
FRACTURED = [
    case("one", [found(0.9, 0.88), found(0.7, 0.65), found(0.85, 0.79)], [missed(0.9)], [false_find(0.9)]),
    case("two", [found(0.95, 0.9, level="T9"), found(0.55, 0.6, named=None)]),
]
HEALTHY = [case("one", [found(0.9, 0.88)]), case("two", [found(0.95, 0.9)])]


def hints(svg: str) -> list[str]:
    return [title.text for title in ET.fromstring(svg).iter(f"{SVG}title")]


def texts(svg: str) -> set[str]:
    return {text.text.replace("−", "-") for text in ET.fromstring(svg).iter(f"{SVG}text")}


def dots(svg: str) -> np.ndarray:
    """Column and row of every dot that has a hint."""
    groups = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    uses = [next(group.iter(f"{SVG}use")) for group in groups]
    return np.array([[float(use.get("x")), float(use.get("y"))] for use in uses])


def ends(svg: str, name: str) -> np.ndarray:
    """First and last point of the lines of a name."""
    lines = [group for group in ET.fromstring(svg).iter(f"{SVG}g") if (group.get("data-name") or "").startswith(name)]
    numbers = [re.findall(r"-?[\d.]+", next(line.iter(f"{SVG}path")).get("d")) for line in lines]
    return np.array([[*one[:2], *one[-2:]] for one in numbers], dtype=float)


def test_points_lie_where_the_axes_say_and_tell_what_they_are() -> None:
    plot = Plot("a & b", "c <d>", width=200, height=100)
    plot.dot(0, 0, "first")
    plot.dot(10, 1, "a <b> & c")
    plot.dot(5, 0.5, "$x_1$ half")
    plot.rule(0.5, "half way")
    svg = plot.svg('the "plot"')
    first, last, middle = dots(svg)
    np.testing.assert_allclose(middle, (first + last) / 2, atol=1e-3)
    assert 0 < first[0] < last[0] < 200
    assert 0 < last[1] < first[1] < 100
    assert hints(svg) == ["first", "a <b> & c", "$x_1$ half"]
    assert {"a & b", "c <d>", "half way"} <= texts(svg)
    assert ET.fromstring(svg).get("aria-label") == 'the "plot"'
    assert ET.fromstring(svg).get("viewBox") == "0 0 200 100"


def test_a_plot_names_no_website_and_no_date_and_is_the_same_again() -> None:
    first, second = (roc_chart(Pool(FRACTURED), TASKS[:4])[0] for _ in range(2))
    assert first == second
    assert "http" not in first.replace("http://www.w3.org", "")
    assert "<style" not in first
    assert not re.search("nan|inf", first)


def test_plots_on_one_page_share_no_names_but_those_of_equal_content() -> None:
    one = bland_altman_chart("a", "mm", np.array([11.0, 12]), np.full(2, 10.0), ["a", "b"])
    two = bland_altman_chart("b", "mm", np.array([51.0, 92]), np.full(2, 10.0), ["a", "b"])
    content = [{e.get("id"): ET.tostring(e) for e in ET.fromstring(svg).iter() if e.get("id")} for svg in (one, two)]
    assert all(content[0][name] == content[1][name] for name in content[0].keys() & content[1].keys())
    for svg, named in zip((one, two), content, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([\w-]+)', svg)) == set(named)


def test_roc_curves_reach_both_corners() -> None:
    svg, words = roc_chart(Pool(FRACTURED), [task for task in TASKS if task.unit == "vertebra"])
    curves = ends(svg, "roc-")
    assert len(curves) == 4
    (diagonal,) = ends(svg, "diagonal")
    np.testing.assert_allclose(curves, np.tile(diagonal, (4, 1)), atol=1e-3)
    assert words[0] == "G ≤ 0.80: area 1.000 (2 of 5)"
    assert len(hints(svg)) == 4
    assert hints(svg)[0] == "G <= 0.80: sensitivity 1.00, specificity 0.67"


def test_empty_classes_have_no_curve() -> None:
    svg, words = roc_chart(Pool(HEALTHY), TASKS[:2])
    assert svg == ""
    assert words == ["G ≤ 0.80: no positives", "G ≤ 0.75: no positives"]


def test_bland_altman_shows_each_pair_the_bias_and_the_limits() -> None:
    svg = bland_altman_chart("anterior height", "mm", np.array([11.0, 12, 16]), np.full(3, 10.0), ["a", "b", "c"])
    assert hints(svg) == ["a", "b", "c"]
    assert {"+3.00", "+8.19", "-2.19"} <= texts(svg)
    rows = dots(svg)[:, 1]
    assert (rows[0] - rows[2]) / (rows[0] - rows[1]) == pytest.approx(5.0, abs=1e-3)


def test_pairs_without_a_difference_still_make_a_plot() -> None:
    svg = bland_altman_chart("G", "", np.full(3, 0.9), np.full(3, 0.9 - 1e-17), ["a", "b", "c"])
    assert {"+0.000", "-0.4", "0.4"} <= texts(svg)
    assert len(hints(bland_altman_chart("G", "", np.array([0.9]), np.array([0.8]), ["a"]))) == 1


def test_errors_stand_by_level_with_their_mean() -> None:
    evaluation = summarized(FRACTURED, {})
    svg = level_chart(evaluation, "centre error", "mm", [1.0, 2.0, 3.0, 4.0, 6.0])
    assert {"T8", "T9", "centre error, mm", "level"} <= texts(svg)
    assert hints(svg) == ["one T8: 1.00 mm", "one T8: 2.00 mm", "one T8: 3.00 mm", "two T8: 6.00 mm", "two T9: 4.00 mm"]
    columns = dots(svg)[:, 0]
    assert (np.diff(columns[:4]) > 0).all()
    assert columns[4] > columns[:4].max()


def test_the_uncertainty_is_drawn_only_where_it_was_reported() -> None:
    assert uncertainty_chart(Pool([case("a", [found(1, 1, uncertainty_mm=None)] * 9)])) == ""
    assert len(hints(uncertainty_chart(Pool(FRACTURED[:1])))) == 6
