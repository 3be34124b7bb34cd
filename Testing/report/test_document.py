"""A report as measurements.json, and back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from helpers.damaged_json import damaged
from helpers.small_radiograph import report as radiograph_report
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.attenuation.record import DENSE, FRACTURED, Attenuation
from VertebralFracturesLib.core.image_classification import ROW_CLASSES, ImageClassification
from VertebralFracturesLib.core.level_naming import BASES, SHAPE_ONLY
from VertebralFracturesLib.core.note import Note
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.radiograph.record import RadiographReport
from VertebralFracturesLib.report.document import read_report, report_json
from VertebralFracturesLib.report.table import report_csv, table_rows

CURVE = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(0, -150, 8)], np.ones(8))
CANAL = SpineCurve(CURVE.points_ras + [0.0, -25.0, 0.0], np.linspace(0.6, 0.9, 8))


def classified(**fields) -> SpineReport:
    """A report without vertebrae whose spine was classified."""
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(ROW_CLASSES), 40)
    given = ImageClassification(SlabFrame(CURVE, np.linspace(0, 0.1, 3)), probabilities, **fields)
    return SpineReport("test", {}, "anchor-free", "genant", CURVE, image_classification=given)


def test_what_the_image_classifier_gave_comes_back_with_the_canal() -> None:
    for report in (classified(canal=CANAL, temperature=1.3), classified()):
        given, read = report.image_classification, read_report(report_json(report)).image_classification
        np.testing.assert_allclose(read.probabilities, given.probabilities, atol=1e-4)
        np.testing.assert_allclose(read.frame.turns_rad, given.frame.turns_rad, atol=1e-4)
        assert read.temperature == given.temperature
        assert (read.canal is None) == (given.canal is None)
    np.testing.assert_array_equal(
        read_report(report_json(classified(canal=CANAL))).image_classification.canal.points_ras, CANAL.points_ras
    )


def test_a_report_keeps_its_kind() -> None:
    assert type(read_report(report_json(classified()))) is SpineReport
    for plate in (radiograph_report().sacral_endplate_ras, None):
        before = replace(radiograph_report(is_scale_known=False), sacral_endplate_ras=plate)
        after = read_report(report_json(before))
        assert isinstance(after, RadiographReport)
        assert (after.pixel_mm, after.is_scale_known, after.anterior_is) == (0.2, False, "left")
        assert report_json(after) == report_json(before)


@pytest.mark.parametrize("basis", [(), (SHAPE_ONLY,), *((one,) for one in BASES), BASES])
def test_what_the_levels_rest_on_comes_back(basis: tuple[str, ...]) -> None:
    """Any that an analysis can give: a scene is read back before its results are published."""
    assert read_report(report_json(replace(measured_report(), numbering_basis=basis))).numbering_basis == basis


def test_an_unknown_basis_of_the_levels_is_refused() -> None:
    with pytest.raises(ValueError, match="basis of the numbering"):
        read_report(report_json(replace(measured_report(), numbering_basis=("hearsay",))))


MEASURED = (Attenuation(142.5, 31.25, None, 44.0), Attenuation(150.0, 30.0), Attenuation(None, None, DENSE), None, None)


def measured_report() -> SpineReport:
    """Five lumbar bodies with a fractured L2, cement in L3, and none measured in L4 and L5."""
    film = radiograph_report()
    fields = ("software", "input", "detector", "preset", "curve", "warnings")
    vertebrae = tuple(replace(one, attenuation=given) for one, given in zip(film.vertebrae, MEASURED, strict=True))
    return SpineReport(**{name: getattr(film, name) for name in fields}, vertebrae=vertebrae)


def test_attenuation_comes_back_and_is_not_reported_of_fractures() -> None:
    text = report_json(measured_report())
    read = read_report(text)
    assert tuple(one.attenuation for one in read.vertebrae) == MEASURED
    assert report_json(read) == text
    entries = json.loads(text)["vertebrae"]
    assert [entry["attenuation_median_hu"] for entry in entries] == [142.5, None, None, None, None]
    assert [entry["attenuation_note"] for entry in entries] == [None, FRACTURED, DENSE, None, None]
    assert entries[1]["attenuation"]["median_hu"] == 150.0


def test_discs_and_what_is_measured_of_the_spine_are_written() -> None:
    document = json.loads(report_json(measured_report()))
    assert document["spine"]["attenuation_l1_hu"] == 142.5
    assert document["spine"]["lordosis_l1_l5_deg"] == pytest.approx(0.0)
    assert document["vertebrae"][0]["disc_height_middle_mm"] == pytest.approx(13.0)
    assert document["vertebrae"][4]["disc_height_middle_mm"] is None


def test_files_of_older_versions_hold_no_attenuation() -> None:
    document = json.loads(report_json(measured_report()))
    del document["spine"]
    for entry in document["vertebrae"]:
        for name in [name for name in entry if name.startswith(("attenuation", "disc", "intervertebral"))]:
            del entry[name]
    read = read_report(json.dumps(document))
    assert [one.attenuation for one in read.vertebrae] == [None] * 5
    assert read.attenuation_summary is None


@pytest.mark.parametrize("broken", [{"median_hu": 1.0}, {"median_hu": None, "sd_hu": None}, "bone"])
def test_a_broken_attenuation_is_told(broken: object) -> None:
    document = json.loads(report_json(measured_report()))
    document["vertebrae"][0]["attenuation"] = broken
    with pytest.raises(ValueError, match="not a report of measurements"):
        read_report(json.dumps(document))


def test_the_summary_has_the_keys_that_other_programs_read() -> None:
    patient = json.loads(report_json(radiograph_report()))["patient"]
    assert patient["worst_number"] == 2
    assert "worst_vertebra" not in patient
    assert patient["headline"].startswith("Moderate fracture of L2 (")


def test_another_layout_is_refused() -> None:
    document = json.loads(report_json(classified()))
    assert document["schema"] == 2
    document["schema"] = 3
    with pytest.raises(ValueError, match="schema 3"):
        read_report(json.dumps(document))


def test_probabilities_are_rounded_to_a_hundredth_of_a_percent() -> None:
    written = np.array(json.loads(report_json(classified()))["image_classification"]["position_probabilities"])
    np.testing.assert_array_equal(written, classified().image_classification.probabilities.round(4))


def schema() -> jsonschema.Draft202012Validator:
    """The schema that is installed with the library."""
    text = files("VertebralFracturesLib.report").joinpath("measurements.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def noted() -> SpineReport:
    """With notes on the patient and on a vertebra."""
    report, note = measured_report(), Note("old fracture", "A. Reader", "2026-12-01T14:05:00+01:00")
    vertebrae = (replace(report.vertebrae[0], note=Note("no reader")), *report.vertebrae[1:])
    return replace(report, note=note, vertebrae=vertebrae)


def reports() -> Iterator[SpineReport]:
    """Reports of every kind."""
    film = radiograph_report()
    yield measured_report()
    yield replace(measured_report(), image_classification=classified(canal=CANAL).image_classification)
    yield classified()
    yield noted()
    yield film
    yield replace(film, sacral_endplate_ras=None, is_scale_known=False)
    yield replace(film, vertebrae=(replace(film.vertebrae[0], status="not evaluable", level=None), *film.vertebrae[1:]))
    yield replace(film, vertebrae=tuple(replace(one, level_confidence=0.1) for one in film.vertebrae))


@pytest.mark.parametrize("report", tuple(reports()))
def test_reports_follow_the_schema(report: SpineReport) -> None:
    errors = [f"{error.json_path}: {error.message}" for error in schema().iter_errors(json.loads(report_json(report)))]
    assert errors == []


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "schema", 1),
        ((), "further", 1),
        (("patient",), "graded", -1),
        (("vertebrae", 0), "status", "to review"),
        (("vertebrae", 0), "borderline", "true"),
        (("vertebrae", 0), "level", "T14"),
        (("radiograph",), "anterior_is", "front"),
    ],
)
def test_the_schema_refuses_what_no_report_holds(place: tuple, key: str, value: object) -> None:
    document = json.loads(report_json(radiograph_report()))
    within = document
    for step in place:
        within = within[step]
    within[key] = value
    assert not schema().is_valid(document)


def test_notes_come_back_and_files_without_them_are_read() -> None:
    again = read_report(report_json(noted()))
    assert [(about, note.signed) for about, note in again.notes] == [
        ("Patient", "old fracture (A. Reader, 2026-12-01)"),
        (again.shown_levels[0], "no reader"),
    ]
    document = json.loads(report_json(noted()))
    del document["note"], document["vertebrae"][0]["note"]
    assert read_report(json.dumps(document)).notes == []


def test_a_vertebra_holds_every_column_of_the_table() -> None:
    entries = json.loads(report_json(measured_report()))["vertebrae"]
    for entry, row in zip(entries, table_rows(measured_report()), strict=True):
        assert {name: entry[name] for name in row} == row


def documents() -> list[dict]:
    return [json.loads(report_json(report)) for report in (classified(canal=CANAL), radiograph_report())]


@given(st.sampled_from(documents()).flatmap(damaged))
def test_values_of_the_wrong_kind_or_size_are_refused_or_can_be_used(document: object) -> None:
    try:
        report = read_report(json.dumps(document))
    except ValueError:
        return
    assert report_json(read_report(report_json(report))) == report_json(report)
    assert report_csv(report)
    assert report.summary


def test_points_that_coincide_are_refused_while_the_file_is_read() -> None:
    document = json.loads(report_json(measured_report()))
    points = document["vertebrae"][0]["keypoints_ras"]
    points[1] = points[0]
    with pytest.raises(ValueError, match="a height of a vertebra is 0"):
        read_report(json.dumps(document))
    document["vertebrae"][0]["status"] = "not evaluable"
    assert read_report(json.dumps(document)).measures[0] is None


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"schema":' * 100_000, "1" * 5000, "", "NaN", '{"schema": 1, "curve_ras": [[1e400]]}']
)
def test_what_no_report_looks_like_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a report of measurements"):
        read_report(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("warnings", "a sentence"),
        ("warnings", [1]),
        ("input", None),
        ("software", 3),
        ("curve_ras", [[0, 0, 0], [0, 0, 1e7], [0, 0, 2e7], [0, 0, 3e7]]),
        ("thresholds", {"score": float("inf")}),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="not a report of measurements"):
        read_report(json.dumps({**documents()[0], name: value}))
