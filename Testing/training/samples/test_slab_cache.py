"""Slabs of a case come back from the cache as they were made."""

from pathlib import Path

import numpy as np
import pytest
from helpers.training_samples import (
    straight_case,
)
from VertebralFracturesLib.files import cached_arrays
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.training.samples import slab_cache
from VertebralFracturesLib.training.samples.slabs import (
    real_slab_samples,
)


@pytest.fixture(scope="module")
def case() -> TrainingCase:
    return straight_case()


def test_slabs_come_back_from_a_file(tmp_path: Path, case) -> None:
    samples = real_slab_samples(case, None, 4, np.random.default_rng(2))
    again = slab_cache._samples(cached_arrays(tmp_path / "one.npz", lambda: slab_cache._arrays(samples)))
    np.testing.assert_allclose(again[3].image, samples[3].image, atol=2.0)
    np.testing.assert_array_equal(again[3].rows, samples[3].rows)


def test_slabs_of_a_folder_are_made_once(tmp_path: Path, case, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def canal(one: TrainingCase) -> None:
        made.append(one.name)

    monkeypatch.setattr(slab_cache, "reference_cases", lambda folder: [case])
    monkeypatch.setattr(slab_cache, "_canal", canal)
    first, second = (list(slab_cache.case_slabs(tmp_path, tmp_path / "cases", 2, 5)) for _ in range(2))
    assert made == ["straight"]
    assert [(name, len(samples)) for name, samples in first] == [("straight", 2)]
    np.testing.assert_array_equal(first[0][1][1].image, second[0][1][1].image)
