"""How a synthetic patient is scanned."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ..patient.anatomy import Patient
from .render import renderer


@dataclass(frozen=True, eq=False)
class Protocol:
    """How a patient is scanned.

    :param pixel_mm: in-plane pixel size.
    :param slice_spacing_mm: distance of slice centres.
    :param slice_thickness_mm: width over which a slice averages.
    :param first_level, last_level: level numbers of the upper and lower end of the scan range (``level_tables``).
    :param field_mm: side of the square field of view.
    :param centre_mm: shift of its centre from the trunk's centre to the right and to the front.
    :param obliquity_degrees: rotation of the scanner's axes about R, A and S.
    :param signs: direction of the i, j and k axes along R, A and S (1 or -1 each).
    :param kernel_mm: standard deviation of the in-plane blur.
    :param overshoot: edge enhancement, 0 soft .. 1 sharp.
    :param noise_hu: standard deviation in the middle of the trunk.
    :param contrast: contrast agent, 0 .. 1.
    :param bone_gain: scales HU above 150 (tube voltage).
    :param padding_hu: value outside the reconstructed circle; None for a square reconstruction.
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
        """Voxel grid for a patient.

        :param patient: who is scanned.
        :return: shape (k, j, i) and ijk-to-RAS matrix (4, 4).
        """
        trunk = renderer(patient).trunk
        top, bottom = (trunk.spine.at(n) for n in (self.first_level, self.last_level))
        row = trunk.spine.index(np.array([0.5 * (top[2] + bottom[2])], np.float32))[0]
        centre = np.array(
            [
                trunk.outline.middle_right[row] + self.centre_mm[0],
                trunk.outline.middle_anterior[row] + self.centre_mm[1],
                0.5 * (top[2] + bottom[2]),
            ]
        )
        axes = Rotation.from_euler("xyz", self.obliquity_degrees, degrees=True).as_matrix() * np.array(
            self.signs, float
        )
        size = np.array([self.field_mm, self.field_mm, max(top[2] - bottom[2], 20.0)])
        spacing = np.array([self.pixel_mm, self.pixel_mm, self.slice_spacing_mm])
        count = np.maximum(np.round(size / spacing).astype(int), 4)
        matrix = np.eye(4)
        matrix[:3, :3] = axes * spacing
        matrix[:3, 3] = centre - matrix[:3, :3] @ ((count - 1) / 2)
        return (int(count[2]), int(count[1]), int(count[0])), matrix


WHOLE_SPINE, LUMBOSACRAL = (-0.5, 31.0), (16.0, 31.0)
"""Level numbers at which scans end that show C1 to the coccyx, and T10 to S5 with what is next to them."""


def whole_spine_protocol(rng: np.random.Generator) -> Protocol:
    """Draw a scan from above C1 to below the sacrum: slices of 2 to 3 mm, as wide as the trunk.

    :param rng: draws it; shares chosen by eye.
    """
    return _spine_protocol(rng, WHOLE_SPINE, (2.0, 2.5, 3.0), (0.95, 1.15), (345.0, 420.0), -20.0)


def lumbosacral_protocol(rng: np.random.Generator) -> Protocol:
    """Draw a scan from T10 to S5: slices of 1.25 to 2.5 mm.

    :param rng: draws it; shares chosen by eye.
    """
    return _spine_protocol(rng, LUMBOSACRAL, (1.25, 2.0, 2.5), (0.7, 1.0), (240.0, 340.0), -65.0)


def _spine_protocol(
    rng: np.random.Generator,
    levels: tuple[float, float],
    spacings_mm: tuple[float, ...],
    pixels_mm: tuple[float, float],
    fields_mm: tuple[float, float],
    anterior_mm: float,
) -> Protocol:
    """Axial slices that lie next to one another; the least field about this centre holds the bodies of 60 patients."""
    spacing = float(rng.choice(spacings_mm))
    sharp = rng.random() < 0.3
    return Protocol(
        pixel_mm=float(rng.uniform(*pixels_mm)),
        slice_spacing_mm=spacing,
        slice_thickness_mm=spacing,
        first_level=levels[0],
        last_level=levels[1],
        field_mm=float(rng.uniform(*fields_mm)),
        centre_mm=(0.0, anterior_mm),
        signs=tuple(int(v) for v in rng.choice([-1, 1], 3)),  # type: ignore[arg-type]
        kernel_mm=float(rng.uniform(0.3, 0.7)),
        overshoot=float(rng.uniform(0.3, 1.0)) if sharp else 0.0,
        noise_hu=float(rng.uniform(8, 30)) * (1.5 if sharp else 1.0),
        contrast=float(rng.uniform(0.2, 1)) if rng.random() < 0.3 else 0.0,
        bone_gain=float(rng.uniform(0.95, 1.1)),
    )


def random_protocol(rng: np.random.Generator) -> Protocol:
    """Draw a protocol over everything that is met in practice, thin chest scans most often; shares chosen by eye.

    :param rng: draws it.
    """
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
