"""What both training commands do around the training loop."""

import pytest
from VertebralFracturesLib.training.loop import split_phantoms, worker_rng


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (19, 1), (40, 2), (100, 5)])
def test_a_twentieth_is_held_out_and_never_drawn(count: int, expected: int) -> None:
    samples = list(range(count))
    drawn, held_out = split_phantoms(samples)
    assert len(held_out) == expected
    assert sorted([*drawn, *held_out]) == samples


def test_randomness_repeats_with_its_seed() -> None:
    assert worker_rng(3).integers(1000, size=5).tolist() == worker_rng(3).integers(1000, size=5).tolist()
    assert worker_rng(3).integers(1000, size=5).tolist() != worker_rng(4).integers(1000, size=5).tolist()
