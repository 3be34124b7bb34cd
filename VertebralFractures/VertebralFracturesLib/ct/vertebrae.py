"""Step 2 of a CT: the vertebrae in straightened slices, and in the patient."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.keypoints import beyond_endplates, beyond_walls, body_centre
from ..core.level_naming import SliceLevels, number_vertebrae
from ..core.levels import NEVER_MEASURED
from ..core.report import Vertebra
from ..core.spine_curve import SpineCurve
from ..core.straightening import PIXEL_MM, StraightenedSlice, straighten
from ..core.volume import Volume
from ..errors import Cancelled, NoSpineFound
from .anchor_free import decode_regions
from .anchors import decode_anchors
from .body_centres import BodyCentres
from .detection import OBJECTNESS_THRESHOLD, Detection, fuse
from .networks import CtNetworks, DetectorName
from .point_uncertainty import TURN, turned, turned_back, with_uncertainty

VIEW_OFFSETS_MM = (-1.5, 0.0, 1.5)
"""Where neighbouring slices lie beside the curve. Chosen: near enough to show the same body, and about a pixel apart; a
third more or less moves keypoints by 0.2 mm at most (experiments.md, 2026-12-01)."""

PROPOSAL_THRESHOLD = 0.05
"""Objectness from which a body is proposed where a user says that there is one. Chosen, a seventh of what is asked
elsewhere."""

_PROPOSAL_REACH_MM = 12.0
"""How far from a click a body's centre may lie. Chosen, about half the height of a large body (L4 is 28 mm high,
core/heights/norms), so that the one that was clicked is proposed and not its neighbour."""

_WALL_MM, _ENDPLATE_MM = 1.9, 0.9
"""How far beyond its walls and endplates a whole body has something in view: 2 and 1 mm, less the 0.1 mm to which
scanners round positions, by which a whole body was left out once. Of 50 bodies cut at an endplate 6 pass with 0 mm, 3
with 1 mm, and of 21 whole ones 20 and 19 are kept (experiments.md, 2026-11-28); the other is chosen."""

_AIR_HU, _AIR_REACH_MM = -700.0, 2.0
"""Below this, and so far beyond an endplate, there is air and no disc. Chosen: the least value there is 46 HU in three
CTs of val (48 bodies), and -920 HU or less in a body that noisy padding cuts."""


def straightened_views(
    volume: Volume, curve: SpineCurve, lateral_mm: float = 0.0, cancel: Callable[[], bool] = lambda: False
) -> list[StraightenedSlice]:
    """Neighbouring straightened sagittal slices (curved planar reformations), the middle one in the middle.

    :param volume: the CT.
    :param curve: the spine curve.
    :param lateral_mm: where the middle slice lies, to the patient's right of the curve.
    :param cancel: asked before each slice.
    :raises Cancelled: ``cancel`` said so.
    """
    views = []
    for offset_mm in VIEW_OFFSETS_MM:
        if cancel():
            raise Cancelled("cancelled")
        views.append(straighten(volume, curve, PIXEL_MM, lateral_mm=lateral_mm + offset_mm))
    return views


def detect(
    networks: CtNetworks,
    views: Sequence[StraightenedSlice],
    volume: Volume,
    threshold: float = OBJECTNESS_THRESHOLD,
) -> list[Detection]:
    """The vertebrae in neighbouring slices, cranial to caudal, with the uncertainty of their points.

    Their points are those of the neighbouring slices. The middle one is read twice more, turned either way: what then
    moves is uncertain.

    :param networks: only step 2 is used.
    :param views: from :func:`straightened_views`.
    :param volume: the CT that they are cut out of.
    :param threshold: least objectness of a detection in one slice.
    """
    middle = views[len(views) // 2]
    images = [*(view.image for view in views), *(turned(middle.image, rise) for rise in (-TURN, TURN))]
    read = decode(networks.detector, networks.detect_vertebrae(np.stack(images)), threshold)
    plain, columns = read[: len(views)], middle.image.shape[1]
    back = [
        turned_back(one, rise, columns, middle.pixel_mm) for one, rise in zip(read[-2:], (-TURN, TURN), strict=True)
    ]
    return with_uncertainty(fuse(plain), [*plain, *back], views, volume, networks.uncertainty_weights)


def decode(
    detector: DetectorName, maps: tuple[NDArray[np.float32], ...], threshold: float = OBJECTNESS_THRESHOLD
) -> list[list[Detection]]:
    """The detections of each slice, rivals included, in a detector's maps.

    :param detector: whose maps they are.
    :param maps: as :meth:`~.networks.CtNetworks.detect_vertebrae` gives them.
    :param threshold: least objectness of a detection.
    """
    if detector == "anchor":
        return [decode_anchors(one, encoded, PIXEL_MM, threshold) for one, encoded in zip(*maps, strict=True)]
    return [
        decode_regions(probability, long_mm, short_mm, scale_mm, PIXEL_MM, threshold)
        for probability, long_mm, short_mm, scale_mm in zip(*maps, strict=True)
    ]


def keypoints_ras(detection: Detection, view: StraightenedSlice) -> NDArray[np.float64]:
    """Keypoints (6, 3) of a detection in the patient, RAS mm."""
    return view.pixels_to_ras(detection.keypoints_mm / view.pixel_mm)


def is_whole(points_ras: NDArray[np.float64], volume: Volume) -> bool:
    """Whether a body with keypoints (6, 3) lies wholly in what was scanned, with something on all its sides.

    At the end of a scan, be it that of the grid or that of padding, the network puts points beyond it where the body
    goes on, or takes the border itself for an endplate or a wall. Padding that was resampled or has noise is known by
    the air beyond all three points of an endplate; gas in a disc does not reach so far.
    """
    if _ends_in_air(points_ras, volume):
        return False
    beside_ras = beyond_walls(points_ras, _WALL_MM)
    above_ras, below_ras = beyond_endplates(points_ras, _ENDPLATE_MM).reshape(3, 2, 3).swapaxes(0, 1)
    steps = int(np.linalg.norm(above_ras - below_ras, axis=1).max() / volume.spacing_mm.min()) + 2
    within_ras = np.linspace(above_ras, below_ras, steps).reshape(-1, 3)
    return bool(volume.measures(np.concatenate([beside_ras, within_ras])).all())


def _ends_in_air(points_ras: NDArray[np.float64], volume: Volume) -> bool:
    """Whether air lies beyond all three points of an endplate."""
    beyond_ras = beyond_endplates(points_ras, _AIR_REACH_MM)
    is_air = (volume.sample(beyond_ras) < _AIR_HU) & volume.measures(beyond_ras)
    return bool(is_air.reshape(3, 2).all(0).any())


def named_vertebrae(
    detections: Sequence[Detection], view: StraightenedSlice, bodies: BodyCentres
) -> tuple[tuple[Vertebra, ...], tuple[str, ...]]:
    """The vertebrae to measure among the detections, in the patient, with their levels.

    The levels are those that step 1 gives to the slices in which the bodies lie. Nothing at or below the sacrum is a
    vertebra. C1 and C2 help to name the others and are left out: neither has a body between two endplates.

    :param detections: cranial to caudal.
    :param view: the slice in which they were found.
    :param bodies: of step 1.
    :return: the vertebrae, cranial to caudal, none where only the sacrum, C1 and C2 were detected; and what their
        numbering rests on, as :class:`~..core.level_naming.Numbering` has it.
    """
    centres_pixels = np.array([body_centre(detection.keypoints_mm) / view.pixel_mm for detection in detections])
    heights_ras = view.pixels_to_ras(centres_pixels)[:, 2]
    arcs_mm = -view.pixels_to_straight(centres_pixels)[:, 2]
    slices = SliceLevels(bodies.centres_ras[:, 2], bodies.levels)
    numbering = number_vertebrae(slices, heights_ras, arcs_mm)
    vertebrae = tuple(
        Vertebra(keypoints_ras(detection, view), detection.score, detection.uncertainty_mm, name, float(confidence))
        for detection, name, confidence in zip(detections, numbering.names, numbering.confidences, strict=False)
        if name not in NEVER_MEASURED
    )
    return vertebrae, numbering.basis


def propose_vertebra(
    volume: Volume,
    networks: CtNetworks,
    curve: SpineCurve,
    point_ras: ArrayLike,
    cancel: Callable[[], bool] = lambda: False,
) -> Vertebra:
    """The vertebra that step 2 detects where a user clicked, however doubtful.

    :param volume: the CT in Hounsfield units.
    :param networks: only step 2 is used.
    :param curve: the spine curve along which the user sees the CT.
    :param point_ras: (3,) about the centre of the body, in RAS mm.
    :param cancel: asked between the steps.
    :return: an unnamed vertebra of source "added", in the sagittal plane of the point.
    :raises NoSpineFound: no body there, not even a doubtful one.
    :raises Cancelled: ``cancel`` said so.
    """
    clicked_ras = np.asarray(point_ras, dtype=np.float64)
    views = straightened_views(volume, curve, float(curve.ras_to_straight(clicked_ras)[0]), cancel)
    if cancel():
        raise Cancelled("cancelled")
    view = views[len(views) // 2]
    candidates = [
        Vertebra(keypoints_ras(one, view), one.score, one.uncertainty_mm, source="added")
        for one in detect(networks, views, volume, PROPOSAL_THRESHOLD)
    ]
    distances_mm = [float(np.linalg.norm(body_centre(one.keypoints_ras) - clicked_ras)) for one in candidates]
    if not candidates or min(distances_mm) > _PROPOSAL_REACH_MM:
        raise NoSpineFound("no vertebral body was detected there: click the centre of one")
    return candidates[int(np.argmin(distances_mm))]
