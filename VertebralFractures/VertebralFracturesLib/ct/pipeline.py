"""The stages from a CT to its measured vertebrae, one line each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import __version__
from ..core.keypoints import beyond_endplates, beyond_walls, body_centre
from ..core.level_naming import name_sequence
from ..core.levels import LEVELS_ARE_RELATIVE, levels_are_relative
from ..core.report import SpineReport, Vertebra
from ..core.spine_curve import SpineCurve
from ..core.straightening import PIXEL_MM, StraightenedSlice, straighten
from ..core.volume import Volume
from ..errors import Cancelled, NoSpineFound
from .check import check_is_ct
from .curve_fit import EXISTENCE_THRESHOLD, MIN_LENGTH_MM, fit_spine_curve
from .detection import OBJECTNESS_THRESHOLD, Detection, fuse

if TYPE_CHECKING:
    from ..networks.spine_curve_net import SlicePredictions
    from ..networks.weights import Models

STAGES = ("spine curve", "straightened slice", "vertebrae", "second opinion", "measures")
"""What is told of the progress; the second opinion only where it is wanted."""

VIEW_OFFSETS_MM = (-1.5, 0.0, 1.5)
PROPOSAL_THRESHOLD = 0.05
"""Objectness from which a body is proposed where a reader says that there is one."""

_PROPOSAL_REACH_MM = 12.0
_BODY_REACH_MM = 20.0
_WALL_MM, _ENDPLATE_MM = 2.0, 1.0
_METAL_HU = 2600.0
_METAL_MM = 30.0
_METAL_SHARE = 5e-4

Progress = Callable[[str, float], None]


def analyze(
    volume: Volume,
    models: "Models",
    *,
    preset: str = "genant",
    progress: Progress = lambda stage, fraction: None,
    cancel: Callable[[], bool] = lambda: False,
    input: Mapping[str, Any] | None = None,
) -> SpineReport:
    """Find and measure the vertebrae of a CT (Pisov 2020).

    :param volume: the CT in Hounsfield units.
    :param models: the networks; with those of the second opinion, the spine is read a second time.
    :param preset: name of the cut-offs of the grades.
    :param progress: called with each of :data:`STAGES` and the fraction done.
    :param cancel: asked between and within the stages.
    :param input: identity of the volume, kept in the report.
    :raises UnusableInput: the volume is no CT.
    :raises NoSpineFound: no spine, or no vertebral body on it.
    :raises Cancelled: ``cancel`` said so.
    """
    from ..networks.spine_curve_net import predict_slices
    from ..networks.vertebra_net import detect
    from .image_classifier import second_opinion

    def stage(name: str) -> None:
        _stop_if(cancel)
        progress(name, 0.0)

    warnings = check_is_ct(volume)
    stage("spine curve")
    slices = predict_slices(models.spine_curve, volume, cancel)
    curve = _spine_curve(slices)
    stage("straightened slice")
    views = [straighten(volume, curve, PIXEL_MM, lateral_mm=offset) for offset in VIEW_OFFSETS_MM]
    stage("vertebrae")
    detections = fuse(detect(models.vertebrae, np.stack([view.image for view in views])), models.uncertainty_factor)
    view = views[len(views) // 2]
    whole = [one for one in detections if _is_whole(_keypoints_ras(one, view), volume)]
    if not whole:
        raise NoSpineFound("a spine was found, but no vertebral body lies wholly within the field of view")
    second = None
    if models.second_opinion is not None:
        stage("second opinion")
        second = second_opinion(models.second_opinion, volume, curve, cancel)
    stage("measures")
    vertebrae = _vertebrae(whole, view, slices)
    progress(STAGES[-1], 1.0)
    return SpineReport(
        software=f"VertebralFractures {__version__}",
        input=dict(input or {}),
        detector=models.vertebrae.detector,
        preset=preset,
        curve=curve,
        vertebrae=vertebrae,
        warnings=(*warnings, *_warnings(volume, curve, vertebrae, len(detections) - len(whole))),
        models=models.versions,
        thresholds={"existence": EXISTENCE_THRESHOLD, "objectness": OBJECTNESS_THRESHOLD},
        second_opinion=second,
    )


def propose_vertebra(
    volume: Volume,
    models: "Models",
    curve: SpineCurve,
    point_ras: ArrayLike,
    cancel: Callable[[], bool] = lambda: False,
) -> Vertebra:
    """The vertebra that the detection network sees where a reader clicked, however doubtful.

    :param volume: the CT in Hounsfield units.
    :param models: only the detection network is used.
    :param curve: the spine curve along which the reader sees the CT.
    :param point_ras: (3,) about the centre of the body, in RAS mm.
    :param cancel: asked between the steps.
    :return: an unnamed vertebra of source "added", in the sagittal plane of the point.
    :raises NoSpineFound: no body there, not even a doubtful one.
    :raises Cancelled: ``cancel`` said so.
    """
    from ..networks.vertebra_net import detect

    clicked_ras = np.asarray(point_ras, dtype=np.float64)
    lateral_mm = float(curve.ras_to_straight(clicked_ras)[0])
    views = []
    for offset_mm in VIEW_OFFSETS_MM:
        _stop_if(cancel)
        views.append(straighten(volume, curve, PIXEL_MM, lateral_mm=lateral_mm + offset_mm))
    view = views[len(views) // 2]
    _stop_if(cancel)
    seen = detect(models.vertebrae, np.stack([one.image for one in views]), PROPOSAL_THRESHOLD)
    found = fuse(seen, models.uncertainty_factor)
    candidates = [Vertebra(_keypoints_ras(one, view), one.score, one.uncertainty_mm, source="added") for one in found]
    distances_mm = [float(np.linalg.norm(body_centre(one.keypoints_ras) - clicked_ras)) for one in candidates]
    if not candidates or min(distances_mm) > _PROPOSAL_REACH_MM:
        raise NoSpineFound("the network sees no vertebral body there: click the middle of one")
    return candidates[int(np.argmin(distances_mm))]


def _stop_if(cancel: Callable[[], bool]) -> None:
    if cancel():
        raise Cancelled("cancelled")


def _spine_curve(slices: "SlicePredictions") -> SpineCurve:
    curve = fit_spine_curve(slices.centres_ras, slices.existence, slices.spread_mm)
    if curve is None:
        raise NoSpineFound(
            f"no spine found: less than {MIN_LENGTH_MM:.0f} mm of vertebral bodies is in view; "
            "load a CT of the neck, chest or abdomen that shows the spine"
        )
    return curve


def _vertebrae(
    detections: list[Detection], view: StraightenedSlice, slices: "SlicePredictions"
) -> tuple[Vertebra, ...]:
    """The detections in the patient, named by what the spine-curve network says at their height."""
    centres_pixels = np.array([body_centre(detection.keypoints_mm) / view.pixel_mm for detection in detections])
    heights_ras = view.pixels_to_ras(centres_pixels)[:, 2]
    levels = np.column_stack([np.interp(-heights_ras, -slices.centres_ras[:, 2], one) for one in slices.levels.T])
    arcs_mm = -view.pixels_to_straight(centres_pixels)[:, 2]
    names, confidences = name_sequence(levels, arcs_mm)
    return tuple(
        Vertebra(_keypoints_ras(detection, view), detection.score, detection.uncertainty_mm, name, float(confidence))
        for detection, name, confidence in zip(detections, names, confidences, strict=True)
    )


def _keypoints_ras(detection: Detection, view: StraightenedSlice) -> NDArray[np.float64]:
    return view.pixels_to_ras(detection.keypoints_mm / view.pixel_mm)


def _is_whole(keypoints_ras: NDArray[np.float64], volume: Volume) -> bool:
    """Whether a body (6, 3) lies wholly in a volume, with something on all its sides.

    At the end of a scan the network puts points beyond it where the body goes on, or takes the border itself for an
    endplate or a wall.
    """
    around_ras = beyond_walls(keypoints_ras, _WALL_MM), beyond_endplates(keypoints_ras, _ENDPLATE_MM)
    points_ras = np.concatenate([keypoints_ras, *around_ras])
    return bool(volume.contains(points_ras).all())


def _warnings(volume: Volume, curve: SpineCurve, vertebrae: Sequence[Vertebra], cut: int) -> Iterator[str]:
    """What the reader of the report has to know, one sentence each."""
    if cut:
        yield f"{cut} vertebral {'body' if cut == 1 else 'bodies'} cut by the field of view: left out"
    if levels_are_relative([vertebra.level_confidence for vertebra in vertebrae]):
        yield LEVELS_ARE_RELATIVE
    if _is_folded(curve):
        yield "the spine bends so sharply that planes across it cross: check the keypoints on the inner side"
    if _has_metal(volume, curve):
        yield "metal near the spine: streaks can hide endplates; check the keypoints around it"


def _is_folded(curve: SpineCurve) -> bool:
    """Whether planes across the curve cross within the reach of a vertebral body."""
    superior = -np.arange(0.0, curve.length_mm, 2.0)
    aside = np.array([(-_BODY_REACH_MM, 0.0), (_BODY_REACH_MM, 0.0), (0.0, -_BODY_REACH_MM), (0.0, _BODY_REACH_MM)])
    points = np.concatenate([np.column_stack([np.tile(side, (len(superior), 1)), superior]) for side in aside])
    return bool(curve.planes_cross(points).any())


def _has_metal(volume: Volume, curve: SpineCurve) -> bool:
    """Whether a noticeable share of the surroundings of the curve is as dense as metal."""
    arcs = np.arange(0.0, curve.length_mm, 2.0)
    aside = np.arange(-_METAL_MM, _METAL_MM + 1, 2.0)
    points = np.stack(np.meshgrid(aside, aside - _METAL_MM / 2, -arcs, indexing="ij"), -1)
    return bool((volume.sample(curve.straight_to_ras(points)) > _METAL_HU).mean() > _METAL_SHARE)
