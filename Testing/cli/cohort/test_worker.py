"""What a worker makes of a case: results, or a reason."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.dicom_study import write_ct_study
from helpers.small_ct import SERIES, body_hu, write_series
from VertebralFracturesLib.analyzer import Analyzer
from VertebralFracturesLib.cli.cohort.cases import Case
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.store import CASE_FILE, DONE, FAILED, NO_SPINE, Store
from VertebralFracturesLib.cli.cohort.worker import LEFT_OUT_OF_RESULTS, OUT_OF_MEMORY, THUMBNAIL_FILE, analyze_case
from VertebralFracturesLib.errors import NoSpineFound
from VertebralFracturesLib.io.ct import read_input
from VertebralFracturesLib.pacs.reading import read_structured_report


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(str(tmp_path / "out"), preset="pisov", write=("json", "csv"))
    Store(made.folder).open(made)
    return made


def test_results_and_record_are_published_together(an_oracle: Any, a_ct: Path, settings: Settings) -> None:
    store = Store(settings.folder)
    case = Case("chest", str(a_ct), case_id="P1")
    store.keep_failure(case, FAILED, "an earlier attempt")
    record = analyze_case(case, settings, Analyzer())
    folder = store.case_folder("chest")
    assert {path.name for path in folder.iterdir()} == {
        "measurements.json", "measurements.csv", "patient.csv", CASE_FILE, THUMBNAIL_FILE,
    }  # fmt: skip
    assert json.loads((folder / CASE_FILE).read_text(encoding="utf-8")) == json.loads(json.dumps(record))
    assert store.record("chest") == json.loads(json.dumps(record))
    assert [one["status"] for one in store.records()] == [DONE]
    assert (record["input"]["case_id"], record["settings"]["preset"], len(record["vertebrae"])) == ("P1", "pisov", 3)
    assert record["seconds"] > 0
    assert record["input"]["bytes"] == a_ct.stat().st_size
    assert json.loads((folder / "measurements.json").read_text(encoding="utf-8"))["preset"] == "pisov"


def test_the_series_of_a_dicom_folder_is_read(an_oracle: Any, settings: Settings, tmp_path: Path) -> None:
    write_series(tmp_path / "ct" / "long", body_hu())
    write_series(tmp_path / "ct" / "short", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesNumber=7)
    chosen = analyze_case(Case("a", str(tmp_path / "ct"), "1.2.9"), settings, Analyzer())
    assert (chosen["input"]["series"]["uid"], chosen["input"]["files"]) == ("1.2.9", 20)
    longest = analyze_case(Case("b", str(tmp_path / "ct")), settings, Analyzer())
    assert (longest["input"]["series"]["uid"], longest["input"]["files"]) == (SERIES, 30)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (NoSpineFound("no spine in view"), NO_SPINE, "no spine in view"),
        (MemoryError(), OUT_OF_MEMORY, ""),
        (RuntimeError("[enforce fail] not enough memory"), OUT_OF_MEMORY, "not enough memory"),
        (OSError(28, "No space left on device"), FAILED, "No space left"),
        (ZeroDivisionError("so it is\nsecond line"), FAILED, "unexpected error (ZeroDivisionError: so it is)"),
    ],
)
def test_what_goes_wrong_becomes_the_reason(
    an_oracle: Any, a_ct: Path, settings: Settings, error: Exception, status: str, reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    an_oracle(fail)
    answer = analyze_case(Case("chest", str(a_ct)), settings, Analyzer())
    assert answer["status"] == status
    assert reason in answer["reason"]
    assert "\n" not in answer["reason"]
    assert ("traceback" in answer) == isinstance(error, ZeroDivisionError)
    assert list(Store(settings.folder).cases_folder.iterdir()) == []


def test_dicom_objects_are_published_with_the_results(
    an_oracle: Any, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    with_dicom = replace(settings, write=("json", "dicom"))
    case = Case("a", str(write_ct_study(tmp_path / "ct")))
    record = analyze_case(case, with_dicom, Analyzer())
    folder = Store(settings.folder).case_folder("a")
    assert record["status"] == DONE, record["reason"]
    assert {path.name for path in folder.iterdir()} == {"measurements.json", "dicom", CASE_FILE, THUMBNAIL_FILE}
    report = read_structured_report(folder / "dicom" / "structured-report.dcm", read_input(case.path))
    assert [one.level for one in report.vertebrae] == [row["level"] for row in record["vertebrae"]]
    (left_out,) = record[LEFT_OUT_OF_RESULTS]
    assert left_out.startswith("The PDF of the report page was not written")


def test_the_formats_of_other_tools_are_published_with_the_results(
    an_oracle: Any, a_ct: Path, settings: Settings
) -> None:
    record = analyze_case(Case("chest", str(a_ct)), replace(settings, write=("json", "exchange")), Analyzer())
    assert (record["status"], record[LEFT_OUT_OF_RESULTS]) == (DONE, [])
    exchange = Store(settings.folder).case_folder("chest") / "exchange"
    assert sorted(path.name for path in exchange.iterdir()) == ["markups", "tptbox_poi.json", "verse_ctd.json"]
    assert len(list((exchange / "markups").iterdir())) == len(record["vertebrae"])


def test_a_case_that_is_no_dicom_has_no_results_without_its_dicom_objects(
    an_oracle: Any, a_ct: Path, settings: Settings
) -> None:
    answer = analyze_case(Case("chest", str(a_ct)), replace(settings, write=("json", "dicom")), Analyzer())
    assert answer["status"] == FAILED
    assert "chest.nii.gz: DICOM output needs a DICOM image" in answer["reason"]
    assert list(Store(settings.folder).cases_folder.iterdir()) == []


def test_an_unusable_file_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "ct.nii").write_bytes(b"no image")
    answer = analyze_case(Case("ct", str(tmp_path / "ct.nii")), settings, Analyzer())
    assert answer["status"] == FAILED
    assert str(tmp_path / "ct.nii") in answer["reason"]
    absent = analyze_case(Case("x", str(tmp_path / "x.nii")), settings, Analyzer())
    assert "no such file" in absent["reason"]
