"""What is measured of a whole spine, by column name."""

import csv
from dataclasses import replace

import pytest
from helpers.small_radiograph import report as radiograph_report
from helpers.synthetic_spine import LEVELS, body_keypoints, scoliotic_curve
from VertebralFracturesLib.core.attenuation.record import Attenuation
from VertebralFracturesLib.core.note import Note
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.report.columns.patient import ORIGIN_COLUMNS, PATIENT_COLUMNS, SPINE_COLUMNS, SUMMARY_COLUMNS
from VertebralFracturesLib.report.patient_values import patient_csv, spine_values, summary_values


def ct_report() -> SpineReport:
    """T9 to L4 along a scoliotic curve, T12 and L2 fractured, with contrast agent."""
    curve = scoliotic_curve()
    vertebrae = [
        Vertebra(points, 0.9, [0.5] * 6, level, 0.95, attenuation=Attenuation(100.0 + 10 * place, 30.0, None, 150.0))
        for place, (points, level) in enumerate(zip(body_keypoints(curve), LEVELS, strict=True))
    ]
    return SpineReport("test", {}, "anchor-free", "genant", curve, tuple(vertebrae))


def test_every_column_has_a_value_in_order() -> None:
    for report in (ct_report(), radiograph_report(), replace(ct_report(), vertebrae=())):
        assert list(spine_values(report)) == [column.name for column in SPINE_COLUMNS]
        assert list(summary_values(report)) == [column.name for column in SUMMARY_COLUMNS]


def test_a_ct_has_alignment_and_attenuation() -> None:
    values = spine_values(ct_report())
    assert values["thoracolumbar_t10_l2_deg"] is not None
    assert values["lordosis_l1_s1_deg"] is values["sacral_slope_deg"] is values["kyphosis_t4_t12_deg"] is None
    assert values["cobb_angle_deg"] > 20
    assert (values["cobb_upper_level"], values["cobb_lower_level"], values["cobb_convex_to"]) == ("T9", "L1", "right")
    assert values["attenuation_l1_hu"] == 140.0
    assert values["attenuation_mean_levels"] == "L1 L3 L4"
    assert values["attenuation_mean_hu"] == pytest.approx((140 + 160 + 170) / 3)
    assert values["contrast_likely"] is True


def test_a_radiograph_has_sagittal_angles_alone() -> None:
    values = spine_values(radiograph_report())
    assert values["sacral_slope_deg"] == pytest.approx(31.0, abs=0.1)
    others = [values[column.name] for column in SPINE_COLUMNS if not column.name.endswith("_deg")]
    assert set(others) == {None}
    assert values["cobb_angle_deg"] is None


def test_the_conclusion_is_that_of_the_summary() -> None:
    values, summary = summary_values(radiograph_report()), radiograph_report().summary
    assert values["headline"] == summary.headline
    assert (values["worst_level"], values["worst_grade"]) == ("L2", 2)
    counts = [values[f"grade_{grade}_count"] for grade in range(4)]
    assert (values["vertebrae_detected"], values["vertebrae_graded"], counts) == (5, 5, [4, 0, 1, 0])
    assert values["greatest_height_loss_percent"] == pytest.approx(100 / 3)
    assert values["image_probability"] is None
    empty = summary_values(replace(ct_report(), vertebrae=()))
    assert (empty["worst_level"], empty["deformity_index"], empty["deformity_index_levels"]) == (None, None, 0)


def test_the_file_of_a_patient_has_one_row() -> None:
    (row,) = csv.DictReader(patient_csv(radiograph_report()).splitlines())
    assert list(row) == [one.name for one in (*PATIENT_COLUMNS, *ORIGIN_COLUMNS)]
    assert (row["sacral_slope_deg"], row["kyphosis_t4_t12_deg"], row["input"]) == ("31.0", "", "image.png")
    assert row["levels_are_uncertain"] in ("true", "false")
    (row,) = csv.DictReader(patient_csv(replace(radiograph_report(), input={"path": "=1+1"})).splitlines())
    assert row["input"] == "'=1+1"


def test_a_negative_angle_is_a_number() -> None:
    report = ct_report()
    row = next(csv.DictReader(patient_csv(report).splitlines()))
    numbers = {name: value for name, value in spine_values(report).items() if isinstance(value, float)}
    assert min(numbers.values()) < 0
    assert {name: float(row[name]) for name in numbers} == pytest.approx(numbers, abs=0.51)


def test_a_note_on_the_patient_is_a_column_and_no_formula() -> None:
    noted = replace(ct_report(), note=Note("=old fracture", "A. Reader", "2026-12-01T14:05:00+01:00"))
    (row,) = csv.DictReader(patient_csv(noted).splitlines())
    assert (row["reader_note"], row["reader_note_by"]) == ("'=old fracture", "A. Reader")
    assert row["reader_note_time"] == "2026-12-01T14:05:00+01:00"
    (row,) = csv.DictReader(patient_csv(ct_report()).splitlines())
    assert row["reader_note"] == row["reader_note_by"] == row["reader_note_time"] == ""
