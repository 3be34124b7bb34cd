"""How a lateral radiograph lies: which side is the front, whether it is inverted, and at what scale."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import NoSpineFound, UnusableInput
from .chain import level_agreement, spine_chain
from .network_input import SACRUM_CHANNEL, resampled
from .networks import VIEW_QUESTIONS, BodyDetections, RadiographNetworks
from .record import Radiograph

FEWEST_BODIES = 2
"""As few as a curve can be drawn through."""

THRESHOLDS = {"score": 0.3, "score_of_s1": 0.15, "score_of_two": 0.5}
"""Least scores of a body, of S1, and of at least two bodies of an image that shows a spine.

Chosen; of 21 bodies that were missed at 0.3 a lower threshold would show few, as 15 scored less than 0.03, and at half
of it S1 was found in 5 of 8 synthetic projections instead of none of 4 (Documentation/experiments.md, 2026-11-28 and
2026-11-27). Two that are rather there than not keep noise from being measured.
"""

_WORKING_MM = 0.4
"""Finest pixels in use: the crop of a body 34 mm deep has pixels of 0.42 mm, so that step 2 sees no finer ones."""

_TRIED_MM = 0.75
"""Finest pixels in which ways and scales are tried: step 1 sees pixels of 1.5 mm."""

_STEP = 1.12
"""From one scale that is tried to the next. Chosen: the network knows bodies that are a third too large or too small
(experiments.md, 2026-12-01), so that its sight does not change from one to the next."""

_WAYS = ((False, False), (True, False), (False, True), (True, True))
"""Whether the image is mirrored, and whether it is inverted."""

_LEAST_HEIGHT_MM, _GREATEST_HEIGHT_MM = 150.0, 950.0
"""Heights between which an image without a scale is sought: half a lumbar spine, and a whole spine with its head."""

_SMALL_ROWS = 1000
"""Rows in which they are tried: their pixels are finer than the 1.5 mm of step 1 at any of the heights."""

_SACRUM_PROBABILITY = 0.5
"""What is rather S1 than any other level."""

_FRONTAL_PROBABILITY, _WRONG_PROBABILITY = 0.6, 0.5
"""From which a view is taken to be frontal, or turned in a way that no turning mends. Chosen: rather so than not, and a
little more before an image is called frontal; of 28 frontal views all are refused (experiments.md, 2026-11-28)."""

_TRUST = 0.3
"""How much the network's opinion on the side and on the brightness counts beside the bodies that it detects. All of 92
films and parts of films are then turned the right way, drawn ones included, about whose side it is wrong
(experiments.md, 2026-12-01)."""

_LEVELS = 0.25
"""How much it counts whether levels follow one another: without it the inverted copy of a drawn film is taken at twice
its size, where the soft tissue holds shapes of the size of bodies (experiments.md, 2026-12-01)."""

_STATED = 1.3
"""How much more evidence there has to be for the side that the file does not state, and for dark bone. Chosen: it is
at least 1.5 in 82 projections of patients."""

_LEAST_BELIEF = 0.23
"""In each body. It is 0.48 and more in 207 of 213 lateral projections and views, 0.25 and more in the other six, and
0.21 in the frontal view that passes otherwise, which has chosen this limit (experiments.md, 2026-11-28)."""

_CLEARLY_MORE, _HIGHER_DOWNWARDS = 1.1, 1.05
"""How much more an image has to be believed in upside down where bodies are hardly higher downwards. Upright ones are
higher by 1.08 and more but for six of 33 views of CTs; of 229 upright images none is refused (experiments.md,
2026-11-28)."""

_FAR_MORE, _HARDLY_HIGHER = 1.6, 1.15
"""The same for bodies that are a little higher downwards: of 59 upright images none is refused, of the same upside down
36; seven synthetic patients are believed in by 0.3 to 0.6 upright, by 1.6 to 2.9 upside down (experiments.md,
2026-11-30)."""

_TWIN_MM = 8.0
"""Closer than this no two bodies lie: T1 is 15 to 17 mm high (core/heights/norms). Chosen."""


@dataclass(frozen=True, eq=False)
class RadiographView:
    """The image as the networks need it, anterior on the left, and what the first of them detects in it.

    :param pixel_mm: side of its pixels.
    :param scale_mm: side of a pixel of the image that was given.
    """

    image: NDArray[np.float32]
    pixel_mm: float
    scale_mm: float
    is_mirrored: bool
    detections: BodyDetections

    @property
    def anterior_is(self) -> Literal["left", "right"]:
        """Where the front is in the image that was given."""
        return "right" if self.is_mirrored else "left"

    def to_image(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2), column and row in mm, in the image that was given, and the other way round."""
        width_mm = (self.image.shape[1] - 1) * self.pixel_mm
        return np.stack([width_mm - points_mm[..., 0], points_mm[..., 1]], -1) if self.is_mirrored else points_mm


def best_view(
    radiograph: Radiograph, networks: RadiographNetworks, tried: Callable[[float], None] = lambda fraction: None
) -> RadiographView:
    """Turn the image as the networks know it, and find a scale for it where none is known.

    All ways in which the image may lie, and all scales that it may have, are compared by one measure, the evidence of a
    spine, so that what is cut off at the edges does not decide. Which side is the front, files at times say wrongly:
    the other one is taken where the evidence for it is clear.

    :param tried: called with the fraction of the scales that were tried; what it raises ends the search.
    :raises UnusableInput: a frontal view.
    :raises NoSpineFound: fewer than two bodies are seen, whichever way the image is turned.
    """
    small, pixels, scales_mm = _scales(radiograph)
    found: dict[tuple[bool, bool], list[float]] = {way: [] for way in _WAYS}
    for number, scale in enumerate(scales_mm):
        tried(number / len(scales_mm))
        image, pixel_mm = _no_finer(small.image, pixels * scale, _TRIED_MM)
        for way, values in found.items():
            values.append(_evidence(_detections(_turned(image, *way), pixel_mm, networks)))
    evidence = {way: _over_neighbours(values) for way, values in found.items()}
    best = max(evidence, key=lambda way: evidence[way].max() * _as_stated(radiograph, *way))
    scale = scales_mm[1 + int(evidence[best].argmax())]
    image, pixel_mm = _no_finer(radiograph.image, scale, _WORKING_MM)
    image = _turned(image, *best)
    view = RadiographView(image, pixel_mm, scale, best[0], _detections(image, pixel_mm, networks))
    _check_lateral(radiograph, view)
    return view


def _scales(radiograph: Radiograph) -> tuple[Radiograph, float, list[float]]:
    """What is tried.

    :return: a small copy of the image; the side of its pixels in pixels of the image; and sides of these in mm, the
        first and the last as neighbours of the others only.
    """
    rows = radiograph.image.shape[0]
    if radiograph.pixel_mm is not None:
        image, pixels = _no_finer(radiograph.image, 1.0, _TRIED_MM / _STEP / radiograph.pixel_mm)
        return replace(radiograph, image=image), pixels, [radiograph.pixel_mm * _STEP**power for power in (-1, 0, 1)]
    image, pixels = _no_finer(radiograph.image, 1.0, rows / _SMALL_ROWS)
    steps = int(np.ceil(np.log(_GREATEST_HEIGHT_MM / _LEAST_HEIGHT_MM) / np.log(_STEP)))
    heights_mm = _LEAST_HEIGHT_MM * _STEP ** np.arange(-1.0, steps + 2)
    return replace(radiograph, image=image), pixels, (heights_mm / rows).tolist()


def _turned(image: NDArray[np.float32], is_mirrored: bool, is_inverted: bool) -> NDArray[np.float32]:
    return np.ascontiguousarray((-image if is_inverted else image)[:, :: -1 if is_mirrored else 1])


def _evidence(detections: BodyDetections) -> float:
    """How much of a spine is seen: bodies that follow one another, levels that do, and the network's opinion."""
    if not len(detections.scores):
        return 0.0
    chain = spine_chain(detections.centres_mm, detections.scores)
    asked = [VIEW_QUESTIONS.index(question) for question in ("mirrored", "inverted")]
    opinion = np.prod(1 - _TRUST * detections.view_probabilities[asked])
    agreement = np.exp(_LEVELS * level_agreement(detections.levels[chain]))
    return float(detections.scores[chain].sum() * agreement * opinion)


def _seen(detections: BodyDetections) -> float:
    """The scores of the bodies that follow one another as those of a spine do."""
    if not len(detections.scores):
        return 0.0
    return float(detections.scores[spine_chain(detections.centres_mm, detections.scores)].sum())


def _over_neighbours(values: list[float]) -> NDArray[np.float64]:
    """Weighted means of each value and its two neighbours; the first and the last are neighbours only."""
    return np.convolve(values, (0.25, 0.5, 0.25), "valid")


def _as_stated(radiograph: Radiograph, is_mirrored: bool, is_inverted: bool) -> float:
    """How much evidence counts for a way: more for the side that the file states, and for bright bone."""
    is_side = radiograph.anterior_is is not None and is_mirrored == (radiograph.anterior_is == "right")
    return (_STATED if is_side else 1.0) * (1.0 if is_inverted else _STATED)


def _check_lateral(radiograph: Radiograph, view: RadiographView) -> None:
    """Refuse what is no lateral view of a spine, or shows too little of one."""
    probabilities, scores = view.detections.view_probabilities, view.detections.scores
    frontal, inverted = (probabilities[VIEW_QUESTIONS.index(question)] for question in ("frontal", "inverted"))
    if (scores > THRESHOLDS["score_of_two"]).sum() < FEWEST_BODIES:
        raise no_spine_found(radiograph)
    if frontal > _FRONTAL_PROBABILITY:
        raise UnusableInput("this looks like a frontal view: an upright lateral radiograph of the spine is needed")
    if inverted > _WRONG_PROBABILITY or scores.mean() * (1 - frontal) * (1 - inverted) < _LEAST_BELIEF:
        raise no_spine_found(radiograph)


def known_view(radiograph: Radiograph, networks: RadiographNetworks) -> RadiographView:
    """The view of a radiograph whose scale and side are known, as from its analysis.

    :raises ValueError: the scale is not known.
    """
    if radiograph.pixel_mm is None:
        raise ValueError("the scale of the radiograph is not known")
    is_mirrored = radiograph.anterior_is == "right"
    image, pixel_mm = _no_finer(radiograph.image, radiograph.pixel_mm, _WORKING_MM)
    image = _turned(image, is_mirrored, is_inverted=False)
    return RadiographView(image, pixel_mm, radiograph.pixel_mm, is_mirrored, _detections(image, pixel_mm, networks))


def check_upright(view: RadiographView, heights_mm: NDArray[np.float64], networks: RadiographNetworks) -> None:
    """Vertebrae are also seen in an image that is upside down; they then get lower downwards, and are less sure.

    :param heights_mm: (n, 3) of the bodies, from the top of the image downwards; not a number of the sacrum.
    :raises UnusableInput: the image is upside down.
    """
    means_mm = heights_mm[np.isfinite(heights_mm).all(1)].mean(1)
    half = len(means_mm) // 2
    higher = np.median(means_mm[-half:]) / np.median(means_mm[:half]) if half else np.inf
    if higher > _HARDLY_HIGHER:
        return
    more = _FAR_MORE if higher > _HIGHER_DOWNWARDS else _CLEARLY_MORE
    seen = _seen_around(view.image, view.pixel_mm, networks)
    for flipped in (view.image[::-1], view.image[::-1, ::-1]):
        if _seen_around(np.ascontiguousarray(flipped), view.pixel_mm, networks) > more * seen:
            raise UnusableInput("the image appears rotated by 180 degrees: rotate it and run again")


def _seen_around(image: NDArray[np.float32], pixel_mm: float, networks: RadiographNetworks) -> float:
    """How much of a spine is seen in an image at its scale and at those beside it."""
    scales = (pixel_mm / _STEP, pixel_mm, pixel_mm * _STEP)
    return float(_over_neighbours([_seen(_detections(image, scale, networks)) for scale in scales])[0])


def _detections(image: NDArray[np.float32], pixel_mm: float, networks: RadiographNetworks) -> BodyDetections:
    """What stands out enough to be a body; the hips lie over S1, so that less is asked of it."""
    detections = _without_twins(networks.detect_bodies(image, pixel_mm, THRESHOLDS["score_of_s1"]))
    kept = (detections.scores > THRESHOLDS["score"]) | _are_sacra(detections)
    return detections.selected(kept)


def _without_twins(detections: BodyDetections) -> BodyDetections:
    """Of peaks too close for two bodies the strongest, by falling score."""
    kept: list[int] = []
    for index in np.argsort(-detections.scores, kind="stable"):
        apart = np.linalg.norm(detections.centres_mm[kept] - detections.centres_mm[index], axis=-1)
        if not len(apart) or apart.min() > _TWIN_MM:
            kept.append(int(index))
    return detections.selected(np.array(kept, dtype=int))


def _are_sacra(detections: BodyDetections) -> NDArray[np.bool_]:
    return np.asarray(detections.levels[:, SACRUM_CHANNEL] > _SACRUM_PROBABILITY)


def _no_finer(image: NDArray[np.float32], pixel: float, finest: float) -> tuple[NDArray[np.float32], float]:
    """The image in pixels that are no finer than a length, and the side of them in the same unit."""
    factor = finest / pixel
    return (resampled(image, factor), finest) if factor > 1 else (image, pixel)


def no_spine_found(
    radiograph: Radiograph, reason: str = "fewer than two vertebrae were detected with certainty"
) -> NoSpineFound:
    """What to say where no spine is found; with a wrong spacing none is of a size that the networks know."""
    wanted = "an upright lateral radiograph of the thoracic or lumbar spine is needed"
    if radiograph.pixel_mm is not None:
        height_mm, width_mm = np.array(radiograph.image.shape) * radiograph.pixel_mm
        size = f"{width_mm:.0f} x {height_mm:.0f} mm at a pixel spacing of {radiograph.pixel_mm:.3g} mm"
        wanted += f", and its pixel spacing has to be correct: the image covers {size}"
    return NoSpineFound(f"no spine found: {reason}; {wanted}")
