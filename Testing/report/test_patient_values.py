"""What is measured of a whole spine, by column name."""

from dataclasses import replace

import pytest
from helpers.small_radiograph import report as radiograph_report
from helpers.synthetic_spine import LEVELS, body_keypoints, scoliotic_curve
from VertebralFracturesLib.core.attenuation.record import Attenuation
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.report.patient_values import PATIENT_COLUMNS, patient_values


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
        assert list(patient_values(report)) == [column.name for column in PATIENT_COLUMNS]
    assert len({column.title for column in PATIENT_COLUMNS}) == len(PATIENT_COLUMNS)


def test_a_ct_has_alignment_and_attenuation() -> None:
    values = patient_values(ct_report())
    assert values["thoracolumbar_t10_l2_deg"] is not None
    assert values["lordosis_l1_s1_deg"] is values["sacral_slope_deg"] is values["kyphosis_t4_t12_deg"] is None
    assert values["cobb_angle_deg"] > 20
    assert (values["cobb_upper_level"], values["cobb_lower_level"], values["cobb_convex_to"]) == ("T9", "L1", "right")
    assert values["attenuation_l1_hu"] == 140.0
    assert values["attenuation_mean_levels"] == "L1 L3 L4"
    assert values["attenuation_mean_hu"] == pytest.approx((140 + 160 + 170) / 3)
    assert values["contrast_likely"] is True


def test_a_radiograph_has_sagittal_angles_alone() -> None:
    values = patient_values(radiograph_report())
    assert values["sacral_slope_deg"] == pytest.approx(31.0, abs=0.1)
    others = [values[column.name] for column in PATIENT_COLUMNS if not column.name.endswith("_deg")]
    assert set(others) == {None}
    assert values["cobb_angle_deg"] is None
