"""The columns of a patient can be understood and told apart."""

from VertebralFracturesLib.core.alignment.spinal_angles import ANGLES
from VertebralFracturesLib.report.columns.patient import (
    ANGLE_COLUMNS,
    ORIGIN_COLUMNS,
    SPINE_COLUMNS,
    STUDY_COLUMNS,
    SUMMARY_COLUMNS,
)
from VertebralFracturesLib.report.study import study_values

ALL = (*SUMMARY_COLUMNS, *SPINE_COLUMNS, *ORIGIN_COLUMNS)


def test_names_and_titles_are_told_apart() -> None:
    assert len({one.name for one in ALL}) == len(ALL)
    assert len({one.title for one in (*SUMMARY_COLUMNS, *SPINE_COLUMNS)}) == len(SUMMARY_COLUMNS) + len(SPINE_COLUMNS)


def test_a_description_says_more_than_the_title() -> None:
    assert [one.name for one in ALL if len(one.description) <= len(one.title) + 3] == []


def test_every_angle_has_a_column() -> None:
    assert [one.name for one in ANGLE_COLUMNS] == [angle.name for angle in ANGLES]
    assert {one.unit for one in ANGLE_COLUMNS} == {"deg"}


def test_the_columns_of_the_study_are_those_that_have_values() -> None:
    assert [one.name for one in STUDY_COLUMNS] == list(study_values({}))
