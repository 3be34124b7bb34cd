"""Bodies that follow one another."""

import numpy as np
import pytest
from VertebralFracturesLib.radiograph.chain import spine_chain


@pytest.mark.parametrize(("across", "down", "is_next"), [
    (0.0, 10.0, True), (0.0, 8.0, False), (0.0, 80.0, True), (0.0, 100.0, False),
    (18.0, 10.0, True), (22.0, 10.0, False),
])  # fmt: skip
def test_bodies_follow_one_another_at_the_distances_of_vertebrae(across: float, down: float, is_next: bool) -> None:
    centres_mm = np.array([[50.0, 50.0], [50.0 + across, 50.0 + down]])
    assert len(spine_chain(centres_mm, np.array([0.9, 0.8]))) == (2 if is_next else 1)
