"""The stages from a CT to its measured vertebrae, one line each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import __version__
from ..core.attenuation.measurement import measure_attenuation
from ..core.heights.genant import DEFAULT_PRESET
from ..core.levels import LEVELS_ARE_UNCERTAIN, no_level_is_certain
from ..core.report import SpineReport, Vertebra
from ..core.spine_curve import SpineCurve
from ..core.volume import Volume
from ..errors import Cancelled, NoSpineFound
from .body_centres import BodyCentres, locate_bodies
from .check import check_is_ct
from .curve_fit import EXISTENCE_THRESHOLD, MIN_LENGTH_MM, fit_spine_curve
from .detection import OBJECTNESS_THRESHOLD
from .image_classifier import classify_spine
from .networks import CtNetworks
from .vertebrae import detect, is_whole, keypoints_ras, named_vertebrae, straightened_views

STAGES = ("spine curve", "straightened slice", "vertebrae", "image classifier", "measures")
"""Names of the stages that are reported as progress; the image classifier only where it is wanted."""

_BODY_REACH_MM = 20.0
"""How far a body reaches from the curve. Chosen, half the width of a large one."""

_METAL_HU = 2600.0
_METAL_MM = 30.0
_METAL_SHARE = 5e-4
"""What is as dense as metal, how far from the curve it matters, and the share of the surroundings from which it does.
Chosen: denser than bone, as far as pedicle screws stand, and more than a dense speck. CTs without metal are far from
all three: a third more or less warns of none (experiments.md, 2026-12-01)."""

Progress = Callable[[str, float], None]


def analyze_ct(
    volume: Volume,
    networks: CtNetworks,
    *,
    preset: str = DEFAULT_PRESET,
    progress: Progress = lambda stage, fraction: None,
    cancel: Callable[[], bool] = lambda: False,
    input: Mapping[str, Any] | None = None,
) -> SpineReport:
    """Find and measure the vertebrae of a CT (Pisov 2020).

    :param volume: the CT in Hounsfield units.
    :param networks: with those of the image classifier, it looks at the spine as well.
    :param preset: name of the cut-offs of the grades.
    :param progress: called with each of :data:`STAGES` and the fraction done.
    :param cancel: asked between and within the stages.
    :param input: identity of the volume, kept in the report.
    :raises UnusableInput: the volume is no CT.
    :raises NoSpineFound: no spine, or no vertebral body on it.
    :raises Cancelled: ``cancel`` said so.
    """

    def stage(name: str) -> None:
        if cancel():
            raise Cancelled("cancelled")
        progress(name, 0.0)

    warnings = check_is_ct(volume)
    stage("spine curve")
    bodies = locate_bodies(networks.locate_spine, volume, cancel)
    curve = _spine_curve(bodies)
    stage("straightened slice")
    views = straightened_views(volume, curve)
    stage("vertebrae")
    detections, view = detect(networks, views, volume), views[len(views) // 2]
    whole = [one for one in detections if is_whole(keypoints_ras(one, view), volume)]
    if not whole:
        raise NoSpineFound("a spine was detected, but no vertebra lies completely within the field of view")
    classification = None
    if networks.image_classifier is not None:
        stage("image classifier")
        classification = classify_spine(networks.image_classifier, volume, curve, cancel)
    stage("measures")
    vertebrae, numbering_basis = _named_and_measured(volume, named_vertebrae(whole, view, bodies))
    progress(STAGES[-1], 1.0)
    return SpineReport(
        software=f"VertebralFractures {__version__}",
        input=dict(input or {}),
        detector=networks.detector,
        preset=preset,
        curve=curve,
        vertebrae=vertebrae,
        warnings=(*warnings, *_warnings(volume, curve, vertebrae, len(detections) - len(whole))),
        models=networks.versions,
        thresholds={"existence": EXISTENCE_THRESHOLD, "objectness": OBJECTNESS_THRESHOLD},
        image_classification=classification,
        numbering_basis=numbering_basis,
    )


def _named_and_measured(
    volume: Volume, named: tuple[tuple[Vertebra, ...], tuple[str, ...]]
) -> tuple[tuple[Vertebra, ...], tuple[str, ...]]:
    """The named vertebrae with their trabecular attenuation, and what their numbering rests on."""
    vertebrae, basis = named
    if not vertebrae:
        raise NoSpineFound(
            "only the sacrum, C1 or C2 lies completely within the field of view: there is nothing to measure"
        )
    return tuple(replace(one, attenuation=measure_attenuation(volume, one.keypoints_ras)) for one in vertebrae), basis


def _spine_curve(bodies: BodyCentres) -> SpineCurve:
    curve = fit_spine_curve(bodies.centres_ras, bodies.existence, bodies.spread_mm)
    if curve is None:
        raise NoSpineFound(
            f"no spine found: less than {MIN_LENGTH_MM:.0f} mm of the spine lies within the field of view; "
            "load a CT of the neck, chest or abdomen that shows the spine"
        )
    return curve


def _warnings(volume: Volume, curve: SpineCurve, vertebrae: Sequence[Vertebra], cut: int) -> Iterator[str]:
    """What the reader of the report has to know, one sentence each."""
    if cut:
        noun, verb = ("vertebra", "was") if cut == 1 else ("vertebrae", "were")
        yield f"{cut} {noun} partly outside the field of view {verb} not measured."
    if no_level_is_certain([vertebra.level_confidence for vertebra in vertebrae]):
        yield LEVELS_ARE_UNCERTAIN
    if _is_folded(curve):
        yield "The spine is sharply angulated: landmarks on the concave side may be misplaced; please verify."
    if _has_metal(volume, curve):
        yield "Metal near the spine: artefacts may obscure endplates; please verify the landmarks there."


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
