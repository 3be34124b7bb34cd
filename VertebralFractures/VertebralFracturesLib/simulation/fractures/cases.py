"""Real CTs with simulated fractures of reference cases' bodies, in three dimensions, keypoints carried along.

No public CT with labelled fractures may be used, so that sensitivity on real image quality is measured on these. What
is deformed is a body and the discs beside it; everything farther away stays where it is.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...core.heights.genant import genant_index, heights_mm
from ...core.keypoints import body_centre
from ...core.spine_curve import SpineCurve
from ...core.straightening import StraightenedSlice
from ...core.volume import Volume
from ...io.ct import read_volume
from ...io.reference_case import ReferenceCase, write_reference_case
from .deformation import Fracture, Warp, chain, far_enough, fracture_warp, pressed_fracture

FRACTURED_SHARE = 0.3
"""Share of the bodies that are fractured; chosen, so that most cases have a few fractures."""

_WHOLE_MM, _NOTHING_MM = 22.0, 36.0
"""Up to the first beside the mid-sagittal plane, about half a lumbar body's width, points move as in it, beyond the
second not at all; chosen by eye so that no edge shows beside the bodies."""

_REACH_MM = 60.0
"""Points farther from the centres of fractured bodies stay; chosen, a body and the discs beside it lie within."""

PRESSED = "pressed"
"""How a reference describes a body with a simulated fracture."""

_PRESSED_MM = 0.5
"""Loss of height from which a body counts as pressed; chosen: far above rounding, and below the least loss drawn."""

_UNMOVED_MM = 1e-3
"""Smaller shifts change no Hounsfield unit and are not made."""

_SLICES_AT_ONCE = 16
"""So that the points of large CTs fit into memory; the result does not depend on it."""


def write_fractured_cases(
    cases: Sequence[ReferenceCase],
    folder: Path,
    count: int,
    seed: int,
    progress: Callable[[str, float], None],
    share: float = FRACTURED_SHARE,
) -> int:
    """Write variants of cases as cases ``NAME_fractured_NUMBER``.

    :param cases: reference cases. Where they say what is fractured, the new ones do so, too.
    :param folder: takes the new cases.
    :param count: variants of each case.
    :param seed: of the randomness, beside the case's and the variant's number.
    :param progress: called with the name of a case and the share done, 0 .. 1.
    :param share: of the bodies that are fractured, in the mean.
    :return: how many were written.
    :raises UnusableInput: an image that cannot be read.
    """
    for place, case in enumerate(cases):
        volume = read_volume(case.image)
        for number in range(count):
            name = f"{case.name}_fractured_{number}"
            progress(name, (place + number / count) / len(cases))
            rng = np.random.default_rng([seed, place, number])
            pressed, keypoints_ras = with_fractures(case, volume, rng, share)
            source = f"{case.name} with simulated compression fractures, seed {seed}"
            write_reference_case(folder / name, pressed, _document(case, keypoints_ras, source))
    return len(cases) * count


def with_fractures(
    case: ReferenceCase,
    volume: Volume,
    rng: np.random.Generator,
    share: float = FRACTURED_SHARE,
    draw: Callable[[np.random.Generator], Fracture] = pressed_fracture,
) -> tuple[Volume, NDArray[np.float64]]:
    """Simulate fractures of some bodies of a case.

    :param case: its keypoints and curve.
    :param volume: its image.
    :param rng: which bodies, and how.
    :param share: of the bodies that are fractured, in the mean.
    :param draw: of which kind.
    :return: the new image on the same grid, and the keypoints (n, 6, 3) in it, in RAS mm.
    """
    view = StraightenedSlice(np.empty((0, 0), np.float32), 1.0, case.curve, 0.0, 0.0)
    keypoints_mm: NDArray[np.floating] = view.ras_to_pixels(case.keypoints_ras)
    warps: list[Warp] = []
    bodies_ras: list[NDArray[np.float64]] = []
    for index in np.flatnonzero(rng.random(len(keypoints_mm)) < share):
        if far_enough(keypoints_mm, int(index)):
            warps.append(fracture_warp(keypoints_mm, int(index), draw(rng)))
            keypoints_mm = warps[-1].to_new(keypoints_mm)
            bodies_ras.append(body_centre(case.keypoints_ras[index]))
    lateral_mm = case.curve.ras_to_straight(case.keypoints_ras)[..., 0]
    straight = np.concatenate([lateral_mm[..., None], -keypoints_mm], -1)
    pressed = _warped(volume, case.curve, chain(warps), np.array(bodies_ras), rng) if warps else volume
    return pressed, case.curve.straight_to_ras(straight)


def fractures_after(case: ReferenceCase, keypoints_ras: NDArray[np.float64]) -> tuple[str | None, ...]:
    """What kind of fracture each body has once some are pressed.

    :param case: before; what it does not say counts as no fracture.
    :param keypoints_ras: (n, 6, 3) afterwards.
    """
    lost_mm = np.abs(heights_mm(keypoints_ras) - heights_mm(case.keypoints_ras)).max(1)
    before = case.fractures or (None,) * len(case.levels)
    return tuple(PRESSED if lost > _PRESSED_MM else old for lost, old in zip(lost_mm, before, strict=True))


def _warped(
    volume: Volume, curve: SpineCurve, warp: Warp, centres_ras: NDArray[np.float64], rng: np.random.Generator
) -> Volume:
    """The volume with a warp of its straightened sagittal planes applied around some places (n, 3)."""
    voxels = volume.voxels.copy()
    disc_hu, noise_hu = rng.normal(90.0, 15.0), _noise_hu(volume)
    lower, upper = _box(volume, centres_ras)
    for first in range(lower[2], upper[2], _SLICES_AT_ONCE):
        part = np.s_[first : min(first + _SLICES_AT_ONCE, upper[2]), lower[1] : upper[1], lower[0] : upper[0]]
        grid_kji = np.stack(np.meshgrid(*(np.arange(one.start, one.stop) for one in part), indexing="ij"), -1)
        points_ras = grid_kji[..., ::-1] @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3]
        near = cKDTree(centres_ras).query(points_ras.reshape(-1, 3), distance_upper_bound=_REACH_MM)[0] < np.inf
        moved, old_ras, filled = _old_points(points_ras.reshape(-1, 3), np.flatnonzero(near), curve, warp)
        chosen = tuple(grid_kji.reshape(-1, 3)[moved].T)
        values = volume.sample(old_ras)
        values += filled * (rng.normal(disc_hu, noise_hu, len(values)) - values)
        voxels[chosen] = np.round(values) if np.issubdtype(voxels.dtype, np.integer) else values
    return Volume(voxels, volume.ijk_to_ras)


def _old_points(
    points_ras: NDArray[np.float64], near: NDArray[np.intp], curve: SpineCurve, warp: Warp
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Which of the near points (n, 3) change, where each of them comes from, and its share of new disc tissue.

    The farther beside the bodies, the less a point moves.
    """
    straight = curve.ras_to_straight(points_ras[near])
    share = np.clip((_NOTHING_MM - np.abs(straight[:, 0])) / (_NOTHING_MM - _WHOLE_MM), 0.0, 1.0)
    old_mm, filled = warp.look_up(-straight[:, 1:])
    shift, filled = -(old_mm + straight[:, 1:]) * share[:, None], filled * share
    changed = (np.abs(shift).max(1) > _UNMOVED_MM) | (filled > 0)
    straight[:, 1:] += shift
    return near[changed], curve.straight_to_ras(straight[changed]), filled[changed]


def _noise_hu(volume: Volume) -> float:
    """Standard deviation of the noise, from neighbours in a slice of soft tissue."""
    slices = volume.voxels[:: max(1, volume.shape[0] // 20)].astype(np.float32)
    steps = np.diff(slices, axis=2)[(np.abs(slices[:, :, 1:] - 50) < 100) & (np.abs(slices[:, :, :-1] - 50) < 100)]
    return float(np.median(np.abs(steps)) / 0.954) if len(steps) else 0.0


def _box(volume: Volume, centres_ras: NDArray[np.float64]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Bounds (3,) in ijk of what lies near some places (n, 3)."""
    around = np.concatenate([centres_ras + step for step in _REACH_MM * np.vstack([np.eye(3), -np.eye(3)])])
    ijk = volume.to_ijk(around)
    lower = np.clip(np.floor(ijk.min(0)).astype(int), 0, None)
    upper = np.minimum(np.ceil(ijk.max(0)).astype(int) + 1, volume.shape[::-1])
    return lower, upper


def _document(case: ReferenceCase, keypoints_ras: NDArray[np.float64], source: str) -> dict[str, object]:
    """The content of ``reference.json``."""
    entries: list[dict[str, object]] = [
        {"label": level, "ras": points.round(3).tolist(), "G": round(float(genant_index(heights_mm(points))), 4)}
        for level, points in zip(case.levels, keypoints_ras, strict=True)
    ]
    if case.fractures is not None:
        for entry, fracture in zip(entries, fractures_after(case, keypoints_ras), strict=True):
            entry["fracture"] = fracture
    arcs = np.linspace(0.0, case.curve.length_mm, max(6, round(case.curve.length_mm / 6.0)))
    return {
        "ct": "ct.nii.gz",
        "source": source,
        "curve": case.curve.position(arcs).round(3).tolist(),
        "vertebrae": entries,
    }
