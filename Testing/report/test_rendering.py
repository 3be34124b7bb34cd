"""Templates: what they show is escaped, and what they ask for has to be there."""

import pytest
from jinja2 import UndefinedError
from VertebralFracturesLib.report.rendering import TEMPLATES, render


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "one.html").write_text('{% extends "base.html" %}{% block main %}<p>{{ text }}</p>{% endblock %}')
    (tmp_path / "line.html").write_text('<polyline points="{{ points | points }}" {{ points | points(0) }}/>')
    return tmp_path


def test_text_is_escaped_wherever_it_stands(folder) -> None:
    page = render("one.html", folder=folder, title="<b>", facts={"a & b": '"'}, text="<script>")
    assert "<title>Vertebral fractures: &lt;b&gt;</title>" in page
    assert "<dt>a &amp; b</dt><dd>&#34;</dd>" in page
    assert "<p>&lt;script&gt;</p>" in page


def test_every_page_has_the_one_style_sheet(folder) -> None:
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    assert style in render("one.html", folder=folder, title="", facts={}, text="")


def test_a_name_without_value_is_an_error(folder) -> None:
    with pytest.raises(UndefinedError, match="text"):
        render("one.html", folder=folder, title="", facts={})


def test_points_are_written_as_svg_takes_them(folder) -> None:
    line = render("line.html", folder=folder, points=[(1, 2.5), (-3.456, 0)])
    assert line == '<polyline points="1.00,2.50 -3.46,0.00" 1,2 -3,0/>'
