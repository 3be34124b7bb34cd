"""Results as a file and on the clipboard."""

import pytest
from helpers.synthetic_spine import LEVELS
from VertebralFracturesLib.report.export import FORMATS


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_writes_the_study_as_it_is(measured, tmp_path, monkeypatch, suffix):
    import qt

    host = measured
    host.widget.studyPanel.live.set_status(2, "verified")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *_: str(tmp_path / "result")))
    host.ui.formatBox.setCurrentIndex(list(FORMATS).index(suffix))
    host.click("exportButton")
    text = (tmp_path / f"result{suffix}").read_text(encoding="utf-8-sig")
    assert text.count("verified") == 1 or suffix in (".html", ".txt")
    assert "Not yet verified by a reader:" in text or suffix != ".txt"
    assert host.messages == []


def test_the_table_is_copied(measured):
    import slicer

    measured.click("copyButton")
    lines = slicer.app.clipboard().text().splitlines()
    assert len(lines) == 1 + len(LEVELS)
    assert lines[1].split("\t")[1] == "T9"


def test_the_text_for_the_radiology_report_is_copied(measured):
    import slicer

    measured.widget.studyPanel.live.set_status(0, "verified")
    measured.click("copyTextButton")
    text = slicer.app.clipboard().text()
    assert text.startswith("VERTEBRAL FRACTURE ASSESSMENT (CT)")
    assert "Not yet verified by a reader:" in text
