"""Measured, seen and both together against the reference."""

import json
from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.core.reference_case import ReferenceCase
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.second_opinion import ROWS_PER_POSITION, SecondOpinion
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import NoSpineFound
from VertebralFracturesLib.evaluation.second_opinion import (
    ReadCase,
    compare_readings,
    read_cases,
    readings_text,
    write_readings,
)

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
    return SpineReport("t", {}, "d", "genant", CURVE, tuple(vertebrae), second_opinion=SecondOpinion(frame, shares))


def read(pairs) -> list[ReadCase]:
    """Cases (name, true shares, measured shares, seen probabilities), analyzed."""
    cases = [case(name, truth) for name, truth, _, _ in pairs]
    reports = iter([report(measured, seen) for _, _, measured, seen in pairs])
    volume = Volume(np.zeros((2, 2, 2)), np.eye(4))
    return read_cases(cases, lambda _: next(reports), lambda _: volume)


FRACTURED, FINE = (0.9, 0.5, 0.9, 0.9, 0.9), (0.9, 0.9, 0.9, 0.9, 0.9)


def test_each_reading_is_scored_on_its_own():
    found = read(
        [
            ("a", FRACTURED, (0.9, 0.55, 0.9, 0.9, 0.9), (0.1, 0.2, 0.1, 0.3, 0.1)),
            ("b", FINE, (0.9, 0.95, 0.9, 0.9, 0.9), (0.1, 0.1, 0.1, 0.1, 0.25)),
        ]
    )
    vertebra, patient = compare_readings(found)
    assert (vertebra.positives, vertebra.negatives, patient.positives, patient.negatives) == (1, 9, 1, 1)
    assert vertebra.areas["measured"] == patient.areas["measured"] == 1.0
    assert vertebra.areas["seen"] == pytest.approx(7 / 9)  # two others look worse
    assert patient.areas["seen"] == 1.0
    assert vertebra.areas["together"] == 1.0
    assert vertebra.briers["seen"] == pytest.approx(
        np.mean(np.square([0.1, 0.8, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.25]))
    )


def test_variants_of_a_ct_are_one_patient():
    rows = [(f"a_fractured_{i}", FRACTURED, FRACTURED, (0.1, 0.9, 0.1, 0.1, 0.1)) for i in range(3)]
    found = read([*rows, ("b", FINE, FINE, (0.1,) * 5)])
    assert [one.patient for one in found] == ["a", "a", "a", "b"]
    assert "4 CTs of 2 patients" in readings_text(found, compare_readings(found))
    alone = compare_readings(found[:3])
    assert alone[0].intervals == {"measured": None, "seen": None, "together": None}
    low, high = compare_readings(found)[0].intervals["seen"]
    assert low <= compare_readings(found)[0].areas["seen"] <= high
    assert compare_readings(found) == compare_readings(found)


def test_what_was_not_found_is_counted(tmp_path: Path):
    found = read([("a", FRACTURED, FRACTURED, (0.1, 0.9, 0.1, 0.1, 0.1))])
    fewer = case("b", FRACTURED)

    def refuse(volume: Volume) -> SpineReport:
        raise NoSpineFound("no spine")

    found += read_cases([fewer], refuse, lambda _: Volume(np.zeros((2, 2, 2)), np.eye(4)))
    assert [one.missed for one in found] == [0, 5]
    comparisons = compare_readings(found)
    assert np.isnan(comparisons[1].areas["seen"])
    text = readings_text(found, comparisons)
    assert "5 reference vertebrae not found" in text
    write_readings(tmp_path, found, comparisons)
    document = json.loads((tmp_path / "second_opinion.json").read_text())
    assert document["comparisons"][1]["areas"]["seen"] is None
    assert len(document["cases"][0]["seen"]) == 5
