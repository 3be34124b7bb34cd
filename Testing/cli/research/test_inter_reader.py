"""The agreement of the annotators is printed and written."""

import json
from pathlib import Path

import pytest
from helpers.published_annotations import write_releases
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.evaluation.studies import inter_reader_agreement as experts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_releases(tmp_path)


def test_the_command_prints_and_writes(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experts, "RESAMPLES", 10)
    assert main(["research", "inter-reader", str(folder), "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "old: localisation" in printed
    assert "new: levels" in printed
    assert " nan" not in printed
    document = json.loads((tmp_path / "out" / "experts.json").read_text(encoding="utf-8"))
    assert [release["release"] for release in document["releases"]] == ["new", "old"]
    assert set(document["releases"][1]["reader_by_reader"]) == {"0.6", "0.7", "0.8", "0.9"}
    page = (tmp_path / "out" / "experts.html").read_text(encoding="utf-8")
    assert page.count("<table>") == len([line for line in printed.splitlines() if line.startswith(("old: ", "new: "))])
    assert main(["research", "inter-reader", str(tmp_path / "nothing")]) == 2
