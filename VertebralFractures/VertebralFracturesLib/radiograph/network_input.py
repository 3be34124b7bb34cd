"""How the networks for radiographs see an image: resampled, with contrast that is the same everywhere."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

STEP_ONE_INPUT_MM = 1.5
"""Pixels in which the networks of step 1 see the image; at 3 to 4 mm they learned no levels (experiments.md,
2026-11-21)."""

STEP_ONE_PIXEL_MM = 2 * STEP_ONE_INPUT_MM
"""Pixels of the maps that they make of it: each takes two by two pixels of the image together."""

STEP_ONE_FIRST_MM = STEP_ONE_INPUT_MM / 2
"""Place of the first pixel of the maps, the image's first lying at 0."""

CROP_PIXELS = 144
"""Side of the crop around one vertebra; with half as many landmarks were a tenth further off (experiments.md,
2026-11-30)."""

CELL = 2
"""Side of the squares of pixels of a crop that step 2 takes together, to see fine detail at little cost."""

CROP_CELLS = CROP_PIXELS // CELL
"""Side of the crop in cells."""

CROP_SIDE = 1.8
"""Side of a crop over the longest side of the body. The weights have learned it so (experiments.md, 2026-11-27)."""

SURROUNDINGS = 2
"""How many times as wide as a crop step 2 also sees, in as many pixels as the crop has cells; it takes p95 of y from 18
to 15 % (experiments.md, 2026-11-28)."""

DETAIL_CHANNELS = 2 * CELL**2
"""Channels of the crop, each pixel of a cell one of its own."""

LEVEL_CHANNELS = 26
"""Levels that are told apart: C1 to L5, L6 and S1."""

SACRUM_CHANNEL = 25
"""The class of S1 among them."""

_LOCAL_MM, _LOCAL_CELLS = 8.0, 9.0
"""Standard deviation of what counts as the surroundings, in step 1 and in the cells of step 2. Chosen; the weights have
learned from them, and others would need other weights."""

_LIMIT = 4.0
"""Contrast is cut off at so many standard deviations. Chosen, beyond nearly all pixels; learned so as well."""


def two_channels(image: NDArray[np.float32], pixel_mm: float) -> NDArray[np.float32]:
    """Contrast over the whole image, and contrast against the surroundings, (2, rows, columns).

    :param image: brightness (rows, columns), bone bright.
    :param pixel_mm: side of a pixel.
    """
    values = np.asarray(image, dtype=np.float32)
    low, high = np.percentile(values, (1, 99))
    whole = np.clip((values - (low + high) / 2) / max((high - low) / 4, 1e-6), -_LIMIT, _LIMIT)
    return np.stack([whole, _against_surroundings(whole, _LOCAL_MM / pixel_mm)]).astype(np.float32)


def crop_channels(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """What step 2 sees: contrast over the crop and against the surroundings, and both of a coarser, wider view.

    :param windows: (n, rows, columns) of :meth:`CropFrames.cut`, the crops in the middle.
    :return: (n, channels, rows, columns) in cells: :data:`DETAIL_CHANNELS` of the crop, and two of the view that is
        :data:`SURROUNDINGS` times as wide.
    """
    values = np.asarray(windows, dtype=np.float32)
    edge = (SURROUNDINGS - 1) * CROP_PIXELS // 2
    detail = _in_cells(_both_contrasts(values[:, edge:-edge, edge:-edge], CELL * _LOCAL_CELLS))
    wide = values.reshape(-1, CROP_CELLS, SURROUNDINGS * CELL, CROP_CELLS, SURROUNDINGS * CELL).mean((2, 4))
    return np.concatenate([detail, _both_contrasts(wide, _LOCAL_CELLS)], 1)


def _in_cells(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images (n, channels, rows, columns) with the pixels of a cell as channels."""
    count, channels, rows, columns = images.shape
    cells = images.reshape(count, channels, rows // CELL, CELL, columns // CELL, CELL).transpose(0, 1, 3, 5, 2, 4)
    return cells.reshape(count, channels * CELL**2, rows // CELL, columns // CELL)


def _both_contrasts(crops: NDArray[np.float32], local_pixels: float) -> NDArray[np.float32]:
    mean, spread = crops.mean((-2, -1), keepdims=True), crops.std((-2, -1), keepdims=True)
    whole = np.clip((crops - mean) / np.maximum(spread, 1e-6), -_LIMIT, _LIMIT)
    return np.stack([whole, _against_surroundings(whole, (0, local_pixels, local_pixels))], 1)


def _against_surroundings(image: NDArray[np.float32], sigma: float | tuple[float, ...]) -> NDArray[np.float32]:
    around = ndimage.gaussian_filter(image, sigma, mode="nearest")
    spread = np.sqrt(ndimage.gaussian_filter((image - around) ** 2, sigma, mode="nearest"))
    return np.clip((image - around) / (spread + 0.02), -_LIMIT, _LIMIT)


def resampled(image: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """An image in pixels that are larger by a factor (or smaller), the first pixel staying where it is.

    What is finer than the new pixels is averaged first.
    """
    smooth = ndimage.gaussian_filter(image, 0.45 * factor, mode="nearest") if factor > 1.05 else image
    rows, columns = (np.arange(int((count - 1) / factor) + 1) * factor for count in image.shape)
    place = np.stack(np.meshgrid(rows, columns, indexing="ij"))
    return ndimage.map_coordinates(smooth, place, order=1, output=np.float32)


class CropFrames:
    """Upright squares around bodies: the exact map between the image and the crops.

    :param centres: (n, 2) column and row of the crops' centres, any unit.
    :param forward: (n, 2) unit vectors from front to back along the endplates.
    :param sides: (n,) length of the crops' sides, the same unit.
    """

    def __init__(self, centres: ArrayLike, forward: ArrayLike, sides: ArrayLike) -> None:
        self.centres = np.asarray(centres, dtype=np.float64)
        across = np.asarray(forward, dtype=np.float64)
        self.axes = np.stack([across, np.stack([-across[:, 1], across[:, 0]], -1)], 1)
        self.sides = np.asarray(sides, dtype=np.float64)

    @classmethod
    def around(cls, keypoints: ArrayLike) -> "CropFrames":
        """Frames around bodies whose six keypoints (n, 6, 2) are about known.

        Where the inferior ones are not a number (the sacrum), the square hangs from the superior endplate.
        """
        points = np.asarray(keypoints, dtype=np.float64)
        superior, inferior = points[:, 4] - points[:, 0], points[:, 5] - points[:, 1]
        is_plate = np.asarray(np.isnan(points[:, 1::2]).any((1, 2)))
        along = np.where(is_plate[:, None], superior, superior + np.nan_to_num(inferior))
        along = along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-9)
        lengths = np.linalg.norm(
            [superior, inferior, points[:, 1] - points[:, 0], points[:, 5] - points[:, 4]], axis=-1
        )
        longest = np.where(is_plate, lengths[0], lengths.max(0))
        down = np.stack([-along[:, 1], along[:, 0]], -1)
        plate_centre = (points[:, 0] + points[:, 4]) / 2 + 0.25 * longest[:, None] * down
        centre = np.where(is_plate[:, None], plate_centre, points[:, [0, 1, 4, 5]].mean(1))
        return cls(centre, along, CROP_SIDE * np.maximum(longest, 1e-6))

    def to_crops(self, points: ArrayLike) -> NDArray[np.float64]:
        """Points (n, m, 2) of the image in crop coordinates: the crop spans -1 to 1 along both axes."""
        offset = np.asarray(points, dtype=np.float64) - self.centres[:, None]
        return offset @ self.axes.transpose(0, 2, 1) / (self.sides / 2)[:, None, None]

    def from_crops(self, places: ArrayLike) -> NDArray[np.float64]:
        """The inverse of :meth:`to_crops`."""
        offset = np.asarray(places, dtype=np.float64) @ self.axes
        return offset * (self.sides / 2)[:, None, None] + self.centres[:, None]

    def grid(self) -> NDArray[np.float64]:
        """Where the pixels of the crops and of their surroundings lie, (n, side, side, 2) column and row."""
        count = SURROUNDINGS * CROP_PIXELS
        side = (2 * np.arange(count) - (count - 1)) / CROP_PIXELS
        places = np.stack(np.meshgrid(side, side), -1).reshape(1, -1, 2)
        points = self.from_crops(np.repeat(places, len(self.centres), 0))
        return points.reshape(-1, count, count, 2)

    def cut(self, image: NDArray[np.float32], pixel: float = 1.0) -> NDArray[np.float32]:
        """Crops with their surroundings (n, side, side) of an image.

        :param pixel: side of a pixel in the unit of the frames.
        """
        return sampled(image, self.grid() / pixel)


def sampled(image: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values (...) of an image at points (..., 2), column and row; beyond its edge those of the edge."""
    places = np.moveaxis(points, -1, 0)[::-1]
    return ndimage.map_coordinates(image, places, order=1, output=np.float32, mode="nearest")
