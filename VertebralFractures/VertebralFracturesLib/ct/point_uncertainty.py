"""How far the points of a detection may be off: by the network's estimate and by the image.

Four things are put together as independent errors are, each in mm with a weight of its own, which comes from the model
card of the detector: what the network expects; the distance of the CT's slices across the endplates; how far the
readings of neighbouring and turned slices disagree; and how much steeper the edge is beside the point than at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.keypoints import INFERIOR, SUPERIOR, body_centre
from ..core.straightening import StraightenedSlice
from ..core.volume import Volume
from .detection import SAME_BODY_OVERLAP, Detection, intersection_over_union, keypoint_boxes, settle

TURN = 0.1
"""Rise of the rows of a turned slice, about 6 degrees either way. Chosen, about as far as a curve is off its spine."""

_UNSEEN_MM = 2.0
"""How far a reading counts as off that does not see the body at all. Chosen: the error of a height that matters; of the
193 bodies of real CTs that the weights come from, every one was seen in every slice."""

_EDGE_REACH_MM = 3.0
_EDGE_STEP_MM = 0.25
_EDGE_SMOOTHING_MM = 0.5
"""How far from a point an edge is looked for, in which steps, and smoothed by how much. Of 3, 4, 6 and of 0.5, 0.75, 1
and 1.5 mm those after which the edge tells most of the errors of points (experiments.md, 2026-12-01)."""

_LEAST_SLOPE_HU_PER_MM = 1.0
"""Where the steepest edge is flatter, there is none. Chosen, far below that of an endplate (10 at 5 mm slices)."""

_STEEPER_LIMIT = 1.5
"""Greatest value of the share of the edge that is missing at a point. Chosen; more than 1 says that the image becomes
brighter outwards there."""

_BESIDE_MM = np.array([(0.0, 1.0, 2.0), (-1.0, 0.0, 1.0), (0.0, -1.0, -2.0)])
"""Where the edge is read along an endplate, from the anterior, the middle and the posterior point backwards."""


@dataclass(frozen=True)
class UncertaintyWeights:
    """How much each part of the uncertainty counts, from the model card of a detector.

    :param network: of what the network expects.
    :param slices: of the distance of slices across the endplates.
    :param readings: of the disagreement of the readings.
    :param edge: of the edge beside the point, in mm.
    """

    network: float = 1.0
    slices: float = 0.0
    readings: float = 0.0
    edge: float = 0.0


NETWORK_ALONE = UncertaintyWeights()
"""Of a network that was not calibrated."""


def turned(image: NDArray[np.float32], rise: float) -> NDArray[np.float32]:
    """A straightened slice whose rows rise towards the back, as if every body was turned.

    :param image: Hounsfield units (rows, columns).
    :param rise: rows per column.
    """
    middle = (image.shape[1] - 1) / 2
    matrix = np.array([[1.0, rise], [0.0, 1.0]])
    return ndimage.affine_transform(image, matrix, [-rise * middle, 0.0], order=1, mode="nearest")


def turned_back(detections: Sequence[Detection], rise: float, columns: int, pixel_mm: float) -> list[Detection]:
    """Detections of a :func:`turned` slice in the slice as it was.

    :param detections: in the turned slice.
    :param rise: as in :func:`turned`.
    :param columns: of the slice.
    :param pixel_mm: side of its pixels.
    """
    middle_mm = (columns - 1) / 2 * pixel_mm
    turn = np.array([[1.0, rise], [0.0, 1.0]])
    shift_mm = np.array([0.0, -rise * middle_mm])
    return [replace(one, keypoints_mm=one.keypoints_mm @ turn + shift_mm) for one in detections]


def with_uncertainty(
    bodies: Sequence[Detection],
    readings: Sequence[Sequence[Detection]],
    views: Sequence[StraightenedSlice],
    volume: Volume,
    weights: UncertaintyWeights,
) -> list[Detection]:
    """The bodies with what is known of the errors of their points.

    :param bodies: fused, with the uncertainty that the network expects.
    :param readings: the detections of each slice that was read, rivals included, in the same coordinates.
    :param views: neighbouring slices, the middle one in the middle.
    :param volume: the CT that they are cut out of.
    :param weights: of the parts.
    """
    if not bodies:
        return []
    parts = uncertainty_parts(bodies, readings, views, volume)
    scales = np.array([weights.network, weights.slices, weights.readings, weights.edge])
    radii_mm = np.linalg.norm(parts * scales, axis=-1)
    return [replace(one, uncertainty_mm=radius_mm) for one, radius_mm in zip(bodies, radii_mm, strict=True)]


def uncertainty_parts(
    bodies: Sequence[Detection],
    readings: Sequence[Sequence[Detection]],
    views: Sequence[StraightenedSlice],
    volume: Volume,
) -> NDArray[np.float64]:
    """The parts (bodies, 6, 4) that :class:`UncertaintyWeights` weighs, in its order; for what is given see
    :func:`with_uncertainty`."""
    view = views[len(views) // 2]
    points_mm = np.stack([one.keypoints_mm for one in bodies])
    image = np.mean([one.image for one in views], axis=0)
    network = np.stack([one.uncertainty_mm for one in bodies])
    slices = np.broadcast_to(slice_distance_mm(points_mm, view, volume)[:, None], network.shape)
    return np.stack([network, slices, _disagreement_mm(points_mm, readings), _edge_beside(points_mm, image, view)], -1)


def slice_distance_mm(points_mm: NDArray[np.float64], view: StraightenedSlice, volume: Volume) -> NDArray[np.float64]:
    """How far apart (n,) the voxels of a volume lie along the spine at bodies with keypoints (n, 6, 2) in a view."""
    arcs_mm = -view.pixels_to_straight(body_centre(points_mm) / view.pixel_mm)[:, 2]
    upwards_ras = view.curve.frame(arcs_mm)[:, 2]
    return np.linalg.norm(upwards_ras @ volume.ijk_to_ras[:3, :3], axis=-1)


def _disagreement_mm(points_mm: NDArray[np.float64], readings: Sequence[Sequence[Detection]]) -> NDArray[np.float64]:
    """Root mean square distance (n, 6) along the spine of the points (n, 6, 2) from those of the readings."""
    boxes, settled = keypoint_boxes(points_mm), [settle(reading) for reading in readings]
    squared = [[_distances_mm(points, box, reading) ** 2 for reading in settled]
               for points, box in zip(points_mm, boxes, strict=True)]  # fmt: skip
    return np.sqrt(np.mean(squared, axis=1))


def _distances_mm(
    points_mm: NDArray[np.float64], box: NDArray[np.float64], reading: Sequence[Detection]
) -> NDArray[np.float64]:
    """How far along the spine (6,) one reading puts the points of a body (6, 2) elsewhere."""
    if reading:
        read_mm = np.stack([one.keypoints_mm for one in reading])
        overlaps = intersection_over_union(box, keypoint_boxes(read_mm))
        if overlaps.max() > SAME_BODY_OVERLAP:
            return np.abs(read_mm[overlaps.argmax(), :, 1] - points_mm[:, 1])
    return np.full(len(points_mm), _UNSEEN_MM)


def _edge_beside(
    points_mm: NDArray[np.float64], image: NDArray[np.floating], view: StraightenedSlice
) -> NDArray[np.float64]:
    """Share (n, 6) of the steepest edge near points (n, 6, 2) that is missing at them: 0 where they lie on it."""
    superior_mm, inferior_mm = points_mm[:, SUPERIOR, :], points_mm[:, INFERIOR, :]
    outwards = _unit(superior_mm - inferior_mm)
    shares = np.empty(points_mm.shape[:2])
    for plate, plate_mm, direction in ((SUPERIOR, superior_mm, outwards), (INFERIOR, inferior_mm, -outwards)):
        shares[:, plate] = _missing_share(plate_mm, direction, image, view.pixel_mm)
    return shares


def _missing_share(
    plate_mm: NDArray[np.float64], outwards: NDArray[np.float64], image: NDArray[np.floating], pixel_mm: float
) -> NDArray[np.float64]:
    """:func:`_edge_beside` (n, 3) of the points (n, 3, 2) of endplates beyond which lies what is outwards (n, 3, 2)."""
    backwards = _unit(plate_mm[:, -1] - plate_mm[:, 0])
    steps_mm = np.arange(-2 * _EDGE_REACH_MM, 2 * _EDGE_REACH_MM + _EDGE_STEP_MM / 2, _EDGE_STEP_MM)
    beside_mm = _BESIDE_MM[None, :, :, None] * backwards[:, None, None]
    places_mm = (plate_mm[:, :, None] + beside_mm)[:, :, None] + steps_mm[:, None, None] * outwards[:, :, None, None]
    values = ndimage.map_coordinates(
        image, np.moveaxis(places_mm[..., ::-1], -1, 0) / pixel_mm, order=1, mode="nearest"
    )
    profile = ndimage.gaussian_filter1d(values.mean(-1), _EDGE_SMOOTHING_MM / _EDGE_STEP_MM, axis=-1)
    slope = -np.gradient(profile, _EDGE_STEP_MM, axis=-1)
    steepest = slope[..., np.abs(steps_mm) <= _EDGE_REACH_MM].max(-1)
    at_point = slope[..., len(steps_mm) // 2]
    return np.clip(1 - at_point / np.maximum(steepest, _LEAST_SLOPE_HU_PER_MM), 0.0, _STEEPER_LIMIT)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
