import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.evaluation.evaluate import Evaluation, evaluate_cases, summarized
from VertebralFracturesLib.evaluation.pages.files import case_document, read_case_result, write_evaluation
from VertebralFracturesLib.evaluation.pages.tables import evaluation_text
from VertebralFracturesLib.io.reference_case import find_cases
from VertebralFracturesLib.report.columns.column import CSV_ENCODING

LEVELS = ("T8", "T9", "T10")


def body(place: int) -> np.ndarray:
    return np.array([[0.0, y, -30.0 * place + z] for y in (15, 0, -15) for z in (10, -10)])


def write_case(folder: Path, name: str, **changes) -> Path:
    case = folder / name
    case.mkdir(parents=True)
    (case / "ct.nii.gz").write_bytes(b"image")
    vertebrae = [{"label": level, "ras": body(place).tolist()} for place, level in enumerate(LEVELS)]
    curve = [[0, 0, z] for z in (20, 0, -30, -60, -80)]
    (case / "reference.json").write_text(json.dumps({"vertebrae": vertebrae, "curve": curve} | changes))
    return case


def read(path: Path) -> Volume:
    assert path.read_bytes() == b"image"
    return Volume(np.zeros((2, 2, 2), np.int16), np.eye(4))


def spine(path: Path) -> Volume:
    """A volume around the bodies."""
    return Volume(np.zeros((60, 40, 40), np.int16), np.diag([2.0, 2, 2, 1]))


def analyze(volume, case) -> SpineReport:
    """Finds all but the last one, each 1 mm too high in front; names and sees nothing in the case "empty"."""
    if case.name == "empty":
        raise NoSpineFound("no spine is in view")
    vertebrae = []
    for place, level in enumerate(LEVELS[:2]):
        points = body(place)
        points[0, 2] += 1
        vertebrae.append(Vertebra(points, 0.9, np.ones(6), level, 0.9))
    return SpineReport("test", {}, "anchor", "genant", case.curve, tuple(vertebrae))


def evaluate(folder: Path, answer=analyze, read_image=read, progress=None) -> Evaluation:
    return summarized(evaluate_cases(find_cases(folder), answer, read_image, progress), {"cases": "some"})


@pytest.fixture
def evaluation(tmp_path):
    write_case(tmp_path, "one")
    write_case(tmp_path, "empty")
    return evaluate(tmp_path)


def test_cases_are_analysed_and_compared(tmp_path, evaluation):
    empty, one = evaluation.cases
    assert (one.name, len(one.matched), one.false_finds) == ("one", 2, ())
    assert [(v.level, v.index) for v in one.missed] == [("T10", 1.0)]
    assert one.matched[0].found_heights_mm == pytest.approx([21, 20, 20])
    assert one.matched[0].centre_error_mm == pytest.approx(1 / 6)
    assert one.seconds >= 0
    assert (empty.failure, len(empty.missed)) == ("no spine is in view", 3)
    assert evaluation.pooled["recall"].value == pytest.approx(2 / 6)
    assert evaluation.pooled["height_error_mm"].value == pytest.approx(1 / 3)


def test_progress_names_each_case(tmp_path):
    write_case(tmp_path, "b")
    write_case(tmp_path, "a")
    told = []
    evaluate(tmp_path, progress=lambda name, share: told.append((name, share)))
    assert told == [("a", 0.0), ("b", 0.5)]


def test_an_unreadable_image_fails_only_its_case(tmp_path):
    write_case(tmp_path, "one")

    def refuse(path: Path) -> Volume:
        raise UnusableInput("no CT")

    assert evaluate(tmp_path, read_image=refuse).cases[0].failure == "no CT"


def test_the_text_tells_the_measures_the_failures_and_the_worst(evaluation):
    text = evaluation_text(evaluation)
    for part in ("one ", "all ", "recall", "empty: no spine is in view", "one: T10", "one T8: height error 1.0 mm"):
        assert part in text
    assert " nan" not in text
    assert max(map(len, text.splitlines())) <= 110


def test_the_files_hold_everything(tmp_path, evaluation):
    read_files = []
    write_evaluation(tmp_path, evaluation, find_cases(tmp_path), lambda path: read_files.append(path) or spine(path))
    assert read_files == [tmp_path / "one" / "ct.nii.gz"]
    assert "one T8" in (tmp_path / "evaluation.html").read_text(encoding="utf-8")
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert document["measures"]["recall"]["value"] == pytest.approx(2 / 6)
    assert document["measures"]["sensitivity_60"]["value"] is None
    assert document["cases"][1]["matched"][0]["found_heights_mm"] == pytest.approx([21, 20, 20])
    assert document["facts"] == {"cases": "some"}
    text = (tmp_path / "evaluation.csv").read_bytes().decode(CSV_ENCODING)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["case"] for row in rows] == ["empty", "one", "all"]
    assert rows[0]["failure"] == "no spine is in view"
    assert rows[2]["missed"] == "4"
    assert float(rows[1]["recall"]) == pytest.approx(2 / 3, abs=1e-4)


def test_what_came_of_a_case_is_restored_from_its_file(evaluation):
    for case in evaluation.cases:
        document = json.loads(json.dumps(case_document(case), allow_nan=False))
        again = read_case_result(document)
        assert case_document(again) == document
        assert {name: values.tolist() for name, values in again.arrays.items()} == {
            name: values.tolist() for name, values in case.arrays.items()
        }
    assert document["matched"][0]["found_index"] == pytest.approx(20 / 21)


def test_a_single_case_folder_is_a_case(tmp_path):
    folder = write_case(tmp_path, "one")
    assert [case.name for case in find_cases(folder)] == ["one"]
    assert find_cases(folder)[0].image == folder / "ct.nii.gz"


def test_a_question_mark_of_the_reader_is_dropped(tmp_path):
    write_case(tmp_path, "one", vertebrae=[{"label": "Th8?", "ras": body(0).tolist()}])
    assert find_cases(tmp_path)[0].levels == ("T8",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curve": [[0, 0, 0]]}, "four finite points"),
        ({"vertebrae": []}, "at least one vertebra"),
        ({"vertebrae": [{"label": "T8"}]}, "'ras'"),
        ({"vertebrae": [{"label": "T8", "ras": [[0, 0, 0]]}]}, "six points"),
        ({"vertebrae": [{"label": "S9", "ras": []}]}, "not a vertebral level"),
    ],
)
def test_damaged_references_are_named(tmp_path, changes, message):
    write_case(tmp_path, "one", **changes)
    with pytest.raises(UnusableInput, match=message) as raised:
        find_cases(tmp_path)
    assert "reference.json" in str(raised.value)


def test_missing_cases_and_images_are_named(tmp_path):
    with pytest.raises(UnusableInput, match="no reference case in"):
        find_cases(tmp_path)
    (write_case(tmp_path, "one") / "ct.nii.gz").unlink()
    with pytest.raises(UnusableInput, match="holds no image"):
        find_cases(tmp_path)
