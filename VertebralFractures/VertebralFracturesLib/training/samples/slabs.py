"""Slabs with what is known of every row, from real cases and synthetic patients: the raw material of the classifier.

No real case has a labelled fracture: bodies of real cases are pressed in the slab, with the discs beside them, and the
label is the index G of the keypoints that were carried along.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.heights.genant import genant_index, heights_mm
from ...core.keypoints import INFERIOR, SUPERIOR
from ...core.spine_curve import SpineCurve
from ...core.spine_slab import MARGIN_MM, SLAB_SIZE, VOXEL_MM, SlabFrame, slab_frame
from ...core.volume import Volume
from ...io.training_case import TrainingCase
from ...simulation.fractures.deformation import Warp, affine_warp, chain, elastic_warp, simulate_fractures
from .slices import jittered, known_stretches, thickened

_TURN_KNOT_MM, _TURN_SD_RAD = 80.0, np.radians(4.0)
_ELASTIC_KNOT_MM = 40.0
_FRACTURED_SHARES, _SHARE_CHANCES = (0.0, 0.08, 0.2, 0.4), (0.25, 0.3, 0.3, 0.15)


@dataclass(frozen=True, eq=False)
class SlabSample:
    """A slab and its bodies.

    :param image: Hounsfield units (right, front, rows).
    :param rows: (n, 2) first and last row of each body, as fractions of rows.
    :param indices: (n,) index G of each.
    :param known: (rows,) where every body is annotated.
    """

    image: NDArray[np.floating]
    rows: NDArray[np.float64]
    indices: NDArray[np.float64]
    known: NDArray[np.bool_]


def turned_frame(curve: SpineCurve, canal: SpineCurve | None, rng: np.random.Generator) -> SlabFrame:
    """A slab frame whose turn strays as one along a predicted canal does."""
    frame = slab_frame(curve, canal)
    knots = rng.normal(0, _TURN_SD_RAD, max(2, round(curve.length_mm / _TURN_KNOT_MM)))
    places = np.linspace(0, len(knots) - 1, len(frame.turns_rad))
    return SlabFrame(curve, frame.turns_rad + np.interp(places, np.arange(len(knots)), knots))


def real_slab_samples(
    case: TrainingCase, canal: SpineCurve | None, count: int, rng: np.random.Generator
) -> list[SlabSample]:
    """Variants of a case: other curves, shapes and fractures, half of thin-sliced volumes made thicker first.

    :param case: a CT with reference keypoints.
    :param canal: its spinal canal, if known.
    :param count: how many.
    :param rng: source of all chance.
    """
    volume = case.volume()
    scans = [volume, thickened(volume, rng), thickened(volume, rng)]
    samples = []
    for index in range(count):
        scan = scans[0 if index % 2 else int(rng.integers(1, len(scans)))]
        samples.append(fractured_sample(scan, turned_frame(jittered(case.curve, rng), canal, rng), case, rng))
    return samples


def fractured_sample(volume: Volume, frame: SlabFrame, case: TrainingCase, rng: np.random.Generator) -> SlabSample:
    """A slab of a real CT in which some bodies were pressed and the whole was stretched and bent a little.

    Warps work in the sagittal planes of the slab, in mm to the back and caudally, where the keypoints are too.
    """
    keypoints_mm = -frame.ras_to_slab(case.keypoints_ras)[..., 1:]
    levels, size_mm = case.levels, np.array([SLAB_SIZE[1], frame.shape[2]]) * VOXEL_MM
    warps = _fractures(keypoints_mm, rng)
    middle = np.array([0.0, keypoints_mm[..., 1].mean()])
    stretch = np.exp(rng.normal(0, 0.07, 3)) * np.exp(rng.normal(0, 0.05))
    warps.append(affine_warp(np.array([[stretch[0], 0.0], [rng.normal(0, 0.05), stretch[1]]]), middle, middle))
    warps.append(_shifted(elastic_warp(rng, size_mm + 200.0, _ELASTIC_KNOT_MM, rng.uniform(0.0, 1.2)), 100.0))
    warp = chain(warps)
    image = _warped_image(volume, frame, warp, stretch[2], rng)
    new_mm = np.asarray(warp.to_new(keypoints_mm), dtype=np.float64)
    rows_mm = frame.rows_mm
    known = np.zeros(frame.shape[2], bool)
    for first, last in known_stretches(new_mm, levels, float(new_mm[..., 1].max()) + 1.0):
        known |= (rows_mm >= first) & (rows_mm <= last)
    return body_sample(image, new_mm, known)


def body_sample(image: NDArray[np.floating], points_mm: NDArray[np.floating], known: NDArray[np.bool_]) -> SlabSample:
    """A sample from its bodies' keypoints (n, 6, 2), in mm to the back and caudally from the curve's cranial end."""
    caudal_mm = points_mm[..., 1]
    ends_mm = np.stack([caudal_mm[:, list(SUPERIOR)].mean(1), caudal_mm[:, list(INFERIOR)].mean(1)], -1)
    return SlabSample(image, (ends_mm + MARGIN_MM) / VOXEL_MM, genant_index(heights_mm(points_mm)), known)


def _fractures(keypoints_mm: NDArray[np.float64], rng: np.random.Generator) -> list[Warp]:
    """Press a few bodies, one after the other."""
    share = rng.choice(_FRACTURED_SHARES, p=_SHARE_CHANCES)
    return simulate_fractures(keypoints_mm, np.flatnonzero(rng.random(len(keypoints_mm)) < share).tolist(), rng)


def _shifted(warp: Warp, by_mm: float) -> Warp:
    """A warp whose own origin lies before that of the points."""
    return Warp.without_filling(
        lambda points: warp.to_old(points + by_mm) - by_mm, lambda points: warp.to_new(points + by_mm) - by_mm
    )


def _warped_image(
    volume: Volume, frame: SlabFrame, warp: Warp, width: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The slab (right, front, rows) as the warp makes it, ``width`` times as wide."""
    right, front, rows = frame.shape
    grid = frame.voxels_to_slab(np.stack(np.meshgrid(np.arange(right), np.arange(front), np.arange(rows),
                                                     indexing="ij"), -1))  # fmt: skip
    plane_mm = -grid[0, ..., 1:]
    old_mm, filled = warp.look_up(plane_mm)
    points = np.concatenate([grid[..., :1] / width, np.broadcast_to(-old_mm, (right, *old_mm.shape))], -1)
    aside = np.array([VOXEL_MM / 4, 0.0, 0.0])
    image = np.mean([volume.sample(frame.slab_to_ras(points + side)) for side in (aside, -aside)], 0)
    disc_hu = rng.normal(90.0, 20.0) + rng.normal(0, rng.uniform(5.0, 30.0), image.shape)
    return (image + filled * (disc_hu - image)).astype(np.float32)


def grade_shares(indices: NDArray[np.floating], cutoffs: Sequence[float], spread: float) -> NDArray[np.float64]:
    """Probability (n, 4) that readers give each grade to bodies whose index is known up to their own spread.

    :param indices: (n,) index G.
    :param cutoffs: of the grades 1, 2 and 3.
    :param spread: standard deviation of G between readers.
    """
    from scipy.stats import norm

    at_least = norm.cdf((np.array(cutoffs) - np.asarray(indices)[:, None]) / spread)
    edges = np.column_stack([np.ones(len(at_least)), at_least, np.zeros(len(at_least))])
    return edges[:, :-1] - edges[:, 1:]
