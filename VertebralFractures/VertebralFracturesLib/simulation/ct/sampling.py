"""A scan evaluated where it is asked for: coarse volumes and single points of a protocol."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ...core.volume import AIR_HU, Volume
from ..patient.anatomy import Patient
from .acquisition import near_spine, slice_blur_mm, slice_normal, voxel_offsets
from .noise import Streaks, grain, with_bone_gain
from .protocol import Protocol
from .render import hounsfield


def scan_lowres(patient: Patient, protocol: Protocol, seed: int, spacing_mm: float = 3.0) -> Volume:
    """What ``scan(...).resampled(spacing_mm)`` would give, made directly.

    :param patient: who.
    :param protocol: how.
    :param seed: of the noise.
    :param spacing_mm: voxel size.
    :return: float32 volume with axes along R, A, S, -1024 outside the field of view.
    """
    rng = np.random.default_rng([seed, 4])
    shape, matrix = protocol.grid(patient)
    low, count = _covering(shape, matrix, spacing_mm)
    axes = [low[a] + spacing_mm * np.arange(count[a]) for a in range(3)]
    points = np.stack(np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")[::-1], -1).astype(np.float32)
    flat = points.reshape(-1, 3)
    seen = np.flatnonzero(_in_field(flat, shape, matrix, protocol))
    values: np.ndarray = np.full(len(flat), AIR_HU, np.float32)
    values[seen] = hounsfield(patient, flat[seen], spacing_mm, protocol.contrast)
    fine = seen[near_spine(patient, flat[seen])]
    quarter = spacing_mm / 4 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float32)
    values[fine] = np.mean([hounsfield(patient, flat[fine] + q, spacing_mm / 2, protocol.contrast) for q in quarter], 0)
    measured: np.ndarray = np.zeros(len(flat), bool)
    measured[seen] = True
    image, mask = values.reshape(points.shape[:-1]), measured.reshape(points.shape[:-1])
    image = with_bone_gain(image, protocol.bone_gain)
    thick = np.sqrt(max(protocol.slice_thickness_mm**2 - spacing_mm**2, 0) / 12) / spacing_mm
    if thick > 0.15:
        image = gaussian_filter1d(image, thick, axis=0, mode="nearest")
    averaged = max(1.0, spacing_mm / protocol.slice_thickness_mm) * max(1.0, spacing_mm / protocol.kernel_mm / 2.5) ** 2
    image = image + Streaks(patient, seed).at(points, slice_normal(matrix))
    grain = rng.standard_normal(image.shape, np.float32)
    image = image + grain * np.float32(protocol.noise_hu / np.sqrt(averaged))
    image = np.where(mask, np.clip(image, -1024, 3071), AIR_HU).astype(np.float32)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    return Volume(image, affine)


def _covering(shape: tuple[int, int, int], matrix: np.ndarray, spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in shape[::-1]], indexing="ij"), -1).reshape(-1, 3)
    world = corners @ matrix[:3, :3].T + matrix[:3, 3]
    low = world.min(0)
    return low, np.floor((world.max(0) - low) / spacing_mm + 1e-6).astype(int) + 1


def _in_field(points: np.ndarray, shape: tuple[int, int, int], matrix: np.ndarray, protocol: Protocol) -> np.ndarray:
    index = (points - matrix[:3, 3].astype(np.float32)) @ np.linalg.inv(matrix[:3, :3]).T.astype(np.float32)
    upper = np.array(shape[::-1], np.float32) - 0.5
    inside = np.all((index > -0.5) & (index < upper), axis=1)
    if protocol.padding_hu is not None:
        half = (np.array(shape[::-1], np.float32) - 1) / 2
        inside &= (((index[:, :2] - half[:2]) / (half[:2] + 0.5)) ** 2).sum(1) <= 1
    return inside


def sample_scanned(
    patient: Patient, points_ras: np.ndarray, protocol: Protocol, seed: int, fill: float = AIR_HU
) -> np.ndarray:
    """Values at points as if interpolated in the scanned volume, without scanning it.

    Each point averages over the slice thickness in the two neighbouring slice planes and interpolates between them.
    The in-plane kernel is applied along the last axis of ``points_ras`` if it has two axes or more.

    :param patient: who.
    :param points_ras: (..., 3) RAS mm; (rows, columns, 3) with columns along the anterior direction for a slice.
    :param protocol: how the patient is scanned.
    :param seed: of the noise.
    :param fill: value outside the field of view.
    :return: (...) float32 HU.
    """
    points = np.asarray(points_ras, np.float32)
    shape, matrix = protocol.grid(patient)
    flat = points.reshape(-1, 3)
    to_index = np.linalg.inv(matrix[:3, :3]).T.astype(np.float32)
    index = (flat - matrix[:3, 3].astype(np.float32)) @ to_index
    values: np.ndarray = np.full(len(flat), fill, np.float32)
    seen = np.flatnonzero(((index >= 0) & (index <= np.array(shape[::-1], np.float32) - 1)).all(1))
    if len(seen):
        values[seen] = _interpolated(patient, index[seen], matrix, protocol)
    image: np.ndarray = values.reshape(points.shape[:-1])
    if image.ndim > 1 and image.shape[-1] > 8:
        image = _kernel_along(image, points, protocol)
    image = with_bone_gain(image, protocol.bone_gain).reshape(-1)
    if len(seen):
        image[seen] += grain(index[seen], protocol, seed)
        image[seen] += Streaks(patient, seed).at(flat[seen], slice_normal(matrix))
        image[seen] = np.clip(image[seen], -1024, 3071)
    outside = np.ones(len(flat), bool)
    outside[seen] = False
    image[outside] = fill
    return image.reshape(points.shape[:-1])


def _interpolated(patient: Patient, index: np.ndarray, matrix: np.ndarray, protocol: Protocol) -> np.ndarray:
    spacing, thickness = protocol.slice_spacing_mm, protocol.slice_thickness_mm
    below = np.floor(index[:, 2])
    share = index[:, 2] - below
    planes: list[tuple[np.ndarray, np.ndarray]]
    if spacing <= 1.3:
        planes = [(index[:, 2], np.ones_like(share))]
    else:
        planes = [(below, 1 - share), (below + 1, share)]
    offsets = voxel_offsets(protocol.pixel_mm, thickness, spacing)
    if len(planes) == 2:
        offsets = offsets[::2] if len(offsets) > 4 else offsets
        offsets = offsets - offsets.mean(0)
    blur = max(slice_blur_mm(protocol.pixel_mm, thickness, len(offsets)), 0.6)
    total: np.ndarray = np.zeros(len(index), np.float32)
    forward = matrix[:3, :3].T.astype(np.float32)
    for plane, weight in planes:
        for offset in offsets:
            moved = np.stack([index[:, 0] + offset[0], index[:, 1] + offset[1], plane + offset[2]], 1)
            moved = moved.astype(np.float32) @ forward + matrix[:3, 3].astype(np.float32)
            total += weight.astype(np.float32) * hounsfield(patient, moved, blur, protocol.contrast)
    return total / len(offsets)


def _kernel_along(image: np.ndarray, points: np.ndarray, protocol: Protocol) -> np.ndarray:
    step = float(np.linalg.norm(np.diff(points, axis=-2), axis=-1).mean())
    sigma = np.hypot(protocol.kernel_mm, 0.35 * protocol.pixel_mm) / max(step, 1e-3)
    soft = gaussian_filter1d(image, sigma, axis=-1, mode="nearest") if sigma > 0.25 else image
    if protocol.overshoot > 0:
        soft = soft + np.float32(protocol.overshoot) * (
            soft - gaussian_filter1d(soft, 1.2 / step, axis=-1, mode="nearest")
        )
    return soft
