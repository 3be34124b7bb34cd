"""Step 1 of a CT: the centre of the vertebral body in every axial slice, at 3 mm."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.volume import Volume
from ..errors import Cancelled
from .check import body_bounds_ijk
from .networks import LocateSpine

SPACING_MM = 3.0
"""Side of the voxels that step 1 reads (Pisov 2020, section 4.1)."""

_STEP_VOXELS = 3.0
"""Standard deviation of a body centre's step from slice to slice, 9 mm. Chosen, three times as far as a spine at 45
degrees; a third more or less moves keypoints by 0.07 mm at most (experiments.md, 2026-12-01)."""

_UNSEEN_SHARE = 1e-3
"""How often a slice does not show the spine at all. Chosen, small against every share that decides; a third more or
less moves keypoints by less than 0.01 mm (experiments.md, 2026-12-01)."""


@dataclass(frozen=True, eq=False)
class BodyCentres:
    """Per axial slice of the 3 mm volume, cranial to caudal.

    :param centres_ras: (n, 3) RAS mm of the body centre.
    :param spread_mm: (n,) spread of the evidence for it.
    :param existence: (n,) probability that the mobile spine is in the slice.
    :param levels: (n, 26) probability of each level, C1 first, then L6 and the sacrum.
    """

    centres_ras: NDArray[np.float64]
    spread_mm: NDArray[np.float64]
    existence: NDArray[np.float64]
    levels: NDArray[np.float64]


def locate_bodies(locate_spine: LocateSpine, volume: Volume, cancel: Callable[[], bool] = lambda: False) -> BodyCentres:
    """Read the body in a volume and its mirror image, average the two, and follow the spine from slice to slice.

    :param locate_spine: step 1.
    :param volume: a CT in any orientation.
    :param cancel: asked before each reading.
    :raises Cancelled: ``cancel`` said so.
    """
    cubic = body_volume(volume)
    image_hu = np.ascontiguousarray(cubic.voxels[::-1], dtype=np.float32)
    readings = []
    for is_mirrored in (False, True):
        if cancel():
            raise Cancelled("cancelled while the spine curve was detected")
        readings.append(locate_spine(image_hu, is_mirrored))
    probabilities, existence, levels = ((one + other) / 2 for one, other in zip(*readings, strict=True))
    centres_pixels, spread_pixels = expected_places(follow(probabilities))
    centres_ijk = np.column_stack([centres_pixels, np.arange(len(image_hu))[::-1]])
    centres_ras = centres_ijk @ cubic.ijk_to_ras[:3, :3].T + cubic.ijk_to_ras[:3, 3]
    return BodyCentres(centres_ras, spread_pixels * SPACING_MM, existence, levels)


def body_volume(volume: Volume) -> Volume:
    """The volume at 3 mm along the patient's axes, cropped to the body: most of a CT is air."""
    cubic = volume.resampled(SPACING_MM)
    lower, upper = body_bounds_ijk(cubic)
    matrix = cubic.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, :3] @ lower
    voxels = cubic.voxels[lower[2] : upper[2], lower[1] : upper[1], lower[0] : upper[0]]
    return Volume(voxels, matrix)


def expected_places(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Soft-argmax: the expected place (n, 2) as (column, row) and its spread (n,) in pixels.

    :param weights: (n, rows, columns), one in sum per slice.
    """
    rows, columns = (np.arange(size, dtype=np.float64) for size in weights.shape[1:])
    by_column, by_row = weights.sum(1), weights.sum(2)
    centres = np.column_stack([(by_column * columns).sum(1), (by_row * rows).sum(1)])
    squared_columns = (by_column * (columns - centres[:, :1]) ** 2).sum(1)
    squared_rows = (by_row * (rows - centres[:, 1:]) ** 2).sum(1)
    return centres, np.sqrt(squared_columns + squared_rows)


def follow(evidence: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where a structure is in each slice, given the evidence of all slices.

    A hidden Markov chain along the slices: between neighbours the structure moves by a Gaussian step, each slice shows
    it with the given probabilities, and now and then a slice does not show it at all. Humeral heads, which look like
    vertebral bodies in a single slice, lose against the spine, from which no path leads to them.

    :param evidence: (slices, rows, columns), the probabilities of the places in a slice as seen in this slice alone;
        they sum to one per slice.
    :return: the probabilities given all slices, likewise.
    """
    places = evidence.shape[1] * evidence.shape[2]
    likelihood = (1 - _UNSEEN_SHARE) * np.asarray(evidence, dtype=np.float64) + _UNSEEN_SHARE / places
    above, below = _messages(likelihood), _messages(likelihood[::-1])[::-1]
    joint = likelihood * above * below
    return joint / joint.sum((1, 2), keepdims=True)


def _messages(likelihood: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (slices, rows, columns) of the places in each slice given the slices before it."""
    messages = np.empty_like(likelihood)
    messages[0] = 1.0
    for index in range(1, len(likelihood)):
        stepped = ndimage.gaussian_filter(messages[index - 1] * likelihood[index - 1], _STEP_VOXELS, mode="constant")
        messages[index] = stepped / stepped.sum() + np.finfo(np.float64).tiny
    return messages
