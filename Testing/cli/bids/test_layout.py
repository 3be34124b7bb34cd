"""Which files are CTs, how derivatives are called, and what describes them."""

import json
from pathlib import Path

import pytest
from helpers.bids_tree import IMAGES
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli.bids.layout import MEASUREMENTS, find_images, write_description
from VertebralFracturesLib.errors import UnusableInput


def test_raw_cts_are_found_and_their_files_named(dataset: Path, tmp_path: Path) -> None:
    images = find_images(dataset)
    assert [image.path.relative_to(dataset).as_posix() for image in images] == list(IMAGES)
    files = [image.file(tmp_path / "out", MEASUREMENTS).relative_to(tmp_path / "out").as_posix() for image in images]
    assert files == [
        "sub-01/ses-a/ct/sub-01_ses-a_desc-vertebrae_measurements.json",
        "sub-01/ses-b/ct/sub-01_ses-b_acq-bone_run-2_desc-vertebrae_measurements.json",
        "sub-02/ct/sub-02_dir-ax_desc-vertebrae_measurements.json",
    ]


@pytest.mark.parametrize(
    ("subjects", "sessions", "expected"),
    [(["01"], [], [0, 1]), (["sub-02", "01"], [], [0, 1, 2]), ([], ["ses-b"], [1]), (["01"], ["a"], [0])],
)
def test_participants_and_sessions_are_chosen_by_their_labels(
    dataset: Path, subjects: list[str], sessions: list[str], expected: list[int]
) -> None:
    found = [image.path for image in find_images(dataset, subjects, sessions)]
    assert found == [dataset / IMAGES[index] for index in expected]


def test_what_is_not_there_is_told(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"no CT .* of participant 07"):
        find_images(dataset, ["01", "sub-07"])
    with pytest.raises(UnusableInput, match=r"no CT .* of these participants and sessions"):
        find_images(dataset, ["02"], ["a"])
    with pytest.raises(UnusableInput, match=r"not a BIDS data set: it holds no dataset_description\.json"):
        find_images(tmp_path)


def test_the_description_says_who_made_the_derivatives_of_what(dataset: Path, tmp_path: Path) -> None:
    write_description(dataset, tmp_path / "out")
    made = json.loads((tmp_path / "out" / "dataset_description.json").read_text(encoding="utf-8"))
    assert made["DatasetType"] == "derivative"
    assert (made["GeneratedBy"][0]["Name"], made["GeneratedBy"][0]["Version"]) == ("VertebralFractures", __version__)
    assert made["SourceDatasets"] == [{"DOI": "doi:10.0.1/test"}]
    assert made["License"] == "CC0"
    (tmp_path / "out" / "README").write_text("mine", encoding="utf-8")
    write_description(dataset, tmp_path / "out")
    assert (tmp_path / "out" / "README").read_text(encoding="utf-8") == "mine"


def test_other_folders_are_left_alone(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableInput, match="cannot write"):
        write_description(dataset, tmp_path / "file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    with pytest.raises(UnusableInput, match="holds other files"):
        write_description(dataset, tmp_path / "full")
    other = tmp_path / "other"
    other.mkdir()
    (other / "dataset_description.json").write_text('{"GeneratedBy": [{"Name": "fMRIPrep"}]}', encoding="utf-8")
    with pytest.raises(UnusableInput, match="derivatives of fMRIPrep"):
        write_description(dataset, other)
    (other / "dataset_description.json").write_text('{"Name": "raw"}', encoding="utf-8")
    with pytest.raises(UnusableInput, match="does not describe derivatives"):
        write_description(dataset, other)
    (dataset / "dataset_description.json").write_text("{", encoding="utf-8")
    with pytest.raises(UnusableInput, match="is not valid JSON"):
        write_description(dataset, tmp_path / "new")
