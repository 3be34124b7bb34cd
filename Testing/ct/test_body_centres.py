"""The body's centre in every axial slice: from the volume that is read to the line that is followed."""

import numpy as np
import pytest
from helpers.perfect_ct import PerfectCtNetworks
from helpers.synthetic_spine import body_keypoints, lps_volume, oblique_volume, scoliotic_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.body_centres import body_volume, expected_places, follow, locate_bodies
from VertebralFracturesLib.errors import Cancelled

SHAPE = (24, 40)


def spot(row: float, column: float, sigma: float = 1.5) -> np.ndarray:
    """A Gaussian that sums to one."""
    rows, columns = np.indices(SHAPE)
    values = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))
    return values / values.sum()


def centres(weights: np.ndarray) -> np.ndarray:
    """Expected (row, column) of each slice."""
    return np.tensordot(weights, np.indices(SHAPE), axes=([1, 2], [1, 2]))


def slanting(slices: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Evidence of a structure that moves by a voxel a slice, and its places."""
    places = np.column_stack([12 + 4 * np.sin(np.arange(slices) / 5), 8 + np.arange(slices)])
    return np.array([spot(*place) for place in places]), places


@given(st.integers(0, 1000), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_probabilities_stay_probabilities(seed, slices):
    evidence = np.random.default_rng(seed).random((slices, 6, 7)) ** 8 + 1e-9
    followed = follow(evidence / evidence.sum((1, 2), keepdims=True))
    assert (followed >= 0).all()
    np.testing.assert_allclose(followed.sum((1, 2)), 1)


def test_clear_evidence_stays_where_it_is():
    evidence, places = slanting()
    np.testing.assert_allclose(centres(follow(evidence)), places, atol=0.35)


def test_what_looks_alike_elsewhere_is_not_followed():
    """Two slices at the end see more of a decoy than of the structure: a mean would lie in between."""
    evidence, places = slanting()
    evidence[:3] = 0.25 * evidence[:3] + 0.75 * spot(12, 36)
    assert np.abs(centres(evidence)[:3] - places[:3]).max() > 10
    np.testing.assert_allclose(centres(follow(evidence)), places, atol=0.5)


def test_slices_that_show_nothing_are_bridged():
    evidence, places = slanting()
    evidence[9:12] = spot(3, 38)
    np.testing.assert_allclose(centres(follow(evidence)), places, atol=0.7)


def test_a_slice_alone_keeps_its_evidence():
    evidence = (0.6 * spot(5, 5) + 0.4 * spot(12, 30))[None]
    np.testing.assert_allclose(follow(evidence), evidence, atol=2e-3)


def test_the_direction_does_not_matter():
    evidence, _ = slanting()
    np.testing.assert_allclose(follow(evidence[::-1])[::-1], follow(evidence), atol=1e-12)


def test_steps_of_9_mm_are_usual_and_longer_ones_are_not():
    """Half of the evidence in the last slice lies six pixels aside, twice the standard deviation of a step."""
    evidence = np.array([spot(12, 10, 0.3)] * 6)
    evidence[-1] = 0.5 * spot(12, 10, 0.3) + 0.5 * spot(12, 16, 0.3)
    aside = follow(evidence)[-1][:, 13:].sum()
    assert aside == pytest.approx(1 / (1 + np.exp(2)), abs=0.01)


def test_a_slice_hardly_ever_shows_nothing():
    """A structure that is seen in the middle slice alone, and surely, is there with 999 in 1000."""
    evidence = np.zeros((1, *SHAPE))
    evidence[0, 12, 20] = 1.0
    assert 1 - follow(evidence)[0, 12, 20] == pytest.approx(1e-3, rel=0.01)


def test_the_expected_place_and_its_spread():
    weights = np.zeros((2, 5, 9))
    weights[0, 1, 4] = 1.0
    weights[1, 0, 2] = weights[1, 3, 6] = 0.5
    places, spread = expected_places(weights)
    np.testing.assert_allclose(places, [[4.0, 1.0], [4.0, 1.5]])
    np.testing.assert_allclose(spread, [0.0, 2.5])


def test_the_body_is_cut_out_where_it_lies():
    voxels = np.full((20, 90, 110), -1000.0, np.float32)
    voxels[:, 30:70, 20:80] = 40.0
    voxels[10, 50, 60] = 1500.0
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = [-77.0, 10.0, 300.0]
    cut = body_volume(Volume(voxels, matrix))
    assert cut.shape[1] < 60
    assert cut.shape[2] < 80
    assert cut.sample(matrix[:3, :3] @ [60, 50, 10] + matrix[:3, 3]) == 1500.0


@pytest.mark.parametrize("make", [lps_volume, oblique_volume])
def test_bodies_are_located_in_the_patient_and_in_its_mirror_image(make):
    curve, networks = scoliotic_curve(), PerfectCtNetworks()
    bodies = locate_bodies(networks.locate_spine, make(curve))
    assert networks.mirrored == [False, True]
    np.testing.assert_allclose(np.diff(bodies.centres_ras[:, 2]), -3.0)
    truth = body_centre(body_keypoints(curve))
    line = np.column_stack(
        [np.interp(-truth[:, 2], -bodies.centres_ras[:, 2], bodies.centres_ras[:, axis]) for axis in (0, 1)]
    )
    assert np.linalg.norm(line - truth[:, :2], axis=1).max() < 2.5
    within = (bodies.centres_ras[:, 2] < truth[0, 2]) & (bodies.centres_ras[:, 2] > truth[-1, 2])
    assert (bodies.existence[within] > 0.9).all()
    assert (bodies.spread_mm[within] < 6.0).all()


@pytest.mark.parametrize("patience", range(2))
def test_it_is_cancelled_before_each_reading(patience):
    networks = PerfectCtNetworks()
    with pytest.raises(Cancelled):
        locate_bodies(networks.locate_spine, lps_volume(scoliotic_curve()), lambda: len(networks.mirrored) >= patience)
    assert len(networks.mirrored) == patience
