"""The vertebrae of straightened slices in the patient: whole or cut, named, and proposed where a user clicks."""

from itertools import pairwise

import numpy as np
import pytest
from helpers.perfect_ct import PerfectCtNetworks
from helpers.spine_shapes import curve_through, upright_bodies_mm
from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume, scoliotic_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.level_naming import SACRUM, SPINE_CLASSES
from VertebralFracturesLib.core.report import Vertebra
from VertebralFracturesLib.core.straightening import straighten
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.body_centres import BodyCentres
from VertebralFracturesLib.ct.detection import Detection, fuse
from VertebralFracturesLib.ct.networks import CtNetworks
from VertebralFracturesLib.ct.point_uncertainty import UncertaintyWeights
from VertebralFracturesLib.ct.vertebrae import (
    PROPOSAL_THRESHOLD,
    decode,
    detect,
    is_whole,
    keypoints_ras,
    named_vertebrae,
    propose_vertebra,
    straightened_views,
)
from VertebralFracturesLib.errors import Cancelled, NoSpineFound

CURVE = scoliotic_curve()
VOLUME = lps_volume(CURVE)
TRUTH = body_keypoints(CURVE)
NETWORKS = PerfectCtNetworks()


@pytest.fixture(scope="module")
def networks() -> CtNetworks:
    """The shipped weights."""
    from VertebralFracturesLib.networks.ct_networks import load_ct_networks

    return load_ct_networks("cpu")


@pytest.mark.parametrize("lateral_mm", [0.0, 4.0])
def test_the_slices_lie_beside_one_another(lateral_mm):
    views = straightened_views(VOLUME, CURVE, lateral_mm)
    lateral = [CURVE.ras_to_straight(view.pixels_to_ras([40.0, 90.0]))[0] for view in views]
    np.testing.assert_allclose(lateral, lateral_mm + np.array([-1.5, 0.0, 1.5]), atol=1e-3)


@pytest.mark.parametrize("patience", range(3))
def test_straightening_is_cancelled_before_each_slice(patience):
    asked = []

    def cancel() -> bool:
        asked.append(None)
        return len(asked) > patience

    with pytest.raises(Cancelled):
        straightened_views(VOLUME, CURVE, cancel=cancel)
    assert len(asked) == patience + 1


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
def test_the_maps_of_each_slice_hold_its_bodies(detector):
    image = straighten(VOLUME, CURVE).image
    maps = PerfectCtNetworks(detector).detect_vertebrae(np.stack([image, 0 * image]))
    in_first, in_second = decode(detector, maps)
    assert len(in_first) >= len(LEVELS)
    assert in_second == []


def test_detections_lie_in_the_bodies_cranial_to_caudal():
    views = straightened_views(VOLUME, CURVE)
    detections = detect(NETWORKS, views, VOLUME)
    assert len(detections) == len(LEVELS)
    found = np.array([keypoints_ras(one, views[1]) for one in detections])
    assert np.linalg.norm(found - TRUTH, axis=-1).max() < 2.5
    np.testing.assert_allclose(CURVE.ras_to_straight(found)[..., 0], 0, atol=1e-3)


def test_a_middle_slice_that_is_turned_moves_no_point_and_tells_how_far_they_move():
    views = straightened_views(VOLUME, CURVE)
    plain = fuse(decode("anchor-free", NETWORKS.detect_vertebrae(np.stack([view.image for view in views]))))
    readings = PerfectCtNetworks(uncertainty_weights=UncertaintyWeights(network=0.0, readings=1.0))
    for one, other in zip(plain, detect(readings, views, VOLUME), strict=True):
        np.testing.assert_allclose(other.keypoints_mm, one.keypoints_mm)
        assert 0 < other.uncertainty_mm.max() < 2.0


def test_bodies_in_thick_slices_are_less_certain(networks):
    views = straightened_views(VOLUME, CURVE)
    thick = Volume(VOLUME.voxels, VOLUME.ijk_to_ras @ np.diag([1.0, 1.0, 5.0, 1.0]))
    calibrated = PerfectCtNetworks(uncertainty_weights=networks.uncertainty_weights)
    for one, other in zip(detect(calibrated, views, VOLUME), detect(calibrated, views, thick), strict=True):
        assert (other.uncertainty_mm > one.uncertainty_mm).all()


NOISE = np.random.default_rng(0).normal(40, 15, (101, 101, 101)).round().astype(np.int16)


def _body_at(front_mm: float, top_mm: float) -> np.ndarray:
    """A body 30 mm deep and 20 mm high in the plane R = 25, so far from the front and the top of a cube of 100 mm."""
    (x, y) = upright_bodies_mm(1, 20.0, 30.0, first_centre=(15.0, 10.0))[0].T
    return np.column_stack([np.full(6, 25.0), 100 - front_mm - x, 100 - top_mm - y])


@pytest.mark.parametrize(
    ("front_mm", "top_mm", "expected"),
    [
        (10.0, 10.0, True),
        (2.3, 10.0, True),
        (1.7, 10.0, False),
        (68.3, 10.0, False),
        (67.7, 10.0, True),
        (10.0, 1.2, True),
        (10.0, 0.8, False),
        (10.0, 78.8, True),
        (10.0, 79.2, False),
    ],
)
def test_a_whole_body_has_something_on_all_its_sides(front_mm, top_mm, expected):
    body = _body_at(front_mm, top_mm)
    assert is_whole(body, Volume(NOISE, np.eye(4))) == expected
    grid = np.eye(4)
    grid[:3, 3] = -30
    for padding in (-1024, 0):
        padded = np.full((161, 161, 161), padding, np.int16)
        padded[30:131, 30:131, 30:131] = NOISE
        assert is_whole(body, Volume(padded, grid)) == expected


def test_a_body_that_noisy_padding_cuts_is_not_whole():
    """Resampled or filtered padding is not constant, so that it cannot be told from what was scanned."""
    body = _body_at(10.0, 10.0)
    top = int(np.rint(body[:, 2].max()))
    voxels = NOISE.copy()
    voxels[top + 1 :] = np.random.default_rng(0).normal(-1010, 8, voxels[top + 1 :].shape)
    assert not is_whole(body, Volume(voxels, np.eye(4)))
    gas = NOISE.copy()
    row, column = np.rint(body[2, [1, 0]]).astype(int)
    gas[top + 1 : top + 5, row - 6 : row + 7, column - 6 : column + 7] = -900
    assert is_whole(body, Volume(gas, np.eye(4)))


def test_a_body_at_a_lost_slice_is_not_whole():
    lost = NOISE.copy()
    lost[82] = 0
    assert not is_whole(_body_at(10.0, 10.0), Volume(lost, np.eye(4)))
    assert is_whole(_body_at(10.0, 30.0), Volume(lost, np.eye(4)))


def test_bodies_have_the_names_of_the_slices_they_lie_in():
    curve = curve_through(np.column_stack([np.zeros(60), np.zeros(60), 200 - 5.0 * np.arange(60)]))
    view = straighten(Volume(np.zeros((3, 3, 3), np.int16), np.eye(4)), curve)
    slices_ras = np.column_stack([np.zeros(100), np.zeros(100), 200 - 3.0 * np.arange(100)])
    levels = np.zeros((100, SPINE_CLASSES))
    levels[np.arange(100), np.minimum(17 + np.arange(100) // 12, 23)] = 1.0  # T11 to L5, each 36 mm
    middle = view.ras_to_pixels([0.0, 0.0, 200.0])[0]
    body_mm = upright_bodies_mm(1, first_centre=(middle, 0.0))[0]
    detections = [Detection(body_mm + [0.0, 20 + 36 * place], 0.9, np.full(6, 0.5)) for place in (0, 1, 2, 3)]
    vertebrae, _ = named_vertebrae(detections, view, BodyCentres(slices_ras, np.ones(100), np.ones(100), levels))
    assert [vertebra.level for vertebra in vertebrae] == ["T11", "T12", "L1", "L2"]
    for vertebra, detection in zip(vertebrae, detections, strict=True):
        assert (vertebra.score, vertebra.source) == (0.9, "model")
        np.testing.assert_allclose(vertebra.keypoints_ras, keypoints_ras(detection, view))


def bodies_at(classes: list[int], first_mm: float, apart_mm: float) -> tuple[Vertebra, ...]:
    """What is named of bodies in a row, each in slices that step 1 gives to one of its classes."""
    curve = curve_through(np.column_stack([np.zeros(60), np.zeros(60), 200 - 5.0 * np.arange(60)]))
    view = straighten(Volume(np.zeros((3, 3, 3), np.int16), np.eye(4)), curve)
    slices_ras = np.column_stack([np.zeros(100), np.zeros(100), 200 - 3.0 * np.arange(100)])
    places_mm = first_mm + apart_mm * np.arange(len(classes))
    nearest = np.abs(3.0 * np.arange(100)[:, None] - places_mm).argmin(1)
    levels = 0.9 * (np.array(classes)[nearest, None] == np.arange(SPINE_CLASSES)) + 0.1 / SPINE_CLASSES
    first_pixels = view.ras_to_pixels([0.0, 0.0, 200.0])
    body_mm = upright_bodies_mm(1, first_centre=tuple(first_pixels * view.pixel_mm))[0]
    detections = [Detection(body_mm + [0.0, place], 0.9, np.full(6, 0.5)) for place in places_mm]
    return named_vertebrae(detections, view, BodyCentres(slices_ras, np.ones(100), np.ones(100), levels))[0]


def test_nothing_at_or_below_the_sacrum_is_a_vertebra():
    vertebrae = bodies_at([21, 22, 23, SACRUM, SACRUM], 30.0, 35.0)
    assert [vertebra.level for vertebra in vertebrae] == ["L3", "L4", "L5"]
    assert [vertebra.level for vertebra in bodies_at([*range(19, 25), SACRUM], 30.0, 35.0)][-2:] == ["L5", "L6"]
    assert not bodies_at([SACRUM, SACRUM], 30.0, 33.0)


def test_what_lies_right_on_the_sacrum_is_surer_of_its_level():
    """The body below the last one may be cut by the field of view: the slices show that it is sacral."""
    with_sacrum = bodies_at([21, 22, 23, SACRUM], 30.0, 35.0)
    without = bodies_at([21, 22, 23], 30.0, 35.0)
    assert [vertebra.level for vertebra in with_sacrum] == [vertebra.level for vertebra in without]
    for one, other in zip(with_sacrum, without, strict=True):
        assert one.level_confidence > other.level_confidence


def test_c1_and_c2_count_for_the_names_and_are_not_measured():
    assert [vertebra.level for vertebra in bodies_at([0, 1, 2, 3, 4], 20.0, 19.0)] == ["C3", "C4", "C5"]


def test_a_click_proposes_a_body_in_its_own_sagittal_plane():
    for place in range(len(LEVELS)):
        clicked = CURVE.ras_to_straight(body_centre(TRUTH[place])) + [3.0, 4.0, -2.0]
        proposed = propose_vertebra(VOLUME, NETWORKS, CURVE, CURVE.straight_to_ras(clicked))
        assert (proposed.source, proposed.level) == ("added", None)
        straight = CURVE.ras_to_straight(proposed.keypoints_ras)
        np.testing.assert_allclose(straight[:, 0], clicked[0], atol=1e-3)
        assert np.linalg.norm((straight - CURVE.ras_to_straight(TRUTH[place]))[:, 1:], axis=1).max() < 2.5


@pytest.mark.parametrize(("behind_mm", "is_near"), [(10.5, True), (13.5, False)])
def test_a_body_is_proposed_within_reach_of_the_click(behind_mm, is_near):
    proposed = propose_vertebra(VOLUME, NETWORKS, CURVE, body_centre(TRUTH[3]))
    centre = CURVE.ras_to_straight(body_centre(proposed.keypoints_ras))
    clicked_ras = CURVE.straight_to_ras(centre - [0.0, behind_mm, 0.0])
    if is_near:
        again = propose_vertebra(VOLUME, NETWORKS, CURVE, clicked_ras)
        np.testing.assert_allclose(again.keypoints_ras, proposed.keypoints_ras, atol=0.5)
    else:
        with pytest.raises(NoSpineFound, match="no vertebral body was detected there: click the centre of one"):
            propose_vertebra(VOLUME, NETWORKS, CURVE, clicked_ras)


@pytest.mark.parametrize(("objectness", "is_enough"), [(0.057, True), (0.043, False)])
def test_a_doubtful_body_is_proposed_where_a_user_clicks(objectness, is_enough):
    centre_ras = body_centre(TRUTH[3])
    sure = propose_vertebra(VOLUME, NETWORKS, CURVE, centre_ras)
    doubtful = PerfectCtNetworks(score=objectness / sure.score)
    if is_enough:
        assert propose_vertebra(VOLUME, doubtful, CURVE, centre_ras).score == pytest.approx(objectness)
        assert objectness > PROPOSAL_THRESHOLD
    else:
        with pytest.raises(NoSpineFound, match="no vertebral body was detected there"):
            propose_vertebra(VOLUME, doubtful, CURVE, centre_ras)


def aside(rng: np.random.Generator) -> np.ndarray:
    """Up to 8 mm off in the sagittal plane, in any direction, and up to 4 mm off this plane."""
    angle, distance_mm = rng.uniform(0, 2 * np.pi), rng.uniform(0, 8)
    return np.array([rng.uniform(-4, 4), distance_mm * np.cos(angle), distance_mm * np.sin(angle)])


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 999))
def test_a_click_near_a_body_proposes_it(synthetic_ct, synthetic_report, networks, seed):
    rng = np.random.default_rng(seed)
    curve = synthetic_report.curve
    vertebra = synthetic_report.vertebrae[rng.integers(len(synthetic_report.vertebrae))]
    expected = curve.ras_to_straight(vertebra.keypoints_ras)
    clicked = body_centre(expected) + aside(rng)
    proposed = propose_vertebra(synthetic_ct, networks, curve, curve.straight_to_ras(clicked))
    assert (proposed.source, proposed.level) == ("added", None)
    assert (proposed.uncertainty_mm > 0).all()
    found = curve.ras_to_straight(proposed.keypoints_ras)
    np.testing.assert_allclose(found[:, 0], clicked[0], atol=1e-3)
    assert np.linalg.norm((found - expected)[:, 1:], axis=1).max() < 1.5


def test_a_click_in_a_disc_proposes_the_nearer_body_or_none(synthetic_ct, synthetic_report, networks):
    centres = body_centre(np.array([one.keypoints_ras for one in synthetic_report.vertebrae]))
    proposals = 0
    for upper, lower in pairwise(centres[:5]):
        clicked = 0.55 * upper + 0.45 * lower
        try:
            proposed = propose_vertebra(synthetic_ct, networks, synthetic_report.curve, clicked)
        except NoSpineFound:
            continue
        proposals += 1
        assert np.linalg.norm(body_centre(proposed.keypoints_ras) - upper) < 1.5
    assert proposals > 0


@pytest.mark.parametrize("aside_mm", [[0.0, 45.0, 0.0], [0.0, -45.0, 0.0], [0.0, 0.0, 200.0]])
def test_a_click_far_from_the_bodies_proposes_nothing(synthetic_ct, synthetic_report, networks, aside_mm):
    middle = [0.0, 0.0, -synthetic_report.curve.length_mm / 2]
    clicked = synthetic_report.curve.straight_to_ras(np.array(middle) + aside_mm)
    with pytest.raises(NoSpineFound, match="no vertebral body was detected there: click the centre of one"):
        propose_vertebra(synthetic_ct, networks, synthetic_report.curve, clicked)


@pytest.mark.parametrize("patience", range(4))
def test_a_proposal_is_cancelled_between_its_steps(synthetic_ct, synthetic_report, networks, patience):
    asked = []

    def cancel() -> bool:
        asked.append(None)
        return len(asked) > patience

    with pytest.raises(Cancelled):
        propose_vertebra(
            synthetic_ct, networks, synthetic_report.curve, synthetic_report.vertebrae[0].keypoints_ras.mean(0), cancel
        )
    assert len(asked) == patience + 1
