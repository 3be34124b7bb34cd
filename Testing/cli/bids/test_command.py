"""The command as launchers of BIDS Apps call it, and the files that tell them how."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from helpers.command import assert_one_error_line
from helpers.repository import ROOT
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli.info import arguments
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.io.ct import read_input

DESCRIPTOR = ROOT / "Resources" / "BIDSApp" / "boutiques.json"


def test_participants_then_group(an_oracle: Any, dataset: Path, tmp_path: Path, capsys: Any) -> None:
    call = ["bids", str(dataset), str(tmp_path / "out")]
    assert main([*call, "participant", "--participant_label", "01"]) == 0
    assert "2 CTs: 2 with results, 0 without a spine, 0 failed" in capsys.readouterr().out
    assert main([*call, "participant"]) == 0
    printed = capsys.readouterr()
    assert "3 CTs: 3 with results" in printed.out
    assert printed.err.count("has results from an earlier run") == 2
    assert main([*call, "group"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "3 done"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "README", ".bidsignore", "dataset_description.json", "sub-01", "sub-02",
        "desc-vertebrae_table.json", "desc-patient_table.json",
        "group_images.tsv", "group_images.json", "group_patients.tsv", "group_patients.json",
        "group_vertebrae.tsv", "group_vertebrae.json",
    }  # fmt: skip


def test_results_are_analyzed_again_where_that_is_asked_for(
    an_oracle: Any, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["bids", str(dataset), str(tmp_path / "out"), "participant", "--session-label", "a"]
    read: list[Path] = []
    monkeypatch.setattr(
        "VertebralFracturesLib.cli.bids.participant.read_input", lambda path: read.append(path) or read_input(path)
    )
    for more, count in (([], 1), ([], 1), (["--overwrite"], 2)):
        assert main([*call, *more]) == 0
        assert len(read) == count


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (["{0}", "{0}", "participant"], "a folder of their own"),
        (["{0}", "{0}/derivatives/x", "all"], "analysis_level"),
        (["{0}/sub-01", "{0}/derivatives/x", "participant"], "not a BIDS data set"),
        (["{0}", "{0}/derivatives/x", "group"], "run the level participant first"),
    ],
)
def test_wrong_calls_are_told(dataset: Path, call: list[str], reason: str, capsys: Any) -> None:
    assert main(["bids", *(word.format(dataset) for word in call)]) == 2
    assert_one_error_line(capsys.readouterr().err, reason)


def test_the_descriptor_calls_the_command_as_it_is() -> None:
    described = json.loads(DESCRIPTOR.read_text(encoding="utf-8"))
    keys = re.findall(r"\[[A-Z_]+\]", described["command-line"])
    assert [one["value-key"] for one in described["inputs"]] == keys
    assert described["command-line"].startswith("vertebral-fractures bids ")
    assert described["tool-version"] == __version__
    known = {one["name"]: one for one in arguments("bids")}
    called = {one["id"]: one.get("command-line-flag", one["id"]) for one in described["inputs"]}
    positional = {"bids_dir": "BIDS_DIR", "output_dir": "OUTPUT_DIR", "analysis_level": "analysis_level"}
    for one in described["inputs"]:
        name = called[one["id"]]
        argument = known[positional.get(name, name.replace("_", "-"))]
        assert argument["takes_value"] == (one["type"] != "Flag")
        assert one.get("value-choices") == argument.get("choices")
        assert one["optional"] == (not argument["required"])
        assert one.get("list", False) == argument["repeats"]
    assert {positional.get(name, name.replace("_", "-")) for name in called.values()} == set(known)


def test_the_image_starts_the_command() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'ENTRYPOINT ["vertebral-fractures", "bids"]' in dockerfile
    assert "USER " in dockerfile
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for needed in re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", dockerfile, re.MULTILINE):
        for source in needed.split():
            assert (ROOT / source).exists() or source.startswith("/"), source
            assert source not in ignored
