"""The scanner: slices of some thickness, kernel, noise, contrast agent, metal streaks, field of view and orientation.

``scan`` makes a whole volume, ``scan_lowres`` the 3 mm volume of the first network, and ``sample_scanned`` values at
arbitrary points as if they had been interpolated in the scanned volume, without making it.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter

from ...core.volume import Volume
from ..patient.anatomy import Patient
from .noise import SliceNoise, Streaks, outside_circle, with_bone_gain, with_kernel
from .protocol import Protocol
from .render import hounsfield, renderer

_SPINE_BOX_MM = (62.0, 95.0, 48.0)
"""Lateral, posterior and anterior of the body axis; chosen, the processes of the vertebrae lie in it."""


def scan(patient: Patient, protocol: Protocol, seed: int, progress: Callable[[float], None] | None = None) -> Volume:
    """Scan a patient.

    :param patient: who.
    :param protocol: how.
    :param seed: of the noise.
    :param progress: called with the share done, 0 .. 1, after every slice; an exception from it ends the scan.
    :return: int16 Hounsfield units.
    """
    rng = np.random.default_rng([seed, 3])
    shape, matrix = protocol.grid(patient)
    noise_field = SliceNoise(shape[1:], protocol, rng)
    streaks = Streaks(patient, seed)
    normal = slice_normal(matrix)
    voxels = np.empty(shape, np.int16)
    for k in range(shape[0]):
        image = _slice(patient, protocol, matrix, shape, k)
        body = image > -500
        image = with_kernel(image, protocol)
        image = with_bone_gain(image, protocol.bone_gain)
        image += noise_field.next(body)
        if streaks.present:
            i, j = np.arange(shape[2]), np.arange(shape[1])
            image += streaks.at(_plane_points(matrix, i[None, :], j[:, None], k), normal)
        image = np.clip(image, -1024, 3071)
        if protocol.padding_hu is not None:
            image[outside_circle(shape[1:])] = protocol.padding_hu
        voxels[k] = np.rint(image)
        if progress is not None:
            progress((k + 1) / shape[0])
    return Volume(voxels, matrix)


def _slice(patient: Patient, protocol: Protocol, matrix: np.ndarray, shape: tuple[int, int, int], k: int) -> np.ndarray:
    """Noise-free slice: coarse everywhere, fine at edges, finest around the spine."""
    pixel, thickness = protocol.pixel_mm, protocol.slice_thickness_mm
    step = max(1, int(round(2.2 / pixel)))
    j, i = (np.arange(0, n + step, step, dtype=np.float32) for n in shape[1:])
    coarse = hounsfield(
        patient, _plane_points(matrix, i[None, :], j[:, None], k), max(2.0, 0.8 * thickness), protocol.contrast
    )
    spine = _near_spine(patient, matrix, i, j, k)
    edges = maximum_filter(coarse, 3) - minimum_filter(coarse, 3) > 70
    image = _enlarge(coarse, step, shape[1:])
    fine = edges & ~spine
    if step > 1 and fine.any():
        jj, ii = np.nonzero(np.kron(fine, np.ones((step, step), bool))[: shape[1], : shape[2]])
        image[jj, ii] = hounsfield(
            patient, _plane_points(matrix, ii, jj, k), max(pixel, 0.7 * thickness), protocol.contrast
        )
    if spine.any():
        jj, ii = np.nonzero(np.kron(spine, np.ones((step, step), bool))[: shape[1], : shape[2]])
        offsets = voxel_offsets(pixel, thickness, protocol.slice_spacing_mm)
        blur = slice_blur_mm(pixel, thickness, len(offsets))
        total: np.ndarray = np.zeros(len(ii), np.float32)
        for oi, oj, ok in offsets:
            total += hounsfield(patient, _plane_points(matrix, ii + oi, jj + oj, k + ok), blur, protocol.contrast)
        image[jj, ii] = total / len(offsets)
    return image


def voxel_offsets(pixel_mm: float, thickness_mm: float, spacing_mm: float) -> np.ndarray:
    """Sampling positions that average over a voxel and the slice thickness.

    :param pixel_mm: side of a pixel.
    :param thickness_mm: of a slice.
    :param spacing_mm: distance of the slices.
    :return: (n, 3) offsets in voxels along i, j, k.
    """
    count = int(np.clip(np.ceil(thickness_mm / 0.8), 2, 6))
    if pixel_mm > 1.1:
        count = max(count, 4)
    depth = (np.arange(count) + 0.5) / count - 0.5
    golden = np.arange(count) * 0.618034
    i, j = golden % 1 - 0.5, (golden * 1.3247 + 0.25) % 1 - 0.5
    share = 0.5 if pixel_mm > 0.8 else 0.0
    return np.stack([(i - i.mean()) * share, (j - j.mean()) * share, depth * thickness_mm / spacing_mm], 1)


def slice_normal(matrix: np.ndarray) -> np.ndarray:
    """Unit vector (3,) across the slices of an ijk-to-RAS matrix.

    :param matrix: (4, 4).
    """
    return matrix[:3, 2] / np.linalg.norm(matrix[:3, 2])


def slice_blur_mm(pixel_mm: float, thickness_mm: float, count: int) -> float:
    """Width over which surfaces are averaged within one evaluated point of a slice.

    :param pixel_mm: side of a pixel.
    :param thickness_mm: of a slice.
    :param count: points across the slice.
    """
    return float(max(min(pixel_mm, 0.7), 0.9 * thickness_mm / count))


def _plane_points(matrix: np.ndarray, i: np.ndarray, j: np.ndarray, k: float) -> np.ndarray:
    i, j = np.broadcast_arrays(np.asarray(i, np.float32), np.asarray(j, np.float32))
    points = np.empty((*i.shape, 3), np.float32)
    for axis in range(3):
        points[..., axis] = matrix[axis, 0] * i + matrix[axis, 1] * j + (matrix[axis, 2] * k + matrix[axis, 3])
    return points


def _near_spine(patient: Patient, matrix: np.ndarray, i: np.ndarray, j: np.ndarray, k: int) -> np.ndarray:
    points = _plane_points(matrix, i[None, :], j[:, None], k)
    return near_spine(patient, points)


def near_spine(patient: Patient, points_ras: np.ndarray) -> np.ndarray:
    """Whether points (..., 3) lie in the box around the column that is sampled most finely.

    :param patient: whose column.
    :param points_ras: (..., 3) RAS mm.
    """
    spine = renderer(patient).trunk.spine
    row = spine.index(points_ras[..., 2])
    aside = np.abs(points_ras[..., 0] - spine.right[row])
    ahead = points_ras[..., 1] - spine.anterior[row]
    lateral, back, front = _SPINE_BOX_MM
    top, bottom = patient.extent_superior_mm
    high = (points_ras[..., 2] < top + 30) & (points_ras[..., 2] > bottom - 120)
    return (aside < lateral) & (ahead > -back) & (ahead < front) & high


def _enlarge(coarse: np.ndarray, step: int, shape: tuple[int, int]) -> np.ndarray:
    if step == 1:
        return coarse[: shape[0], : shape[1]].copy()
    rows = np.arange(shape[0], dtype=np.float32) / step
    columns = np.arange(shape[1], dtype=np.float32) / step
    r0, c0 = rows.astype(int), columns.astype(int)
    fr, fc = (rows - r0)[:, None], (columns - c0)[None, :]
    upper = coarse[r0] * (1 - fr) + coarse[r0 + 1] * fr
    return upper[:, c0] * (1 - fc) + upper[:, c0 + 1] * fc
