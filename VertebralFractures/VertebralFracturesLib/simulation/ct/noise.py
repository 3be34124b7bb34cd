"""What a scanner adds to the image: noise, streaks of metal, the kernel of the reconstruction."""

import numpy as np
from scipy.fft import irfft2, rfft2
from scipy.ndimage import gaussian_filter, gaussian_filter1d, zoom

from ..patient.anatomy import Patient
from ..patient.fields import noise, noise_lattice
from .protocol import Protocol
from .render import screw_axes


def with_kernel(image: np.ndarray, protocol: Protocol) -> np.ndarray:
    """An image as the reconstruction kernel shows it.

    :param image: (rows, columns) HU.
    :param protocol: its kernel, overshoot and pixels count.
    """
    sigma = protocol.kernel_mm / protocol.pixel_mm
    soft = gaussian_filter(image, sigma) if sigma > 0.2 else image
    if protocol.overshoot > 0:
        soft = soft + np.float32(protocol.overshoot) * (soft - gaussian_filter(soft, 1.2 / protocol.pixel_mm))
    return soft


def with_bone_gain(image: np.ndarray, gain: float) -> np.ndarray:
    """An image at another tube voltage, at which bone is brighter or darker.

    :param image: HU, any shape.
    :param gain: scales what exceeds 150 HU.
    """
    return image + np.float32(gain - 1) * np.maximum(image - 150, 0)


def outside_circle(shape: tuple[int, int]) -> np.ndarray:
    """Which pixels lie outside the scanned circle.

    :param shape: rows and columns.
    """
    j, i = ((np.arange(n) - (n - 1) / 2) / (n / 2) for n in shape)
    return j[:, None] ** 2 + i[None, :] ** 2 > 1


class SliceNoise:
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
        """Noise of the next slice in HU.

        :param body: (rows, columns) whether the body is there; noise is weaker beside it.
        """
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


class Streaks:
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
        """Added HU.

        :param points_ras: (..., 3).
        :param normal: (3,) unit vector perpendicular to the slices.
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


def grain(index: np.ndarray, protocol: Protocol, seed: int) -> np.ndarray:
    """Noise bound to the slice planes: smooth within a plane, independent between planes.

    :param index: (n, 3) voxel indices i, j, k, not rounded.
    :param protocol: its noise, kernel and pixels count.
    :param seed: of the scan.
    :return: (n,) HU.
    """
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
