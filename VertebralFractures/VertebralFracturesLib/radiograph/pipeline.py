"""The stages from a lateral radiograph to its measured vertebrae and spinal angles (Cina 2021), one line each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import __version__
from ..core.heights.genant import DEFAULT_PRESET, heights_mm
from ..core.keypoints import body_centre
from ..core.level_naming import LEVEL_CLASSES, SACRAL_BASE, SHAPE_ONLY, name_sequence
from ..core.levels import LEVEL_NUMBERS, LEVELS_ARE_UNCERTAIN, no_level_is_certain
from ..core.report import Vertebra
from ..core.spine_curve import chord_arcs, curve_through_bodies
from ..errors import Cancelled, NoSpineFound
from .bodies import UNSEEN_SCORE, Spine, body_at, check_seen, refined, rough_bodies, whole_spine, with_missed
from .networks import RadiographNetworks
from .record import DETECTOR, FIRST_LEVEL, RELATIVE_LENGTHS, Radiograph, RadiographReport, average_scale
from .view import FEWEST_BODIES, THRESHOLDS, RadiographView, best_view, check_upright, known_view, no_spine_found

RADIOGRAPH_STAGES = ("view", "vertebrae", "landmarks", "measures")

_TRUST_WITHOUT_SACRUM = 0.3
"""Power of the probabilities of levels. Chosen among 1, 0.5, 0.3 and 0.2 on the real CTs of ct/val: all wrong names of
ten projections fall below the confidence at which levels are called relative (experiments.md, 2026-11-27; 0.6 and 0.2
were no better on 2026-11-28)."""

Progress = Callable[[str, float], None]


def analyze_radiograph(
    radiograph: Radiograph,
    networks: RadiographNetworks,
    *,
    preset: str = DEFAULT_PRESET,
    progress: Progress = lambda stage, fraction: None,
    cancel: Callable[[], bool] = lambda: False,
    input: Mapping[str, Any] | None = None,
    refine: bool = True,
) -> RadiographReport:
    """Find the vertebrae of a lateral radiograph, measure them and the angles of the spine.

    :param radiograph: the image, its scale and sides as far as they are known.
    :param networks: the networks of both steps.
    :param preset: name of the cut-offs of the grades.
    :param progress: called with each of :data:`RADIOGRAPH_STAGES` and the fraction done.
    :param cancel: asked between the stages, and while the view is sought, which takes longest.
    :param input: identity of the image, kept in the report.
    :param refine: False leaves step 2 out, to measure what it adds.
    :raises UnusableInput: a frontal view, or an image that is upside down.
    :raises NoSpineFound: fewer than two bodies in view.
    :raises Cancelled: ``cancel`` said so.
    """

    def stage(index: int) -> None:
        if cancel():
            raise Cancelled("cancelled")
        progress(RADIOGRAPH_STAGES[index], 0.0)

    def within(index: int) -> Callable[[float], None]:
        def at(fraction: float) -> None:
            if cancel():
                raise Cancelled("cancelled")
            progress(RADIOGRAPH_STAGES[index], fraction)

        return at

    stage(0)
    view = best_view(radiograph, networks, within(0))
    stage(1)
    bodies = rough_bodies(view, networks)
    check_upright(view, heights_mm(bodies.landmarks_mm), networks)
    stage(2)
    if refine:
        bodies = refined(view, bodies, networks)
        check_seen(radiograph, bodies)
    spine = whole_spine(view, bodies)
    if refine:
        spine = with_missed(view, spine, networks)
    stage(3)
    report = _report(radiograph, view, spine)
    progress(RADIOGRAPH_STAGES[-1], 1.0)
    return replace(report, input=dict(input or {}), preset=preset, models=networks.versions)


def propose_body(
    radiograph: Radiograph,
    networks: RadiographNetworks,
    point_ras: ArrayLike,
    cancel: Callable[[], bool] = lambda: False,
) -> Vertebra:
    """The vertebra that the networks place at a point of an analyzed radiograph.

    :param radiograph: its scale and side known from the analysis.
    :param networks: the networks of both steps.
    :param point_ras: (3,) about the centre of the body, in RAS mm.
    :param cancel: asked between the steps.
    :raises NoSpineFound: no vertebral body is seen there.
    :raises Cancelled: ``cancel`` said so.
    """
    view = known_view(radiograph, networks)
    if cancel():
        raise Cancelled("cancelled")
    centre_mm = view.to_image(radiograph.ras_to_pixels(point_ras) * view.scale_mm)
    body = body_at(view, centre_mm, networks)
    if body is None:
        raise NoSpineFound("no vertebral body is seen at this point: click its centre, or add it manually")
    points_ras = radiograph.pixels_to_ras(view.to_image(body.landmarks_mm[0]) / view.scale_mm)
    return Vertebra(points_ras, float(body.scores[0]), body.uncertainty_mm[0], source="added")


def _report(radiograph: Radiograph, view: RadiographView, spine: Spine) -> RadiographReport:
    """Name the bodies, give them their place in the patient and the image its scale."""
    bodies = spine.bodies
    if len(bodies) < FEWEST_BODIES:
        raise no_spine_found(radiograph)
    levels = _level_probabilities(bodies.levels, spine.lies_on_sacrum)
    arcs_mm = chord_arcs(body_centre(bodies.landmarks_mm))
    names, confidences = name_sequence(levels, arcs_mm, ends_at_sacrum=spine.lies_on_sacrum)
    measured = _below_the_neck(names)
    if len(measured) < FEWEST_BODIES:
        raise no_spine_found(radiograph)
    bodies, names, confidences = bodies.selected(measured), tuple(names[i] for i in measured), confidences[measured]
    scale = 1.0 if radiograph.pixel_mm is not None else average_scale(bodies.landmarks_mm, names)
    pixel_mm = view.scale_mm * scale
    placed = Radiograph(radiograph.image, pixel_mm, view.anterior_is)

    def to_ras(landmarks_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        return placed.pixels_to_ras(view.to_image(landmarks_mm) / view.scale_mm)

    points_ras, doubts_mm = to_ras(bodies.landmarks_mm), scale * bodies.uncertainty_mm
    vertebrae = tuple(
        Vertebra(points, float(score), doubt_mm, name, float(confidence))
        for points, score, doubt_mm, name, confidence in zip(
            points_ras, bodies.scores, doubts_mm, names, confidences, strict=True
        )
    )
    sacrum_ras = None if spine.sacral_endplate_mm is None else to_ras(spine.sacral_endplate_mm)
    return RadiographReport(
        software=f"VertebralFractures {__version__}",
        input={},
        detector=DETECTOR,
        preset=DEFAULT_PRESET,
        curve=curve_through_bodies(body_centre(points_ras)),
        vertebrae=vertebrae,
        warnings=tuple(_warnings(radiograph, view.anterior_is, vertebrae)),
        thresholds=THRESHOLDS,
        pixel_mm=pixel_mm,
        is_scale_known=radiograph.pixel_mm is not None,
        anterior_is=view.anterior_is,
        sacral_endplate_ras=sacrum_ras,
        numbering_basis=(SACRAL_BASE if spine.lies_on_sacrum else SHAPE_ONLY,),
    )


def _below_the_neck(names: Sequence[str]) -> NDArray[np.int_]:
    """Indices of the bodies from T1 down; above it the networks have not learned landmarks to measure by."""
    return np.array([i for i, name in enumerate(names) if LEVEL_NUMBERS[name] >= FIRST_LEVEL], dtype=int)


def _level_probabilities(levels: NDArray[np.float64], lies_on_sacrum: bool) -> NDArray[np.float64]:
    """Probabilities (n, 25) of the levels of vertebrae.

    Without a sacrum to count from the network is far surer of its levels than it is right.
    """
    trusted = levels[:, :LEVEL_CLASSES] ** (1.0 if lies_on_sacrum else _TRUST_WITHOUT_SACRUM)
    return np.asarray(trusted / np.maximum(trusted.sum(1, keepdims=True), 1e-9))


def _warnings(radiograph: Radiograph, anterior_is: str, vertebrae: Sequence[Vertebra]) -> Iterator[str]:
    """What the reader of the report has to know, one sentence each."""
    if radiograph.pixel_mm is None:
        yield RELATIVE_LENGTHS
    if radiograph.anterior_is is None:
        yield "Anterior side detected automatically; please verify."
    elif radiograph.anterior_is != anterior_is:
        stated = radiograph.anterior_is
        yield f"Anterior is on the {stated} by the header, but appears to be on the {anterior_is}; please verify."
    unseen = [str(vertebra.level) for vertebra in vertebrae if vertebra.score == UNSEEN_SCORE]
    if unseen:
        yield f"{', '.join(unseen)}: detected only from a gap between adjacent vertebrae; please verify the landmarks."
    if no_level_is_certain([vertebra.level_confidence for vertebra in vertebrae]):
        yield LEVELS_ARE_UNCERTAIN
