"""A CT gives all of its files or a reason."""

import argparse
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.bids_tree import IMAGES
from VertebralFracturesLib.analyzer import Analyzer
from VertebralFracturesLib.cli.arguments import CommandParser
from VertebralFracturesLib.cli.bids.command import add_arguments
from VertebralFracturesLib.cli.bids.layout import MEASUREMENTS, PATIENT, RUN, VERTEBRAE, BidsImage, find_images
from VertebralFracturesLib.cli.bids.participant import analyze_image, is_done
from VertebralFracturesLib.cli.bids.tables import read_tsv
from VertebralFracturesLib.errors import NoSpineFound
from VertebralFracturesLib.report.document import read_report


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def args(dataset: Path, out: Path) -> argparse.Namespace:
    parser = CommandParser(prog="bids")
    add_arguments(parser)
    return parser.parse_args([str(dataset), str(out), "participant", "--preset", "pisov", "--participant_label", "01"])


def analyzed(image: BidsImage, args: argparse.Namespace) -> tuple[str, str]:
    return analyze_image(image, args.bids_dir, args.output_dir, args, Analyzer(), lambda stage, share: None)


def test_all_files_of_a_ct_are_published(an_oracle: Any, dataset: Path, out: Path, args: argparse.Namespace) -> None:
    image = find_images(dataset)[1]
    assert analyzed(image, args) == ("done", "")
    begin = "sub-01_ses-b_acq-bone_run-2"
    assert sorted(path.name for path in image.folder(out).iterdir()) == [
        f"{begin}_desc-patient_table.tsv", f"{begin}_desc-vertebrae_measurements.json",
        f"{begin}_desc-vertebrae_poi.json", f"{begin}_desc-vertebrae_report.html",
        f"{begin}_desc-vertebrae_report.txt", f"{begin}_desc-vertebrae_run.json",
        f"{begin}_desc-vertebrae_table.tsv", f"{begin}_seg-vert_ctd.json",
    ]  # fmt: skip
    report = read_report(image.file(out, MEASUREMENTS).read_text(encoding="utf-8"))
    assert report.preset == "pisov"
    assert report.input["path"] == IMAGES[1]
    assert report.input["case_id"] == begin
    header, *rows = read_tsv(image.file(out, VERTEBRAE))
    assert [row[header.index("level")] for row in rows] == ["T11", "T12", "L1"]
    assert len(read_tsv(image.file(out, PATIENT))) == 2
    run = json.loads(image.file(out, RUN).read_text(encoding="utf-8"))
    jsonschema.validate(run, json.loads(files("VertebralFracturesLib.cli").joinpath("run.schema.json").read_text()))
    assert run["command_line"] == (
        "vertebral-fractures bids BIDS_DIR OUTPUT_DIR participant --participant-label LABEL --preset pisov"
    )


def test_a_second_ct_of_a_session_joins_the_first(an_oracle: Any, dataset: Path, out: Path, args: Any) -> None:
    first = find_images(dataset)[0]
    second = BidsImage(first.path.rename(first.path.with_name("sub-01_ses-a_run-2_ct.nii.gz")), "01", "a")
    assert analyzed(second, args)[0] == "done"
    second.path.rename(first.path)
    assert analyzed(first, args)[0] == "done"
    assert is_done(first, out)
    assert is_done(second, out)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (NoSpineFound("no spine in view"), "no spine", "no spine in view"),
        (MemoryError(), "failed", "not enough memory"),
        (ZeroDivisionError("so it is\nsecond line"), "failed", "unexpected error (ZeroDivisionError: so it is)"),
    ],
)
def test_what_goes_wrong_is_kept_until_it_goes_well(
    an_oracle: Any, dataset: Path, out: Path, args: Any, error: Exception, status: str, reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    an_oracle(fail)
    image = find_images(dataset)[0]
    told = analyzed(image, args)
    assert told[0] == status
    assert reason in told[1]
    assert not is_done(image, out)
    assert json.loads(image.log(out).read_text(encoding="utf-8"))["reason"] == told[1]
    an_oracle()
    assert analyzed(image, args) == ("done", "")
    assert not image.log(out).exists()


def test_a_damaged_file_is_told(dataset: Path, args: Any) -> None:
    image = find_images(dataset)[0]
    image.path.write_bytes(b"no image")
    status, reason = analyzed(image, args)
    assert status == "failed"
    assert "sub-01_ses-a_ct.nii.gz" in reason
