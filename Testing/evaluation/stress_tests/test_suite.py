"""A few of the hard cases end to end with the shipped weights; ``vertebral-fractures hard-cases`` runs them all."""

import json

import numpy as np
import pytest
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.ct.pipeline import analyze_ct
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.evaluation.stress_tests import suite as hard_cases
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.conditions import (
    FIRST_SEED,
    Condition,
    cut_behind,
    front_only,
    middle_ones,
    narrow_field,
    real_conditions,
    scanned,
    side_only,
    synthetic_conditions,
)
from VertebralFracturesLib.evaluation.stress_tests.page import hard_case_page, hard_case_tables, stress_test_text
from VertebralFracturesLib.evaluation.stress_tests.suite import judged, run_stress_tests
from VertebralFracturesLib.io.reference_case import write_reference_case
from VertebralFracturesLib.networks.ct_networks import load_ct_networks

COARSE = {"pixel_mm": 1.5, "slice_spacing_mm": 3.0, "slice_thickness_mm": 3.0, "first_level": 13.4, "last_level": 20.6}


@pytest.fixture(scope="module")
def scan() -> AnnotatedScan:
    """Seven bodies of a patient bent by 40 degrees, coarsely scanned."""
    return scanned(FIRST_SEED + 95, {"cobb_degrees": 40.0}, COARSE)


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
    found, missing = hard_case_tables(results)
    assert [row[0] for row in found.rows] == ["scoliosis: 40 degrees", "all"]
    assert missing.rows[0][0] == "no spine: front of the chest"
    assert "No failure in 5 cases" in stress_test_text(results)


def test_the_page_draws_every_case(results):
    page = hard_case_page(results, {"detector": "anchor-free"})
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
    assert list(hard_cases.failures([missed, invented])) == [missed, invented]
    assert "MISSED, exit 3: no spine found" in stress_test_text([missed])
    assert 'class="failed"' in hard_case_page([missed], {})


def test_the_fields_of_view_hold_what_they_say(scan):
    assert middle_ones(3)(scan).levels == scan.levels[2:5]
    assert narrow_field(scan).levels == scan.levels
    assert 0 < len(cut_behind(scan).levels) < len(scan.levels)
    for without in (front_only(scan), side_only(scan)):
        assert without.levels == ()
        assert not without.volume.contains(scan.curve.points_ras).any()


def test_bodies_cut_from_behind_are_not_measured(scan):
    cut = cut_behind(scan)
    hidden_ras = [one for level, one in zip(scan.levels, scan.keypoints_ras, strict=True) if level not in cut.levels]
    report = analyze_ct(cut.volume, load_ct_networks("cpu"))
    found_ras = np.array([body_centre(one.keypoints_ras) for one in report.vertebrae])
    assert all(np.linalg.norm(found_ras - body_centre(one), axis=1).min() > 10 for one in hidden_ras)
    assert any("cut by the field of view" in warning for warning in report.warnings)


def test_every_condition_has_a_name_of_its_own():
    for conditions in (list(synthetic_conditions()), list(real_conditions())):
        names = [f"{one.group}: {one.name}" for one in conditions]
        assert len(set(names)) == len(names) > 15


def test_an_unknown_condition_is_refused():
    with pytest.raises(UnusableInput, match="no hard case"):
        run_stress_tests(lambda volume: None, only="unicorn")


def test_the_command_changes_real_cases_and_writes_page_and_json(scan, tmp_path, capsys):
    entries = [
        {"label": level, "ras": points.tolist()} for level, points in zip(scan.levels, scan.keypoints_ras, strict=True)
    ]
    document = {"curve": scan.curve.points_ras.tolist(), "vertebrae": entries}
    write_reference_case(tmp_path / "cases" / "one", scan.volume, document)
    out = tmp_path / "out"
    arguments = ["research", "stress-tests", "-o", str(out), "--cases", str(tmp_path / "cases"), "--only", "bent by 20"]
    assert main([*arguments, "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert "Changed real CTs" in printed
    assert "Synthetic" not in printed
    document = json.loads((out / "hard-cases.json").read_text())
    (only,) = document["conditions"]
    assert (only["source"], only["patient"], only["verdict"]) == ("real", "one", "found")
    assert only["measures"]["recall"] == 1.0
    assert "bent by 20 degrees" in (out / "hard-cases.html").read_text(encoding="utf-8")
    assert main([*arguments, "--overwrite", "--only", "unicorn"]) == 2
