"""The columns of a vertebra can be understood and told apart."""

import re

from VertebralFracturesLib.core.keypoints import KEYPOINT_NAMES
from VertebralFracturesLib.report.columns.patient import ORIGIN_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS, POINT_COLUMNS

ALL = (*COLUMNS, *POINT_COLUMNS, *ORIGIN_COLUMNS)
UNITS = {"mm": "mm", "deg": "deg", "percent": "%", "hu": "HU"}
"""Units by the ends of names."""


def test_names_and_titles_are_told_apart() -> None:
    assert len({one.name for one in ALL}) == len({one.title for one in ALL}) == len(ALL)


def test_a_name_ends_in_its_unit() -> None:
    wrong = [
        one.name
        for one in ALL
        if UNITS.get(one.name.rsplit("_", 1)[-1], "") != (one.unit if one.unit in UNITS.values() else "")
    ]
    assert wrong == []


def test_a_description_is_longer_than_its_title_and_no_sentence() -> None:
    assert [one.name for one in ALL if len(one.description) <= len(one.title) + 3] == []
    assert [one.name for one in ALL if re.search(r"\.$|^[A-Z][a-z]", one.description)] == []


def test_measures_have_decimals_and_texts_have_none() -> None:
    assert [one.name for one in COLUMNS if one.unit in ("mm", "%", "deg", "SD", "1") and not one.decimals] == []
    assert [one.name for one in COLUMNS if not one.unit and one.decimals] == []


def test_every_landmark_has_three_coordinates() -> None:
    assert len(POINT_COLUMNS) == 3 * len(KEYPOINT_NAMES)
    assert [one.name for one in POINT_COLUMNS[:3]] == [f"anterior_superior_{axis}_mm" for axis in "ras"]
