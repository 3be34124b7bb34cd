"""Readers against readers: by another one, and by the mean of several."""

from pathlib import Path

import numpy as np
import pytest
from helpers.published_annotations import write_releases
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.evaluation.annotations import Spacing, read_releases
from VertebralFracturesLib.evaluation.metrics import METRICS
from VertebralFracturesLib.evaluation.results import Pool
from VertebralFracturesLib.evaluation.studies import inter_reader_agreement as experts
from VertebralFracturesLib.evaluation.studies.inter_reader_agreement import (
    RULES,
    agreement_tables,
    body_indices,
    compare_readers,
    grade_counts,
    mean_annotations,
    patient_counts,
    reader_by_mean,
    reader_by_reader,
    same_bodies,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_releases(tmp_path)


def values(results) -> dict[str, float]:
    return {metric.name: metric.of(Pool(results)) for metric in METRICS}


def test_every_reader_is_judged_by_every_other(folder):
    studies = read_releases(folder)["old"][:1]
    results = reader_by_reader(studies, Spacing(0.7))
    assert [case.name for case in results] == ["one"] * 6
    found = values(results)
    assert found["recall"] == pytest.approx((4 + 3 + 4 + 3 + 3 + 3) / (4 + 4 + 4 + 4 + 3 + 3))
    assert found["precision"] == 1
    assert found["whole_precision"] == pytest.approx(20 / 22)
    assert found["sensitivity_74"] == 0
    assert found["specificity_74"] == pytest.approx(1 - 2 / 18)
    assert found["index_bias"] == pytest.approx(0)
    aside = float(np.hypot(0.7, 0))
    assert found["centre_error_mm"] == pytest.approx(4 * aside / 20)


def test_the_spacing_scales_distances_and_leaves_heights(folder):
    studies = read_releases(folder)["old"][:1]
    narrow, wide = (values(reader_by_reader(studies, Spacing(spacing))) for spacing in (0.6, 0.9))
    assert wide["centre_error_mm"] == pytest.approx(1.5 * narrow["centre_error_mm"])
    assert wide["height_error_mm"] == pytest.approx(narrow["height_error_mm"])


def test_a_reader_is_judged_by_the_mean_of_the_others_where_there_are_two(folder):
    studies = read_releases(folder)["old"]
    others, everyone = (reader_by_mean(studies, Spacing(), own) for own in (False, True))
    assert [case.name for case in others] == [case.name for case in everyone] == ["one"] * 3
    by_others, by_all = values(others), values(everyone)
    assert by_others["index_error"] == pytest.approx((0.15 + 0.15 + 0.3) / 11)
    assert by_all["index_error"] == pytest.approx((0.1 + 0.1 + 0.2) / 11)


def test_bodies_of_several_readers_are_told_together(folder):
    study = read_releases(folder)["old"][0]
    bodies = same_bodies([study.annotations(reader, Spacing()) for reader in ("c", "a", "b")])
    assert [len(body) for body in bodies] == [3, 3, 3, 2]
    assert [sorted(np.round(indices, 6)) for indices in body_indices(study, Spacing())][1] == [0.7, 1, 1]
    mean = mean_annotations([study.annotations(reader, Spacing()) for reader in ("a", "c")])
    assert genant_index(heights_mm(mean.keypoints_ras)) == pytest.approx([1, 0.85, 1, 1])


def test_grades_are_counted_by_each_rule(folder):
    studies = read_releases(folder)["old"]
    counts = {rule.title: grade_counts(studies, rule, Spacing()) for rule in RULES}
    assert counts["mean G of the readers"] == (4, 4, 0, 0)
    assert counts["least G of the readers"] == (3, 0, 1, 4)
    assert counts["greatest G of the readers"] == (8, 0, 0, 0)
    assert patient_counts(studies, RULES[2], Spacing()) == (0, 0, 1, 1)
    alone = read_releases(folder)["old"][:1]
    assert sum(grade_counts(alone, RULES[1], Spacing())) == 4


def test_tables_stand_beside_the_paper(folder, monkeypatch):
    monkeypatch.setattr(experts, "RESAMPLES", 10)
    found = compare_readers("old", read_releases(folder)["old"])
    assert (found.studies, found.annotations) == (2, 4 + 4 + 3 + 4 + 4)
    tables = {table.title: table for table in agreement_tables(found)}
    recall = next(row for row in tables["old: detection"].rows if row[0] == "recall")
    assert recall[-2:] == ("0.983", "0.997")
    assert tables["old: in-plane spacing"].header[1:5] == ("0.6 mm", "0.7 mm", "0.8 mm", "0.9 mm")
    assert "1268" in tables["old: vertebrae by grade (0.80/0.74/0.60)"].rows[-1]
    assert "old: levels" not in tables
    two_readers = compare_readers("new", read_releases(folder)["new"])
    assert all(one.value is None for one in two_readers.by_others.values())
