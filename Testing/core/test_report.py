import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.image_classification import ImageClassification
from VertebralFracturesLib.core.report import SpineReport, Vertebra, parse_status
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.report.columns.column import CSV_ENCODING
from VertebralFracturesLib.report.columns.vertebra import COLUMNS
from VertebralFracturesLib.report.document import read_report, report_json
from VertebralFracturesLib.report.table import column, format_value, report_csv, table_rows

CURVE = SpineCurve(np.c_[np.zeros(5), np.zeros(5), np.linspace(20, -140, 5)], np.linspace(0.5, 1, 5))


def vertebra(level: str, place: int, factors=(1.0, 1.0, 1.0), **fields) -> Vertebra:
    """A vertebra with the mean heights of its level times these factors."""
    heights = np.array(HEIGHT_NORMS[level].mean_mm) * factors
    pairs = zip((15.0, 0.0, -15.0), heights, strict=True)
    points = np.array([[0, y, sign * height / 2 - 30 * place] for y, height in pairs for sign in (1, -1)])
    fields = {"score": 0.9, "uncertainty_mm": np.full(6, 0.5), "level_confidence": 0.95} | fields
    return Vertebra(keypoints_ras=points, level=level, **fields)


def a_report(**fields) -> SpineReport:
    vertebrae = (
        vertebra("T9", 0),
        vertebra("T10", 1, (0.7, 0.9, 1.0)),
        vertebra("T11", 2),
        vertebra("T12", 3, (0.6, 0.6, 0.6)),
        vertebra("L1", 4, (0.3, 0.9, 1.0), status="not evaluable"),
    )
    given_fields = {
        "software": "VertebralFractures 1.0",
        "input": {"path": "patient, one.nii.gz", "shape": (3, 4, 5), "spacing_mm": np.array([0.7, 0.7, 1.25])},
        "detector": "anchor-free",
        "preset": "genant",
        "curve": CURVE,
        "vertebrae": vertebrae,
        "warnings": ("slices are 5 mm thick", "metal"),
        "models": {"curve": "ab12"},
        "thresholds": {"score": 0.3},
    }
    return SpineReport(**(given_fields | fields))


def test_json_holds_the_stable_keys():
    document = json.loads(report_json(a_report()))
    assert document["schema"] == 2
    assert {"software", "input", "detector", "preset", "curve_ras", "warnings", "vertebrae"} <= set(document)
    entry = document["vertebrae"][1]
    assert (entry["level"], entry["grade"], entry["shape"]) == ("T10", 2, "wedge")
    assert entry["height_anterior_mm"] == pytest.approx(0.7 * 22.3)
    assert entry["height_ratio"] == pytest.approx(0.7 * 22.3 / 23.6)
    assert np.shape(entry["keypoints_ras"]) == (6, 3)
    assert np.shape(entry["uncertainty_mm"]) == (6,)
    assert {c.name for c in COLUMNS} <= {*entry, "level_is_certain", "largest_uncertainty_mm"}


def test_json_returns_the_same_report():
    text = report_json(a_report())
    assert report_json(read_report(text)) == text


@given(
    points=arrays(np.float64, (6, 3), elements=st.floats(-1e4, 1e4), unique=True),
    uncertainty=arrays(np.float32, 6, elements=st.floats(0, 50, width=32)),
    score=st.floats(0, 1),
)
@settings(deadline=None)
def test_no_digit_of_a_coordinate_is_lost(points, uncertainty, score):
    one = Vertebra(points, score, uncertainty, "Th5", score, "edited", "not evaluable")
    read = read_report(report_json(a_report(vertebrae=(one,)))).vertebrae[0]
    np.testing.assert_array_equal(read.keypoints_ras, points)
    np.testing.assert_array_equal(read.uncertainty_mm, uncertainty)
    assert (read.score, read.level, read.source, read.status) == (score, "T5", "edited", "not evaluable")


def test_measures_in_a_file_are_computed_anew():
    document = json.loads(report_json(a_report()))
    document["vertebrae"][0]["grade"] = 3
    assert read_report(json.dumps(document)).measures[0].grade == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a report"),
        ("[]", "not a report"),
        ('{"schema": 3}', "schema 3 is not supported; this version reads schemas up to 2"),
        ('{"schema": 2}', "'software' is missing"),
    ],
)
def test_other_files_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        read_report(text)


def test_a_report_without_vertebrae():
    empty = a_report(vertebrae=())
    assert read_report(report_json(empty)).vertebrae == ()
    assert table_rows(empty) == []
    assert empty.summary.headline == empty.summary.statement == "No vertebra was assessed."


def test_rows_have_the_columns_in_order():
    rows = table_rows(a_report())
    assert [row["level"] for row in rows] == ["T9", "T10", "T11", "T12", "L1"]
    assert all(list(row) == [c.name for c in COLUMNS] for row in rows)
    assert rows[1]["neighbour_references"] == "T9 T11"
    assert rows[1]["neighbour_loss_percent"] == pytest.approx(30)
    assert (rows[3]["grade"], rows[3]["shape"]) == (0, "crush")
    assert rows[3]["crush_loss_percent"] == pytest.approx(40)
    assert rows[4]["grade"] is rows[4]["height_ratio"] is None
    assert rows[4]["status"] == "not evaluable"
    assert len({c.name for c in COLUMNS}) == len(COLUMNS)


def test_a_neighbour_without_a_name_is_told_by_its_place():
    vertebrae = [replace(v, level=None) for v in a_report().vertebrae]
    assert table_rows(a_report(vertebrae=vertebrae))[1]["neighbour_references"] == "No. 1 No. 3"


def test_values_are_shown_with_the_decimals_that_mean_something():
    assert format_value("height_ratio", 0.74951) == "0.750"
    assert format_value("wedge_angle_deg", -0.01) == "0.0"
    assert [format_value("borderline", value) for value in (True, False, None)] == ["yes", "no", ""]
    assert column("height_anterior_mm").unit == "mm"


def test_csv_has_one_row_per_vertebra_and_carries_the_context():
    text = report_csv(a_report(input={"path": "=cmd()"}))
    rows = list(csv.DictReader(io.StringIO(text.encode(CSV_ENCODING).decode(CSV_ENCODING))))
    assert len(rows) == 5
    assert rows[1]["height_ratio"] == "0.661"
    assert (rows[1]["borderline"], rows[1]["outside_norm"]) == ("false", "true")
    assert rows[1]["anterior_superior_a_mm"] == "15.000"
    assert rows[4]["grade"] == ""
    assert {row["preset"] for row in rows} == {"genant"}
    assert {row["warnings"] for row in rows} == {"slices are 5 mm thick | metal"}
    assert {row["input"] for row in rows} == {"'=cmd()"}
    assert text.startswith("number,level_shown,level,")
    assert "\r\n" in text


def test_the_summary_takes_the_least_index_of_the_evaluated():
    summary = a_report().summary
    assert summary.least_index == pytest.approx(0.7 * 22.3 / 23.6)
    assert (summary.worst_vertebra, summary.worst_grade, summary.evaluated, summary.vertebrae) == (1, 2, 4, 5)
    assert summary.grade_counts == (3, 0, 1, 0)
    assert (summary.deformity_index.total, summary.deformity_index.evaluated) == (2, 4)
    assert summary.headline == ("Moderate fracture of T10 (34 % height loss, wedge); 4 of 13 levels T4 to L4 assessed.")
    assert summary.statement.startswith("Greatest height loss: 34 % at T10 (95 % interval ")
    assert "grade 2, moderate; height ratio 0.66). 1 of 4 graded vertebrae show grade 1 or higher" in summary.statement
    assert "uncertain" not in summary.statement


def test_a_body_that_is_low_all_over_is_graded_against_its_neighbours():
    report = a_report(preset="level-aware")
    crushed = report.measures[3]
    assert (crushed.grade, crushed.shape, crushed.grading.is_by_neighbours) == (3, "crush", True)
    assert report.summary.headline.startswith(
        "Severe fracture of T12 (40 % height loss, crush, borderline); moderate fracture of T10"
    )
    assert "Uniformly reduced in height relative to adjacent levels: T12." in report.summary.statement


def test_uncertain_levels_carry_the_same_mark_everywhere():
    doubtful = a_report(vertebrae=[replace(v, level_confidence=0.4) for v in a_report().vertebrae])
    assert doubtful.shown_levels == ["T9?", "T10?", "T11?", "T12?", "L1?"]
    assert [row["level_shown"] for row in table_rows(doubtful)] == doubtful.shown_levels
    assert [entry["level_shown"] for entry in json.loads(report_json(doubtful))["vertebrae"]] == doubtful.shown_levels
    assert next(csv.DictReader(io.StringIO(report_csv(doubtful))))["level_is_certain"] == "false"
    assert doubtful.summary.levels_are_uncertain
    assert doubtful.summary.headline.startswith("Moderate fracture of T10? (")
    assert doubtful.summary.statement.endswith("Verify levels before use.")


def test_the_status_of_an_older_file_is_understood():
    assert parse_status("to review") == "not reviewed"
    with pytest.raises(ValueError, match="is not the status of a vertebra"):
        parse_status("maybe")


@pytest.mark.parametrize(
    "fields",
    [
        {"keypoints_ras": np.zeros((5, 3))},
        {"keypoints_ras": np.full((6, 3), np.nan)},
        {"uncertainty_mm": np.full(6, -1.0)},
        {"uncertainty_mm": np.full(6, np.inf)},
        {"uncertainty_mm": np.zeros(5)},
        {"score": 1.5},
        {"level_confidence": -0.1},
        {"level": "S1"},
        {"source": "guess"},
        {"status": "maybe"},
    ],
)
def test_impossible_vertebrae_are_refused(fields):
    with pytest.raises(ValueError, match="vertebra"):
        replace(vertebra("T9", 0), **fields)


def test_unknown_presets_are_refused():
    with pytest.raises(ValueError, match="unknown grading preset"):
        a_report(preset="strict")


def with_second_opinion(**fields) -> SpineReport:
    """A report whose second vertebra looks normal, and whose others look severely fractured."""
    frame = SlabFrame(CURVE, np.zeros(3))
    shares = np.tile([0.1, 0.0, 0.0, 0.1, 0.8], (60, 1))
    rows = frame.ras_to_voxels(a_report().vertebrae[1].keypoints_ras)[:, 2] / 2
    shares[int(rows.min()) : int(rows.max()) + 1] = [0.1, 0.9, 0.0, 0.0, 0.0]
    return a_report(image_classification=ImageClassification(frame, shares, 1.2), **fields)


def test_both_readings_stand_side_by_side():
    report = with_second_opinion()
    rows = table_rows(report)
    assert rows[0]["image_probability"] > 0.9 > 0.1 > rows[0]["height_probability"]
    assert rows[0]["discordant"] is True
    assert rows[1]["image_probability"] < 0.1
    assert rows[1]["discordant"] is True  # a wedge of G 0.66
    assert rows[4]["image_probability"] is None  # not evaluable
    document = json.loads(report_json(report))
    assert document["vertebrae"][0]["image_grade"] == 3
    assert document["patient"]["fracture_probability"]["image_based"] > 0.9
    assert document["patient"]["fracture_probability"]["discordant_numbers"] == [1, 2, 3, 4]
    assert "Height- and image-based results disagree at T9, T10, T11, T12; please review." in report.summary.statement
    text = next(csv.DictReader(io.StringIO(report_csv(report))))
    assert (text["image_probability"], text["discordant"]) == ("1.00", "true")


def test_a_second_opinion_is_read_back():
    text = report_json(with_second_opinion())
    assert report_json(read_report(text)) == text


def test_files_without_a_second_opinion_stay_readable():
    document = json.loads(report_json(a_report()))
    del document["image_classification"]
    read = read_report(json.dumps(document))
    assert read.image_classification is None
    assert read.fracture_probabilities == [None] * 5
    assert "image" not in read.summary.statement


def test_a_file_of_the_first_layout_is_read():
    document = json.loads(report_json(with_second_opinion()))
    document["schema"] = 1
    given = document.pop("image_classification")
    given["position_shares"] = given.pop("position_probabilities")
    document["second_opinion"] = given
    for entry in document["vertebrae"][:4]:
        entry["status"] = "to review"
    assert report_json(read_report(json.dumps(document))) == report_json(with_second_opinion())
