"""Both detectors are trained and measured alike, and a second run has nothing left to do."""

import json

import pytest
from helpers.small_patients import write_patients
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.training import vertebrae


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Two folders of small synthetic patients: two to train on, one to measure on."""
    return write_patients(tmp_path_factory.mktemp("patients"))


def test_both_detectors_are_trained_and_measured_alike(patients, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vertebrae, "_SLICES_PER_CASE", 1)
    quick = "--steps 2 --batch-size 1 --workers 0 --threads 1 --seed 77"
    command = ["research", "compare-detectors", "--cases", str(patients / "training"),
               "--data", str(patients / "further"), "--folds", "2", "-o", str(tmp_path / "out"), "--device", "cpu",
               f"--vertebrae-options={quick}"]  # fmt: skip
    assert main(command) == 0
    first = capsys.readouterr()
    assert "Detectors: cases held out (2 folds" in first.out
    assert "Detectors: further (2 folds" in first.out
    assert "anchor - anchor-free" in first.out
    tables = json.loads((tmp_path / "out" / "tables.json").read_text(encoding="utf-8"))["tables"]
    recall = tables[0]["rows"][0]
    assert recall[0] == "recall"
    for detector in ("anchor-free", "anchor"):
        assert (tmp_path / "out" / f"held-out-{detector}" / "evaluation.html").is_file()
    for fold in ("fold-1", "fold-2"):
        for detector in ("anchor-free", "anchor"):
            results = json.loads((tmp_path / "out" / fold / detector / "comparison.json").read_text(encoding="utf-8"))
            assert {data: len(cases) for data, cases in results.items()} == {"cases held out": 1, "further": 1}
    assert main(command) == 0
    again = capsys.readouterr()
    tables_of = lambda output: output[output.index("Detectors:") :]  # noqa: E731
    assert tables_of(again.out) == tables_of(first.out)
    assert "without phantom" not in again.err
    assert main([*command, "--seed", "5"]) == 2


def test_the_command_refuses_less_than_two_folds(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["research", "compare-detectors", "--cases", str(tmp_path), "-o", str(out), "--folds", "1"]) == 2
    assert "--folds" in capsys.readouterr().err
    assert not out.exists()
