"""Whose study a report is about."""

import numpy as np
import pytest
from helpers.full_report import report
from VertebralFracturesLib.report.columns.patient import STUDY_COLUMNS
from VertebralFracturesLib.report.study import series_text, study_values


def test_every_column_has_a_value() -> None:
    assert set(study_values({})) == {one.name for one in STUDY_COLUMNS}
    assert set(study_values({}).values()) == {""}


def test_a_study_is_said_in_words() -> None:
    values = study_values(report().input)
    assert values["case_id"] == "study 12"
    assert values["input"] == "study 12/ct.nii.gz"
    assert values["series"] == "No. 3, Thorax & abdomen 2.0 B70f, 300 slices"
    assert (values["slice_thickness_mm"], values["spacing_mm"]) == ("2", "0.7 × 0.7 × 2")
    assert (values["kernel"], values["contrast"]) == ("B70f", "Iodine 350")
    assert values["patient_id"] == values["patient_age"] == values["patient_sex"] == values["study_date"] == ""


@pytest.mark.parametrize(
    ("series", "text"),
    [
        (None, ""),
        ("a series", "a series"),
        ({"uid": "1.2.3", "number": "", "slices": 30}, "30 slices"),
        ({"description": "", "number": "4", "slices": 30}, "No. 4, 30 slices"),
    ],
)
def test_a_series_is_text_whatever_of_it_is_known(series: object, text: str) -> None:
    assert series_text(series) == text


@pytest.mark.parametrize(
    ("described", "name"),
    [({"path": "a/ct.nii"}, "a/ct.nii"), ({"volume": "Chest"}, "Chest"), ({"path": "a", "case_id": "7"}, "7")],
)
def test_the_case_is_the_input_unless_it_has_a_name(described: dict[str, str], name: str) -> None:
    assert study_values(described)["case_id"] == name


def test_spacings_are_taken_as_files_and_arrays_hold_them() -> None:
    assert study_values({"spacing_mm": np.array([0.75, 0.75, 5.0])})["spacing_mm"] == "0.75 × 0.75 × 5"
    assert study_values({"spacing_mm": "unknown"})["spacing_mm"] == "unknown"
