"""Markups files of 3D Slicer."""

import json
from pathlib import Path

import numpy as np
import pytest
import slicer
from helpers.exchange_points import assert_same, spines
from hypothesis import given
from VertebralFracturesLib.core.keypoints import KEYPOINT_NAMES
from VertebralFracturesLib.io.exchange.markups import is_markups, markups_json, read_markups
from VertebralFracturesLib.io.exchange.points import SpinePoints, VertebraPoints

KEYPOINTS_RAS = np.arange(18.0).reshape(6, 3) * 1.25 - 7


@given(spines())
def test_what_is_written_is_read(spine: SpinePoints) -> None:
    documents = [json.loads(markups_json(one)) for one in spine.vertebrae]
    assert all(map(is_markups, documents))
    assert_same(SpinePoints(tuple(read_markups(one, "x.mrk.json") for one in documents)), spine)


@given(spines(with_keypoints=False))
def test_a_body_centre_is_written_and_read(spine: SpinePoints) -> None:
    read = tuple(read_markups(json.loads(markups_json(one)), "x.mrk.json") for one in spine.vertebrae)
    assert_same(SpinePoints(read), spine, with_keypoints=False)


def markups_node(scene):
    node = slicer.vtkMRMLMarkupsFiducialNode()
    scene.AddNode(node)
    return node


def test_slicer_reads_what_is_written(tmp_path: Path) -> None:
    scene = slicer.vtkMRMLScene()
    file = tmp_path / "L1.mrk.json"
    file.write_text(markups_json(VertebraPoints.of_keypoints("L1", KEYPOINTS_RAS)), encoding="utf-8")
    storage = slicer.vtkMRMLMarkupsJsonStorageNode()
    scene.AddNode(storage)
    storage.SetFileName(str(file))
    node = markups_node(scene)
    assert storage.ReadData(node) == 1
    labels = [node.GetNthControlPointLabel(index) for index in range(node.GetNumberOfControlPoints())]
    assert labels == [f"L1 {name}" for name in KEYPOINT_NAMES]
    points = [node.GetNthControlPointPositionWorld(index) for index in range(6)]
    assert np.allclose(points, KEYPOINTS_RAS, rtol=0, atol=1e-5)


@pytest.mark.parametrize("level", ["T12", "T12?"])
def test_what_slicer_writes_of_a_study_is_read(tmp_path: Path, level: str) -> None:
    scene = slicer.vtkMRMLScene()
    node = markups_node(scene)
    for name, point in zip(KEYPOINT_NAMES, KEYPOINTS_RAS, strict=True):
        node.AddControlPoint(*point, f"{level} {name}")
    storage = slicer.vtkMRMLMarkupsJsonStorageNode()
    scene.AddNode(storage)
    storage.SetFileName(str(tmp_path / "F.mrk.json"))
    assert storage.WriteData(node) == 1
    read = read_markups(json.loads((tmp_path / "F.mrk.json").read_text(encoding="utf-8")), "F.mrk.json")
    assert read.level == "T12"
    assert np.allclose(read.keypoints_ras, KEYPOINTS_RAS, rtol=0, atol=1e-4)


def test_the_name_of_the_file_tells_the_level_where_labels_do_not() -> None:
    document = json.loads(markups_json(VertebraPoints.of_keypoints("L1", KEYPOINTS_RAS)))
    for point in document["markups"][0]["controlPoints"]:
        point["label"] = point["label"].removeprefix("L1 ")
    assert read_markups(document, "L3.mrk.json").level == "L3"
    with pytest.raises(ValueError, match="not a vertebral level"):
        read_markups(document, "points.mrk.json")


@pytest.mark.parametrize("change", ["five", "seven", "other label", "two levels", "not placed"])
def test_other_points_are_refused(change: str) -> None:
    document = json.loads(markups_json(VertebraPoints.of_keypoints("L1", KEYPOINTS_RAS)))
    points = document["markups"][0]["controlPoints"]
    changes = {
        "five": lambda: points.pop(),
        "seven": lambda: points.append(points[0] | {"label": "F-7"}),
        "other label": lambda: points[0].update(label="F-1"),
        "two levels": lambda: points[0].update(label=f"L2 {KEYPOINT_NAMES[0]}"),
        "not placed": lambda: points[0].update(positionStatus="undefined"),
    }
    changes[change]()
    with pytest.raises(ValueError, match="six points of one vertebra"):
        read_markups(document, "L1.mrk.json")
