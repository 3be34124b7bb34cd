"""The ensemble along the canal: where it is cut, what it averages, and when it stops."""

import numpy as np
import pytest
from helpers.perfect_ct import PerfectImageClassifier, bodies_in_slab
from helpers.synthetic_spine import lps_volume, scoliotic_curve
from VertebralFracturesLib.ct.image_classifier import averaged, classify_spine
from VertebralFracturesLib.errors import Cancelled

CURVE = scoliotic_curve()
VOLUME = lps_volume(CURVE)


def test_a_spine_is_classified_along_the_canal_behind_it():
    classification = classify_spine(PerfectImageClassifier(temperature=1.7), VOLUME, CURVE)
    assert classification.temperature == 1.7
    beside = CURVE.ras_to_straight(classification.canal.points_ras)
    np.testing.assert_allclose(beside[1:-1, :2], np.tile([0.0, -28.0], (len(beside) - 2, 1)), atol=1.0)
    np.testing.assert_allclose(classification.probabilities.sum(1), 1.0)
    is_body = classification.probabilities.argmax(1) == 1
    assert 0.5 < is_body.mean() < 1.0


def test_where_no_canal_is_located_the_slab_follows_the_bodies():
    classification = classify_spine(PerfectImageClassifier(canal_confidence=0.3), VOLUME, CURVE)
    assert classification.canal is None
    assert (classification.probabilities.argmax(1) == 1).any()


@pytest.mark.parametrize("patience", range(3))
def test_it_is_cancelled_before_each_network(patience):
    asked: list[str] = []

    def sequence(slab_hu: np.ndarray) -> np.ndarray:
        asked.append("sequence")
        return bodies_in_slab(slab_hu)

    class Networks(PerfectImageClassifier):
        def locate_canal(self, window_hu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            asked.append("canal")
            return super().locate_canal(window_hu)

    with pytest.raises(Cancelled):
        classify_spine(Networks(sequences=[sequence] * 2), VOLUME, CURVE, lambda: len(asked) >= patience)
    assert asked == ["canal", "sequence"][:patience]


def test_the_ensemble_averages_logits():
    one, two = np.array([[0.9, 0.1]]), np.array([[0.1, 0.9]])
    np.testing.assert_allclose(averaged([one, two]), [[0.5, 0.5]])
    np.testing.assert_allclose(averaged([one]), one)


def test_certainty_of_one_network_does_not_silence_the_others():
    """No probability counts for less than one in a million."""
    mean = averaged([np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])])
    np.testing.assert_allclose(mean[0, 1] / mean[0, 0], 1e-3)
