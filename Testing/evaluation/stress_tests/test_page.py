"""Stress tests as tables, JSON and page; test_suite.py makes them from real runs."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.html_page import Page
from helpers.marked_bodies import case, found, missed
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.conditions import Condition
from VertebralFracturesLib.evaluation.stress_tests.figure import figure
from VertebralFracturesLib.evaluation.stress_tests.page import (
    FILES,
    stress_test_page,
    stress_test_tables,
    stress_test_text,
    write_stress_tests,
)
from VertebralFracturesLib.evaluation.stress_tests.suite import StressResult


def result(name: str, source: str, patient: str, outcome, verdict: str, picture=None, has_spine=True) -> StressResult:
    condition = Condition("tilt <&>", name, lambda: None, has_spine)
    count = len(outcome.matched) + len(outcome.missed)
    return StressResult(condition, source, patient, count, outcome, ("thick & few",), verdict, picture)


@pytest.fixture
def results() -> list[StressResult]:
    empty = AnnotatedScan(Volume(np.zeros((20, 20, 20), np.int16), np.diag([5.0, 5, 5, 1])))
    return [
        result("10 degrees", "synthetic", "", case("a", [found(0.9, 0.9)] * 3), "found"),
        result(
            "80 degrees", "synthetic", "", case("b", [found(0.9, 0.8)], [missed(0.9)]), "MISSED", figure(empty, None)
        ),
        result("leg", "synthetic", "", case("c", failure="exit 3: none"), "refused", has_spine=False),
        result("cut", "real", "<one>", case("d", [found(0.9, 0.9)]), "found"),
        result("cut", "real", "two", case("e", [found(0.9, 0.7)]), "found"),
    ]


def test_synthetic_and_real_stand_apart_and_apart_from_what_has_no_spine(results) -> None:
    tables = stress_test_tables(results)
    assert [table.title for table in tables] == [
        "Synthetic patients",
        "Synthetic patients: patients",
        "Synthetic patients: conclusions",
        "Synthetic patients: not to be accepted",
        "Modified real CTs",
        "Modified real CTs: patients",
        "Modified real CTs: conclusions",
    ]
    synthetic, _, _, spineless, real, *_ = tables
    assert [row[0] for row in synthetic.rows] == ["tilt <&>: 10 degrees", "tilt <&>: 80 degrees", "all"]
    assert synthetic.rows[1][1:5] == ("2", "1", "0", "0.500")
    assert synthetic.rows[2][-3] == "1 found, 1 MISSED"
    assert spineless.rows == (("tilt <&>: leg", "1", "refused", "exit 3: none"),)
    assert [row[0] for row in real.rows] == ["tilt <&>: cut", "  <one>", "  two", "all"]


def test_failures_are_listed_last(results) -> None:
    assert stress_test_text(results).endswith("Failures\n  tilt <&>: 80 degrees: MISSED, thick & few\n")
    assert stress_test_text(results[:1]).endswith("No failure in 1 cases\n")


def test_a_fault_of_a_patient_is_a_failure_and_stands_in_its_row(results) -> None:
    one = replace(results[0], faults=("severe reported without a fracture",))
    table = stress_test_tables([one, results[1]])[0]
    assert table.rows[0][-1] == "severe reported without a fracture"
    assert table.rows[-1][-1] == "1 in all"
    assert "10 degrees: found; severe reported without a fracture, thick & few" in stress_test_text([one])
    assert 'class="failed"' in stress_test_page([one], {})


def test_the_page_escapes_marks_failures_and_draws(results) -> None:
    text = stress_test_page(results, {"cases from": "<here>"})
    page = Page(text)
    assert len(page.all("figure")) == 5
    assert len(page.all("figure", class_="failed")) == 1
    assert text.count("data:image/png") == 2
    for part in ("<one>", "<here>", "Tilt <&>: modified real CT", "thick & few", "1 of 2 bodies, heights 0.67 mm"):
        assert part in page.text


def test_the_files_hold_every_case(results, tmp_path: Path) -> None:
    write_stress_tests(tmp_path, results, {"detector": "anchor"})
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    document = json.loads((tmp_path / "stress-tests.json").read_text(encoding="utf-8"))
    assert (document["failures"], document["facts"]) == (1, {"detector": "anchor"})
    assert [one["patient"] for one in document["conditions"]] == [None, None, None, "<one>", "two"]
    assert document["conditions"][2]["measures"]["recall"] is None
