"""Results as a file and on the clipboard."""

import pytest
from helpers.synthetic_spine import LEVELS


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".html"])
def test_export_writes_the_study_as_it_is(measured, tmp_path, monkeypatch, suffix):
    import qt

    host = measured
    host.widget.studyPanel.live.set_status(2, "verified")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *_: str(tmp_path / "result")))
    host.ui.formatBox.setCurrentIndex([".csv", ".tsv", ".json", ".html"].index(suffix))
    host.click("exportButton")
    text = (tmp_path / f"result{suffix}").read_text(encoding="utf-8-sig")
    assert text.count("verified") == 1 or suffix == ".html"
    assert host.messages == []


def test_the_table_is_copied(measured):
    import slicer

    measured.click("copyButton")
    lines = slicer.app.clipboard().text().splitlines()
    assert len(lines) == 1 + len(LEVELS)
    assert lines[1].split("\t")[1] == "T9"
