"""Points of interest of TPTBox."""

import json

import numpy as np
import pytest
from helpers.exchange_points import assert_same, grids, spines
from hypothesis import given
from VertebralFracturesLib.core.keypoints import KEYPOINT_NAMES
from VertebralFracturesLib.io.exchange.grid import Grid
from VertebralFracturesLib.io.exchange.points import SpinePoints
from VertebralFracturesLib.io.exchange.tptbox import CENTRE, KEYPOINTS, is_poi, poi_json, read_poi

GRID = Grid((50, 60, 70), np.diag([-1.0, -2.0, 3.0, 1.0]))
OTHER = Grid((9, 9, 9), np.eye(4))


@given(grids(), spines())
def test_what_is_written_is_read_wherever_the_ct_lies_now(grid: Grid, spine: SpinePoints) -> None:
    document = json.loads(poi_json(spine, grid))
    assert is_poi(document)
    assert_same(read_poi(document, OTHER), spine)


@given(grids(), spines(with_keypoints=False))
def test_centres_alone_are_read_as_such(grid: Grid, spine: SpinePoints) -> None:
    assert_same(read_poi(json.loads(poi_json(spine, grid)), grid), spine, with_keypoints=False)


def test_keypoints_are_the_median_points_of_the_endplates() -> None:
    for name, (_, location) in zip(KEYPOINT_NAMES, KEYPOINTS, strict=True):
        words = location.lower().split("_")
        assert all(word in words for word in name.split())
        assert words[-1] == "median"


def test_the_older_format_of_labels_is_read() -> None:
    header = {"direction": ["L", "P", "S"]}
    entries = [{"label": number * 256 + 20, "X": 1.0 + place, "Y": 2.0, "Z": 3.0} for place, (number, _) in
               enumerate(KEYPOINTS)]  # fmt: skip
    entries += [{"label": 26, "X": 1.0, "Y": 2.0, "Z": 9.0}, {"label": 22, "X": 1.0, "Y": 2.0, "Z": 9.0}]
    points = read_poi([header | {"format": "docker"}, *entries], GRID)
    assert [one.level for one in points.vertebrae] == ["L1", "L3"]
    assert points.vertebrae[1].keypoints_ras is None
    assert np.allclose(points.vertebrae[0].keypoints_ras, [[-1.0 - place, -4.0, 9.0] for place in range(6)])
    assert np.allclose(points.landmarks["S1"], [-1.0, -4.0, 27.0])


@pytest.mark.parametrize(("system", "factors"), [("nib", [1, 1, 1]), ("itk", [-1, -1, 1])])
def test_points_in_millimetres_are_read(system: str, factors: list[int]) -> None:
    document = [{"format": "POI_GLOBAL", "coordinate_system": system}, {"T12": {"50": [4.0, 5.0, 6.0]}}]
    points = read_poi(document, GRID)
    assert np.allclose(points.vertebrae[0].centre_ras, np.array([4.0, 5.0, 6.0]) * factors)


def test_a_vertebra_without_centre_has_that_of_its_keypoints_and_one_with_neither_is_told() -> None:
    header = {"direction": ["L", "P", "S"], "format": "POI"}
    whole = {name: [float(place), 0.0, 0.0] for place, (_, name) in enumerate(KEYPOINTS)}
    points = read_poi([header, {"L1": whole, "L2": {KEYPOINTS[0][1]: [1.0, 2.0, 3.0]}, "S2": whole}], GRID)
    assert [one.level for one in points.vertebrae] == ["L1"]
    assert np.allclose(points.vertebrae[0].centre_ras, [-2.5, 0, 0])
    assert points.left_out == ("L2 was left out because the file has neither its body centre nor its six landmarks",)


@pytest.mark.parametrize(
    "document",
    [
        [{"format": "POI", "direction": "LPS"}, {"L1": {CENTRE[1]: [1.0, 2.0]}}],
        [{"format": "POI"}, {"L1": {CENTRE[1]: [1.0, 2.0, 3.0]}}],
        [{"format": "POI", "direction": "LPS"}],
        [{"format": "docker", "direction": "LPS"}, {"label": "x", "X": 1, "Y": 2, "Z": 3}],
    ],
)
def test_damaged_files_are_refused(document: list) -> None:
    with pytest.raises((ValueError, LookupError)):
        read_poi(document, GRID)
