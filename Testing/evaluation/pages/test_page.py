import re

from helpers.html_page import Page
from helpers.marked_bodies import case, false_find, found, missed
from VertebralFracturesLib.evaluation.evaluate import summarized
from VertebralFracturesLib.evaluation.pages.page import evaluation_page
from VertebralFracturesLib.evaluation.pages.tables import all_tables, evaluation_text

FRACTURED = [
    case("one", [found(0.9, 0.88), found(0.7, 0.65), found(0.85, 0.79)], [missed(0.9)], [false_find(0.9)]),
    case("two", [found(0.95, 0.9, level="T9"), found(0.55, 0.6, named=None)]),
    case("three <&>", failure="no spine", missed=[missed(0.9)]),
]
HEALTHY = [case("one", [found(0.9, 0.88)]), case("two", [found(0.95, 0.9)])]


def page_of(cases, crops=()) -> str:
    page = evaluation_page(summarized(cases, {"cases": "a & b"}), crops)
    Page(page)
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
