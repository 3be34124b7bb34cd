import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core import levels

NAMES = levels.LEVEL_NAMES


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("T5", "T5"),
        ("Th5", "T5"),
        ("D5", "T5"),
        (" th-05 ", "T5"),
        ("vertebrae_T5", "T5"),
        ("Vertebra L1", "L1"),
        ("c2", "C2"),
    ]
    + [(12, "T5"), (np.int64(24), "L5"), (25, "L6"), (28, "T13"), ("T13", "T13"), ("L6", "L6")],
)
def test_spellings(spelling, name):
    assert levels.parse_level(spelling) == name


@pytest.mark.parametrize("spelling", ["", "S1", "T14", "C8", "L0", "T", "x T5", 0, 26, "T5 fractured"])
def test_what_is_no_level_is_refused(spelling):
    with pytest.raises(ValueError, match="is not a vertebral level"):
        levels.parse_level(spelling)


def test_numbers_of_label_maps_are_levels():
    assert [levels.parse_level(number) for number in range(1, 25)] == list(NAMES)
    assert (levels.parse_level(25), levels.parse_level(28)) == ("L6", "T13")


def test_supernumerary_levels_count_between_their_neighbours():
    assert [levels.LEVEL_NUMBERS[name] for name in NAMES] == list(range(1, 25))
    assert (levels.LEVEL_NUMBERS["T13"], levels.LEVEL_NUMBERS["L6"]) == (19.6, 24.6)


def test_neighbours_of_regular_and_supernumerary_levels():
    assert [levels.level_above(name) for name in ("C1", "T1", "L1", "T13", "L6")] == [None, "C7", "T12", "T12", "L5"]
    assert [levels.level_below(name) for name in ("C7", "T12", "T13", "L5", "L6")] == ["T1", "L1", "L1", None, None]


def test_steps_skip_supernumerary_levels_except_at_their_ends():
    pairs = [("T12", "L1"), ("T12", "T13"), ("T13", "L1"), ("T11", "L2"), ("L5", "L6"), ("L1", "T12"), ("T4", "T4")]
    assert [levels.steps_between(*pair) for pair in pairs] == [1, 1, 1, 3, 1, -1, 0]


def test_naming_one_renames_all_and_keeps_gaps():
    assert levels.rename_sequence(["T4", "T5", "T7"], 1, "Th6") == ("T5", "T6", "T8")
    assert levels.rename_sequence(["T11", "T12", "L1"], 1, "T13") == ("T12", "T13", "L1")
    assert levels.rename_sequence(["L3", "L4", "L5"], 0, "L4") == ("L4", "L5", "L6")
    assert levels.rename_sequence([None, None, "L1"], 2, "T12") == ("T10", "T11", "T12")


def test_naming_must_stay_within_the_spine():
    with pytest.raises(ValueError, match="above C1"):
        levels.rename_sequence(["T1", "T2", "T3"], 2, "C2")
    with pytest.raises(ValueError, match="below L6"):
        levels.rename_sequence(["L3", "L4", "L5"], 0, "L5")


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=10, unique=True), st.data())
def test_renaming_to_its_own_name_changes_nothing(names, data):
    ordered = tuple(sorted(names, key=NAMES.index))
    index = data.draw(st.integers(0, len(ordered) - 1))
    assert levels.rename_sequence(ordered, index, ordered[index]) == ordered


def test_a_shift_keeps_gaps_and_supernumerary_levels():
    assert levels.shift_sequence(["T10", "T12", "L1"], 1) == ("T11", "L1", "L2")
    assert levels.shift_sequence(["T12", "T13", "L1"], 1) == ("L1", "L2", "L3")
    assert levels.shift_sequence([None, "L1"], -2) == ("T10", "T11")
    assert levels.shift_sequence(["L5"], 1) == ("L6",)
    with pytest.raises(ValueError, match="above C1"):
        levels.shift_sequence(["C1", "C2"], -1)
    with pytest.raises(ValueError, match="no vertebra has a level"):
        levels.shift_sequence([None], 1)


def test_a_vertebra_gets_the_level_that_its_neighbours_leave_free():
    assert levels.level_between("T11", "L1") == "T12"
    assert levels.level_between("T11", None) == "T12"
    assert levels.level_between(None, "L1") == "T12"
    assert levels.level_between("T11", "T12") is None
    assert levels.level_between("L5", None) is None
    assert levels.level_between(None, None) is None


def test_numbering_is_uncertain_unless_one_level_is_certain():
    assert levels.no_level_is_certain([0.5, 0.7])
    assert not levels.no_level_is_certain([0.5, 0.95])


def test_an_uncertain_level_carries_a_question_mark_and_an_unnamed_vertebra_its_number():
    assert [levels.shown_level(*one) for one in (("T7", 0.95, 3), ("T7", 0.5, 3), (None, 0.0, 3))] == [
        "T7",
        "T7?",
        "No. 3",
    ]
