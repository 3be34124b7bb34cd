"""A lateral radiograph of the spine and the result of its analysis.

The image is laid into the patient's sagittal plane, right = 0 mm: forwards and upwards in the picture are anterior and
superior. The vertebrae then are records in RAS millimetres like those of a CT, and everything that follows from their
keypoints comes from the same code. Where the spacing of the pixels is not known, the patient is taken to be of average
size, so that ratios and angles hold; lengths are not reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.alignment.spinal_angles import Endplate, wedge_angles_deg, with_sacrum
from ..core.heights.norms import HEIGHT_NORMS
from ..core.keypoints import POSTERIOR_INFERIOR, POSTERIOR_SUPERIOR
from ..core.levels import LEVEL_NUMBERS
from ..core.report import SpineReport
from ..core.volume import Volume

DETECTOR = "radiograph"
"""What the report of a radiograph names as its detector."""

RELATIVE_LENGTHS = "Pixel spacing missing: no lengths are reported; height ratios and angles remain valid."
"""Warning of a report whose image has no scale."""

FIRST_LEVEL = LEVEL_NUMBERS["T1"]
"""Number of the first level that is measured in radiographs."""

_SHOWN_AS_HU = (-250.0, 800.0)
"""What the darkest and the brightest half percent are set to: the ends of the window that CTs are shown in."""

_SLAB_MM = 20.0
"""Extent of the volume from side to side. Chosen: about half a body, so that slices beside the middle one show the
image too; nothing is measured from side to side."""


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A lateral radiograph with the patient upright in it.

    :param image: brightness (rows, columns), float32; what absorbs more is brighter.
    :param pixel_mm: side of a pixel in the patient in mm, or None where it is not known.
    :param anterior_is: which side of the picture is the patient's front; None where it is not known.
    :raises ValueError: an image without two axes, or a spacing that is not positive.
    """

    image: NDArray[np.float32]
    pixel_mm: float | None = None
    anterior_is: Literal["left", "right"] | None = None

    def __post_init__(self) -> None:
        if self.image.ndim != 2 or min(self.image.shape) < 2:
            raise ValueError(f"a radiograph has two dimensions, this image is {' x '.join(map(str, self.image.shape))}")
        if self.pixel_mm is not None and not 0 < self.pixel_mm < np.inf:
            raise ValueError("the pixel spacing has to be greater than 0 mm")

    @property
    def forwards(self) -> int:
        """1 where columns increase towards the front, else -1; unknown sides count as anterior on the left."""
        return 1 if self.anterior_is == "right" else -1

    def pixels_to_ras(self, pixels: ArrayLike) -> NDArray[np.float64]:
        """Column and row (..., 2) to RAS mm (..., 3). The scale has to be known."""
        points = np.asarray(pixels, dtype=np.float64) * self._scale()
        return np.stack([np.zeros(points.shape[:-1]), self.forwards * points[..., 0], -points[..., 1]], -1)

    def ras_to_pixels(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """RAS mm (..., 3) to column and row (..., 2). The scale has to be known."""
        points = np.asarray(points_ras, dtype=np.float64)
        return np.stack([self.forwards * points[..., 1], -points[..., 2]], -1) / self._scale()

    def _scale(self) -> float:
        if self.pixel_mm is None:
            raise ValueError("the scale of the radiograph is not known")
        return self.pixel_mm

    def as_volume(self) -> Volume:
        """The image in the sagittal plane as a volume that is the same from side to side.

        Its brightness is scaled to the range in which CTs are shown in a bone window; it is no Hounsfield units.
        """
        scale = self._scale()
        low, high = np.percentile(self.image, (0.5, 99.5))
        black, white = _SHOWN_AS_HU
        shown = np.clip(black + (self.image - low) / max(high - low, 1e-6) * (white - black), -1024, 3071)
        matrix = np.zeros((4, 4))
        matrix[0, 0], matrix[1, 1], matrix[2, 2], matrix[3, 3] = _SLAB_MM, self.forwards * scale, -scale, 1.0
        matrix[0, 3] = -_SLAB_MM / 2
        return Volume(np.repeat(np.rint(shown).astype(np.int16)[:, :, None], 2, axis=2), matrix)


Image = Volume | Radiograph
"""What can be analyzed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RadiographReport(SpineReport):
    """The result of the analysis of a radiograph: that of a CT, its vertebrae in the sagittal plane, and its scale.

    :param pixel_mm: side of a pixel that lengths are measured with.
    :param is_scale_known: whether that comes from the image or the user; otherwise it is that of an average patient.
    :param anterior_is: which side of the picture is the patient's front.
    :param sacral_endplate_ras: (3, 3) anterior, middle and posterior point of the superior endplate of S1 in RAS mm;
        None where it is not in view.
    """

    pixel_mm: float
    is_scale_known: bool
    anterior_is: Literal["left", "right"]
    sacral_endplate_ras: NDArray[np.float64] | None = None

    @cached_property
    def endplates(self) -> dict[Endplate, NDArray[np.float64]]:
        """As of a CT, and the superior endplate of S1."""
        return with_sacrum(super().endplates, self.sacral_endplate_ras)

    @property
    def coronal_curve(self) -> None:
        """A lateral radiograph does not show the coronal plane."""
        return

    @property
    def wedge_angles_deg(self) -> dict[str, float]:
        """Angle of every body, positive where it is lower in front."""
        return wedge_angles_deg(self.levels, [vertebra.keypoints_ras for vertebra in self.vertebrae])


def average_scale(keypoints: ArrayLike, levels: Sequence[str | None]) -> float:
    """The factor that makes a patient of average size: the median of normal over measured posterior heights.

    :param keypoints: (n, 6, d) in any unit.
    :param levels: (n,) names.
    :return: 1 where no level has a norm.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    heights = np.linalg.norm(points[:, POSTERIOR_SUPERIOR] - points[:, POSTERIOR_INFERIOR], axis=-1)
    ratios = [
        HEIGHT_NORMS[level].mean_mm[2] / height
        for level, height in zip(levels, heights, strict=True)
        if level in HEIGHT_NORMS and height > 0
    ]
    return float(np.median(ratios)) if ratios else 1.0
