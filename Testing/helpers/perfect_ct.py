"""Networks for CTs without an error, where vertebral bodies are all that is bright, as those of ``synthetic_spine``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from helpers.perfect_maps import perfect_anchors, perfect_regions
from helpers.synthetic_spine import LEVELS
from scipy import ndimage
from VertebralFracturesLib.core.image_classification import ROW_CLASSES, ROWS_PER_POSITION
from VertebralFracturesLib.core.level_naming import SPINE_CLASSES
from VertebralFracturesLib.core.levels import LEVEL_NUMBERS
from VertebralFracturesLib.core.straightening import PIXEL_MM
from VertebralFracturesLib.ct.canal import mm_to_pixels
from VertebralFracturesLib.ct.networks import DetectorName
from VertebralFracturesLib.ct.point_uncertainty import NETWORK_ALONE, UncertaintyWeights

BRIGHT_HU = 300.0
_SPREAD_VOXELS = 1.0
_FEWEST_PIXELS = 60
_MARGIN_SLICES = 3

Slab = Callable[[np.ndarray], np.ndarray]


def bright_bodies(image_hu: np.ndarray) -> list[np.ndarray]:
    """The bright objects of an image of any dimension, places (n, dimensions) of each, by their first index."""
    bright = image_hu > BRIGHT_HU
    cores, count = ndimage.label(ndimage.binary_erosion(bright))
    nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
    labels = np.where(bright, cores[tuple(nearest)], 0)
    objects = [np.argwhere(labels == label) for label in range(1, count + 1)]
    return sorted((one for one in objects if len(one) >= _FEWEST_PIXELS), key=lambda one: one[:, 0].mean())


def outlined(body: np.ndarray) -> np.ndarray:
    """Keypoints (6, 2) in mm, column and row, of the pixels (n, 2) of a body in a straightened slice."""
    first, last = body[:, 1].min(), body[:, 1].max()
    ends = []
    for edge, column in ((first - 0.5, first + 1), ((first + last) / 2, (first + last) // 2), (last + 0.5, last - 1)):
        rows = body[body[:, 1] == column, 0]
        ends += [(edge, rows.min() - 0.5), (edge, rows.max() + 0.5)]
    return np.array(ends) * PIXEL_MM


@dataclass
class PerfectImageClassifier:
    """Locates a canal 28 mm behind the curve, and reads a body of grade 0 wherever the slab is bright."""

    canal_confidence: float = 0.9
    temperature: float = 1.0
    sequences: Sequence[Slab] = field(default_factory=lambda: [bodies_in_slab])

    def locate_canal(self, window_hu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same place in every section."""
        places = np.tile(mm_to_pixels([0.0, -28.0]), (len(window_hu), 1))
        return places, np.full(len(window_hu), self.canal_confidence)


def bodies_in_slab(slab_hu: np.ndarray) -> np.ndarray:
    """Probabilities (positions, classes): grade 0 at the rows whose middle is bright, no body elsewhere."""
    rows = slab_hu.shape[2]
    starts = np.arange(0, rows, ROWS_PER_POSITION)
    middle = slab_hu[slab_hu.shape[0] // 2].max(0) > BRIGHT_HU
    is_body = np.array([middle[start : start + ROWS_PER_POSITION].any() for start in starts])
    probabilities = np.full((len(starts), ROW_CLASSES), 0.02)
    probabilities[np.arange(len(starts)), is_body.astype(int)] += 1 - probabilities.sum(1)
    return probabilities


@dataclass
class PerfectCtNetworks:
    """A ``CtNetworks`` that reads what is bright; what each of its methods was asked is kept.

    :param levels: names of the bodies, cranial to caudal.
    :param level_probability: how surely they are told.
    :param score: of the maps of step 2, less than one where a test asks for a doubtful detector.
    """

    detector: DetectorName = "anchor-free"
    image_classifier: Any = None
    uncertainty_weights: UncertaintyWeights = NETWORK_ALONE
    levels: Sequence[str] = LEVELS
    level_probability: float = 0.95
    score: float = 1.0
    versions: dict[str, str] = field(default_factory=lambda: {"perfect": "1"})
    mirrored: list[bool] = field(default_factory=list)

    def locate_spine(self, image_hu: np.ndarray, is_mirrored: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Step 1: a Gaussian on the line through the middles of the bodies."""
        self.mirrored.append(is_mirrored)
        bodies = bright_bodies(image_hu)
        slices = np.arange(len(image_hu))
        middles = np.array([one.mean(0) for one in bodies]).reshape(-1, 3)
        if not bodies:
            even = np.full(image_hu.shape, 1 / image_hu[0].size)
            return even, np.zeros(len(slices)), np.full((len(slices), SPINE_CLASSES), 1 / SPINE_CLASSES)
        ends = [2 * middles[0] - middles[1], *middles, 2 * middles[-1] - middles[-2]] if len(bodies) > 1 else middles
        line = [np.interp(slices, *np.array(ends)[:, [0, axis]].T) for axis in (1, 2)]
        rows, columns = np.indices(image_hu.shape[1:])
        squared = (rows - line[0][:, None, None]) ** 2 + (columns - line[1][:, None, None]) ** 2
        places = np.exp(-squared / (2 * _SPREAD_VOXELS**2))
        first, last = bodies[0][:, 0].min(), bodies[-1][:, 0].max()
        existence = np.where((slices >= first - _MARGIN_SLICES) & (slices <= last + _MARGIN_SLICES), 0.98, 0.02)
        channels = np.array([int(LEVEL_NUMBERS[level]) - 1 for level in self.levels[: len(bodies)]])
        nearest = np.abs(slices[:, None] - middles[:, 0]).argmin(1)
        levels = np.full((len(slices), SPINE_CLASSES), (1 - self.level_probability) / (SPINE_CLASSES - 1))
        levels[slices, channels[nearest]] = self.level_probability
        return places / places.sum((1, 2), keepdims=True), existence, levels

    def detect_vertebrae(self, images_hu: np.ndarray) -> tuple[np.ndarray, ...]:
        """Step 2: the maps of the bodies that a slice shows."""
        perfect = perfect_regions if self.detector == "anchor-free" else perfect_anchors
        maps = []
        for image in images_hu:
            bodies_mm = np.array([outlined(one) for one in bright_bodies(image)]).reshape(-1, 6, 2)
            if len(bodies_mm):
                probability, *others = perfect(bodies_mm, image.shape, PIXEL_MM)
            else:
                probability, *others = (0 * one for one in perfect(np.ones((1, 6, 2)), image.shape, PIXEL_MM))
            maps.append((probability * np.float32(self.score), *others))
        return tuple(np.stack(part) for part in zip(*maps, strict=True))
