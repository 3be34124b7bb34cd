"""The bodies that can be measured: refined by both steps, whole, apart, and added where one was missed in between."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from helpers.perfect_radiograph import (
    LEVELS,
    PIXEL_MM,
    Landmarks,
    PerfectNetworks,
    landmarks_mm,
    picture,
    points_mm,
    unseen,
)
from helpers.spine_shapes import upright_bodies_mm
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.levels import LEVEL_NAMES
from VertebralFracturesLib.errors import NoSpineFound
from VertebralFracturesLib.radiograph import bodies as radiograph_bodies
from VertebralFracturesLib.radiograph.bodies import (
    _apart,
    _are_bodies,
    missed_indices,
    refined,
    rough_bodies,
)
from VertebralFracturesLib.radiograph.network_input import CELL, CROP_PIXELS
from VertebralFracturesLib.radiograph.pipeline import analyze_radiograph
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.radiograph.view import best_view

NETWORKS = PerfectNetworks()

scatter = st.lists(st.floats(-0.08, 0.08), min_size=17, max_size=17)


def row_mm(scatter: list[float], turn: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Centres (18, 2) that are 20 to 36 mm apart, as from T1 to L5, each distance off by a little."""
    distances = np.linspace(20, 36, 17) * (1 + np.array(scatter))
    downs = np.r_[0, np.cumsum(distances)] * scale
    return downs[:, None] * [np.sin(turn), np.cos(turn)]


@given(scatter, st.integers(1, 16), st.floats(-0.8, 0.8), st.floats(0.7, 1.4))
def test_one_that_is_missing_is_seen(scatter: list[float], missing: int, turn: float, scale: float) -> None:
    centres_mm = row_mm(scatter, turn, scale)
    assert missed_indices(centres_mm).tolist() == []
    assert missed_indices(np.delete(centres_mm, missing, 0)).tolist() == [missing - 1]


even = st.lists(st.floats(-0.02, 0.02), min_size=17, max_size=17)


@given(st.one_of(st.tuples(scatter, st.integers(4, 15)), st.tuples(even, st.integers(1, 3))))
def test_of_two_next_to_each_other_nothing_is_said(row: tuple[list[float], int]) -> None:
    """Near the upper end, where few bodies are above, a gap of two has to be told from a gap of one by less."""
    scatter, missing = row
    assert missed_indices(np.delete(row_mm(scatter), [missing, missing + 1], 0)).tolist() == []


def test_two_apart_are_seen() -> None:
    assert missed_indices(np.delete(row_mm([0.0] * 17), [4, 11], 0)).tolist() == [3, 9]


@pytest.mark.parametrize("centres_mm", [np.zeros((0, 2)), [[0, 0]], [[0, 0], [0, 30]], [[0, 0], [0, 30], [0, 90]]])
def test_a_row_that_is_too_short_says_nothing(centres_mm: list) -> None:
    assert missed_indices(centres_mm).tolist() == []


def without_l2(**errors: object) -> PerfectNetworks:
    return PerfectNetworks(faint_channel=LEVEL_NAMES.index("L2"), **errors)


def one_body_higher(landmarks: Landmarks) -> Landmarks:
    """Sixteen pixels further up in the crop."""
    places, spreads = landmarks
    return places - [0.0, 2 * 8 * CELL / CROP_PIXELS], spreads


def without_size(landmarks: Landmarks) -> Landmarks:
    """All landmarks where the first is."""
    places, spreads = landmarks
    return np.repeat(places[:, :1], 6, 1), spreads


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_body_that_was_missed_between_two_is_added(is_mirrored: bool) -> None:
    image = np.ascontiguousarray(picture()[:, ::-1]) if is_mirrored else picture()
    report = analyze_radiograph(Radiograph(image, PIXEL_MM), without_l2())
    assert tuple(report.levels) == LEVELS
    np.testing.assert_allclose(points_mm(report, image), landmarks_mm()[:-1], atol=0.6)
    assert [vertebra.score > 0.3 for vertebra in report.vertebrae] == [level != "L2" for level in LEVELS]
    assert "L2: detected only from a gap between adjacent vertebrae; please verify the landmarks." in report.warnings
    assert report.angles_deg["lordosis_l1_l5_deg"] == pytest.approx(20.0, abs=0.7)
    rough = analyze_radiograph(Radiograph(image, PIXEL_MM), without_l2(), refine=False)
    assert len(rough.vertebrae) == len(LEVELS) - 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(unseen, id="nothing is seen"),
        pytest.param(one_body_higher, id="it reaches into the body above"),
        pytest.param(without_size, id="it has no size"),
    ],
)
def test_what_is_no_body_is_not_added_between_two(change: Callable[[Landmarks], Landmarks]) -> None:
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), without_l2(change=change))
    assert report.levels == [level for level in LEVELS if level != "L2"]
    assert not any("gap" in text for text in report.warnings)


def test_step_1_is_kept_where_step_2_sees_nothing() -> None:
    radiograph = Radiograph(picture(), PIXEL_MM, "left")
    both = analyze_radiograph(radiograph, PerfectNetworks(blind=3))
    sure = analyze_radiograph(radiograph, NETWORKS)
    np.testing.assert_allclose(points_mm(both, picture()), landmarks_mm()[:-1], atol=0.8)
    doubts = [[vertebra.uncertainty_mm.max() for vertebra in one.vertebrae] for one in (sure, both)]
    assert max(doubts[0]) < 1.25 * 1.2
    assert min(doubts[1][:3]) > 3 * max(doubts[0])
    assert max(doubts[1]) == pytest.approx(6.0)
    np.testing.assert_allclose(doubts[1][3:], doubts[0][3:])


@pytest.mark.parametrize("pixel_mm", [PIXEL_MM, None])
def test_where_step_2_sees_no_body_there_is_no_spine(pixel_mm: float | None) -> None:
    networks = PerfectNetworks(blind=6)
    with pytest.raises(NoSpineFound, match="no spine found: the endplates of most detected vertebrae"):
        analyze_radiograph(Radiograph(picture(), pixel_mm, "left"), networks)


def test_step_2_places_a_body_whose_shape_it_doubts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the shape of bodies whose landmarks it knows to 6 mm, step 2 has a fifth of the say; of their place all."""
    view = best_view(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
    rough = rough_bodies(view, NETWORKS)
    middles = np.nanmean(rough.landmarks_mm, 1, keepdims=True)
    seen_mm = np.where(np.isnan(rough.landmarks_mm), 0.0, middles + 1.5 * (rough.landmarks_mm - middles) + [3.0, -4.0])
    widths_mm = np.full(seen_mm.shape[:2], 6.0)
    monkeypatch.setattr(radiograph_bodies, "_landmarks_of_step_two", lambda *_: (seen_mm, widths_mm))
    found_mm = refined(view, rough, NETWORKS).landmarks_mm
    assert np.isnan(found_mm[-1, 1::2]).all()
    np.testing.assert_allclose(np.nanmean(found_mm, 1, keepdims=True), middles + [3.0, -4.0], atol=1e-9)
    shape_mm = middles + 1.1 * (rough.landmarks_mm - middles) + [3.0, -4.0]
    np.testing.assert_allclose(found_mm, shape_mm, atol=1e-9)


def test_a_sacrum_within_the_last_body_is_none() -> None:
    raised = np.zeros((8, 6, 2))
    raised[-1, :, 1] = -25.0
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), PerfectNetworks(moved_mm=raised), refine=False)
    assert report.sacral_endplate_ras is None
    assert len(report.vertebrae) == len(LEVELS)
    assert report.angles_deg["sacral_slope_deg"] is None


@pytest.mark.parametrize(("raised_mm", "others"), [(10.0, range(7)), (14.0, (0, 1, 2, 4, 5, 6))])
def test_a_body_that_reaches_into_another_is_none(raised_mm: float, others: Sequence[int]) -> None:
    """Between the bodies of the picture are 8 mm."""
    raised = np.zeros((8, 6, 2))
    raised[3, :, 1] = -raised_mm
    report = analyze_radiograph(Radiograph(picture(), PIXEL_MM, "left"), PerfectNetworks(moved_mm=raised), refine=False)
    np.testing.assert_allclose(points_mm(report, picture()), (landmarks_mm() + raised)[list(others)], atol=1e-6)
    assert report.levels == [LEVELS[place] for place in others]


def test_of_bodies_that_overlap_the_surer_is_kept() -> None:
    bodies = landmarks_mm()[:7]
    bodies[3, :, 1] -= 14.0
    for unsure, kept in ((3, [0, 1, 2, 4, 5, 6]), (2, [0, 1, 3, 4, 5, 6])):
        uncertainty_mm = np.full((7, 6), 0.8)
        uncertainty_mm[unsure] = 2.5
        assert _apart(bodies, uncertainty_mm, np.arange(7)).tolist() == kept
        assert _apart(bodies, uncertainty_mm, np.array([0, 3, 6])).tolist() == [0, 3, 6]


@pytest.mark.parametrize(("height", "depth", "is_body"), [
    (20.0, 9.0, True), (20.0, 7.0, False), (2.3, 30.0, True), (1.7, 30.0, False),
    (55.0, 30.0, True), (65.0, 30.0, False), (20.0, 55.0, True), (20.0, 65.0, False),
])  # fmt: skip
def test_a_body_has_a_possible_size(height: float, depth: float, is_body: bool) -> None:
    view = best_view(Radiograph(picture(), PIXEL_MM, "left"), NETWORKS)
    body_mm = upright_bodies_mm(1, height, depth, first_centre=(70.0, 70.0))
    assert _are_bodies(body_mm, view).tolist() == [is_body]
