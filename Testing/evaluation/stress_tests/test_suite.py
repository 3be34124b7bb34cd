"""Some stress tests end to end with the shipped weights; ``research stress-tests`` runs them all."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from helpers.bent_patient import bent_patient
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.ct.pipeline import analyze_ct
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.evaluation.stress_tests import suite as stress_tests
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan, ends_filled
from VertebralFracturesLib.evaluation.stress_tests.conditions import (
    Condition,
    cut_behind,
    front_only,
    synthetic_conditions,
)
from VertebralFracturesLib.evaluation.stress_tests.damaged_files import cut
from VertebralFracturesLib.evaluation.stress_tests.page import stress_test_page, stress_test_tables, stress_test_text
from VertebralFracturesLib.evaluation.stress_tests.suite import judged, run_stress_tests
from VertebralFracturesLib.networks.ct_networks import load_ct_networks


@pytest.fixture(scope="module")
def scan() -> AnnotatedScan:
    return bent_patient()


@pytest.fixture(scope="module")
def results(scan):
    models = load_ct_networks("cpu")
    conditions = [
        Condition("scoliosis", "40 degrees", lambda: scan),
        Condition("no spine", "front of the chest", lambda: front_only(scan), has_spine=False),
        *(one for one in synthetic_conditions() if one.name in ("leg", "water cylinder", "noise")),
    ]
    return [judged(one, "synthetic", "", one.make(), lambda volume: analyze_ct(volume, models)) for one in conditions]


def test_a_bent_spine_is_found_and_measured(results, scan):
    bent = results[0]
    assert (bent.verdict, bent.bodies) == ("found", len(scan.levels))
    assert bent.bodies >= 6
    assert len(bent.result.matched) >= bent.bodies - 1  # one may lie at the very border
    heights = np.array([one.found_heights_mm - one.heights_mm for one in bent.result.matched])
    assert np.abs(heights).mean() < 1.5


def test_where_there_is_no_spine_none_is_found(results):
    assert [one.verdict for one in results[1:]] == ["refused"] * 4
    assert all(one.result.failure.startswith("exit 3: ") for one in results[1:])


def test_the_tables_keep_apart_what_differs(results):
    found, _, _, missing = stress_test_tables(results)
    assert [row[0] for row in found.rows] == ["scoliosis: 40 degrees", "all"]
    assert missing.rows[0][0] == "no spine: front of the chest"
    assert "No failure in 5 cases" in stress_test_text(results)


def test_the_page_draws_every_case(results):
    page = stress_test_page(results, {"detector": "anchor-free"})
    assert page.count('<figure class="">') == len(results)
    assert page.count('<polygon class="found"') == len(results[0].result.matched) + results[0].result.outside_finds
    assert page.count('<polygon class="reference"') == results[0].bodies


def test_failures_are_called_so(scan):
    def blind(volume):
        raise NoSpineFound("no spine found")

    def inventive(volume):
        points = scan.keypoints_ras[0] + 500.0
        vertebrae = (Vertebra(points, 0.9, np.ones(6), "T1", 0.9),)
        return SpineReport("test", {}, "anchor-free", "genant", scan.curve, vertebrae)

    with_spine = Condition("scoliosis", "40 degrees", lambda: scan)
    without = Condition("no spine", "front", lambda: scan, has_spine=False)
    missed = judged(with_spine, "synthetic", "", scan, blind)
    invented = judged(without, "synthetic", "", scan, inventive)
    assert (missed.verdict, len(missed.result.missed)) == ("MISSED", len(scan.levels))
    assert invented.verdict == "INVENTED"
    assert judged(with_spine, "synthetic", "", scan, inventive).verdict == "MISSED"
    assert list(stress_tests.failures([missed, invented])) == [missed, invented]
    assert "MISSED, exit 3: no spine found" in stress_test_text([missed])
    assert 'class="failed"' in stress_test_page([missed], {})


def test_bodies_cut_from_behind_are_not_measured(scan):
    cut = cut_behind(scan)
    hidden_ras = [one for level, one in zip(scan.levels, scan.keypoints_ras, strict=True) if level not in cut.levels]
    report = analyze_ct(cut.volume, load_ct_networks("cpu"))
    found_ras = np.array([body_centre(one.keypoints_ras) for one in report.vertebrae])
    assert all(np.linalg.norm(found_ras - body_centre(one), axis=1).min() > 10 for one in hidden_ras)
    assert any("partly outside the field of view" in warning for warning in report.warnings)


def test_an_unknown_condition_is_refused():
    with pytest.raises(UnusableInput, match="no stress test"):
        run_stress_tests(lambda volume: None, only="unicorn")


def test_a_damaged_file_is_refused_or_the_verdict_says_that_it_was_read(scan):
    def silent(volume):
        raise AssertionError("not analyzed")

    def blind(volume):
        raise NoSpineFound("no spine found")

    def not_there(volume, folder):
        return folder / "nothing.nii.gz"

    refused = judged(Condition("damaged file", "lost", lambda: scan, False, not_there), "synthetic", "", scan, silent)
    assert refused.verdict == "refused"
    assert refused.result.failure.startswith("exit 2: ")
    whole = partial(cut, name="ct.nii.gz", share=1.0)
    read = judged(Condition("damaged file", "whole", lambda: scan, False, whole), "synthetic", "", scan, blind)
    assert read.verdict == "READ"
    assert list(stress_tests.failures([refused, read])) == [read]


def test_a_body_in_empty_slices_and_a_false_alarm_are_faults(scan):
    points = scan.keypoints_ras.copy()
    points[0, :2] = points[0, 0] + np.array([[0, 0, 0], [0, 0, -8.0]])

    def inventive(volume):
        bodies = (Vertebra(one, 0.9, np.ones(6), level, 0.9) for one, level in zip(points, scan.levels, strict=True))
        return SpineReport("test", {}, "anchor-free", "genant", scan.curve, tuple(bodies))

    healthy = replace(scan, fractures=(None,) * len(scan.levels))
    condition = Condition("field of view", "filled", lambda: scan)
    assert judged(condition, "synthetic", "", healthy, inventive).faults == ("severe reported without a fracture",)
    filled = ends_filled(healthy, 0.4, 0, True)
    faults = judged(condition, "synthetic", "", filled, inventive).faults
    lost = len(scan.levels) - len(filled.levels)
    assert faults[-1] == f"{lost} measured in empty slices"
