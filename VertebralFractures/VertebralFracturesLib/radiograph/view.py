"""How a lateral radiograph lies: which side is the front, whether it is inverted, and at what scale."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import NoSpineFound, UnusableInput
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

_ASSUMED_HEIGHTS_MM = (200.0, 260.0, 340.0, 440.0, 570.0, 740.0)
"""Heights that are tried for an image without a scale, each 1.3 times the one before. Chosen: the size of what is
detected then sets the scale."""

_SMALL_ROWS = 1000
"""Rows in which they are tried: their pixels are finer than the 1.5 mm of step 1 at any of the heights."""

_SACRUM_PROBABILITY = 0.5
"""What is rather S1 than any other level."""

_FRONTAL_PROBABILITY, _WRONG_PROBABILITY = 0.6, 0.5
"""From which a view is taken to be frontal, or turned in a way that no turning mends. Chosen: rather so than not, and a
little more before an image is called frontal; of 28 frontal views all are refused (experiments.md, 2026-11-28)."""

_DOUBT = 0.2
"""Probability of lying otherwise from which the other ways are looked at. Chosen: well below one half, where it costs
time alone, as the best of the ways is taken."""

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
        """Points (..., 2), column and row in mm, in the image that was given."""
        width_mm = (self.image.shape[1] - 1) * self.pixel_mm
        return np.stack([width_mm - points_mm[..., 0], points_mm[..., 1]], -1) if self.is_mirrored else points_mm


def best_view(radiograph: Radiograph, networks: RadiographNetworks) -> RadiographView:
    """Turn the image as the networks know it; which side is the front, files at times say wrongly.

    :raises UnusableInput: a frontal view.
    :raises NoSpineFound: fewer than two bodies are seen, whichever side is the front.
    """
    try:
        return _scaled_view(radiograph, networks)
    except NoSpineFound:
        if radiograph.anterior_is is None:
            raise
        return _scaled_view(replace(radiograph, anterior_is=None), networks)


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
    for flipped in (view.image[::-1], view.image[::-1, ::-1]):
        image = np.ascontiguousarray(flipped)
        other = replace(view, image=image, detections=_detections(image, view.pixel_mm, networks))
        if _belief(other) > more * _belief(view):
            raise UnusableInput("the image appears rotated by 180 degrees: rotate it and run again")


def _scaled_view(radiograph: Radiograph, networks: RadiographNetworks) -> RadiographView:
    """Turn the image, and find a scale for it where none is known: a small copy shows that as well."""
    if radiograph.pixel_mm is not None:
        return _turned(radiograph, radiograph.pixel_mm, networks)
    rows = radiograph.image.shape[0]
    image, share = _no_finer(radiograph.image, 1 / rows, 1 / _SMALL_ROWS)
    small = replace(radiograph, image=image)
    beliefs = {}
    for height_mm in _ASSUMED_HEIGHTS_MM:
        try:
            beliefs[height_mm] = _belief(_turned(small, height_mm * share, networks))
        except (NoSpineFound, UnusableInput) as error:
            refusal = error
    if not beliefs:
        raise refusal
    return _turned(radiograph, max(beliefs, key=beliefs.__getitem__) / rows, networks)


def _turned(radiograph: Radiograph, pixel_mm: float, networks: RadiographNetworks) -> RadiographView:
    scale_mm = pixel_mm
    image, pixel_mm = _no_finer(radiograph.image, scale_mm, _WORKING_MM)
    is_mirrored = radiograph.anterior_is == "right"
    image = image[:, ::-1] if is_mirrored else image
    detections = _detections(image, pixel_mm, networks)
    if detections.view_probabilities[VIEW_QUESTIONS.index("frontal")] > _FRONTAL_PROBABILITY:
        raise UnusableInput("this looks like a frontal view: an upright lateral radiograph of the spine is needed")
    turned = [RadiographView(np.ascontiguousarray(image), pixel_mm, scale_mm, is_mirrored, detections)]
    if _is_doubtful(detections, radiograph.anterior_is is not None):
        ways = [(False, True)] if radiograph.anterior_is else [(False, True), (True, False), (True, True)]
        for mirror, invert in ways:
            one = np.ascontiguousarray((-image if invert else image)[:, :: -1 if mirror else 1])
            turned.append(
                RadiographView(one, pixel_mm, scale_mm, is_mirrored != mirror, _detections(one, pixel_mm, networks))
            )
    best = max(turned, key=_belief)
    questions = [VIEW_QUESTIONS.index(question) for question in ("mirrored", "inverted")]
    # Although the other ways were tried.
    looks_wrong = best.detections.view_probabilities[questions].max() > _WRONG_PROBABILITY
    are_few = (best.detections.scores > THRESHOLDS["score_of_two"]).sum() < FEWEST_BODIES
    if looks_wrong or are_few or _belief(best) < _LEAST_BELIEF * len(best.detections.scores):
        raise no_spine_found(radiograph)
    return best


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


def _is_doubtful(detections: BodyDetections, is_side_known: bool) -> bool:
    """Whether an image may have to be mirrored or inverted."""
    asked = ("inverted",) if is_side_known else ("mirrored", "inverted")
    doubts = [detections.view_probabilities[VIEW_QUESTIONS.index(question)] for question in asked]
    return max(doubts) > _DOUBT or len(detections.scores) < FEWEST_BODIES


def _belief(view: RadiographView) -> float:
    """How much a view looks like those that the first network has learnt from."""
    return float(view.detections.scores.sum() * np.prod(1 - view.detections.view_probabilities))


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
