"""The stages from a lateral radiograph to its measured vertebrae and spinal angles (Cina 2021), one line each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import __version__
from .core.curve_fit import curve_through_bodies
from .core.keypoints import INFERIOR, SUPERIOR, body_centre, depths_mm
from .core.level_sequence import LEVEL_CLASSES, name_sequence, sacrum_place
from .core.levels import LEVEL_NUMBERS, LEVELS_ARE_RELATIVE, levels_are_relative
from .core.radiograph import DETECTOR, FIRST_LEVEL, RELATIVE_LENGTHS, Radiograph, RadiographReport, average_scale
from .core.radiograph_input import CROP_PIXELS, SACRUM_CHANNEL, CropFrames, resampled
from .core.report import SpineReport, Vertebra
from .core.spine_curve import chord_arcs
from .errors import Cancelled, NoSpineFound, UnusableInput

if TYPE_CHECKING:
    from .networks.radiograph_nets import FoundBodies
    from .networks.radiograph_weights import RadiographModels

RADIOGRAPH_STAGES = ("view", "vertebrae", "landmarks", "measures")
FEWEST_BODIES = 2

_WORKING_MM = 0.4
_ASSUMED_HEIGHTS_MM = (200.0, 260.0, 340.0, 440.0, 570.0, 740.0)
_SMALL_ROWS = 1000
_SCORE_THRESHOLD, _SACRUM_THRESHOLD, _SURE_SCORE = 0.3, 0.15, 0.5
_SACRUM_PROBABILITY = 0.5
_FRONTAL_PROBABILITY, _WRONG_PROBABILITY = 0.6, 0.5
_DOUBT = 0.2
_LEAST_MM, _GREATEST_MM = 8.0, 60.0
_NEXT_MM, _STEEPEST = (9.0, 90.0), 2.0
_REFINEMENTS = 2
_STEP_ONE_MM = 2.0
_RADIUS, _FAR_RADIUS, _GREATEST_RADIUS_MM = 1.25, 2.3, 6.0
_OVERLAP_MM = 3.0
_TRUST_WITHOUT_SACRUM = 0.3

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class _View:
    """The image as the networks want it, anterior on the left, and what the first of them sees in it.

    :param pixel_mm: side of its pixels.
    :param scale_mm: side of a pixel of the image that was given.
    """

    image: NDArray[np.float32]
    pixel_mm: float
    scale_mm: float
    is_mirrored: bool
    found: "FoundBodies"

    @property
    def anterior_is(self) -> Literal["left", "right"]:
        """Where the front is in the image that was given."""
        return "right" if self.is_mirrored else "left"

    def to_image(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2), column and row in mm, in the image that was given."""
        width_mm = (self.image.shape[1] - 1) * self.pixel_mm
        return np.stack([width_mm - points_mm[..., 0], points_mm[..., 1]], -1) if self.is_mirrored else points_mm


def analyze_radiograph(
    radiograph: Radiograph,
    models: "RadiographModels",
    *,
    preset: str = "genant",
    progress: Progress = lambda stage, fraction: None,
    cancel: Callable[[], bool] = lambda: False,
    input: Mapping[str, Any] | None = None,
    refine: bool = True,
) -> RadiographReport:
    """Find the vertebrae of a lateral radiograph, measure them and the angles of the spine.

    :param radiograph: the image, its scale and sides as far as they are known.
    :param models: the networks of both steps.
    :param preset: name of the cut-offs of the grades.
    :param progress: called with each of :data:`RADIOGRAPH_STAGES` and the fraction done.
    :param cancel: asked between the stages.
    :param input: identity of the image, kept in the report.
    :param refine: False leaves step 2 out, to measure what it adds.
    :raises UnusableInput: a frontal view.
    :raises NoSpineFound: fewer than two bodies in view.
    :raises Cancelled: ``cancel`` said so.
    """

    def stage(index: int) -> None:
        if cancel():
            raise Cancelled("cancelled")
        progress(RADIOGRAPH_STAGES[index], 0.0)

    stage(0)
    view = _best_view(radiograph, models)
    stage(1)
    landmarks_mm, chain = _rough_landmarks(view, models)
    uncertainty_mm = np.full(landmarks_mm.shape[:2], _STEP_ONE_MM)
    stage(2)
    if refine:
        landmarks_mm, uncertainty_mm = _refined(view, landmarks_mm, models)
    stage(3)
    report = _report(radiograph, view, landmarks_mm, uncertainty_mm, chain)
    progress(RADIOGRAPH_STAGES[-1], 1.0)
    spine = replace(report.spine, input=dict(input or {}), preset=preset, models=models.versions)
    return replace(report, spine=spine)


def _best_view(radiograph: Radiograph, models: "RadiographModels") -> _View:
    """Turn the image as the networks know it; which side is the front, files at times say wrongly."""
    try:
        return _scaled_view(radiograph, models)
    except NoSpineFound:
        if radiograph.anterior_is is None:
            raise
        return _scaled_view(replace(radiograph, anterior_is=None), models)


def _scaled_view(radiograph: Radiograph, models: "RadiographModels") -> _View:
    """Turn the image, and find a scale for it where none is known: a small copy shows that as well."""
    if radiograph.pixel_mm is not None:
        return _turned(radiograph, radiograph.pixel_mm, models)
    rows = radiograph.image.shape[0]
    image, share = _no_finer(radiograph.image, 1 / rows, 1 / _SMALL_ROWS)
    small = replace(radiograph, image=image)
    beliefs = {}
    for height_mm in _ASSUMED_HEIGHTS_MM:
        try:
            beliefs[height_mm] = _belief(_turned(small, height_mm * share, models))
        except (NoSpineFound, UnusableInput) as error:
            refusal = error
    if not beliefs:
        raise refusal
    return _turned(radiograph, max(beliefs, key=beliefs.__getitem__) / rows, models)


def _turned(radiograph: Radiograph, pixel_mm: float, models: "RadiographModels") -> _View:
    from .networks.radiograph_nets import VIEW_QUESTIONS

    scale_mm = pixel_mm
    image, pixel_mm = _no_finer(radiograph.image, scale_mm, _WORKING_MM)
    is_mirrored = radiograph.anterior_is == "right"
    image = image[:, ::-1] if is_mirrored else image
    found = _seen(image, pixel_mm, models)
    if found.view[VIEW_QUESTIONS.index("frontal")] > _FRONTAL_PROBABILITY:
        raise UnusableInput("this looks like a frontal view: a lateral radiograph of the spine is needed")
    turned = [_View(np.ascontiguousarray(image), pixel_mm, scale_mm, is_mirrored, found)]
    if _is_doubtful(found, radiograph.anterior_is is not None):
        ways = [(False, True)] if radiograph.anterior_is else [(False, True), (True, False), (True, True)]
        for mirror, invert in ways:
            one = np.ascontiguousarray((-image if invert else image)[:, :: -1 if mirror else 1])
            turned.append(_View(one, pixel_mm, scale_mm, is_mirrored != mirror, _seen(one, pixel_mm, models)))
    best = max(turned, key=_belief)
    questions = [VIEW_QUESTIONS.index(question) for question in ("mirrored", "inverted")]
    looks_wrong = best.found.view[questions].max() > _WRONG_PROBABILITY  # although the other ways were tried
    if looks_wrong or (best.found.scores > _SURE_SCORE).sum() < FEWEST_BODIES:
        raise _nothing_found(radiograph)
    return best


def _seen(image: NDArray[np.float32], pixel_mm: float, models: "RadiographModels") -> "FoundBodies":
    """What stands out enough to be a body; the hips lie over S1, so that less is asked of it."""
    from .networks.radiograph_nets import find_bodies

    found = find_bodies(models.step_one.finder, image, pixel_mm, _SACRUM_THRESHOLD)
    kept = (found.scores > _SCORE_THRESHOLD) | _are_sacra(found)
    return replace(found, centres_mm=found.centres_mm[kept], scores=found.scores[kept], levels=found.levels[kept])


def _are_sacra(found: "FoundBodies") -> NDArray[np.bool_]:
    return np.asarray(found.levels[:, SACRUM_CHANNEL] > _SACRUM_PROBABILITY)


def _is_doubtful(found: "FoundBodies", is_side_known: bool) -> bool:
    """Whether an image may have to be mirrored or inverted."""
    from .networks.radiograph_nets import VIEW_QUESTIONS

    asked = ("inverted",) if is_side_known else ("mirrored", "inverted")
    doubts = [found.view[VIEW_QUESTIONS.index(question)] for question in asked]
    return max(doubts) > _DOUBT or len(found.scores) < FEWEST_BODIES


def _belief(view: _View) -> float:
    """How much a view looks like those that the first network has learnt from."""
    return float(view.found.scores.sum() * np.prod(1 - view.found.view))


def _no_finer(image: NDArray[np.float32], pixel: float, finest: float) -> tuple[NDArray[np.float32], float]:
    """The image in pixels that are no finer than a length, and the side of them in the same unit."""
    factor = finest / pixel
    return (resampled(image, factor), finest) if factor > 1 else (image, pixel)


def _rough_landmarks(view: _View, models: "RadiographModels") -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Landmarks (n, 6, 2) in mm by step 1 of the bodies that form a spine, cranial to caudal, and which they are.

    Of the sacrum the inferior three are not a number.
    """
    from .networks.radiograph_nets import regress_landmarks

    found = view.found
    chain = _spine_chain(found.centres_mm, found.scores)
    sacrum = sacrum_place(found.levels[chain], chord_arcs(found.centres_mm[chain]))
    has_sacrum, chain = sacrum < len(chain), chain[: sacrum + 1]
    landmarks_mm = regress_landmarks(models.step_one.regressor, view.image, view.pixel_mm, found.centres_mm[chain])
    if has_sacrum:
        landmarks_mm[-1, 1::2] = np.nan
    return landmarks_mm, chain


def _spine_chain(centres_mm: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.int_]:
    """The bodies that follow one another downwards at the distances of vertebrae, with the greatest sum of scores."""
    order = np.argsort(centres_mm[:, 1], kind="stable")
    best = scores[order].copy()
    before = np.full(len(order), -1)
    for place, body in enumerate(order):
        for earlier in range(place):
            across, down = centres_mm[body] - centres_mm[order[earlier]]
            is_next = _NEXT_MM[0] < np.hypot(across, down) < _NEXT_MM[1] and abs(across) < _STEEPEST * down
            if is_next and best[earlier] + scores[body] > best[place]:
                best[place], before[place] = best[earlier] + scores[body], earlier
    chain = [int(best.argmax())]
    while before[chain[0]] >= 0:
        chain.insert(0, int(before[chain[0]]))
    return np.asarray(order[chain])


def _refined(
    view: _View, rough_mm: NDArray[np.float64], models: "RadiographModels"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Landmarks (n, 6, 2) and the radius (n, 6) around them in mm by both steps; step 1, then step 2 places the crops.

    Each counts by the inverse of its variance: where step 2 is in doubt, as its heatmap is wide, step 1 has its say.
    """
    from .networks.radiograph_nets import refine_landmarks

    landmarks_mm = rough_mm
    for _ in range(_REFINEMENTS):
        frames = CropFrames.around(landmarks_mm)
        places, spreads = refine_landmarks(models.refiner, frames.cut(view.image, view.pixel_mm))
        spreads_mm = spreads * (frames.sides / CROP_PIXELS)[:, None]
        share = _STEP_ONE_MM**2 / (_STEP_ONE_MM**2 + spreads_mm**2)
        landmarks_mm = rough_mm + share[..., None] * (frames.from_crops(places) - rough_mm)
    return landmarks_mm, _radius_mm(spreads_mm * np.sqrt(share))


def _radius_mm(widths_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius in mm that holds 68 % of the landmarks whose place is known to a width; fitted to synthetic patients.

    The wider a heatmap, the more often it is of a wrong edge.
    """
    return np.clip(_FAR_RADIUS * widths_mm**2.5, _RADIUS * widths_mm, _GREATEST_RADIUS_MM)


def _report(
    radiograph: Radiograph,
    view: _View,
    landmarks_mm: NDArray[np.float64],
    uncertainty_mm: NDArray[np.float64],
    chain: NDArray[np.int_],
) -> RadiographReport:
    """Name the bodies, give them their place in the patient and the image its scale."""
    ends_in_sacrum = bool(np.isnan(landmarks_mm[-1]).any())
    bodies = slice(0, len(chain) - ends_in_sacrum)
    whole = _apart(landmarks_mm, uncertainty_mm, np.flatnonzero(_are_bodies(landmarks_mm[bodies], view)))
    if len(whole) < FEWEST_BODIES:
        raise _nothing_found(radiograph)
    has_sacrum = ends_in_sacrum and _lies_below(landmarks_mm[-1], landmarks_mm[whole[-1]])
    centres_mm = body_centre(landmarks_mm[whole])
    lies_on_sacrum = bool(has_sacrum and whole[-1] == len(chain) - 2)
    levels = _level_probabilities(view.found.levels[chain[whole]], lies_on_sacrum)
    names, confidences = name_sequence(levels, chord_arcs(centres_mm), ends_at_sacrum=lies_on_sacrum)
    measured = _below_the_neck(names)
    if len(measured) < FEWEST_BODIES:
        raise _nothing_found(radiograph)
    whole, names, confidences = whole[measured], tuple(names[i] for i in measured), confidences[measured]
    scale = 1.0 if radiograph.pixel_mm is not None else average_scale(landmarks_mm[whole], names)
    pixel_mm, anterior_is = view.scale_mm * scale, view.anterior_is
    placed = Radiograph(radiograph.image, pixel_mm, anterior_is)
    points_ras = placed.pixels_to_ras(view.to_image(landmarks_mm) / view.scale_mm)
    vertebrae = tuple(
        Vertebra(points_ras[i], float(view.found.scores[chain[i]]), scale * uncertainty_mm[i], name, float(confidence))
        for i, name, confidence in zip(whole, names, confidences, strict=True)
    )
    spine = SpineReport(
        software=f"VertebralFractures {__version__}",
        input={},
        detector=DETECTOR,
        preset="genant",
        curve=curve_through_bodies(body_centre(points_ras[whole])),
        vertebrae=vertebrae,
        warnings=tuple(_warnings(radiograph, anterior_is, vertebrae)),
        thresholds={"score": _SCORE_THRESHOLD, "score_of_s1": _SACRUM_THRESHOLD, "score_of_two": _SURE_SCORE},
    )
    sacrum = points_ras[-1, SUPERIOR, :] if has_sacrum else None
    return RadiographReport(spine, pixel_mm, radiograph.pixel_mm is not None, anterior_is, sacrum)


def _apart(
    landmarks_mm: NDArray[np.float64], uncertainty_mm: NDArray[np.float64], places: NDArray[np.int_]
) -> NDArray[np.int_]:
    """Of bodies that overlap, those whose landmarks are surer: one vertebra never reaches into the next."""
    kept: list[int] = []
    for place in places[np.argsort(uncertainty_mm[places].mean(1), kind="stable")]:
        pairs = [(min(place, other), max(place, other)) for other in kept]
        if all(_lies_below(landmarks_mm[lower], landmarks_mm[upper]) for upper, lower in pairs):
            kept.append(int(place))
    return np.array(sorted(kept), dtype=int)


def _lies_below(lower_mm: NDArray[np.float64], upper_mm: NDArray[np.float64]) -> bool:
    """Whether the superior endplate of a body or of S1 lies below the body above it, but for a little overlap."""
    superior, inferior = (upper_mm[list(end)].mean(0) for end in (SUPERIOR, INFERIOR))
    down = (inferior - superior) / np.linalg.norm(inferior - superior)
    return bool((lower_mm[list(SUPERIOR)].mean(0) - inferior) @ down > -_OVERLAP_MM)


def _below_the_neck(names: Sequence[str]) -> NDArray[np.int_]:
    """Places of the bodies from T1 down; above it the networks have not learned landmarks to measure by."""
    return np.array([i for i, name in enumerate(names) if LEVEL_NUMBERS[name] >= FIRST_LEVEL], dtype=int)


def _nothing_found(radiograph: Radiograph) -> NoSpineFound:
    """What to say where no spine is found; with a wrong spacing none is of a size that the networks know."""
    wanted = "a lateral radiograph of the thoracic or lumbar spine is needed"
    if radiograph.pixel_mm is not None:
        height_mm, width_mm = np.array(radiograph.image.shape) * radiograph.pixel_mm
        size = f"{width_mm:.0f} x {height_mm:.0f} mm at pixels of {radiograph.pixel_mm:.3g} mm"
        wanted += f", and the spacing of its pixels has to be right: the image covers {size}"
    return NoSpineFound(f"no spine found: fewer than two vertebral bodies were recognised; {wanted}")


def _are_bodies(landmarks_mm: NDArray[np.float64], view: _View) -> NDArray[np.bool_]:
    """Bodies (n,) of a possible size whose landmarks lie within the image."""
    heights_mm = np.linalg.norm(landmarks_mm[:, SUPERIOR] - landmarks_mm[:, INFERIOR], axis=-1)
    depths = depths_mm(landmarks_mm)
    sizes = np.concatenate([heights_mm, depths], 1)
    ends_mm = (np.array(view.image.shape[::-1]) - 1) * view.pixel_mm
    inside = ((landmarks_mm >= 0) & (landmarks_mm <= ends_mm)).all((1, 2))
    return np.asarray(inside & (sizes.max(1) < _GREATEST_MM) & (depths.min(1) > _LEAST_MM) & (heights_mm.min(1) > 2.0))


def _level_probabilities(levels: NDArray[np.float64], lies_on_sacrum: bool) -> NDArray[np.float64]:
    """Probabilities (n, 25) of the levels of vertebrae.

    Without a sacrum to count from the network is far surer of its levels than it is right.
    """
    found = levels[:, :LEVEL_CLASSES] ** (1.0 if lies_on_sacrum else _TRUST_WITHOUT_SACRUM)
    return np.asarray(found / np.maximum(found.sum(1, keepdims=True), 1e-9))


def _warnings(radiograph: Radiograph, anterior_is: str, vertebrae: Sequence[Vertebra]) -> Iterator[str]:
    """What the reader of the report has to know, one sentence each."""
    if radiograph.pixel_mm is None:
        yield RELATIVE_LENGTHS
    if radiograph.anterior_is is None:
        yield "which side of the image is the front was recognised, not given: check it"
    elif radiograph.anterior_is != anterior_is:
        yield f"the front is said to be on the {radiograph.anterior_is}, but looks to be on the {anterior_is}: check it"
    if levels_are_relative([vertebra.level_confidence for vertebra in vertebrae]):
        yield LEVELS_ARE_RELATIVE
