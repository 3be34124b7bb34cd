"""Slabs of real cases with pressed bodies, cut once and kept in a folder."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..core.spine_curve import SpineCurve
from .reference_cases import TrainingCase, reference_cases
from .slab_samples import SlabSample, real_slab_samples


def case_slabs(cache: Path, cases: Path, count: int, seed: int) -> Iterator[tuple[str, list[SlabSample]]]:
    """Variants of each reference case of a folder; those that the cache lacks are made first.

    The canal, which turns a slab, is found by the shipped network.

    :param cache: folder that keeps them.
    :param cases: folder of reference cases.
    :param count: variants of each case.
    :param seed: of the randomness, beside the place of the case.
    :return: name and slabs of each case.
    """
    cache.mkdir(parents=True, exist_ok=True)
    for place, case in enumerate(reference_cases(cases)):
        file = cache / f"slabs_{case.name}_{seed}_{count}.npz"
        if not file.exists():
            samples = real_slab_samples(case, _canal(case), count, np.random.default_rng([seed, place]))
            _write(file, samples)
        yield case.name, _read(file)


def _canal(case: TrainingCase) -> SpineCurve | None:
    from ..networks.canal_net import find_canal
    from ..networks.weights import load_canal

    return find_canal(load_canal("cpu"), case.volume(), case.curve)


def _write(file: Path, samples: list[SlabSample]) -> None:
    arrays = {f"{name}_{i}": value for i, sample in enumerate(samples) for name, value in asdict(sample).items()}
    images = {name: value.astype(np.float16) if name.startswith("image") else value for name, value in arrays.items()}
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        np.savez(stream, **images)
    os.replace(temporary, file)


def _read(file: Path) -> list[SlabSample]:
    with np.load(file, allow_pickle=False) as archive:
        count = sum(name.startswith("image") for name in archive.files)
        names = ("image", "rows", "indices", "known")
        return [SlabSample(**{name: archive[f"{name}_{i}"] for name in names}) for i in range(count)]
