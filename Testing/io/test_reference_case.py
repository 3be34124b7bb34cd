"""A reference case on the disk: written whole, read as it was, refused in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.damaged_json import damaged
from helpers.small_ct import body_hu
from hypothesis import given
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import find_cases, read_case, write_reference_case

BODY = [[0.0, y, z] for y in (12, 0, -12) for z in (10, -10)]
DOCUMENT = {
    "vertebrae": [{"label": "T12?", "ras": BODY}],
    "curve": [[0, 0, z] for z in (20, 10, 0, -10, -20)],
}
TILTED = np.array([[-1.9, 0.3, 0, 40], [-0.3, -1.9, 0, -20], [0, 0, 2.5, 100], [0, 0, 0, 1.0]])


def test_a_case_is_read_as_it_was_written(tmp_path: Path) -> None:
    volume = Volume(body_hu(), TILTED)
    write_reference_case(tmp_path / "one", volume, DOCUMENT)
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"ct.nii.gz", "reference.json"}
    case = read_case(tmp_path / "one")
    assert (case.name, case.levels, case.level_numbers.tolist()) == ("one", ("T12",), [19])
    np.testing.assert_array_equal(case.keypoints_ras, [BODY])
    read = read_volume(case.image)
    np.testing.assert_array_equal(read.voxels, volume.voxels)
    np.testing.assert_allclose(read.ijk_to_ras, TILTED, atol=1e-4)


def test_a_broken_run_leaves_no_case(tmp_path: Path) -> None:
    volume = Volume(body_hu(), np.diag([3.0, 3, 3, 1]))
    write_reference_case(tmp_path, volume, DOCUMENT)
    with pytest.raises(TypeError):
        write_reference_case(tmp_path, volume, {"curve": np.zeros(3)})
    assert {path.name for path in tmp_path.iterdir()} == {"ct.nii.gz"}


def test_cases_come_by_name_and_a_folder_may_be_one_case(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_reference_case(tmp_path / name, Volume(body_hu(), np.diag([3.0, 3, 3, 1])), DOCUMENT)
    assert [case.name for case in find_cases(tmp_path)] == ["a", "b"]
    assert [case.name for case in find_cases(tmp_path / "b")] == ["b"]


def test_a_folder_without_cases_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"no reference case .*" + tmp_path.name):
        find_cases(tmp_path)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"vertebrae": []}, "vertebrae and curve"),
        ({**DOCUMENT, "vertebrae": []}, "at least one vertebra"),
        ({**DOCUMENT, "vertebrae": [{"label": "T12", "ras": BODY[:5]}]}, "six points"),
        ({**DOCUMENT, "vertebrae": [{"label": "Q1", "ras": BODY}]}, "vertebrae and curve"),
    ],
)
def test_a_reference_that_is_none_is_refused(tmp_path: Path, document: dict[str, object], message: str) -> None:
    (tmp_path / "reference.json").write_text(json.dumps(document))
    with pytest.raises(UnusableInput, match=message):
        read_case(tmp_path)


def test_the_image_may_be_a_crop_or_named_and_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "reference.json").write_text(json.dumps(DOCUMENT))
    with pytest.raises(UnusableInput, match=r"holds no image: ct.nii.gz or crop.nii.gz"):
        read_case(tmp_path)
    (tmp_path / "crop.nii.gz").touch()
    assert read_case(tmp_path).image.name == "crop.nii.gz"
    (tmp_path / "ct.nii.gz").touch()
    assert read_case(tmp_path).image.name == "ct.nii.gz"
    (tmp_path / "scan.nii").touch()
    (tmp_path / "reference.json").write_text(json.dumps({**DOCUMENT, "ct": "scan.nii"}))
    assert read_case(tmp_path).image.name == "scan.nii"


def test_a_reference_may_say_what_is_fractured_and_where_the_sacrum_begins(tmp_path: Path) -> None:
    told = {**DOCUMENT, "vertebrae": [{"label": "T12", "ras": BODY, "fracture": None}]}
    told["landmarks"] = {"S1_body_centre": [1.0, 2.0, -150.0], "note": "by eye"}
    for name, document in (("told", told), ("untold", DOCUMENT)):
        write_reference_case(tmp_path / name, Volume(body_hu(), np.diag([3.0, 3, 3, 1])), document)
    assert read_case(tmp_path / "told").fractures == (None,)
    assert read_case(tmp_path / "untold").fractures is None
    assert {name: place.tolist() for name, place in read_case(tmp_path / "told").landmarks.items()} == {
        "S1_body_centre": [1.0, 2.0, -150.0]
    }
    assert read_case(tmp_path / "untold").landmarks == {}


@given(damaged({**DOCUMENT, "ct": "ct.nii.gz"}))
def test_values_of_the_wrong_kind_or_size_are_refused_or_can_be_used(
    tmp_path_factory: pytest.TempPathFactory, document: object
) -> None:
    folder = tmp_path_factory.mktemp("case")
    (folder / "reference.json").write_text(json.dumps(document))
    (folder / "ct.nii.gz").touch()
    try:
        case = read_case(folder)
    except UnusableInput:
        return
    assert case.keypoints_ras.shape == (len(case.levels), 6, 3)
    assert np.isfinite(case.curve.position(np.linspace(0, case.curve.length_mm, 9))).all()


@pytest.mark.parametrize("text", ["[" * 100_000, '{"vertebrae": [{"label": 1e999}]}', "\ufeff{}", "1" * 5000])
def test_what_no_reference_looks_like_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "reference.json").write_text(text)
    with pytest.raises(UnusableInput, match="vertebrae and curve"):
        read_case(tmp_path)
