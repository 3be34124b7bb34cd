"""All formats beside each other, and any of them read."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.damaged_json import damaged
from helpers.dicom_study import spine_report
from helpers.exchange_points import assert_same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.exchange.files import MARKUPS_FOLDER, TPTBOX_FILE, VERSE_FILE, read_points, write_points
from VertebralFracturesLib.io.exchange.grid import Grid
from VertebralFracturesLib.io.exchange.markups import markups_json
from VertebralFracturesLib.io.exchange.points import points_of
from VertebralFracturesLib.io.exchange.tptbox import poi_json
from VertebralFracturesLib.io.exchange.verse import centroids_json
from VertebralFracturesLib.io.read_image import ReadImage
from VertebralFracturesLib.report.document import report_json

VOLUME = Volume(np.zeros((70, 48, 48)), np.diag([-3.0, 3, 3, 1]))
REPORT = spine_report(ReadImage(VOLUME, {"path": "ct.nii"}))
GRID = Grid.of(VOLUME)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_points(tmp_path / "exchange", points_of(REPORT), GRID)
    (tmp_path / "exchange" / "measurements.json").write_text(report_json(REPORT), encoding="utf-8")
    return tmp_path / "exchange"


@pytest.mark.parametrize(
    ("name", "with_keypoints"),
    [(VERSE_FILE, False), (TPTBOX_FILE, True), (MARKUPS_FOLDER, True), ("measurements.json", True), ("", True)],
)
def test_every_file_holds_the_same_spine(written: Path, name: str, with_keypoints: bool) -> None:
    assert_same(read_points(written / name, GRID), points_of(REPORT), with_keypoints)


def test_a_single_markups_file_is_a_vertebra(written: Path) -> None:
    points = read_points(written / MARKUPS_FOLDER / "T12.mrk.json", GRID)
    assert [one.level for one in points.vertebrae] == ["T12"]


def test_points_of_another_ct_are_refused(written: Path) -> None:
    moved = Volume(VOLUME.voxels, np.array([[-3.0, 0, 0, 400], [0, 3, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1]]))
    with pytest.raises(UnusableInput, match="belongs to another CT: there, C7 lies outside"):
        read_points(written / TPTBOX_FILE, Grid.of(moved))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("no JSON", "cannot be read as JSON"),
        ("[]", "is not a supported file"),
        ("{}", "is not a supported file"),
        ("[1]", "is not a supported file"),
        ('{"schema": 2}', "the file is damaged"),
        ('[{"direction": ["R", "A", "S"]}, {"label": 1}]', "the file is damaged"),
        ('[{"direction": ["R", "A", "S"]}]', "holds no vertebra"),
        ('[{"format": "guber", "direction": ["R", "A", "S"]}, {"label": "TH1_X"}]', "the file is damaged"),
        ('{"markups": []}', "not the markups of a vertebra"),
    ],
)
def test_damaged_and_other_files_are_refused(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "points.json").write_text(content, encoding="utf-8")
    with pytest.raises(UnusableInput, match=reason):
        read_points(tmp_path / "points.json", GRID)


DOCUMENTS = [json.loads(centroids_json(points_of(REPORT), GRID)), json.loads(poi_json(points_of(REPORT), GRID))]
DOCUMENTS += [json.loads(markups_json(points_of(REPORT).vertebrae[0])), json.loads(report_json(REPORT))]


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(DOCUMENTS).flatmap(damaged))
def test_whatever_is_wrong_is_told_in_a_sentence(tmp_path: Path, document: Any) -> None:
    (tmp_path / "L1.mrk.json").write_text(json.dumps(document), encoding="utf-8")
    with suppress(UnusableInput):
        for vertebra in read_points(tmp_path / "L1.mrk.json", GRID).vertebrae:
            assert np.isfinite(vertebra.centre_ras).all()
            assert vertebra.keypoints_ras is None or np.isfinite(vertebra.keypoints_ras).all()


def test_measurements_of_a_radiograph_are_refused(tmp_path: Path) -> None:
    document = json.loads(report_json(REPORT)) | {"radiograph": {}}
    (tmp_path / "measurements.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UnusableInput, match=r"measurements\.json of a CT"):
        read_points(tmp_path, GRID)


def test_folders_without_points_and_levels_that_are_there_twice_are_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="holds neither"):
        read_points(tmp_path, GRID)
    markups = written / MARKUPS_FOLDER
    (markups / "again.mrk.json").write_bytes((markups / "T12.mrk.json").read_bytes())
    with pytest.raises(UnusableInput, match="another file has the same level T12"):
        read_points(markups, GRID)
