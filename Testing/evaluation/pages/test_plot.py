import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.evaluation.pages.plot import Plot, number_axis


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=20), st.integers(2, 8))
def test_an_axis_holds_its_data_between_round_marks(values, count):
    axis = number_axis("x", values, (0.0,), count)
    invisible = 1e-6 * (axis.high - axis.low)
    assert axis.low <= min(0, *values) + invisible
    assert axis.high >= max(0, *values) - invisible
    marks = np.array([value for value, _ in axis.ticks])
    assert (marks[0], marks[-1]) == pytest.approx((axis.low, axis.high))
    assert 2 <= len(marks) <= 2 * count + 3
    np.testing.assert_allclose(marks, [float(words) for _, words in axis.ticks], atol=1e-9 * max(1, abs(marks).max()))


def test_marks_by_hand():
    assert [words for _, words in number_axis("x", [0.0, 1.0]).ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [words for _, words in number_axis("x", [0.81, 0.98], count=4).ticks][:3] == ["0.80", "0.85", "0.90"]
    assert next(words for _, words in number_axis("x", [-3.0, 9.0], count=5).ticks) == "-5.0"
    assert number_axis("x", [np.nan, 2.0]).low < 2 < number_axis("x", [np.nan, 2.0]).high
    assert number_axis("x", []).ticks


def test_points_lie_where_the_axes_say():
    plot = Plot(number_axis("a", [0, 10]), number_axis("b", [0, 1]), width=200, height=100)
    assert plot.across(0) < plot.across(5) < plot.across(10) < 200
    assert 0 < plot.up(1) < plot.up(0) < 100
    assert plot.across(5) == pytest.approx((plot.across(0) + plot.across(10)) / 2)
    plot.dot(5, 0.5, "a <b> & c")
    plot.line([0, 10], [0, 1])
    plot.rule(0.5, "half")
    root = ET.fromstring(plot.svg('the "plot"'))
    dot = root.find("circle")
    assert float(dot.get("cx")) == pytest.approx(plot.across(5), abs=0.1)
    assert float(dot.get("cy")) == pytest.approx(plot.up(0.5), abs=0.1)
    assert dot.find("title").text == "a <b> & c"
    ends = [tuple(map(float, pair.split(","))) for pair in root.find("polyline").get("points").split()]
    assert ends[1] == pytest.approx((plot.across(10), plot.up(1)), abs=0.1)
    assert {"a", "b", "half"} <= {text.text for text in root.iter("text")}
    assert not re.search("nan|inf", plot.svg(""))
