"""Both networks are trained and measured fold by fold, and a second run has nothing left to do."""

import json

from helpers.small_patients import write_patient
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.training import curve, vertebrae

QUICK = "--steps 2 --batch-size 1 --workers 0 --threads 1"


def test_both_networks_are_trained_and_measured_on_synthetic_patients(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(curve, "random_crop_shape", lambda rng: (32, 32, 32))
    monkeypatch.setattr(vertebrae, "_SLICES_PER_CASE", 1)
    for seed in (1, 2):
        write_patient(tmp_path / "cases", seed)
    command = ["research", "cross-validate", "--cases", str(tmp_path / "cases"), "--folds", "2",
               "-o", str(tmp_path / "out"), "--device", "cpu",
               f"--curve-options={QUICK}", f"--vertebrae-options={QUICK}"]  # fmt: skip
    assert main(command) == 0
    document = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert document["measures"]["recall"]["folds"]["folds"] == 2
    assert sorted(case["name"] for case in document["cases"]) == ["phantom_1", "phantom_2"]
    assert "folds mean (SD)" in (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    for fold in ("fold-1", "fold-2"):
        assert (tmp_path / "out" / fold / "curve" / "spine_curve.npz").is_file()
        assert (tmp_path / "out" / fold / "vertebrae" / "vertebrae_anchor_free.npz").is_file()
    first = capsys.readouterr()
    assert "training without phantom_" in first.err
    assert main(command) == 0
    assert "training without" not in capsys.readouterr().err
    assert main([*command, "--seed", "5"]) == 2


def test_the_command_refuses_less_than_two_folds(tmp_path, capsys):
    assert (
        main(["research", "cross-validate", "--cases", str(tmp_path), "-o", str(tmp_path / "out"), "--folds", "1"]) == 2
    )
    assert "--folds" in capsys.readouterr().err
