"""Slabs of real cases with pressed bodies, cut once and kept in a folder."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from ...core.spine_curve import SpineCurve
from ...files import Arrays, cached_arrays
from ...io.training_case import TrainingCase, reference_cases
from .slabs import SlabSample, real_slab_samples


def case_slabs(cache: Path, cases: Path, count: int, seed: int) -> Iterator[tuple[str, list[SlabSample]]]:
    """Variants of each reference case of a folder; those that the cache lacks are made first.

    The canal, which turns a slab, is found by the shipped network.

    :param cache: folder that keeps them.
    :param cases: folder of reference cases.
    :param count: variants of each case.
    :param seed: of the randomness, beside the place of the case.
    :return: name and slabs of each case.
    """
    for place, case in enumerate(reference_cases(cases)):

        def made(place: int = place, case: TrainingCase = case) -> Arrays:
            return _arrays(real_slab_samples(case, _canal(case), count, np.random.default_rng([seed, place])))

        yield case.name, _samples(cached_arrays(cache / f"slabs_{case.name}_{seed}_{count}.npz", made))


def _canal(case: TrainingCase) -> SpineCurve | None:
    from ...ct.canal import find_canal
    from ...networks.canal_net import locate_canal
    from ...networks.ct_networks import load_canal

    return find_canal(partial(locate_canal, load_canal("cpu")), case.volume(), case.curve)


def _arrays(samples: list[SlabSample]) -> Arrays:
    arrays = {f"{name}_{i}": value for i, sample in enumerate(samples) for name, value in asdict(sample).items()}
    return {name: value.astype(np.float16) if name.startswith("image") else value for name, value in arrays.items()}


def _samples(arrays: Arrays) -> list[SlabSample]:
    count = sum(name.startswith("image") for name in arrays)
    names = ("image", "rows", "indices", "known")
    return [SlabSample(**{name: arrays[f"{name}_{i}"] for name in names}) for i in range(count)]
