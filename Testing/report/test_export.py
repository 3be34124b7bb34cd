"""Result files one by one, of a CT and of a radiograph."""

from pathlib import Path

import numpy as np
import pytest
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.columns.column import CSV_ENCODING
from VertebralFracturesLib.report.document import read_report, report_json
from VertebralFracturesLib.report.export import FORMATS, export_report, write_patient_table
from VertebralFracturesLib.report.page import report_page
from VertebralFracturesLib.report.patient_values import patient_csv
from VertebralFracturesLib.report.report_text import report_text
from VertebralFracturesLib.report.table import report_csv

FILM = Radiograph(np.random.default_rng(2).normal(size=(1000, 300)).astype(np.float32))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_holds_what_its_suffix_says(tmp_path: Path, suffix: str) -> None:
    report = radiograph_report()
    path = tmp_path / f"result{suffix.upper()}"
    export_report(path, report, FILM)
    expected = {
        ".csv": report_csv(report),
        ".tsv": report_csv(report, delimiter="\t"),
        ".json": report_json(report),
        ".html": report_page(report, FILM),
        ".txt": report_text(report),
    }[suffix]
    encoding = CSV_ENCODING if suffix in (".csv", ".tsv") else "utf-8"
    assert path.read_bytes() == expected.encode(encoding)
    assert list(tmp_path.iterdir()) == [path]


def test_a_radiograph_keeps_its_angles_sacrum_and_scale(tmp_path: Path) -> None:
    export_report(tmp_path / "one.json", radiograph_report())
    read = read_report((tmp_path / "one.json").read_text(encoding="utf-8"))
    assert (read.pixel_mm, read.angles_deg) == (0.2, radiograph_report().angles_deg)
    np.testing.assert_array_equal(read.sacral_endplate_ras, radiograph_report().sacral_endplate_ras)


@pytest.mark.parametrize(
    ("name", "says"), [("a.html", "no longer available"), ("a.pdf", "no known format"), ("a", "none")]
)
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(UnusableInput, match=says if says != "none" else "no known format"):
        export_report(tmp_path / name, radiograph_report())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="cannot write"):
        export_report(tmp_path / "missing" / "a.csv", radiograph_report())


def test_the_patient_has_a_file_of_its_own(tmp_path: Path) -> None:
    write_patient_table(tmp_path / "patient.csv", radiograph_report())
    assert (tmp_path / "patient.csv").read_bytes() == patient_csv(radiograph_report()).encode(CSV_ENCODING)
