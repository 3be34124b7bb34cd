"""A report of a thoracolumbar CT with all that a page can hold, made up."""

from collections.abc import Sequence

import numpy as np
from VertebralFracturesLib.core.attenuation.record import Attenuation
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.image_classification import ImageClassification
from VertebralFracturesLib.core.levels import LEVEL_NAMES
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SlabFrame
from VertebralFracturesLib.core.volume import Volume

_DEPTH_MM, _DISC_MM = 30.0, 6.0


def levels_up_to_l5(count: int) -> tuple[str, ...]:
    """So many levels, the last of them L5."""
    last = LEVEL_NAMES.index("L5")
    return tuple(LEVEL_NAMES[last + 1 - count : last + 1])


def report(count: int = 14, losses: dict[str, Sequence[float]] | None = None, **fields) -> SpineReport:
    """A straight spine that ends with L5, of normal heights but for the losses.

    :param count: how many vertebrae there are.
    :param losses: fractions lost of the anterior, middle and posterior height, by level.
    :param fields: others than the usual ones, of the report.
    """
    vertebrae, top = [], 0.0
    for level in levels_up_to_l5(count):
        normal = np.array(HEIGHT_NORMS[level].mean_mm) if level in HEIGHT_NORMS else np.array([14.0, 13.0, 14.5])
        heights = normal * (1 - np.array((losses or {}).get(level, (0, 0, 0))))
        middle = top - normal.max() / 2
        pairs = zip((_DEPTH_MM / 2, 0.0, -_DEPTH_MM / 2), heights, strict=True)
        points = np.array([[0.0, y, middle + sign * height / 2] for y, height in pairs for sign in (1, -1)])
        vertebrae.append(Vertebra(points, 0.99, np.full(6, 0.5), level, 0.97, attenuation=Attenuation(120.0, 30.0)))
        top -= normal.max() + _DISC_MM
    curve = SpineCurve(np.c_[np.zeros(9), np.zeros(9), np.linspace(10, top - 10, 9)], np.ones(9))
    classes = np.tile([0.9, 0.05, 0.03, 0.02, 0.0], (int(curve.length_mm), 1))
    usual = {
        "software": "VertebralFractures 1.0",
        "input": {
            "path": "study 12/ct.nii.gz",
            "case_id": "study 12",
            "series": {"number": "3", "description": "Thorax & abdomen 2.0 B70f", "slices": 300, "uid": "1.2.3"},
            "spacing_mm": [0.7, 0.7, 2.0],
            "slice_thickness_mm": 2.0,
            "kernel": "B70f",
            "contrast": "Iodine 350",
        },
        "detector": "anchor-free",
        "preset": "level-aware",
        "curve": curve,
        "vertebrae": tuple(vertebrae),
        "warnings": ("Slice thickness 5 mm (> 3 mm): height measurements are less accurate.",),
        "image_classification": ImageClassification(SlabFrame(curve, np.zeros(2)), classes),
        "numbering_basis": ("sacrum",),
    }
    return SpineReport(**{**usual, **fields})


def volume(of: SpineReport) -> Volume:
    """A coarse CT of noise around the bodies of a report."""
    top, bottom = of.curve.points_ras[[0, -1], 2]
    slices = int((top - bottom) / 3.0) + 12
    voxels = np.random.default_rng(0).normal(150, 60, (slices, 40, 40)).astype(np.int16)
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = -60, -60, bottom - 15
    return Volume(voxels, matrix)


def noise(rows: int, columns: int) -> np.ndarray:
    """A radiograph of noise, float32."""
    return np.random.default_rng(3).normal(size=(rows, columns)).astype(np.float32)
