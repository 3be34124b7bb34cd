"""Random training images out of projections: exposed, cropped, turned, with what is not tissue added."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.levels import LEVEL_NUMBERS
from ...radiograph.network_input import CropFrames, crop_channels, sampled, two_channels
from ...radiograph.record import FIRST_LEVEL
from ...simulation.radiograph.exposure import expose, random_exposure
from ...simulation.radiograph.views import SACRUM, Projection
from .radiograph_warps import body_warp, moved, patient_warp

_CUT_MM = 8.0
_LOWEST_SHARE = 0.25
_SHADOW_MM2 = 200.0**2
_GRAIN, _CROP_GRAIN = 0.003, 0.03
_SACRUM_WEIGHT, _L5_WEIGHT = 4.0, 2.0


@dataclass(frozen=True, eq=False)
class RadiographSample:
    """One training image.

    :param channels: network input (2, rows, columns).
    :param pixel_mm: side of a pixel.
    :param keypoints_mm: (n, 6, 2) column and row; the sacrum's inferior ones are NaN.
    :param levels: (n,) numbers of the levels.
    :param judged: (rows, columns), where the absence of a body is known.
    """

    channels: NDArray[np.float32]
    pixel_mm: float
    keypoints_mm: NDArray[np.float64]
    levels: NDArray[np.float64]
    judged: NDArray[np.bool_]


def random_sample(
    projection: Projection, shape: tuple[int, int], pixel_mm: float, rng: np.random.Generator
) -> RadiographSample:
    """A random view of a projection, warped into another patient, scaled, turned, cropped and collimated.

    :param shape: rows and columns of the sample.
    :param pixel_mm: side of its pixels.
    """
    scale = float(np.exp(rng.normal(0, 0.1)))
    angle = np.deg2rad(rng.normal(0, 6))
    ratio = pixel_mm / scale / projection.pixel_mm
    step = max(1, round(ratio))
    integrals = _with_shadows(_pooled(projection.integrals, step), projection.pixel_mm * step, rng)
    image = random_picture(integrals, projection.pixel_mm * step, rng)
    image = ndimage.gaussian_filter(image, 0.4 * ratio / step)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * ratio
    warp = patient_warp(projection, rng)
    warped = moved(warp, projection.keypoints_pixels * projection.pixel_mm) / projection.pixel_mm
    middle = _middle(warped[projection.levels >= FIRST_LEVEL], shape, ratio, rng)
    columns, rows = np.meshgrid(np.arange(shape[1]) - shape[1] / 2, np.arange(shape[0]) - shape[0] / 2)
    source = np.stack([columns, rows], -1) @ turn.T + middle
    source = np.asarray(warp.to_old(source * projection.pixel_mm) / projection.pixel_mm, dtype=np.float64)
    image_place = (source[..., ::-1] - (step - 1) / 2) / step
    inside = ((image_place > -0.5) & (image_place < np.array(image.shape) - 0.5)).all(-1) & _collimated(shape, rng)
    values = sampled(image, image_place[..., ::-1])
    values = np.where(inside, _spoiled(values, _GRAIN, rng), _blank(values, rng))
    keypoints = (warped - middle) @ np.linalg.inv(turn).T + np.array(shape[::-1]) / 2
    row = source[..., 1]
    judged = np.any([(row >= top) & (row <= bottom) for top, bottom in projection.known_rows], axis=0)
    seen = _seen(keypoints, inside)
    judged &= ~_near(keypoints[~seen], shape, _CUT_MM / pixel_mm)
    channels = two_channels(values, pixel_mm)
    return RadiographSample(channels, pixel_mm, keypoints[seen] * pixel_mm, projection.levels[seen], judged)


def spineless_sample(shape: tuple[int, int], pixel_mm: float, rng: np.random.Generator) -> RadiographSample:
    """A picture of nothing: noise of any coarseness, stripes, a ramp of brightness, or several of these.

    :param shape: rows and columns of the sample.
    :param pixel_mm: side of its pixels.
    """
    rows, columns = np.indices(shape, dtype=np.float32)
    angle, wave = rng.uniform(0, np.pi), rng.uniform(4, 40)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    parts = [_noise(shape, 0.0, rng), _noise(shape, rng.uniform(0.3, 3.0), rng),
             _noise(shape, rng.uniform(3.0, 20.0), rng),
             np.sin(2 * np.pi * along / wave), along / along.std()]  # fmt: skip
    amounts = rng.uniform(0, 1, len(parts)) * (rng.random(len(parts)) < 0.4)
    amounts[rng.integers(len(parts))] = 1.0
    values = np.tensordot(amounts, np.stack(parts), 1)
    values = np.where(_collimated(shape, rng), values, _blank(values, rng))
    return without_bodies(two_channels(values, pixel_mm), pixel_mm)


def without_bodies(channels: NDArray[np.float32], pixel_mm: float) -> RadiographSample:
    """A sample of an image (2, rows, columns) in which nothing is to be found."""
    return RadiographSample(channels, pixel_mm, np.zeros((0, 6, 2)), np.zeros(0), np.ones(channels.shape[1:], bool))


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise of unit variance, blurred before."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), sigma)
    return np.asarray(noise / noise.std(), dtype=np.float32)


def random_picture(integrals: NDArray[np.float32], pixel_mm: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """An exposure drawn at random (rows, columns)."""
    return expose(integrals, pixel_mm, random_exposure(rng), rng)


def _pooled(integrals: NDArray[np.float16], step: int) -> NDArray[np.float32]:
    """Means over squares of pixels."""
    rows, columns = (count // step for count in integrals.shape[1:])
    cut = integrals[:, : rows * step, : columns * step].astype(np.float32).reshape(2, rows, step, columns, step)
    total = np.zeros((2, rows, columns), np.float32)
    for down in range(step):
        for across in range(step):
            total += cut[:, :, down, :, across]
    return np.asarray(total / step**2, dtype=np.float32)


def _with_shadows(integrals: NDArray[np.float32], pixel_mm: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add gas, folds of skin, clothes and contrast medium as ellipses with soft edges."""
    grid: NDArray[np.float32] = np.indices(integrals.shape[1:], dtype=np.float32)
    rows, columns = grid[0], grid[1]
    area_mm2 = integrals[0].size * pixel_mm**2
    for _ in range(rng.poisson(area_mm2 / _SHADOW_MM2)):
        centre = rng.uniform(0, 1, 2) * integrals.shape[1:]
        size = rng.uniform(4, 45, 2) / pixel_mm
        box = tuple(slice(max(0, int(c - s)), int(c + s) + 1) for c, s in zip(centre, size, strict=True))
        distance = ((rows[box] - centre[0]) / size[0]) ** 2 + ((columns[box] - centre[1]) / size[1]) ** 2
        material = int(rng.random() < 0.1)
        amount = rng.uniform(-2.5, 2) if material == 0 else rng.uniform(0.1, 0.6)
        shade = np.clip((1 - distance) * rng.uniform(1, 6), 0, 1) * np.float32(amount)
        layer = integrals[material]
        layer[box] = np.maximum(layer[box] + shade, 0)
    return integrals


def _middle(
    keypoints: NDArray[np.float64], shape: tuple[int, int], ratio: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """What lies in the middle of the sample: one of the bodies (n, 6, 2), at times the lowest, with room to wander."""
    place = -1 if rng.random() < _LOWEST_SHARE else rng.integers(len(keypoints))
    body = np.nanmean(keypoints[place], 0)
    return np.asarray(body + rng.uniform(-0.3, 0.3, 2) * np.array(shape[::-1]) * ratio)


def _collimated(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The field that the collimator leaves open."""
    rows, columns = np.arange(shape[0]) / shape[0], np.arange(shape[1]) / shape[1]
    edges = np.where(rng.random(4) < 0.3, rng.uniform(0.02, 0.2, 4), -1.0)
    return ((rows > edges[0]) & (rows < 1 - edges[1]))[:, None] & ((columns > edges[2]) & (columns < 1 - edges[3]))


def _blank(values: NDArray[np.float32], rng: np.random.Generator) -> float:
    """Brightness of what was not exposed."""
    low, high = np.percentile(values[::4, ::4], (1, 99))
    return float(rng.choice([low, high, rng.uniform(low, high)]))


def _spoiled(values: NDArray[np.float32], grain: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Blur, grain, another tone curve, and what is lost on the way out of a viewer."""
    if rng.random() < 0.3:
        values = ndimage.gaussian_filter(values, rng.uniform(0.3, 1.0))
    low, high = np.percentile(values[::4, ::4], (1, 99))
    values = (values - low) / max(high - low, 1e-4)
    if rng.random() < 0.5:
        values = np.sign(values) * np.abs(values) ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.5:
        values = values + rng.standard_normal(values.shape, np.float32) * np.float32(rng.uniform(0, grain))
    return _exported(values, rng).astype(np.float32)


def _exported(values: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """As some pictures leave a viewer: too dark or too bright in a window that is too narrow, in steps of 8 bits."""
    if rng.random() < 0.2:
        values = np.clip(values, rng.uniform(-0.5, 0.2), rng.uniform(0.8, 1.5))
    if rng.random() < 0.3:
        values = np.round(values * 255) / np.float32(255)
    return values


def _seen(keypoints: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bodies (n,) whose landmarks all lie in the open field."""
    pixels = np.nan_to_num(np.rint(keypoints), nan=-1).astype(int)
    limits = np.array(inside.shape[::-1]) - 1
    open_field = inside[tuple(np.clip(pixels, 0, limits).reshape(-1, 2).T[::-1])].reshape(keypoints.shape[:2])
    within = ((keypoints >= 0) & (keypoints <= limits)).all(-1) & open_field
    return np.asarray((within | np.isnan(keypoints).any(-1)).all(1))


def _near(keypoints: NDArray[np.float64], shape: tuple[int, int], margin: float) -> NDArray[np.bool_]:
    """Pixels in or close to bodies."""
    near = np.zeros(shape, bool)
    for points in keypoints:
        low, high = np.nanmin(points, 0) - margin, np.nanmax(points, 0) + margin
        (left, top), (right, bottom) = (np.clip(np.rint(edge), 0, max(shape)).astype(int) for edge in (low, high))
        near[top:bottom, left:right] = True
    return near


def random_crops(
    projection: Projection, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Upright crops around bodies of a projection, off by as much as step 1 errs; more of L5 and S1, hard to see.

    All are cut from one exposure of the whole projection: how bright a body is and how grainy depends on what is
    around it.

    :param count: crops, of different bodies where there are enough.
    :return: network input (n, 4, side, side) and the landmarks (n, 6, 2) in the crops, from -1 to 1.
    """
    shape = np.array(projection.integrals.shape[:0:-1])
    within = [((p >= 0) & (p < shape)).all(-1) | np.isnan(p).any(-1) for p in projection.keypoints_pixels]
    usable = np.flatnonzero(np.all(within, axis=1) & (projection.levels > 5.5))
    crops, places = [], []
    chances = _chances(projection.levels[usable])
    integrals = _with_shadows(projection.integrals.astype(np.float32), projection.pixel_mm, rng)
    picture = random_picture(integrals, projection.pixel_mm, rng)
    for body in rng.choice(usable, count, replace=count > len(usable), p=chances):
        warp = body_warp(projection, int(body), rng)
        points = moved(warp, projection.keypoints_pixels[body] * projection.pixel_mm) / projection.pixel_mm
        frame = _jittered(CropFrames.around(points[None]), rng)
        source = np.asarray(warp.to_old(frame.grid() * projection.pixel_mm) / projection.pixel_mm, dtype=np.float64)
        crops.append(crop_channels(_spoiled(sampled(picture, source)[0], _CROP_GRAIN, rng)[None])[0])
        places.append(frame.to_crops(points[None])[0])
    return np.stack(crops), np.stack(places)


def _chances(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often each body (n,) is cut out."""
    weights = np.where(levels == SACRUM, _SACRUM_WEIGHT, np.where(levels == LEVEL_NUMBERS["L5"], _L5_WEIGHT, 1.0))
    return np.asarray(weights / weights.sum())


def _jittered(frame: CropFrames, rng: np.random.Generator) -> CropFrames:
    """Step 1 is now and then far off: the errors have long tails."""
    wide = np.exp(rng.normal(0, 0.5))
    angle = np.deg2rad(rng.normal(0, 5 * wide))
    forward = frame.axes[:, 0] * np.cos(angle) + frame.axes[:, 1] * np.sin(angle)
    sides = frame.sides * np.exp(rng.normal(0, 0.07 * wide))
    return CropFrames(frame.centres + rng.normal(0, 0.045 * wide, 2) * sides[:, None], forward, sides)
