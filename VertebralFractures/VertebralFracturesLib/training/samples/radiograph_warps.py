"""Other patients out of a projection: stretched, sheared, bent, with bodies with simulated compression fractures.

A projection is warped in its own plane, as if everything along a ray moved together. Points are column and row in mm,
to the back and caudally, as in a straightened slice.
"""

import numpy as np
from numpy.typing import NDArray

from ...simulation.fractures.deformation import Warp, affine_warp, chain, elastic_warp, simulate_fractures
from ...simulation.radiograph.views import Projection

_STRETCH_SD, _SHEAR_SD = 0.06, 0.04
_PATIENT_BENDS_MM = ((180.0, 10.0), (60.0, 2.0))
_BODY_KNOT_MM, _BODY_BENT_MM = 25.0, 0.8
_FRACTURE_CHANCE, _NEIGHBOUR_CHANCE, _ANY_CHANCE = 0.3, 0.1, 0.02


def patient_warp(projection: Projection, rng: np.random.Generator) -> Warp:
    """Another patient: other proportions, another course of the spine, now and then a fracture."""
    places = np.flatnonzero(rng.random(len(projection.levels)) < _ANY_CHANCE).tolist()
    warps = simulate_fractures(_keypoints_mm(projection), places, rng)
    for knot_mm, most_mm in _PATIENT_BENDS_MM:
        warps.append(elastic_warp(rng, _size_mm(projection), knot_mm, rng.uniform(0, most_mm)))
    return chain([*warps, _proportions(_size_mm(projection) / 2, rng)])


def body_warp(projection: Projection, body: int, rng: np.random.Generator) -> Warp:
    """Another shape of one body and its neighbourhood; three in ten are pressed.

    :param body: place of it in the projection.
    """
    chances = {body - 1: _NEIGHBOUR_CHANCE, body: _FRACTURE_CHANCE, body + 1: _NEIGHBOUR_CHANCE}
    places = [place for place, chance in chances.items() if rng.random() < chance]
    warps = simulate_fractures(
        _keypoints_mm(projection), [place for place in places if 0 <= place < len(projection.levels)], rng
    )
    warps.append(elastic_warp(rng, _size_mm(projection), _BODY_KNOT_MM, rng.uniform(0, _BODY_BENT_MM)))
    middle_mm = np.nanmean(_keypoints_mm(projection)[body], 0)
    return chain([*warps, _proportions(middle_mm, rng)])


def moved(warp: Warp, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a warp takes points (..., 2) in mm, of which some may not be numbers."""
    known = np.isfinite(points_mm)
    return np.where(known, warp.to_new(np.where(known, points_mm, 0.0)), np.nan)


def _keypoints_mm(projection: Projection) -> NDArray[np.float64]:
    return projection.keypoints_pixels * projection.pixel_mm


def _size_mm(projection: Projection) -> NDArray[np.float64]:
    return np.array(projection.integrals.shape[:0:-1]) * projection.pixel_mm


def _proportions(middle_mm: NDArray[np.float64], rng: np.random.Generator) -> Warp:
    wide, long = np.exp(rng.normal(0, _STRETCH_SD, 2))
    return affine_warp(np.array([[wide, 0.0], [rng.normal(0, _SHEAR_SD), long]]), middle_mm, middle_mm)
