import csv
import io
import json

import pytest
from helpers.patient_row import bodies_ras, pressed, study
from VertebralFracturesLib.core.comparison.change import compare_spines
from VertebralFracturesLib.report.columns.comparison import COMPARISON_COLUMNS
from VertebralFracturesLib.report.comparison.document import comparison_csv, comparison_json, comparison_text

POINTS, LEVELS = bodies_ras(1)


@pytest.fixture(scope="module")
def compared():
    later = POINTS[10:].copy()
    later[7] = pressed(later[7], 0.35)
    reports = study(POINTS[10:], LEVELS[10:], 1), study(later, LEVELS[10:], 2)
    return compare_spines(*reports), *reports


def test_the_table_has_a_row_for_each_shared_vertebra(compared):
    rows = list(csv.DictReader(io.StringIO(comparison_csv(*compared))))
    assert [row["level"] for row in rows] == list(LEVELS[10:])
    assert list(rows[0]) == [column.name for column in COMPARISON_COLUMNS]
    new = rows[7]
    assert new["verdict"] == "new fracture"
    assert float(new["current_anterior_mm"]) - float(new["prior_anterior_mm"]) == pytest.approx(
        float(new["change_anterior_mm"]), abs=0.011
    )
    assert float(new["height_loss_since_prior_percent"]) > 30


def test_the_document_holds_the_values_of_the_table_unrounded(compared):
    document = json.loads(comparison_json(*compared))
    assert document["headline"] == compared[0].headline
    assert document["prior"] == {"case_id": "study 1"}
    change = document["vertebrae"][7]["change_anterior_mm"]
    assert change == compared[0].vertebrae[7].heights.change_mm[0]
    assert document["match_confidence"] > 0.9


def test_the_text_names_what_changed_and_that_nobody_verified_it(compared):
    text = comparison_text(*compared)
    assert "Prior study: study 1\nCurrent study: study 2\n" in text
    assert "- L1: new fracture, anterior " in text
    assert "These results have not been verified by a user." in text
    assert "- Unchanged: T6, T7, T8" in text
