"""Random crops of straightened slices: shape, scanner and intensity are varied far beyond the cases at hand."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.keypoints import MIDDLE_INFERIOR, MIDDLE_SUPERIOR
from ...core.volume import AIR_HU
from ...simulation.fractures.deformation import (
    Fracture,
    Warp,
    affine_warp,
    chain,
    elastic_warp,
    pressed_fracture,
    simulate_fractures,
    varied_fracture,
)
from .degeneration import with_degeneration
from .slices import SliceSample

CROP_ROWS, CROP_COLUMNS = 160, 96

_END_SHARE = 0.3
"""Share of crops about an end body beyond which no other lies. Chosen: the sacrum and C2 are in view there."""

_REACH_MM = 130.0
"""How far from a crop's middle body others are fractured and degenerated. Chosen: beyond a crop that is shrunk."""

_VARIED_SHARE = 0.7
"""Share of fractures that are of the varied kind, the others being pressed evenly. Chosen."""

_DARKER_HU = 30.0
"""By how much discs are darker than bodies where they can be told from them. Chosen: 80 and 110 to 300 HU are usual;
between slices of 5 mm thoracic discs are as bright as bone."""

_THICK_SHARE, _THICK_MM, _OVERLAP, _SLANT_DEGREES = 0.35, (1.5, 5.0), (0.5, 1.0), 13.0
"""Share of crops made into thick slices, their thickness, their distance as a share of it, and how the spine slants
through them. Chosen: slices of 1.5 to 5 mm, reconstructed next to one another or overlapping by half."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A training image.

    :param image: Hounsfield units (rows, columns).
    :param keypoints_mm: (n, 6, 2) of the bodies wholly inside.
    :param known: rows (rows,) where every body is annotated.
    """

    image: NDArray[np.float32]
    keypoints_mm: NDArray[np.floating]
    known: NDArray[np.bool_]


def random_crop(sample: SliceSample, pixel_mm: float, rng: np.random.Generator) -> Crop:
    """Cut a warped and degraded crop around a random body of a sample.

    :param sample: a straightened slice.
    :param pixel_mm: side of the crop's pixels.
    :param rng: source of all chance.
    """
    size_mm = np.array([CROP_COLUMNS, CROP_ROWS]) * pixel_mm
    middle = _chosen_middle(sample, rng)
    near = np.abs(sample.keypoints_mm[..., 1].mean(1) - middle[1]) < _REACH_MM
    warp = chain([*_fractures(sample, near, rng), affine_warp(_random_matrix(rng), middle, size_mm / 2 + _shift(rng)),
                  elastic_warp(rng, size_mm, 40.0, rng.uniform(0.0, 2.0))])  # fmt: skip
    grid_mm = np.stack(np.meshgrid(np.arange(CROP_COLUMNS), np.arange(CROP_ROWS)), -1) * pixel_mm
    old_mm, filled = warp.look_up(grid_mm)
    image = _filled(_look_up(_degenerated(sample, near, rng), old_mm), filled, rng)
    keypoints = warp.to_new(sample.keypoints_mm)
    inside = ((keypoints >= 0) & (keypoints <= size_mm - pixel_mm)).all((1, 2))
    known = _known_rows(sample, warp, middle[0], pixel_mm)
    for top, bottom in zip(keypoints[~inside, :, 1].min(1), keypoints[~inside, :, 1].max(1), strict=True):
        known &= (grid_mm[:, 0, 1] < top) | (grid_mm[:, 0, 1] > bottom)
    return Crop(degraded(image, pixel_mm, rng), keypoints[inside], known)


def degraded(image: NDArray[np.float32], pixel_mm: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary contrast, sharpness, slice thickness, pixel size and noise of an image in Hounsfield units."""
    measured = image > AIR_HU + 1
    result = image * rng.uniform(0.75, 1.35) + rng.normal(0, 30)
    result = _gamma(result, rng)
    if rng.random() < _THICK_SHARE:
        result = thick_slices(result, pixel_mm, rng)
    if rng.random() < 0.2:
        result = _coarse(result, rng)
    if rng.random() < 0.4:
        result = ndimage.gaussian_filter(result, rng.uniform(0.2, 1.0))
    if rng.random() < 0.25:
        result = result + rng.uniform(0.3, 1.5) * (result - ndimage.gaussian_filter(result, rng.uniform(0.8, 1.5)))
    if rng.random() < 0.15:
        result = _metal(result, rng)
    noise = ndimage.gaussian_filter(rng.normal(0, 1, image.shape), (rng.uniform(0, 0.9), rng.uniform(0, 0.9)))
    result = result + noise / noise.std() * rng.exponential(30.0)
    return np.where(measured, result, AIR_HU).astype(np.float32)


def thick_slices(image: NDArray[np.floating], pixel_mm: float, rng: np.random.Generator) -> NDArray[np.floating]:
    """What is left of an image after a scan in thick slices, between which values are interpolated.

    Each slice averages over its thickness; the slices lie at their distance, anywhere, and slant to the spine.

    :param image: Hounsfield units (rows, columns).
    :param pixel_mm: side of a pixel.
    :param rng: draws thickness, distance, place and slant.
    """
    thickness = rng.uniform(*_THICK_MM) / pixel_mm
    distance = thickness * rng.uniform(*_OVERLAP)
    angle, first = np.radians(rng.normal(0, _SLANT_DEGREES)), rng.uniform(0, distance)
    across = np.array([np.cos(angle), np.sin(angle)])
    places = np.indices(image.shape).astype(np.float64)
    at = (np.tensordot(across, places, 1) - first) / distance
    share = at - np.floor(at)
    result: NDArray[np.float64] = np.zeros(image.shape)
    steps = (np.arange(max(3, round(thickness))) + 0.5) / max(3, round(thickness)) - 0.5
    for plane, weight in ((-share, 1 - share), (1 - share, share)):
        for step in steps:
            moved = places + across[:, None, None] * (plane * distance + step * thickness)
            result += weight * ndimage.map_coordinates(image, moved, order=1, mode="nearest") / len(steps)
    return result


def _degenerated(sample: SliceSample, near: NDArray[np.bool_], rng: np.random.Generator) -> SliceSample:
    """A sample with degeneration beside some of its bodies."""
    image = with_degeneration(sample.image, sample.pixel_mm, sample.keypoints_mm[near], rng)
    return replace(sample, image=image)


def _chosen_middle(sample: SliceSample, rng: np.random.Generator) -> NDArray[np.float64]:
    """A body about which a crop lies; more often one beyond which there is known to be none."""
    end_mm = len(sample.image) * sample.pixel_mm
    ends = [0] * bool((sample.known_mm[:, 0] <= 0).any()) + [-1] * bool((sample.known_mm[:, 1] >= end_mm - 1).any())
    if ends and rng.random() < _END_SHARE:
        return sample.keypoints_mm[rng.choice(ends)].mean(0)
    return sample.keypoints_mm[rng.integers(len(sample.keypoints_mm))].mean(0)


def _shift(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.array([rng.normal(0, 4.0), rng.uniform(-45.0, 45.0)])


def _random_matrix(rng: np.random.Generator) -> NDArray[np.float64]:
    angle = np.radians(rng.normal(0, 6.0))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = np.diag(np.exp(rng.normal(0, 0.08, 2)) * np.exp(rng.normal(0, 0.12)))
    shear = np.array([[1.0, rng.normal(0, 0.04)], [rng.normal(0, 0.06), 1.0]])
    return turn @ shear @ stretch


def _fractures(sample: SliceSample, near: NDArray[np.bool_], rng: np.random.Generator) -> list[Warp]:
    """Fracture a few of the bodies near by, one after the other, in three of four crops."""
    share = rng.choice([0.0, 0.2, 0.5], p=[0.25, 0.4, 0.35])
    places = np.flatnonzero(near & (rng.random(len(near)) < share))
    kind = varied_fracture if rng.random() < _VARIED_SHARE else pressed_fracture
    least = 0.0 if _discs_are_darker(sample, near) else 1.0

    def drawn(rng: np.random.Generator) -> Fracture:
        fracture = kind(rng)
        return replace(fracture, filled=max(least, fracture.filled))

    return simulate_fractures(sample.keypoints_mm, places.tolist(), rng, drawn)


def _discs_are_darker(sample: SliceSample, near: NDArray[np.bool_]) -> bool:
    """Whether discs can be told from bodies; a disc that cannot would look like bone if it stretched into a bowl."""
    superior, inferior = (sample.keypoints_mm[near, place] for place in (MIDDLE_SUPERIOR, MIDDLE_INFERIOR))
    gaps_mm = superior[1:, 1] - inferior[:-1, 1]
    neighbours = gaps_mm < 0.8 * (inferior - superior)[:-1, 1]
    discs_hu = _look_up(sample, (superior[1:] + inferior[:-1])[neighbours] / 2)
    bodies_hu = _look_up(sample, (superior + inferior) / 2)
    return bool(len(discs_hu) and np.median(discs_hu) < np.median(bodies_hu) - _DARKER_HU)


def _look_up(sample: SliceSample, points_mm: NDArray[np.floating]) -> NDArray[np.float32]:
    places = np.moveaxis(points_mm, -1, 0)[::-1] / sample.pixel_mm
    return ndimage.map_coordinates(sample.image, places, order=1, cval=AIR_HU, output=np.float32)


def _filled(image: NDArray[np.float32], share: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.float32]:
    """Put disc tissue where a warp says so."""
    texture = ndimage.gaussian_filter(rng.normal(0, 1, image.shape), rng.uniform(0.4, 1.0))
    disc_hu = rng.normal(90.0, 30.0) + texture / texture.std() * rng.uniform(5.0, 40.0)
    return (image + share * (disc_hu - image)).astype(np.float32)


def _known_rows(sample: SliceSample, warp: Warp, middle_x_mm: float, pixel_mm: float) -> NDArray[np.bool_]:
    """Rows of the crop where the sample's marking is complete, followed along the line through the bodies."""
    rows_mm = np.arange(CROP_ROWS) * pixel_mm
    known = np.zeros(CROP_ROWS, dtype=bool)
    for stretch in sample.known_mm:
        ends = warp.to_new(np.column_stack([[middle_x_mm, middle_x_mm], stretch]))[:, 1]
        known |= (rows_mm >= ends[0]) & (rows_mm <= ends[1])
    return known


def _gamma(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Bend the intensities of soft tissue and bone."""
    unit = np.clip((image + 200.0) / 1600.0, 0.0, 1.5)
    bent = unit ** np.exp(rng.normal(0, 0.25)) * 1600.0 - 200.0
    return np.where(image > -200.0, bent, image)


def _coarse(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Large in-plane pixels: average over them, then interpolate between them."""
    width = rng.uniform(1.5, 3.0)
    columns = np.arange(0, image.shape[1], width)
    averaged = ndimage.uniform_filter1d(image, round(width), axis=1)
    knots = ndimage.map_coordinates(averaged, np.meshgrid(np.arange(len(image)), columns, indexing="ij"), order=1)
    return ndimage.map_coordinates(
        knots,
        np.meshgrid(np.arange(len(image)), np.arange(image.shape[1]) / width, indexing="ij"),
        order=1,
        mode="nearest",
    )


def _metal(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Screw-like bright rods with dark and bright streaks across the image."""
    result = image.copy()
    for _ in range(rng.integers(1, 4)):
        row, column = rng.integers(image.shape[0]), rng.integers(image.shape[1])
        height, width = rng.integers(2, 7), rng.integers(4, 35)
        result[row : row + height] += rng.normal(0, 150)
        result[row : row + height, column : column + width] = rng.uniform(1500, 3000)
    return result
