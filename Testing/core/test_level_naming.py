import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from VertebralFracturesLib.core import level_naming
from VertebralFracturesLib.core.heights.norms import CENTRES_MM, SPACING_LOG_SD
from VertebralFracturesLib.core.level_naming import (
    AXIS,
    BASES,
    FIRST_RIB,
    LEVEL_CLASSES,
    SACRAL_BASE,
    SACRUM,
    SHAPE_ONLY,
    SPINE_CLASSES,
    SliceLevels,
    name_sequence,
    number_vertebrae,
    numbering_sentence,
    sacrum_index,
)
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES, CONFIDENT_LEVEL, LEVEL_NAMES, no_level_is_certain


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
    assume(len(numbers) > 2)
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
    assert no_level_is_certain(confidences)


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
    assert sacrum_index(*row(numbers, sacral)) == len(numbers)


def test_l5_that_looks_sacral_is_l5():
    levels, arcs = row(np.arange(12, 25), [0.9, 0.95])
    levels[12, LEVEL_CLASSES] = 0.6
    levels[12, :LEVEL_CLASSES] *= 0.4
    assert sacrum_index(levels, arcs) == 13


@given(first=st.integers(1, 20), count=st.integers(1, 16), scale=st.floats(0.87, 1.15))
def test_a_row_that_ends_above_l4_has_no_sacrum(first, count, scale):
    numbers = np.arange(first, min(first + count, 23))
    levels, arcs = row(numbers, [])
    assert sacrum_index(levels, arcs * scale) == len(numbers)


def test_six_lumbar_vertebrae_end_above_the_sacrum():
    levels, arcs = row(np.arange(12, 25), [0.0, 0.99])
    levels[13, :LEVEL_CLASSES] = seen([25])
    assert sacrum_index(levels, arcs) == 14


def test_what_lies_on_the_sacrum_is_lumbar_whatever_it_looks_like():
    numbers = np.arange(18, 25)
    vague = np.full((7, LEVEL_CLASSES), 1 / LEVEL_CLASSES)
    assert name_sequence(vague, CENTRES_MM[numbers - 1], ends_at_sacrum=True)[0] == LEVEL_NAMES[17:24]
    for wrong in (numbers - 1, numbers - 2):
        assert name_sequence(seen(wrong), CENTRES_MM[numbers - 1])[0][-1] not in ("L5", "L6")
        assert name_sequence(seen(wrong), CENTRES_MM[numbers - 1], ends_at_sacrum=True)[0][-1] in ("L4", "L5", "L6")


def test_the_classes_are_the_regular_levels_and_l6():
    assert len(LEVEL_NAMES) + 1 == LEVEL_CLASSES


def test_a_sacrum_has_no_more_than_five_segments():
    numbers = np.arange(15, 25)
    assert [sacrum_index(*row(numbers, [0.95] * count)) for count in (4, 5, 6)] == [10, 10, 11]


UNIFORM = np.full((1, LEVEL_CLASSES), 1 / LEVEL_CLASSES)


def test_of_a_body_that_could_be_anything_every_regular_level_is_as_likely_and_the_others_are_rare():
    rare = np.sqrt([0.02, 0.025])
    assert name_sequence(UNIFORM, [0.0])[1][0] == pytest.approx(1 / (24 + rare.sum()), rel=1e-9)
    names, confidences = name_sequence(UNIFORM, [0.0], ends_at_sacrum=True)
    assert names == ("L5",)
    assert confidences[0] == pytest.approx(1 / (1 + np.sqrt(0.05) + np.sqrt(0.025)), rel=1e-9)


def test_estimates_count_as_fewer_than_they_are_and_rule_nothing_out():
    estimates = np.zeros((6, LEVEL_CLASSES))
    estimates[:, 11] = 0.5
    emission = level_naming._emission(estimates)
    np.testing.assert_allclose(emission[:, ALL_LEVEL_NAMES.index("T5")], np.log(0.5) / 3)
    np.testing.assert_allclose(emission[:, ALL_LEVEL_NAMES.index("T4")], np.log(1e-3) / 3)


def test_a_supernumerary_vertebra_is_estimated_between_its_neighbours():
    estimates = np.full((1, LEVEL_CLASSES), 1e-3)
    estimates[0, [18, 19, 23, 24]] = 0.5, 0.25, 0.3, 0.1
    emission = level_naming._emission(estimates)[0]
    t13 = 0.4 * np.log(0.5) + 0.6 * np.log(0.25) + np.log(0.02)
    l6 = 0.4 * np.log(0.3) + 0.6 * np.log(0.1) + np.log(0.025)
    assert emission[ALL_LEVEL_NAMES.index("T13")] == pytest.approx(t13)
    assert emission[ALL_LEVEL_NAMES.index("L6")] == pytest.approx(l6)


def step(upper: str, lower: str, spacing_mm: float) -> float:
    """Log probability of a step down in a patient of average size, relative to the most probable one."""
    transition = level_naming._transition(np.array([spacing_mm]))
    middle = len(transition) // 2
    return float(transition[middle, 0, ALL_LEVEL_NAMES.index(upper), ALL_LEVEL_NAMES.index(lower)])


def student(spacing_mm: float, expected_mm: float) -> float:
    """Log density of a distance, relative to its greatest, by scipy."""
    deviate = np.log(spacing_mm / expected_mm) / SPACING_LOG_SD
    return float(stats.t.logpdf(deviate, 3) - stats.t.logpdf(0, 3))


def test_distances_tell_how_far_a_step_goes():
    to_next, to_second, over_t12, of_t12 = (
        CENTRES_MM[lower] - CENTRES_MM[upper] for upper, lower in ((11, 12), (11, 13), (17, 19), (17, 18))
    )
    assert step("T5", "T6", to_next) == pytest.approx(0)
    assert step("T5", "T6", 1.1 * to_next) == pytest.approx(student(1.1, 1.0))
    assert step("T5", "T7", to_second) == pytest.approx(np.log(0.02))
    assert step("T6", "T5", to_next) == -np.inf
    without_t12 = np.logaddexp(np.log(0.015), np.log(0.02) + student(over_t12 - of_t12, over_t12))
    assert step("T11", "L1", over_t12 - of_t12) == pytest.approx(without_t12)
    for upper, lower in (("T12", "T13"), ("T13", "L1"), ("L5", "L6")):
        assert step(upper, lower, 33.0) == pytest.approx(0)


def test_bodies_that_look_sacral_are_weighed_against_vertebrae_at_distances_as_they_are_on_average():
    mean = stats.t.expect(lambda deviate: stats.t.logpdf(deviate, 3) - stats.t.logpdf(0, 3), args=(3,))
    assert mean == pytest.approx(level_naming._MEAN_FIT, rel=1e-4)


NUMBERS_OF_ROWS = [range(8, 20), range(12, 25), range(18, 25), range(1, 13)]


@pytest.mark.parametrize(
    ("constant", "values"),
    [
        ("_T13_LOG_PRIOR", np.log([0.01, 0.04])),
        ("_L6_LOG_PRIOR", np.log([0.0125, 0.05])),
        ("_NO_T12_LOG_PRIOR", np.log([0.0075, 0.03])),
        ("_MISSED_LOG_PRIOR", np.log([0.01, 0.04])),
        ("_LEAST_PROBABILITY", [5e-4, 2e-3]),
        ("_LEAST_SACRAL", [1e-6, 1e-2]),
        ("_ESTIMATE_CORRELATION", [0.28, 0.52]),
        ("_TEMPERATURE", [1.0, 4.0]),
        ("_STUDENT_FREEDOM", [1.5, 3.9]),
        ("_SUPERNUMERARY_MM", [28.0, 38.0]),
        ("_SCALE_DEVIATES", [np.linspace(-2.5, 2.5, 21), np.linspace(-3.25, 3.25, 15)]),
    ],
)
def test_names_hang_on_no_chosen_number(constant, values, monkeypatch):
    generator = np.random.default_rng(0)
    rows = []
    for numbers in map(np.array, NUMBERS_OF_ROWS * 3):
        arcs = CENTRES_MM[numbers - 1] * generator.uniform(0.9, 1.1) + generator.normal(0, 0.8, len(numbers))
        rows.append((seen(numbers + generator.normal(0, 0.4), 0.6), arcs))
    sacral = [row(np.arange(15, 25), [0.9, 0.95]), row(np.arange(15, 25), [])]
    names = [name_sequence(*one)[0] for one in rows]
    for value in values:
        monkeypatch.setattr(level_naming, constant, value)
        assert [name_sequence(*one)[0] for one in rows] == names
        assert [sacrum_index(*one) for one in sacral] == [10, 10]


def test_more_scales_of_the_patient_change_no_confidence(monkeypatch):
    rows = [(seen(np.array(numbers) + 0.4, 0.6), CENTRES_MM[np.array(numbers) - 1]) for numbers in NUMBERS_OF_ROWS]
    before = [name_sequence(*one)[1] for one in rows]
    monkeypatch.setattr(level_naming, "_SCALE_DEVIATES", np.linspace(-2.5, 2.5, 21))
    for one, confidences in zip(rows, before, strict=True):
        np.testing.assert_allclose(name_sequence(*one)[1], confidences, atol=0.01)


def scan(numbers, above=(), below=(), probability: float = 0.9) -> tuple[SliceLevels, np.ndarray, np.ndarray]:
    """Slices of a straight spine, and heights and places of its bodies.

    Above the first and below the last body lie slices of further classes, three mm of each.
    """
    numbers = np.asarray(numbers)
    places = CENTRES_MM[np.minimum(numbers, 24) - 1] + 33.0 * np.maximum(numbers - 24, 0)
    heights = 1000.0 - places
    inner = np.arange(heights[0] + 6, heights[-1] - 6, -3.0)
    classes = numbers[np.abs(inner[:, None] - heights).argmin(1)] - 1
    classes = np.concatenate([np.array(above, int), classes, np.array(below, int)])
    slices = heights[0] + 6 + 3.0 * len(above) - 3.0 * np.arange(len(classes))
    wrong = (1 - probability) / (SPINE_CLASSES - 1)
    probabilities = np.where(np.arange(SPINE_CLASSES) == classes[:, None], probability, wrong)
    return SliceLevels(slices, probabilities), heights, places


@pytest.mark.parametrize(
    ("numbers", "above", "below", "basis"),
    [
        (range(8, 20), (), (), (FIRST_RIB,)),
        (range(9, 20), (), (), (SHAPE_ONLY,)),
        (range(15, 25), (), [23] * 3 + [SACRUM] * 9, (SACRAL_BASE,)),
        (range(15, 25), (), [23] * 12 + [SACRUM] * 9, (SHAPE_ONLY,)),
        (range(3, 14), [1] * 6, (), (AXIS, FIRST_RIB)),
        (range(3, 7), (), (), (SHAPE_ONLY,)),
        (range(3, 25), [1] * 6, [23] * 3 + [SACRUM] * 9, (AXIS, FIRST_RIB, SACRAL_BASE)),
    ],
)
def test_a_numbering_rests_on_the_landmarks_that_are_seen(numbers, above, below, basis):
    numbering = number_vertebrae(*scan(list(numbers), above, below))
    assert numbering.names == tuple(LEVEL_NAMES[number - 1] for number in numbers)
    assert numbering.basis == basis
    assert (numbering.confidences.max() >= CONFIDENT_LEVEL) == (basis != (SHAPE_ONLY,))


def test_a_first_rib_that_is_doubtful_founds_nothing():
    for probability, basis in ((0.55, (FIRST_RIB,)), (0.45, (SHAPE_ONLY,))):
        assert number_vertebrae(*scan(range(8, 20), probability=probability)).basis == basis


def test_bodies_below_the_sacral_promontory_have_no_name():
    numbering = number_vertebrae(*scan([20, 21, 22, 23, 24, 26, 27], below=[SACRUM] * 6))
    assert numbering.names == ("L1", "L2", "L3", "L4", "L5")
    assert len(numbering.confidences) == 5
    sacral = number_vertebrae(*scan([26], above=[SACRUM], below=[SACRUM]))
    assert (sacral.names, sacral.basis) == ((), ())


def test_the_sentence_on_the_numbering():
    assert numbering_sentence(()) == ""
    assert numbering_sentence((SACRAL_BASE,)) == "The levels are counted from the sacrum."
    assert numbering_sentence(BASES) == "The levels are counted from C2, the first rib and the sacrum."
    assert "shape and size only" in numbering_sentence((SHAPE_ONLY,))


def test_a_single_landmark_founds_nothing_where_the_bodies_look_otherwise():
    """Counted from the sacrum T8 is what each body by itself takes for T7."""
    numbers = list(range(15, 25))
    slices, heights, places = scan(numbers, below=[23] * 3 + [SACRUM] * 9)
    doubted = slices.probabilities.copy()
    above = slices.heights_mm > heights[-3]
    doubted[above] = np.roll(doubted[above], -1, axis=1)
    sure, doubtful = (number_vertebrae(SliceLevels(slices.heights_mm, one), heights, places) for one in
                      (slices.probabilities, doubted))  # fmt: skip
    assert sure.basis == doubtful.basis == (SACRAL_BASE,)
    assert sure.confidences.min() > CONFIDENT_LEVEL > doubtful.confidences.max()


def test_supernumerary_vertebrae_found_nothing():
    numbering = number_vertebrae(*scan(range(15, 26), below=[24] * 3 + [SACRUM] * 9))
    assert numbering.names[-2:] == ("L5", "L6")
    assert numbering.confidences.max() < CONFIDENT_LEVEL


@pytest.mark.parametrize(("deeper_mm", "basis"), [(0.0, (SACRAL_BASE,)), (-12.0, (SHAPE_ONLY,))])
def test_a_sacrum_that_begins_beside_the_last_vertebra_founds_nothing(deeper_mm, basis):
    slices, heights, places = scan(range(15, 25), below=[23] * 3 + [SACRUM] * 9)
    is_sacral = slices.heights_mm < heights[-1] - 15.0 - deeper_mm
    probabilities = np.where(is_sacral[:, None], 0.9 * (np.arange(SPINE_CLASSES) == SACRUM) + 0.1 / SPINE_CLASSES,
                             slices.probabilities)  # fmt: skip
    numbering = number_vertebrae(SliceLevels(slices.heights_mm, probabilities), heights, places)
    assert numbering.names[-1] == "L5"
    assert numbering.basis == basis


def test_the_slice_through_s1_is_weighed_against_those_through_l5():
    """Slices through the middle of S1 show L5 as well, and the other way round."""
    assert sacrum_index(*row(np.arange(15, 25), [0.45]), of_slices=True) == 10
    levels, arcs = row(np.arange(15, 25), [])
    levels[-1, SACRUM] = 0.6
    levels[-1, :SACRUM] *= 0.4
    assert sacrum_index(levels, arcs, of_slices=True) == 10
    levels[-1, SACRUM] = 0.97
    levels[-1, :SACRUM] *= 0.03 / 0.4
    assert sacrum_index(levels, arcs, of_slices=True) == 9


def test_the_temperature_changes_confidences_and_no_name():
    rows = [(seen(np.array(numbers) + 0.4, 0.6), CENTRES_MM[np.array(numbers) - 1]) for numbers in NUMBERS_OF_ROWS]
    for one in rows:
        (names, cold), (same, hot) = name_sequence(*one, temperature=1.0), name_sequence(*one, temperature=4.0)
        assert names == same
        assert (cold > hot).all()


@pytest.mark.parametrize(
    ("name", "column", "agrees"),
    [("C2", 1, True), ("C3", 1, False), ("C3", 2, True), ("C2", 2, False), ("C5", 2, False)],
)
def test_below_the_axis_lies_c3(name, column, agrees):
    probabilities = 0.9 * (np.arange(LEVEL_CLASSES) == column) + 0.1 / LEVEL_CLASSES
    assert level_naming._starts_at_axis(name, probabilities) == agrees


def test_a_body_whose_own_slices_are_lumbar_is_no_sacrum_however_many_there_are():
    """Of 23 bodies from C3 down the row alone takes the last one for S1, as a spine with T13 is rare."""
    levels = np.full((23, SPINE_CLASSES), 1e-3)
    levels[np.arange(22), np.arange(2, 24)] = 1.0
    levels[22, [23, SACRUM]] = 0.75, 0.25
    levels /= levels.sum(1, keepdims=True)
    arcs = np.r_[CENTRES_MM[2:], CENTRES_MM[-1] + 34.0]
    assert len(number_vertebrae(SliceLevels(-arcs, levels), -arcs, arcs).names) == 23
    levels[22, [23, SACRUM]] = levels[22, [SACRUM, 23]]
    assert number_vertebrae(SliceLevels(-arcs, levels), -arcs, arcs).names[-1] == "L5"


def test_where_c3_is_in_doubt_the_levels_between_first_rib_and_sacrum_are_not():
    slices, heights, arcs = scan(range(3, 25), [1] * 6, [23] * 3 + [SACRUM] * 9)
    either = 0.7 * np.eye(SPINE_CLASSES)[1] + 0.3 * np.eye(SPINE_CLASSES)[2]
    slices.probabilities[np.abs(slices.heights_mm - heights[0]) < 8] = either
    numbering = number_vertebrae(slices, heights, arcs)
    assert numbering.names == tuple(LEVEL_NAMES[2:])
    is_neck = np.array([name.startswith("C") for name in numbering.names])
    assert is_neck.any()
    assert (numbering.confidences[is_neck] < CONFIDENT_LEVEL).all()
    assert (numbering.confidences[~is_neck] >= CONFIDENT_LEVEL).all()
    without_sacrum = slices.heights_mm > heights[-3]
    cut = SliceLevels(slices.heights_mm[without_sacrum], slices.probabilities[without_sacrum])
    assert (number_vertebrae(cut, heights[:-4], arcs[:-4]).confidences < CONFIDENT_LEVEL).all()


def test_the_axis_is_never_measured_whatever_the_sequence_expects():
    """The slices below it look two levels too low, so that the sequence takes it for C4."""
    slices, heights, arcs = scan(range(4, 14), [1] * 6)
    slices.probabilities[np.abs(slices.heights_mm - heights[0]) < 8] = np.eye(SPINE_CLASSES)[1]
    numbering = number_vertebrae(slices, heights, arcs)
    assert numbering.names[:2] == ("C2", "C5")
    assert (numbering.confidences < CONFIDENT_LEVEL).all()
