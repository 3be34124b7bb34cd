"""The page of a cohort: what comes first, and how it works in a browser, from the disk."""

import csv
import json
import os
import re
import time
from pathlib import Path

import pytest
from helpers.chromium import Page, browser
from helpers.cohort_records import many_records, record, write_thumbnails
from helpers.html_page import Page as ParsedPage
from VertebralFracturesLib.cli.cohort.index_page import KINDS, entry, index_page, kinds, urgency, write_index


def test_what_needs_a_look_comes_first() -> None:
    records = [record(kind, kind) for kind in reversed(KINDS)]
    records.append(record("severe", "fracture", worst_grade=3, greatest_height_loss_percent=40.0))
    records.append(record("worse", "fracture", worst_grade=3, greatest_height_loss_percent=60.0))
    assert [one["name"] for one in sorted(records, key=urgency)] == ["worse", "severe", *KINDS]


def test_a_case_can_be_of_several_kinds() -> None:
    several = record("a", "fracture", levels_are_uncertain=True) | {"discordant_levels": "T5"}
    assert kinds(several) == ["fracture", "disagreement", "uncertain levels"]


def test_an_entry_links_to_what_was_written() -> None:
    given = record("a-b", "fracture")
    assert entry(given)["report"] == "cases/a-b/report.html"
    given["settings"] = {"write": ["json"]}
    assert entry(given)["report"] is None
    assert entry(record("c", "failed"))["thumbnail"] is None


def test_texts_from_outside_cannot_leave_the_script() -> None:
    text = index_page([record("</script><script>alert(1)", "failed")], "number", "out")
    assert text.count("</script>") == 1
    page = ParsedPage(text)
    assert len(page.all("input", name="kind")) == len(KINDS)


@pytest.fixture
def shown(tmp_path: Path):
    records = many_records(500)
    write_thumbnails(tmp_path / "out", records)
    write_index(tmp_path / "out", records, "a-number")
    with browser(tmp_path) as page:
        page.open(tmp_path / "out" / "index.html")
        yield page


def count(page: Page, selector: str) -> int:
    return page.run(f"document.querySelectorAll({json.dumps(selector)}).length")


def shown_names(page: Page) -> list[str]:
    return page.run("[...document.querySelectorAll('.case:not([hidden])')].map((card) => card.dataset.name)")


@pytest.mark.slow
def test_500_cases_in_a_browser(shown: Page, tmp_path: Path) -> None:
    assert count(shown, ".case") == 500
    names = shown_names(shown)
    per_kind = len([name for name in names if int(name[-3:]) % len(KINDS) == 0])
    assert {int(name[-3:]) % len(KINDS) for name in names[:per_kind]} == {0}
    assert shown.run("document.querySelector('.case.current').dataset.name") == names[0]
    if "SCREENSHOT" in os.environ:
        shown.save_picture(Path(os.environ["SCREENSHOT"]))
    for key in ("a", "ArrowRight", "w", "ArrowRight", "n", "ArrowRight", "a", "Backspace", "ArrowLeft"):
        shown.press(key)
    pressed = ".case:nth-child({}) button[aria-pressed=true]"
    texts = [shown.run(f"document.querySelector('{pressed.format(i)}')?.textContent") for i in (1, 2, 3, 4)]
    assert texts == ["agree", "wrong", "not evaluable", None]
    assert "500 of 500 cases shown, 3 with a verdict" in shown.run("document.getElementById('shown').textContent")
    shown.open(tmp_path / "out" / "index.html")
    assert count(shown, "button[aria-pressed=true]") == 3
    check_filters(shown)
    shown.run("document.getElementById('export').click()")
    rows = downloaded(tmp_path / "downloads" / "verdicts.csv")
    assert [(row["case"], row["verdict"]) for row in rows] == list(
        zip(names[:3], ("agree", "wrong", "not evaluable"), strict=True)
    )
    assert all(re.match(r"\d{4}-\d\d-\d\dT", row["time"]) for row in rows)


def check_filters(page: Page) -> None:
    """Each filter alone."""
    click = "document.querySelector('input[name=kind][value=\"{}\"]').click()"
    for kind in KINDS[1:]:
        page.run(click.format(kind))
    assert {int(name[-3:]) % len(KINDS) for name in shown_names(page)} == {0}
    for kind in KINDS[1:]:
        page.run(click.format(kind))
    verdict = "document.getElementById('verdict-filter')"
    page.run(f"{verdict}.value = 'wrong'; {verdict}.dispatchEvent(new Event('change'))")
    assert len(shown_names(page)) == 1
    page.run(f"{verdict}.value = ''; {verdict}.dispatchEvent(new Event('change'))")
    search = "document.getElementById('search')"
    page.run(f"{search}.value = 'CASE-04'; {search}.dispatchEvent(new Event('input'))")
    assert sorted(shown_names(page)) == [f"case-{number:03d}" for number in range(40, 50)]
    page.run(f"{search}.value = ''; {search}.dispatchEvent(new Event('input'))")
    assert len(shown_names(page)) == 500


def downloaded(file: Path) -> list[dict[str, str]]:
    end = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < end, "nothing was downloaded"
        time.sleep(0.05)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
