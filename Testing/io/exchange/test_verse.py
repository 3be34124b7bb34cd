"""Centroid files of VerSe."""

import json

import numpy as np
import pytest
from helpers.exchange_points import assert_same, grids, spines
from hypothesis import given
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES, parse_level
from VertebralFracturesLib.io.exchange.grid import Grid
from VertebralFracturesLib.io.exchange.points import SpinePoints
from VertebralFracturesLib.io.exchange.verse import LABELS, centroids_json, is_centroids, read_centroids

PIR = Grid((160, 320, 64), np.array([[0, 0, 1.0, -30], [-1, 0, 0, 90], [0, -1, 0, 40], [0, 0, 0, 1]]))


@given(grids(), spines())
def test_what_is_written_is_read_without_keypoints(grid: Grid, spine: SpinePoints) -> None:
    document = json.loads(centroids_json(spine, grid))
    assert is_centroids(document)
    assert_same(read_centroids(document, grid), spine, with_keypoints=False)


def test_labels_are_those_of_verse() -> None:
    assert {level: LABELS[level] for level in ("C1", "C7", "T1", "T12", "L1", "L5", "L6", "T13")} == {
        "C1": 1, "C7": 7, "T1": 8, "T12": 19, "L1": 20, "L5": 24, "L6": 25, "T13": 28,
    }  # fmt: skip
    assert set(LABELS) == set(ALL_LEVEL_NAMES)
    assert all(parse_level(label) == level for level, label in LABELS.items())


def test_a_file_of_another_program_is_read() -> None:
    """Axes to posterior, inferior and right, as in the preprocessed data; an entry with NaN is skipped as there."""
    text = (
        '[{"direction": ["P", "I", "R"]}, {"label": 19, "X": 70.6, "Y": 117.3, "Z": 31.6}, '
        '{"label": 2, "X": 63.2, "Y": 5, "Z": 31.8}, {"label": 26, "X": 1, "Y": 300, "Z": 31.8}, '
        '{"label": 20, "X": NaN, "Y": 141.9, "Z": 31.8}]'
    )
    points = read_centroids(json.loads(text), PIR)
    assert [one.level for one in points.vertebrae] == ["C2", "T12"]
    assert np.allclose(points.vertebrae[1].centre_ras, [1.6, 19.4, -77.3])
    assert np.allclose(points.landmarks["C2"], [1.8, 26.8, 35])
    assert points.left_out == ("label 26 was left out because it is sacral or coccygeal",)


@pytest.mark.parametrize(
    "text",
    [
        '[{"direction": ["P", "I", "R"]}, {"label": 99, "X": 1, "Y": 1, "Z": 1}]',
        '[{"direction": ["P", "I", "R"]}, {"label": 9, "X": 1, "Y": 1}]',
        '[{"direction": ["P", "P", "R"]}, {"label": 9, "X": 1, "Y": 1, "Z": 2}]',
        '[{"direction": ["P", "I", "R"]}, {"label": 9, "X": 1, "Y": 1, "Z": 2}, {"label": 9, "X": 1, "Y": 1, "Z": 2}]',
    ],
)
def test_damaged_files_are_refused(text: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        read_centroids(json.loads(text), PIR)
