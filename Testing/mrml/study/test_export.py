"""A study as a file of its own, with its edits."""

from pathlib import Path

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.study.export import export_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.report.columns.column import CSV_ENCODING
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.report.export import FORMATS
from VertebralFracturesLib.report.table import report_csv


def test_the_study_is_written_with_its_edits(study, tmp_path: Path) -> None:
    node = study.keypoint_nodes[2]
    right, anterior, superior = node.GetNthControlPointPosition(0)
    node.SetNthControlPointPosition(0, right, anterior, superior - 4)
    for suffix in FORMATS:
        export_study(study, tmp_path / f"study{suffix}")
    report = study_report(study)
    assert report.vertebrae[2].source == "edited"
    assert (tmp_path / "study.json").read_text(encoding="utf-8") == report_json(report)
    assert (tmp_path / "study.csv").read_bytes() == report_csv(report).encode(CSV_ENCODING)
    assert (tmp_path / "study.tsv").read_bytes() == report_csv(report, delimiter="\t").encode(CSV_ENCODING)
    assert "edited" in (tmp_path / "study.html").read_text(encoding="utf-8")


def test_without_its_ct_only_the_page_is_refused(study, tmp_path: Path) -> None:
    study.scene.RemoveNode(study.volume_node)
    export_study(study, tmp_path / "study.csv")
    with pytest.raises(UnusableInput, match="no longer available"):
        export_study(study, tmp_path / "study.html")
    with pytest.raises(UnusableInput, match="no known format"):
        export_study(study, tmp_path / "study.docx")
