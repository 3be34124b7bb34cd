"""Results as a file and on the clipboard."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from helpers.synthetic_spine import LEVELS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.report.export import FORMATS


@pytest.fixture
def host_words(host):
    """The function under test, which can be imported where the application is there."""
    from VertebralFracturesLib.widgets.export_panel import file_name

    return file_name


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
    assert "Not yet verified by a user:" in text or suffix != ".txt"
    assert host.messages == []


@pytest.mark.parametrize(
    ("volume", "proposed"),
    [
        ("3: CT", "3_ CT report.csv"),
        ("thorax/abdomen", "thorax_abdomen report.csv"),
        (r"C:\CT", "C__CT report.csv"),
        ("aux.1", "_aux.1 report.csv"),
        ("..", "report.csv"),
        ("Straße 5 µm", "Straße 5 µm report.csv"),
    ],
)
def test_every_name_of_a_volume_makes_a_file_name(measured, tmp_path, monkeypatch, volume, proposed):
    import qt

    asked = []
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *arguments: asked.append(arguments[2])))
    qt.QSettings().setValue("VertebralFractures/ExportFolder", str(tmp_path))
    measured.widget.studyPanel.live.study.report_node.SetName(f"{volume} report")
    measured.click("exportButton")
    assert asked == [str(tmp_path / proposed)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text())
def test_a_file_name_has_no_folder_and_no_forbidden_character(host_words, name):
    made = host_words(name)
    assert made
    assert made == made.strip(" .")
    assert PurePosixPath(made).name == PureWindowsPath(made).name == made
    assert host_words(made) == made


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_file_is_not_replaced_unasked(measured, tmp_path, monkeypatch, is_replaced):
    """Qt's dialog asks for the name as it was typed; the suffix comes later."""
    import qt

    (tmp_path / "result.csv").write_text("mine")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *_: str(tmp_path / "result")))
    measured.answers = [is_replaced]
    measured.click("exportButton")
    assert "exists already" in measured.messages[0]
    assert ((tmp_path / "result.csv").read_text(encoding="utf-8-sig") == "mine") == (not is_replaced)


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
    assert "Not yet verified by a user:" in text
