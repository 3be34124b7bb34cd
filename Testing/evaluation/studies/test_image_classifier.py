"""Measured, seen and both together against the reference."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics
from VertebralFracturesLib.core.image_classification import ROWS_PER_POSITION, ImageClassification
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan, moved
from VertebralFracturesLib.evaluation.stress_tests.conditions import Condition, named_conditions
from VertebralFracturesLib.evaluation.studies.image_classifier import (
    ALL,
    AS_IT_IS,
    Comparison,
    ReadCase,
    compare_readings,
    read_cases,
    readings_text,
    write_readings,
)
from VertebralFracturesLib.io.reference_case import ReferenceCase

CURVE = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(20, -180, 8)], np.ones(8))
LEVELS = ("T9", "T10", "T11", "T12", "L1")


def body(place: int, anterior: float) -> np.ndarray:
    """A body of 24 mm whose anterior height is a share of that."""
    tops = ((15.0, 24.0 * (1 - anterior)), (0.0, 12.0 * (1 - anterior)), (-15.0, 0.0))
    return np.array([[0.0, y, -32.0 * place - down] for y, top in tops for down in (top, 24.0)])


def case(name: str, truth: tuple[float, ...]) -> ReferenceCase:
    points = np.array([body(place, share) for place, share in enumerate(truth)])
    return ReferenceCase(name, Path(f"{name}.nii.gz"), LEVELS, points, CURVE)


def report(measured: tuple[float, ...], seen: tuple[float, ...]) -> SpineReport:
    frame = SlabFrame(CURVE, np.zeros(2))
    shares = np.tile([1.0, 0, 0, 0, 0], (-(-frame.shape[2] // ROWS_PER_POSITION), 1))
    vertebrae = []
    for place, (anterior, probability) in enumerate(zip(measured, seen, strict=True)):
        points = body(place, anterior)
        rows = frame.ras_to_voxels(points)[:, 2] / ROWS_PER_POSITION
        shares[int(rows.min()) : int(rows.max()) + 1] = [0, 1 - probability, 0, probability, 0]
        vertebrae.append(Vertebra(points, 0.9, np.full(6, 0.5), LEVELS[place], 0.9))
    return SpineReport(
        "t", {}, "d", "genant", CURVE, tuple(vertebrae), image_classification=ImageClassification(frame, shares)
    )


def read(pairs) -> list[ReadCase]:
    """Cases (name, true shares, measured shares, seen probabilities), analyzed."""
    cases = [case(name, truth) for name, truth, _, _ in pairs]
    reports = iter([report(measured, seen) for _, _, measured, seen in pairs])
    volume = Volume(np.zeros((2, 2, 2)), np.eye(4))
    return read_cases(cases, lambda _: next(reports), lambda _: volume)


def compared(found: list[ReadCase]) -> list[Comparison]:
    return compare_readings(found, resamples=60)


FRACTURED, FINE = (0.9, 0.5, 0.9, 0.9, 0.9), (0.9, 0.9, 0.9, 0.9, 0.9)


def test_each_reading_is_scored_on_its_own():
    found = read(
        [
            ("a", FRACTURED, (0.9, 0.55, 0.9, 0.9, 0.9), (0.1, 0.2, 0.1, 0.3, 0.1)),
            ("b", FINE, (0.9, 0.95, 0.9, 0.9, 0.9), (0.1, 0.1, 0.1, 0.1, 0.25)),
        ]
    )
    vertebra, patient = compared(found)
    assert (vertebra.positives, vertebra.negatives, patient.positives, patient.negatives) == (1, 9, 1, 1)
    assert vertebra.area.values["height-based"] == patient.area.values["height-based"] == 1.0
    assert vertebra.area.values["image-based"] == pytest.approx(7 / 9)  # two others look worse
    assert patient.area.values["image-based"] == 1.0
    assert vertebra.area.values["combined"] == 1.0
    wrong = np.array([0.1, 0.8, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.25])
    assert vertebra.brier.values["image-based"] == pytest.approx(np.mean(np.square(wrong)))
    assert vertebra.log_loss.values["image-based"] == pytest.approx(-np.mean(np.log(1 - wrong)), rel=1e-5)


def test_together_is_compared_with_each_part_on_the_same_draws():
    others = {"a": 0.3, "b": 0.1, "c": 0.25}
    pairs = [(name, FRACTURED, FRACTURED, (0.1, 0.2, 0.1, other, 0.1)) for name, other in others.items()]
    area = compared(read(pairs))[0].area
    assert area.differences["height-based"] == pytest.approx(area.values["combined"] - 1.0) == 0.0
    assert area.differences["image-based"] == pytest.approx(1.0 - area.values["image-based"])
    assert area.difference_intervals["height-based"] == (0.0, 0.0)  # both always at their ceiling
    low, high = area.difference_intervals["image-based"]
    assert 0.0 <= low < area.differences["image-based"] < high


def test_certain_and_wrong_costs_no_more_than_the_logarithm_of_a_thousand():
    found = read([("a", FRACTURED, FINE, (0.1, 0.0, 0.1, 0.1, 0.1)), ("b", FINE, FINE, (0.0,) * 5)])
    patient = compared(found)[1]
    assert patient.log_loss.values["image-based"] < np.log(1000) / 2 + 0.1


def test_a_ct_is_read_under_each_condition():
    asked = []
    lifted = np.eye(4)
    lifted[2, 3] = 500.0

    def refuse(scan: AnnotatedScan) -> AnnotatedScan:
        raise ValueError("too short")

    def analyze(volume: Volume) -> SpineReport:
        asked.append(volume.ijk_to_ras[2, 3])
        return report(FRACTURED, (0.1, 0.9, 0.1, 0.1, 0.1))

    conditions = [Condition("image", "lifted", lambda scan: moved(scan, lifted)), Condition("image", "bent", refuse)]
    volume = Volume(np.zeros((2, 2, 2)), np.eye(4))
    reads = []
    found = read_cases([case("a", FRACTURED)], analyze, lambda file: reads.append(file) or volume, conditions)
    assert [one.condition for one in found] == [AS_IT_IS, "lifted", "bent"]
    assert asked == [0.0, 500.0]
    assert len(reads) == 1
    assert [one.missed for one in found] == [0, 5, 5]  # what is marked went up with the volume
    assert {one.patient for one in found} == {"a"}


def test_conditions_are_compared_one_by_one_and_together():
    rows = [("a", FRACTURED, FRACTURED, (0.1, 0.9, 0.1, 0.1, 0.1)), ("b", FINE, FINE, (0.1,) * 5)]
    found = read(rows) + [replace(one, condition="5 mm slices") for one in read(rows)]
    comparisons = compared(found)
    assert [one.condition for one in comparisons[::2]] == [AS_IT_IS, "5 mm slices", ALL]
    assert [one.positives for one in comparisons] == [1, 1, 1, 1, 2, 2]
    text = readings_text(found, comparisons)
    assert "patient, 5 mm slices" in text
    assert "4 CTs of 2 patients" in text


def test_conditions_are_those_of_the_stress_tests():
    names = ["noise of 80 HU added", "5 mm slices", "noise of 80 HU added"]
    assert [one.name for one in named_conditions(names)] == names[:2]
    with pytest.raises(UnusableInput, match=r"'fog'; possible ones are: .*5 mm slices, noise of 80 HU added"):
        named_conditions(["5 mm slices", "fog"])
    with pytest.raises(UnusableInput):
        named_conditions(["front of the chest"])  # no spine is left


def test_variants_of_a_ct_are_one_patient():
    rows = [(f"a_fractured_{i}", FRACTURED, FRACTURED, (0.1, 0.9, 0.1, 0.1, 0.1)) for i in range(3)]
    found = read([*rows, ("b", FINE, FINE, (0.1,) * 5)])
    assert [one.patient for one in found] == ["a", "a", "a", "b"]
    assert "4 CTs of 2 patients" in readings_text(found, compared(found))
    alone = compared(found[:3])
    assert alone[0].area.intervals == {"height-based": None, "image-based": None, "combined": None}
    assert alone[0].area.difference_intervals == {"height-based": None, "image-based": None}
    area = compared(found)[0].area
    low, high = area.intervals["image-based"]
    assert low <= area.values["image-based"] <= high
    assert compared(found) == compared(found)


def test_what_was_not_found_is_counted(tmp_path: Path):
    found = read([("a", FRACTURED, FRACTURED, (0.1, 0.9, 0.1, 0.1, 0.1))])
    fewer = case("b", FRACTURED)

    def refuse(volume: Volume) -> SpineReport:
        raise NoSpineFound("no spine")

    found += read_cases([fewer], refuse, lambda _: Volume(np.zeros((2, 2, 2)), np.eye(4)))
    assert [one.missed for one in found] == [0, 5]
    comparisons = compared(found)
    assert np.isnan(comparisons[1].area.values["image-based"])
    text = readings_text(found, comparisons)
    assert "5 reference vertebrae not detected" in text
    write_readings(tmp_path, found, comparisons)
    document = json.loads((tmp_path / "image_classifier.json").read_text())
    assert document["comparisons"][1]["area"]["values"]["image-based"] is None
    assert document["cases"][0]["measured_index"] == pytest.approx(FRACTURED, abs=1e-6)
    assert len(document["cases"][0]["probabilities"]["image-based"]) == 5


def test_losses_and_areas_are_those_of_scikit_learn():
    rng = np.random.default_rng(4)
    cases = [
        ReadCase(f"p{number}", rng.uniform(0.5, 1.0, 9), rng.uniform(0.5, 1.0, 9), rng.random((9, 3)) ** 4, 0)
        for number in range(6)
    ]
    vertebra = compare_readings(cases, resamples=10)[0]
    truth = np.concatenate([case.indices for case in cases]) <= 0.75
    for column, reading in enumerate(("height-based", "image-based", "combined")):
        probability = np.concatenate([case.probabilities[:, column] for case in cases])
        score = np.concatenate([case.scores[:, column] for case in cases])
        assert vertebra.area.values[reading] == pytest.approx(metrics.roc_auc_score(truth, score))
        kept_off = np.clip(probability, 0.001, 0.999)
        assert vertebra.log_loss.values[reading] == pytest.approx(metrics.log_loss(truth, kept_off))
        assert vertebra.brier.values[reading] == pytest.approx(metrics.brier_score_loss(truth, probability))
