import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core import levels
from VertebralFracturesLib.core.norms import CENTRES_MM

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


def test_verse_ids_return():
    assert [levels.verse_id(name) for name in NAMES] == list(range(1, 25))
    assert all(levels.parse_level(levels.verse_id(name)) == name for name in levels.ALL_LEVEL_NAMES)


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


@given(
    first=st.integers(1, 20),
    count=st.integers(2, 15),
    missed=st.sets(st.integers(1, 13), max_size=2),
    scale=st.floats(0.87, 1.15),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=60, deadline=None)
def test_a_row_is_named_through_noise_scale_and_gaps(first, count, missed, scale, seed):
    generator = np.random.default_rng(seed)
    numbers = np.array([n for i, n in enumerate(range(first, min(first + count, 25))) if i not in missed])
    assume(len(numbers) > 1)
    arcs = CENTRES_MM[numbers - 1] * scale + generator.normal(0, 0.5, len(numbers))
    names, confidences = levels.name_sequence(
        numbers + generator.uniform(-0.2, 0.2, len(numbers)), [0.15] * len(numbers), arcs
    )
    assert names == tuple(NAMES[n - 1] for n in numbers)
    assert ((confidences > 0.5) & (confidences <= 1 + 1e-9)).all()


def test_one_wrong_estimate_is_overruled_by_the_others():
    numbers = np.arange(9, 17)
    estimates = numbers.astype(float)
    estimates[3] += 2
    names, _ = levels.name_sequence(estimates, np.full(8, 0.2), CENTRES_MM[numbers - 1])
    assert names == tuple(NAMES[8:16])


def test_a_common_shift_shifts_all_names():
    numbers = np.arange(9, 17)
    names, _ = levels.name_sequence(numbers + 1.0, np.full(8, 0.1), CENTRES_MM[numbers - 1])
    assert names == tuple(NAMES[9:17])


def test_many_doubtful_estimates_stay_doubtful():
    numbers = np.arange(9, 15)
    names, confidences = levels.name_sequence(numbers + 0.5, np.full(6, 0.5), CENTRES_MM[numbers - 1])
    assert len(names) == 6
    assert (confidences < levels.CONFIDENT_LEVEL).all()
    assert levels.levels_are_relative(confidences)


def test_without_any_estimate_the_names_are_relative():
    numbers = np.arange(11, 16)
    names, confidences = levels.name_sequence(np.full(5, np.nan), np.full(5, np.inf), CENTRES_MM[numbers - 1])
    assert np.diff([NAMES.index(name) for name in names]).tolist() == [1, 1, 1, 1]
    assert levels.levels_are_relative(confidences)
    assert not levels.levels_are_relative([0.5, 0.95])


def test_a_sixth_lumbar_vertebra_needs_evidence():
    arcs = CENTRES_MM[18:24]
    arcs = np.append(arcs, arcs[-1] + 33)
    clear, _ = levels.name_sequence(np.arange(19, 26), np.full(7, 0.15), arcs)
    assert clear == ("T12", "L1", "L2", "L3", "L4", "L5", "L6")
    vague, _ = levels.name_sequence(np.arange(19, 25) + 0.4, np.full(6, 0.4), CENTRES_MM[18:24])
    assert vague == NAMES[18:]


def test_empty_single_and_impossible_rows():
    names, confidences = levels.name_sequence([], [], [])
    assert (names, len(confidences)) == ((), 0)
    assert levels.name_sequence([9.1], [0.2], [50.0])[0] == ("T2",)
    with pytest.raises(ValueError, match="cranial to caudal"):
        levels.name_sequence([1, 2], [1, 1], [20.0, 20.0])
    with pytest.raises(ValueError, match="26 vertebrae are more than"):
        levels.name_sequence(np.arange(26), np.ones(26), np.arange(26) * 20.0)


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
