"""An evaluation as files; Testing/evaluation/test_evaluate.py reads those of an evaluation from images on."""

import json
from pathlib import Path

import numpy as np
from helpers.marked_bodies import case, false_find, found, missed
from VertebralFracturesLib.evaluation.evaluate import summarized
from VertebralFracturesLib.evaluation.metrics import METRICS
from VertebralFracturesLib.evaluation.pages.files import (
    SCHEMA,
    case_document,
    evaluation_document,
    read_case_result,
    write_evaluation,
)

ONE = case("one", [found(0.9, 0.88), found(0.7, 0.65, uncertainty_mm=None)], [missed(0.9)], [false_find(0.9)])


def test_a_case_comes_back_from_json_without_loss() -> None:
    document = json.loads(json.dumps(case_document(ONE), allow_nan=False))
    read = read_case_result(document)
    assert json.dumps(case_document(read)) == json.dumps(case_document(ONE))
    np.testing.assert_array_equal(read.matched[0].keypoints_ras, ONE.matched[0].keypoints_ras)
    assert read.matched[1].uncertainty_mm is None
    assert document["matched"][0]["index"] == 0.9


def test_the_document_holds_every_measure_and_its_meaning() -> None:
    document = evaluation_document(summarized([ONE], {"detector": "anchor"}))
    assert (document["schema"], document["facts"]) == (SCHEMA, {"detector": "anchor"})
    assert set(document["measures"]) == {metric.name for metric in METRICS}
    assert document["measures"]["recall"]["value"] == 2 / 3
    assert all(measure["meaning"] for measure in document["measures"].values())


def test_three_files_are_written(tmp_path: Path) -> None:
    write_evaluation(tmp_path, summarized([case("one", missed=[missed(0.9)])], {}), (), lambda path: None)
    assert {path.name for path in tmp_path.iterdir()} == {"evaluation.html", "evaluation.json", "evaluation.csv"}
    header, one, whole = (tmp_path / "evaluation.csv").read_text(encoding="utf-8-sig").splitlines()
    assert header.startswith("case,bodies,missed,false_finds,outside_finds,seconds,failure,")
    assert one.startswith("one,1,1,0,1,2.00,,")
    assert whole.startswith("all,1,1,0,1,2.00,,")
