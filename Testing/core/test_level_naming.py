import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.level_naming import LEVEL_CLASSES, name_sequence, sacrum_place
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES, CONFIDENT_LEVEL, LEVEL_NAMES, levels_are_relative
from VertebralFracturesLib.core.norms import CENTRES_MM


def seen(numbers, spread: float = 0.3) -> np.ndarray:
    """What a network says that sees levels at these numbers, with a Gaussian spread."""
    misfit = (np.asarray(numbers, dtype=float)[:, None] - np.arange(1, LEVEL_CLASSES + 1)) / spread
    likelihood = np.exp(-(misfit**2) / 2) + 1e-6
    return likelihood / likelihood.sum(1, keepdims=True)


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
    names, confidences = name_sequence(seen(numbers + generator.uniform(-0.2, 0.2, len(numbers))), arcs)
    assert names == tuple(LEVEL_NAMES[n - 1] for n in numbers)
    assert ((confidences > 0.5) & (confidences <= 1 + 1e-9)).all()


def test_one_wrong_estimate_is_overruled_by_the_others():
    numbers = np.arange(9, 17)
    estimates = numbers.astype(float)
    estimates[3] += 2
    assert name_sequence(seen(estimates), CENTRES_MM[numbers - 1])[0] == LEVEL_NAMES[8:16]


def test_one_sure_estimate_decides_among_vague_ones():
    """Where one body is at a landmark, its neighbours count from it."""
    numbers = np.arange(15, 22)
    levels = np.full((7, LEVEL_CLASSES), 1 / LEVEL_CLASSES)
    levels[4] = seen([19])
    names, confidences = name_sequence(levels, CENTRES_MM[numbers - 1])
    assert names == LEVEL_NAMES[14:21]
    assert (confidences > 0.5).all()


def test_a_common_shift_shifts_all_names():
    numbers = np.arange(9, 17)
    assert name_sequence(seen(numbers + 1), CENTRES_MM[numbers - 1])[0] == LEVEL_NAMES[9:17]


def test_many_doubtful_estimates_stay_doubtful():
    numbers = np.arange(9, 15)
    names, confidences = name_sequence(seen(numbers + 0.5, 0.5), CENTRES_MM[numbers - 1])
    assert len(names) == 6
    assert (confidences < CONFIDENT_LEVEL).all()


def test_without_any_estimate_the_names_are_relative():
    numbers = np.arange(11, 16)
    names, confidences = name_sequence(np.full((5, LEVEL_CLASSES), 1 / LEVEL_CLASSES), CENTRES_MM[numbers - 1])
    assert np.diff([LEVEL_NAMES.index(name) for name in names]).tolist() == [1, 1, 1, 1]
    assert levels_are_relative(confidences)


def test_a_sixth_lumbar_vertebra_needs_evidence():
    arcs = CENTRES_MM[18:24]
    clear, _ = name_sequence(seen([*np.arange(19, 25), 25]), np.append(arcs, arcs[-1] + 33))
    assert clear == ("T12", "L1", "L2", "L3", "L4", "L5", "L6")
    vague, _ = name_sequence(seen(np.arange(19, 25) + 0.3), arcs)
    assert vague == LEVEL_NAMES[18:]


def test_a_thirteenth_thoracic_vertebra_needs_evidence():
    upper, lower = CENTRES_MM[16:19], CENTRES_MM[19:24]
    arcs = np.concatenate([upper, [upper[-1] + 33], lower + 33])
    clear, _ = name_sequence(seen([17, 18, 19, 19.6, *range(20, 25)], 0.2), arcs)
    assert clear == ("T10", "T11", "T12", "T13", "L1", "L2", "L3", "L4", "L5")
    regular, _ = name_sequence(seen(np.arange(17, 25)), CENTRES_MM[16:24])
    assert "T13" not in regular


def test_a_spine_without_t12_needs_evidence():
    numbers = np.array([15, 16, 17, 18, 20, 21, 22, 23, 24])
    spacings = np.diff(CENTRES_MM)[[14, 15, 16, 18, 19, 20, 21, 22]]
    clear, _ = name_sequence(seen(numbers, 0.2), np.append(0.0, np.cumsum(spacings)))
    assert clear == tuple(LEVEL_NAMES[n - 1] for n in numbers)


def test_confidences_are_probabilities():
    """Over all levels that a body could have they sum to one, so that no name can have more."""
    numbers = np.arange(12, 20)
    for spread in (0.2, 1.0, 3.0):
        _, confidences = name_sequence(seen(numbers, spread), CENTRES_MM[numbers - 1])
        assert ((confidences > 0) & (confidences <= 1 + 1e-9)).all()


def test_empty_single_and_impossible_rows():
    names, confidences = name_sequence(np.zeros((0, LEVEL_CLASSES)), [])
    assert (names, len(confidences)) == ((), 0)
    assert name_sequence(seen([9.1]), [50.0])[0] == ("T2",)
    with pytest.raises(ValueError, match="cranial to caudal"):
        name_sequence(seen([1, 2]), [20.0, 20.0])
    with pytest.raises(ValueError, match="27 vertebrae are more than"):
        name_sequence(seen(np.arange(27)), np.arange(27) * 20.0)


def test_supernumerary_levels_have_names():
    assert {"T13", "L6"} < set(ALL_LEVEL_NAMES)


def row(numbers, sacral) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, 26) and places of vertebrae and, below them, of bodies that look sacral to some degree."""
    levels = np.zeros((len(numbers) + len(sacral), LEVEL_CLASSES + 1))
    levels[: len(numbers), :LEVEL_CLASSES] = seen(numbers)
    levels[len(numbers) :, LEVEL_CLASSES] = sacral
    levels[len(numbers) :, 23] = 1 - np.asarray(sacral)
    arcs = np.concatenate([CENTRES_MM[np.asarray(numbers) - 1], CENTRES_MM[23] + 33.0 * np.arange(1, len(sacral) + 1)])
    return levels, arcs


@pytest.mark.parametrize("sacral", [[0.9], [0.9, 0.95], [0.04, 0.6], [0.5, 0.9, 0.9, 0.9], []])
@pytest.mark.parametrize("first", [8, 15, 21])
def test_the_sacrum_lies_where_the_row_ends(first, sacral):
    """S1 that looks like L5, with S2 behind it that looks like S1, is S1 nevertheless."""
    numbers = np.arange(first, 25)
    assert sacrum_place(*row(numbers, sacral)) == len(numbers)


def test_l5_that_looks_sacral_is_l5():
    levels, arcs = row(np.arange(12, 25), [0.9, 0.95])
    levels[12, LEVEL_CLASSES] = 0.6
    levels[12, :LEVEL_CLASSES] *= 0.4
    assert sacrum_place(levels, arcs) == 13


@given(first=st.integers(1, 20), count=st.integers(1, 16), scale=st.floats(0.87, 1.15))
def test_a_row_that_ends_above_l4_has_no_sacrum(first, count, scale):
    numbers = np.arange(first, min(first + count, 23))
    levels, arcs = row(numbers, [])
    assert sacrum_place(levels, arcs * scale) == len(numbers)


def test_six_lumbar_vertebrae_end_above_the_sacrum():
    levels, arcs = row(np.arange(12, 25), [0.0, 0.99])
    levels[13, :LEVEL_CLASSES] = seen([25])
    assert sacrum_place(levels, arcs) == 14


def test_what_lies_on_the_sacrum_is_lumbar_whatever_it_looks_like():
    numbers = np.arange(18, 25)
    vague = np.full((7, LEVEL_CLASSES), 1 / LEVEL_CLASSES)
    assert name_sequence(vague, CENTRES_MM[numbers - 1], ends_at_sacrum=True)[0] == LEVEL_NAMES[17:24]
    for wrong in (numbers - 1, numbers - 2):
        assert name_sequence(seen(wrong), CENTRES_MM[numbers - 1])[0][-1] not in ("L5", "L6")
        assert name_sequence(seen(wrong), CENTRES_MM[numbers - 1], ends_at_sacrum=True)[0][-1] in ("L4", "L5", "L6")
