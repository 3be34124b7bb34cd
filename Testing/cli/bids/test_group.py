"""The tables of all CTs."""

import json
from pathlib import Path
from typing import Any

import pytest
from VertebralFracturesLib.cli.bids.group import write_group
from VertebralFracturesLib.cli.bids.layout import VERTEBRAE, find_images
from VertebralFracturesLib.cli.bids.tables import read_tsv
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.errors import UnusableInput


def test_the_group_collects_what_participants_gave(an_oracle: Any, dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UnusableInput, match="run the level participant first"):
        write_group(find_images(dataset), out)
    (dataset / "sub-02" / "sub-02_dir-ax_ct.nii.gz").write_bytes(b"no image")
    assert main(["bids", str(dataset), str(out), "participant", "--session_label", "a"]) == 0
    assert main(["bids", str(dataset), str(out), "participant", "--participant_label", "02"]) == 4
    images = find_images(dataset)
    assert write_group(images, out) == {"done": 1, "not analyzed": 1, "failed": 1}
    header, *rows = read_tsv(out / "group_vertebrae.tsv")
    assert [row[:3] for row in rows] == [["sub-01", "ses-a", "sub-01_ses-a"]] * 3
    own = read_tsv(images[0].file(out, VERTEBRAE))
    assert [header[3:], *(row[3:] for row in rows)] == own
    assert list(json.loads((out / "group_vertebrae.json").read_text(encoding="utf-8"))) == header
    assert len(read_tsv(out / "group_patients.tsv")) == 2
    ended = read_tsv(out / "group_images.tsv")
    assert [row[:4] for row in ended[1:]] == [
        ["sub-01", "ses-a", "sub-01_ses-a", "done"],
        ["sub-01", "ses-b", "sub-01_ses-b_acq-bone_run-2", "not analyzed"],
        ["sub-02", "n/a", "sub-02_dir-ax", "failed"],
    ]
    assert "sub-02_dir-ax_ct.nii.gz" in ended[3][4]


def test_a_table_of_another_version_is_refused(an_oracle: Any, dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["bids", str(dataset), str(out), "participant", "--session_label", "a"]) == 0
    image = find_images(dataset)[0]
    image.file(out, VERTEBRAE).write_text("level\nT12\n", encoding="utf-8")
    with pytest.raises(UnusableInput, match="written by another version"):
        write_group([image], out)
