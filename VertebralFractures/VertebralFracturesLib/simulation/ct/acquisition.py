"""
The scanner: slices of some thickness, kernel, noise, contrast agent, metal streaks, field of view and orientation.

``scan`` makes a whole volume, ``scan_lowres`` the 3 mm volume of the first network, and ``sample_scanned`` values at
arbitrary points as if they had been interpolated in the scanned volume, without making it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.ndimage import gaussian_filter, gaussian_filter1d, maximum_filter, minimum_filter, zoom

from ...core.volume import Volume
from ..patient.anatomy import Patient
from ..patient.fields import noise, noise_lattice
from .render import screw_axes

AIR_HU = -1024.0
_SPINE_BOX_MM = (62.0, 95.0, 48.0)  # lateral, posterior, anterior of the body axis


@dataclass(frozen=True, eq=False)
class Protocol:
    """
    How a patient is scanned.

    :param pixel_mm: in-plane pixel size
    :param slice_spacing_mm: distance of slice centres
    :param slice_thickness_mm: width over which a slice averages
    :param first_level, last_level: level numbers of the upper and lower end of the scan range (``level_tables``)
    :param field_mm: side of the square field of view
    :param centre_mm: shift of its centre from the trunk's centre to the right and to the front
    :param obliquity_degrees: rotation of the scanner's axes about R, A and S
    :param signs: direction of the i, j and k axes along R, A and S (1 or -1 each)
    :param kernel_mm: standard deviation of the in-plane blur
    :param overshoot: edge enhancement, 0 soft .. 1 sharp
    :param noise_hu: standard deviation in the middle of the trunk
    :param contrast: contrast agent, 0 .. 1
    :param bone_gain: scales HU above 150 (tube voltage)
    :param padding_hu: value outside the reconstructed circle; None for a square reconstruction
    """

    pixel_mm: float = 0.75
    slice_spacing_mm: float = 1.0
    slice_thickness_mm: float = 1.0
    first_level: float = 6.5
    last_level: float = 21.0
    field_mm: float = 380.0
    centre_mm: tuple[float, float] = (0.0, 0.0)
    obliquity_degrees: tuple[float, float, float] = (0.0, 0.0, 0.0)
    signs: tuple[int, int, int] = (-1, -1, 1)
    kernel_mm: float = 0.45
    overshoot: float = 0.0
    noise_hu: float = 15.0
    contrast: float = 0.0
    bone_gain: float = 1.0
    padding_hu: float | None = None

    def grid(self, patient: Patient) -> tuple[tuple[int, int, int], np.ndarray]:
        """
        Voxel grid for a patient.

        :returns: shape (k, j, i) and ijk-to-RAS matrix (4, 4)
        """
        trunk = patient.renderer.trunk
        top, bottom = (trunk.spine.at(n) for n in (self.first_level, self.last_level))
        row = trunk.spine.index(np.array([0.5 * (top[2] + bottom[2])], np.float32))[0]
        centre = np.array(
            [
                trunk.middle_right[row] + self.centre_mm[0],
                trunk.middle_anterior[row] + self.centre_mm[1],
                0.5 * (top[2] + bottom[2]),
            ]
        )
        axes = _rotation(self.obliquity_degrees) * np.array(self.signs, float)
        size = np.array([self.field_mm, self.field_mm, max(top[2] - bottom[2], 20.0)])
        spacing = np.array([self.pixel_mm, self.pixel_mm, self.slice_spacing_mm])
        count = np.maximum(np.round(size / spacing).astype(int), 4)
        matrix = np.eye(4)
        matrix[:3, :3] = axes * spacing
        matrix[:3, 3] = centre - matrix[:3, :3] @ ((count - 1) / 2)
        return (int(count[2]), int(count[1]), int(count[0])), matrix


def _rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    a, b, c = np.deg2rad(degrees)
    about_r = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_a = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_s = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_s @ about_a @ about_r


def random_protocol(rng: np.random.Generator) -> Protocol:
    """Draw a protocol over everything that is met in practice, thin chest scans most often."""
    spacing = float(
        rng.choice(
            [0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 5.0], p=[0.06, 0.1, 0.22, 0.14, 0.08, 0.1, 0.12, 0.12, 0.06]
        )
    )
    thickness = spacing * float(rng.choice([1.0, 1.25, 2.0], p=[0.65, 0.2, 0.15])) if spacing < 4 else spacing
    first, last = _random_range(rng)
    pixel = float(rng.uniform(0.45, 1.0)) if rng.random() < 0.9 else float(rng.uniform(1.0, 3.0))
    wide = rng.random() < 0.75
    field = float(rng.uniform(330, 480)) if wide else float(rng.uniform(130, 300))
    centre = (
        (float(rng.normal(0, 12)), float(rng.normal(0, 12)))
        if wide
        else (float(rng.normal(0, 25)), float(rng.uniform(-60, -10)))
    )
    tilted = rng.random() < 0.25
    oblique = tuple(float(v) for v in rng.normal(0, 6, 3).clip(-20, 20)) if tilted else (0.0, 0.0, 0.0)
    sharp = rng.random()
    return Protocol(
        pixel,
        spacing,
        min(thickness, 5.0),
        first,
        last,
        field,
        centre,
        oblique,  # type: ignore[arg-type]
        tuple(int(v) for v in rng.choice([-1, 1], 3)),  # type: ignore[arg-type]
        float(rng.uniform(0.3, 0.8)),
        float(rng.uniform(0.3, 1.2)) if sharp > 0.6 else 0.0,
        float(np.clip(np.exp(rng.normal(np.log(18), 0.5)), 6, 70)) * (1.5 if sharp > 0.6 else 1.0),
        float(rng.uniform(0.2, 1)) if rng.random() < 0.5 else 0.0,
        float(rng.uniform(0.9, 1.12)),
        float(rng.choice([-1024, -2000, -2048, -3024])) if rng.random() < 0.3 else None,
    )


def _random_range(rng: np.random.Generator) -> tuple[float, float]:
    kind = rng.random()
    if kind < 0.5:
        return float(rng.uniform(5.5, 9.0)), float(rng.uniform(18.5, 22.5))
    if kind < 0.65:
        return float(rng.uniform(5.0, 9.0)), float(rng.uniform(24.0, 31.0))
    if kind < 0.8:
        return float(rng.uniform(15.0, 18.5)), float(rng.uniform(23.5, 31.0))
    if kind < 0.9:
        return float(rng.uniform(-3.0, 4.0)), float(rng.uniform(10.0, 22.0))
    first = float(rng.uniform(2.0, 20.0))
    return first, first + float(rng.uniform(2.5, 6.0))


def scan(patient: Patient, protocol: Protocol, seed: int, progress: Callable[[float], None] | None = None) -> Volume:
    """
    Scan a patient.

    :param patient: who
    :param protocol: how
    :param seed: of the noise
    :param progress: called with the share done, 0 .. 1, after every slice; an exception from it ends the scan
    :returns: int16 Hounsfield units
    """
    rng = np.random.default_rng([seed, 3])
    shape, matrix = protocol.grid(patient)
    noise_field = _SliceNoise(shape[1:], protocol, rng)
    streaks = _Streaks(patient, seed)
    normal = _normal(matrix)
    voxels = np.empty(shape, np.int16)
    for k in range(shape[0]):
        image = _slice(patient, protocol, matrix, shape, k)
        body = image > -500
        image = _kernel(image, protocol)
        image = _bone_gain(image, protocol.bone_gain)
        image += noise_field.next(body)
        if streaks.present:
            i, j = np.arange(shape[2]), np.arange(shape[1])
            image += streaks.at(_plane_points(matrix, i[None, :], j[:, None], k), normal)
        image = np.clip(image, -1024, 3071)
        if protocol.padding_hu is not None:
            image[_outside_circle(shape[1:])] = protocol.padding_hu
        voxels[k] = np.rint(image)
        if progress is not None:
            progress((k + 1) / shape[0])
    return Volume(voxels, matrix)


def _slice(patient: Patient, protocol: Protocol, matrix: np.ndarray, shape: tuple[int, int, int], k: int) -> np.ndarray:
    """Noise-free slice: coarse everywhere, fine at edges, finest around the spine."""
    pixel, thickness = protocol.pixel_mm, protocol.slice_thickness_mm
    step = max(1, int(round(2.2 / pixel)))
    j, i = (np.arange(0, n + step, step, dtype=np.float32) for n in shape[1:])
    coarse = patient.hounsfield(
        _plane_points(matrix, i[None, :], j[:, None], k), max(2.0, 0.8 * thickness), protocol.contrast
    )
    spine = _near_spine(patient, matrix, i, j, k)
    edges = maximum_filter(coarse, 3) - minimum_filter(coarse, 3) > 70
    image = _enlarge(coarse, step, shape[1:])
    fine = edges & ~spine
    if step > 1 and fine.any():
        jj, ii = np.nonzero(np.kron(fine, np.ones((step, step), bool))[: shape[1], : shape[2]])
        image[jj, ii] = patient.hounsfield(
            _plane_points(matrix, ii, jj, k), max(pixel, 0.7 * thickness), protocol.contrast
        )
    if spine.any():
        jj, ii = np.nonzero(np.kron(spine, np.ones((step, step), bool))[: shape[1], : shape[2]])
        offsets = voxel_offsets(pixel, thickness, protocol.slice_spacing_mm)
        blur = _blur(pixel, thickness, len(offsets))
        total: np.ndarray = np.zeros(len(ii), np.float32)
        for oi, oj, ok in offsets:
            total += patient.hounsfield(_plane_points(matrix, ii + oi, jj + oj, k + ok), blur, protocol.contrast)
        image[jj, ii] = total / len(offsets)
    return image


def voxel_offsets(pixel_mm: float, thickness_mm: float, spacing_mm: float) -> np.ndarray:
    """
    Sampling positions that average over a voxel and the slice thickness.

    :returns: (n, 3) offsets in voxels along i, j, k
    """
    count = int(np.clip(np.ceil(thickness_mm / 0.8), 2, 6))
    if pixel_mm > 1.1:
        count = max(count, 4)
    depth = (np.arange(count) + 0.5) / count - 0.5
    golden = np.arange(count) * 0.618034
    i, j = golden % 1 - 0.5, (golden * 1.3247 + 0.25) % 1 - 0.5
    share = 0.5 if pixel_mm > 0.8 else 0.0
    return np.stack([(i - i.mean()) * share, (j - j.mean()) * share, depth * thickness_mm / spacing_mm], 1)


def _normal(matrix: np.ndarray) -> np.ndarray:
    return matrix[:3, 2] / np.linalg.norm(matrix[:3, 2])


def _blur(pixel_mm: float, thickness_mm: float, count: int) -> float:
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
    """Whether points (..., 3) lie in the box around the column that is sampled most finely."""
    spine = patient.renderer.trunk.spine
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


def _kernel(image: np.ndarray, protocol: Protocol) -> np.ndarray:
    sigma = protocol.kernel_mm / protocol.pixel_mm
    soft = gaussian_filter(image, sigma) if sigma > 0.2 else image
    if protocol.overshoot > 0:
        soft = soft + np.float32(protocol.overshoot) * (soft - gaussian_filter(soft, 1.2 / protocol.pixel_mm))
    return soft


def _bone_gain(image: np.ndarray, gain: float) -> np.ndarray:
    return image + np.float32(gain - 1) * np.maximum(image - 150, 0)


def _outside_circle(shape: tuple[int, int]) -> np.ndarray:
    j, i = ((np.arange(n) - (n - 1) / 2) / (n / 2) for n in shape)
    return j[:, None] ** 2 + i[None, :] ** 2 > 1


class _SliceNoise:
    """Noise with the spectrum of a filtered back projection, correlated between overlapping slices."""

    def __init__(self, shape: tuple[int, int], protocol: Protocol, rng: np.random.Generator, count: int = 10) -> None:
        self._rng, self._hu = rng, protocol.noise_hu
        fj = np.fft.fftfreq(shape[0], protocol.pixel_mm)[:, None]
        fi = np.fft.rfftfreq(shape[1], protocol.pixel_mm)[None, :]
        frequency = np.hypot(fi, fj)
        cutoff = 0.19 / max(protocol.kernel_mm, 0.2)
        ramp = (frequency + 0.02) * np.exp(-((frequency / cutoff) ** 2)) * (1 + protocol.overshoot)
        streak = ramp * np.exp(-((fi / 0.06) ** 2))
        self._pool = [[self._field(rng, shape, f) for _ in range(count)] for f in (ramp, streak)]
        overlap = max(protocol.slice_thickness_mm / protocol.slice_spacing_mm - 0.8, 0)
        self._carry = float(np.clip(1 - np.exp(-overlap), 0, 0.8))
        self._last: np.ndarray | None = None

    @staticmethod
    def _field(rng: np.random.Generator, shape: tuple[int, int], spectrum: np.ndarray) -> np.ndarray:
        white = rng.standard_normal(shape, np.float32)
        shaped = irfft2(rfft2(white) * spectrum.astype(np.float32), s=shape)
        return (shaped / shaped.std()).astype(np.float32)

    def _draw(self, kind: int) -> np.ndarray:
        field = self._pool[kind][int(self._rng.integers(len(self._pool[kind])))]
        rolled = np.roll(field, tuple(self._rng.integers(0, n) for n in field.shape), (0, 1))
        return rolled if self._rng.random() < 0.5 else -rolled

    def next(self, body: np.ndarray) -> np.ndarray:
        """Noise of the next slice in HU. :param body: mask of the body in the slice"""
        fresh = self._draw(0)
        width = np.count_nonzero(body.any(0)) / body.shape[1]
        streak = float(np.clip(width - 0.8, 0, 0.2)) * 3
        fresh = np.sqrt(1 - streak**2) * fresh + streak * self._draw(1)
        if self._last is not None:
            fresh = self._carry * self._last + np.sqrt(1 - self._carry**2) * fresh
        self._last = fresh
        strength = zoom(gaussian_filter(body[::8, ::8].astype(np.float32), 6), 8, order=1)
        full: np.ndarray = np.full(body.shape, 0.4, np.float32)
        part = strength[: body.shape[0], : body.shape[1]]
        full[: part.shape[0], : part.shape[1]] += 0.75 * part
        return fresh * full * np.float32(self._hu)


class _Streaks:
    """Star-shaped artefacts around pedicle screws, within the slice plane."""

    def __init__(self, patient: Patient, seed: int) -> None:
        rng = np.random.default_rng([seed, 7])
        self._screws = [s for v in patient.column if v.screws and v.arch is not None for s in screw_axes(v)]
        angle = gaussian_filter1d(rng.standard_normal((max(len(self._screws), 1), 720)), 3, axis=1, mode="wrap")
        self._stars = (angle / angle.std()).astype(np.float32)
        self._strength = np.float32(rng.uniform(60, 260))

    @property
    def present(self) -> bool:
        """Whether the patient has any metal."""
        return bool(self._screws)

    def at(self, points_ras: np.ndarray, normal: np.ndarray) -> np.ndarray | float:
        """
        Added HU.

        :param points_ras: (..., 3)
        :param normal: (3,) unit vector perpendicular to the slices
        """
        total: np.ndarray | float = 0.0
        if not self._screws:
            return total
        across = np.cross(normal, [0.0, 1.0, 0.0])
        across /= np.linalg.norm(across)
        ahead = np.cross(across, normal)
        height = points_ras @ normal.astype(np.float32)
        for (head, tip), star in zip(self._screws, self._stars, strict=True):
            low, high = sorted((float(head @ normal), float(tip @ normal)))
            near = (height > low - 8) & (height < high + 8)
            if not near.any():
                continue
            outside = np.maximum(np.maximum(low - height, height - high), 0)
            middle = 0.5 * (head + tip)
            right = (points_ras - middle.astype(np.float32)) @ across.astype(np.float32)
            front = (points_ras - middle.astype(np.float32)) @ ahead.astype(np.float32)
            turn = ((np.arctan2(front, right) + np.pi) * (719 / (2 * np.pi))).astype(np.int32)
            fade = np.exp(-np.hypot(right, front) / 45 - (outside / 3) ** 2)
            total = total + self._strength * star[turn] * fade
        return total


def scan_lowres(patient: Patient, protocol: Protocol, seed: int, spacing_mm: float = 3.0) -> Volume:
    """
    What ``scan(...).resampled(spacing_mm)`` would give, made directly.

    :param patient: who
    :param protocol: how
    :param seed: of the noise
    :param spacing_mm: voxel size
    :returns: float32 volume with axes along R, A, S, -1024 outside the field of view
    """
    rng = np.random.default_rng([seed, 4])
    shape, matrix = protocol.grid(patient)
    low, count = _covering(shape, matrix, spacing_mm)
    axes = [low[a] + spacing_mm * np.arange(count[a]) for a in range(3)]
    points = np.stack(np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")[::-1], -1).astype(np.float32)
    flat = points.reshape(-1, 3)
    seen = np.flatnonzero(_in_field(flat, shape, matrix, protocol))
    values: np.ndarray = np.full(len(flat), AIR_HU, np.float32)
    values[seen] = patient.hounsfield(flat[seen], spacing_mm, protocol.contrast)
    fine = seen[near_spine(patient, flat[seen])]
    quarter = spacing_mm / 4 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float32)
    values[fine] = np.mean([patient.hounsfield(flat[fine] + q, spacing_mm / 2, protocol.contrast) for q in quarter], 0)
    measured: np.ndarray = np.zeros(len(flat), bool)
    measured[seen] = True
    image, mask = values.reshape(points.shape[:-1]), measured.reshape(points.shape[:-1])
    image = _bone_gain(image, protocol.bone_gain)
    thick = np.sqrt(max(protocol.slice_thickness_mm**2 - spacing_mm**2, 0) / 12) / spacing_mm
    if thick > 0.15:
        image = gaussian_filter1d(image, thick, axis=0, mode="nearest")
    averaged = max(1.0, spacing_mm / protocol.slice_thickness_mm) * max(1.0, spacing_mm / protocol.kernel_mm / 2.5) ** 2
    image = image + _Streaks(patient, seed).at(points, _normal(matrix))
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
    """
    Values at points as if interpolated in the scanned volume, without scanning it.

    Each point averages over the slice thickness in the two neighbouring slice planes and interpolates between them.
    The in-plane kernel is applied along the last axis of ``points_ras`` if it has two axes or more.

    :param points_ras: (..., 3) RAS mm; (rows, columns, 3) with columns along the anterior direction for a slice
    :param protocol: how the patient is scanned
    :param seed: of the noise
    :param fill: value outside the field of view
    :returns: (...) float32 HU
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
    image = _bone_gain(image, protocol.bone_gain).reshape(-1)
    if len(seen):
        image[seen] += _grain(index[seen], protocol, seed)
        image[seen] += _Streaks(patient, seed).at(flat[seen], _normal(matrix))
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
    blur = max(_blur(protocol.pixel_mm, thickness, len(offsets)), 0.6)
    total: np.ndarray = np.zeros(len(index), np.float32)
    forward = matrix[:3, :3].T.astype(np.float32)
    for plane, weight in planes:
        for offset in offsets:
            moved = np.stack([index[:, 0] + offset[0], index[:, 1] + offset[1], plane + offset[2]], 1)
            moved = moved.astype(np.float32) @ forward + matrix[:3, 3].astype(np.float32)
            total += weight.astype(np.float32) * patient.hounsfield(moved, blur, protocol.contrast)
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


def _grain(index: np.ndarray, protocol: Protocol, seed: int) -> np.ndarray:
    """Noise bound to the slice planes: smooth within a plane, independent between planes."""
    rng = np.random.default_rng([seed, 5])
    lattice = noise_lattice(int(rng.integers(1000, 1004)), 1.1)
    cells = protocol.pixel_mm / (0.75 * max(protocol.kernel_mm, 0.3))
    shift = rng.uniform(0, 64, 3).astype(np.float32)
    below = np.floor(index[:, 2])
    share = index[:, 2] - below
    total: np.ndarray = np.zeros(len(index), np.float32)
    for plane, weight in ((below, 1 - share), (below + 1, share)):
        jump = plane * np.float32(23.7)
        total += weight * noise(
            index[:, 0] * np.float32(cells) + shift[0] + jump,
            index[:, 1] * np.float32(cells) + shift[1] + np.float32(1.7) * jump,
            plane * np.float32(7) + shift[2],
            lattice,
        )
    return total * np.float32(protocol.noise_hu * 0.85)
