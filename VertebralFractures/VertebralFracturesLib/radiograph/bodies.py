"""The bodies of a spine in a lateral radiograph, from what step 1 detects to those that can be measured.

They form a chain, step 2 refines them, those that are whole and apart from each other are kept, and those that were
missed in between are added.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.heights.genant import heights_mm
from ..core.keypoints import INFERIOR, SUPERIOR, body_centre, depths_mm
from ..core.level_naming import sacrum_index
from ..core.spine_curve import chord_arcs
from .chain import spine_chain
from .network_input import CROP_PIXELS, LEVEL_CHANNELS, CropFrames
from .networks import RadiographNetworks
from .record import Radiograph
from .view import RadiographView, no_spine_found

UNSEEN_SCORE = 0.0
"""Score of a body that the first network did not see, and that its neighbours and step 2 vouch for."""

_LEAST_DEPTH_MM, _LEAST_HEIGHT_MM, _GREATEST_MM = 8.0, 2.0, 60.0
"""Sizes of a body. Chosen, so wide that they keep only what has no size, or that of several bodies, from being
measured: T1 is 15 to 17 mm high, L4 about 28 mm (core/heights/norms)."""

_REFINEMENTS, _MISSED_REFINEMENTS = 2, 3
"""Once or four times instead of twice changes less than 0.3 % of a body (experiments.md, 2026-11-27). What begins
halfway between two others, further off than step 1, has one more (2026-11-28)."""

_STEP_ONE_MM, _STEP_ONE_RADIUS_MM = 3.0, 2.0
"""Standard deviation of step 1 in the shape of a body, and radius of its landmarks where it is alone. 3 mm are better
than 2, 4 and 8 in sensitivity for specificity, heights and angles on 100 projections (experiments.md, 2026-11-30); its
landmarks are off by 2.15 mm on held-out synthetic projections (2026-11-27)."""

_RADIUS, _FAR_RADIUS, _GREATEST_RADIUS_MM = 1.25, 2.3, 6.0
"""Fitted to synthetic patients, straight and by way of slices of 2.5 mm, so that the radius holds 68 % (experiments.md,
2026-11-28: 79 % on held-out ones, 63 % on real CTs)."""

_OVERLAP_MM = 3.0
"""True bodies are at least 1.2 mm apart; two that overlap by more are two in the room of one (experiments.md,
2026-11-28)."""

_SURE_MM = 4.0
"""Mean radius below which a body that was missed is added; recall rises by 0.005 to 0.007 in three sets, precision
stays (experiments.md, 2026-11-28)."""

_HARDLY_SEEN_MM = 4.3
"""Median radius beyond which there is no spine: at 3.3 mm by the weights and widths of before, 3.3 to 4.3 as those
radii became (experiments.md, 2026-11-30: 102 lateral projections 2.1 mm at most, two frontal views 4.4 and 5.5)."""

_NEIGHBOURS, _FEWEST_NEIGHBOURS = 3, 2
_LEAST_RATIO, _GREATEST_RATIO = 1.5, 2.5
"""A body is missing where a distance is so many times the median of up to three on either side, of two at least: two of
four gaps in real chest views are filled (experiments.md, 2026-11-28)."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """Vertebral bodies, cranial to caudal.

    :param landmarks_mm: (n, 6, 2) column and row; of the sacrum the inferior three are not a number.
    :param uncertainty_mm: (n, 6) radius around each that holds 68 %.
    :param scores: (n,) how surely the first network sees each, 0 to 1.
    :param levels: (n, 26) probabilities of the levels.
    """

    landmarks_mm: NDArray[np.float64]
    uncertainty_mm: NDArray[np.float64]
    scores: NDArray[np.float64]
    levels: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scores)

    def selected(self, indices: NDArray[np.int_]) -> "Bodies":
        """Those with some indices."""
        return Bodies(*(getattr(self, field.name)[indices] for field in fields(self)))

    def with_inserted(self, indices: NDArray[np.int_], others: "Bodies") -> "Bodies":
        """With others, each before the one with an index."""
        pairs = [(getattr(self, field.name), getattr(others, field.name)) for field in fields(self)]
        return Bodies(*(np.insert(own, indices, other, 0) for own, other in pairs))


@dataclass(frozen=True, eq=False)
class Spine:
    """The bodies that can be measured, and what is below them.

    :param sacral_endplate_mm: (3, 2) column and row of the superior endplate of S1, if it is in view.
    :param lies_on_sacrum: the last body is the one above S1.
    """

    bodies: Bodies
    sacral_endplate_mm: NDArray[np.float64] | None
    lies_on_sacrum: bool


def rough_bodies(view: RadiographView, networks: RadiographNetworks) -> Bodies:
    """The bodies that form a spine by step 1; the last one may be the sacrum."""
    detections = view.detections
    chain = spine_chain(detections.centres_mm, detections.scores)
    sacrum = sacrum_index(detections.levels[chain], chord_arcs(detections.centres_mm[chain]))
    has_sacrum, chain = sacrum < len(chain), chain[: sacrum + 1]
    landmarks_mm = networks.regress_landmarks(view.image, view.pixel_mm, detections.centres_mm[chain])
    if has_sacrum:
        landmarks_mm[-1, 1::2] = np.nan
    uncertainty_mm = np.full(landmarks_mm.shape[:2], _STEP_ONE_RADIUS_MM)
    return Bodies(landmarks_mm, uncertainty_mm, detections.scores[chain], detections.levels[chain])


def refined(view: RadiographView, rough: Bodies, networks: RadiographNetworks) -> Bodies:
    """Bodies by both steps; step 1, then step 2 places the crops.

    Where a body lies, step 2 says. In its shape each step counts by the inverse of its variance: where step 2 is in
    doubt, as its heatmap is wide, step 1 has its say.
    """
    landmarks_mm = rough.landmarks_mm
    for _ in range(_REFINEMENTS):
        places_mm, widths_mm = _landmarks_of_step_two(view, landmarks_mm, networks)
        share = _STEP_ONE_MM**2 / (_STEP_ONE_MM**2 + widths_mm**2)
        shape_mm = rough.landmarks_mm + np.nanmean(places_mm - rough.landmarks_mm, 1, keepdims=True)
        landmarks_mm = shape_mm + share[..., None] * (places_mm - shape_mm)
    return replace(rough, landmarks_mm=landmarks_mm, uncertainty_mm=_radius_mm(widths_mm * np.sqrt(share)))


def check_seen(radiograph: Radiograph, bodies: Bodies) -> None:
    """Step 1 at times takes ribs or a frontal view for a spine; step 2 then finds endplates hardly anywhere.

    :param bodies: by both steps.
    :raises NoSpineFound: most landmarks are too uncertain for a spine.
    """
    known = np.isfinite(bodies.landmarks_mm).all(-1)
    if np.median(bodies.uncertainty_mm[known]) > _HARDLY_SEEN_MM:
        raise no_spine_found(radiograph, "the endplates of most detected vertebrae are not visible")


def _landmarks_of_step_two(
    view: RadiographView, landmarks_mm: NDArray[np.float64], networks: RadiographNetworks
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Landmarks (n, 6, 2) and the widths (n, 6) of their heatmaps in mm, in crops around given ones."""
    frames = CropFrames.around(landmarks_mm)
    places, spreads = networks.refine_landmarks(frames.cut(view.image, view.pixel_mm))
    return frames.from_crops(places), spreads * (frames.sides / CROP_PIXELS)[:, None]


def _radius_mm(widths_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius in mm that holds 68 % of the landmarks whose place is known to a width; fitted to synthetic patients.

    The wider a heatmap, the more often it is of a wrong edge.
    """
    return np.clip(_FAR_RADIUS * widths_mm**2.5, _RADIUS * widths_mm, _GREATEST_RADIUS_MM)


def whole_spine(view: RadiographView, bodies: Bodies) -> Spine:
    """The bodies of a possible size that lie within the image and apart from each other, and the sacrum below them."""
    ends_in_sacrum = bool(np.isnan(bodies.landmarks_mm[-1]).any())
    count = len(bodies) - ends_in_sacrum
    landmarks_mm = bodies.landmarks_mm
    whole = _apart(landmarks_mm, bodies.uncertainty_mm, np.flatnonzero(_are_bodies(landmarks_mm[:count], view)))
    has_sacrum = bool(ends_in_sacrum and len(whole) and _lies_below(landmarks_mm[-1], landmarks_mm[whole[-1]]))
    sacrum_mm = landmarks_mm[-1, SUPERIOR, :] if has_sacrum else None
    return Spine(bodies.selected(whole), sacrum_mm, has_sacrum and bool(whole[-1] == count - 1))


def with_missed(view: RadiographView, spine: Spine, networks: RadiographNetworks) -> Spine:
    """Add the bodies that the first network missed between two others, where step 2 is sure of what it sees there."""
    detected = spine.bodies
    above = missed_indices(body_centre(detected.landmarks_mm))
    if not len(above):
        return spine
    landmarks_mm = (detected.landmarks_mm[above] + detected.landmarks_mm[above + 1]) / 2
    for _ in range(_MISSED_REFINEMENTS):
        landmarks_mm, widths_mm = _landmarks_of_step_two(view, landmarks_mm, networks)
    levels = np.full((len(above), detected.levels.shape[1]), 1 / detected.levels.shape[1])
    missed = Bodies(landmarks_mm, _radius_mm(widths_mm), np.full(len(above), UNSEEN_SCORE), levels)
    likely = np.flatnonzero(_are_bodies(landmarks_mm, view) & (missed.uncertainty_mm.mean(1) < _SURE_MM))
    rows = np.stack([detected.landmarks_mm[above], landmarks_mm, detected.landmarks_mm[above + 1]], 1)[likely]
    fits = [_lies_below(one, upper) and _lies_below(lower, one) for upper, one, lower in rows]
    kept = likely[np.array(fits, dtype=bool)]
    return replace(spine, bodies=detected.with_inserted(above[kept] + 1, missed.selected(kept)))


def body_at(view: RadiographView, centre_mm: ArrayLike, networks: RadiographNetworks) -> Bodies | None:
    """The body that both steps place around a point that a user gave.

    :param centre_mm: (2,) column and row about the centre of the body.
    :return: a single body, seen with certainty by the user; None where step 2 sees none.
    """
    landmarks_mm = networks.regress_landmarks(view.image, view.pixel_mm, np.asarray(centre_mm, np.float64)[None])
    for _ in range(_MISSED_REFINEMENTS):
        landmarks_mm, widths_mm = _landmarks_of_step_two(view, landmarks_mm, networks)
    uncertainty_mm = _radius_mm(widths_mm)
    if not _are_bodies(landmarks_mm, view)[0] or np.median(uncertainty_mm) > _HARDLY_SEEN_MM:
        return None
    levels = np.full((1, LEVEL_CHANNELS), 1 / LEVEL_CHANNELS)
    return Bodies(landmarks_mm, uncertainty_mm, np.ones(1), levels)


def _apart(
    landmarks_mm: NDArray[np.float64], uncertainty_mm: NDArray[np.float64], indices: NDArray[np.int_]
) -> NDArray[np.int_]:
    """Of bodies that overlap, those whose landmarks are surer: one vertebra never reaches into the next."""
    kept: list[int] = []
    for index in indices[np.argsort(uncertainty_mm[indices].mean(1), kind="stable")]:
        pairs = [(min(index, other), max(index, other)) for other in kept]
        if all(_lies_below(landmarks_mm[lower], landmarks_mm[upper]) for upper, lower in pairs):
            kept.append(int(index))
    return np.array(sorted(kept), dtype=int)


def _lies_below(lower_mm: NDArray[np.float64], upper_mm: NDArray[np.float64]) -> bool:
    """Whether the superior endplate of a body or of S1 lies below the body above it, but for a little overlap."""
    superior, inferior = (upper_mm[list(end)].mean(0) for end in (SUPERIOR, INFERIOR))
    down = (inferior - superior) / np.linalg.norm(inferior - superior)
    return bool((lower_mm[list(SUPERIOR)].mean(0) - inferior) @ down > -_OVERLAP_MM)


def _are_bodies(landmarks_mm: NDArray[np.float64], view: RadiographView) -> NDArray[np.bool_]:
    """Bodies (n,) of a possible size whose landmarks lie within the image."""
    heights, depths = heights_mm(landmarks_mm), depths_mm(landmarks_mm)
    sizes = np.concatenate([heights, depths], 1)
    ends_mm = (np.array(view.image.shape[::-1]) - 1) * view.pixel_mm
    inside = ((landmarks_mm >= 0) & (landmarks_mm <= ends_mm)).all((1, 2))
    return np.asarray(
        inside & (sizes.max(1) < _GREATEST_MM) & (depths.min(1) > _LEAST_DEPTH_MM) & (heights.min(1) > _LEAST_HEIGHT_MM)
    )


def missed_indices(centres_mm: ArrayLike) -> NDArray[np.int_]:
    """Where the distance from one body to the next is about twice that of the bodies around.

    :param centres_mm: (n, d) of bodies that follow one another, any space.
    :return: indices i, rising, such that one body is missing between i and i + 1; none in rows of fewer than four.
    """
    distances = np.linalg.norm(np.diff(np.asarray(centres_mm, dtype=np.float64), axis=0), axis=1)
    return np.array([index for index in range(len(distances)) if _is_double(distances, index)], dtype=int)


def _is_double(distances: NDArray[np.float64], index: int) -> bool:
    others = np.r_[distances[max(0, index - _NEIGHBOURS) : index], distances[index + 1 : index + 1 + _NEIGHBOURS]]
    if len(others) < _FEWEST_NEIGHBOURS:
        return False
    return bool(_LEAST_RATIO < distances[index] / np.median(others) < _GREATEST_RATIO)
