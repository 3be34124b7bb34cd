import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.ct.body_centres import follow

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
