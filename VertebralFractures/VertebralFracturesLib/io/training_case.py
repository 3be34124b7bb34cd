"""Reference cases to train on: volumes, and single sagittal images that are made into volumes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.keypoints import body_centre
from ..core.levels import LEVEL_NAMES, parse_level
from ..core.spine_curve import SpineCurve, curve_through_bodies
from ..core.volume import Volume
from ..errors import UnusableInput
from .ct import read_volume
from .reference_case import REFERENCE_FILE, ReferenceCase, find_cases

LAST_LUMBAR = LEVEL_NAMES.index("L5") + 1
"""Number of L5, below which bodies are annotated in no case."""

_FLAT_WIDTH_MM = 100.0
"""Chosen: wider than slices are averaged over, and than cross-sections reach beside the curve."""


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One patient with annotated keypoints.

    :param name: name of the case's folder.
    :param volume: reads the image.
    :param keypoints_ras: (n, 6, 3), cranial to caudal.
    :param levels: (n,) C1 = 1 to L5 = 24.
    :param curve: through the body centres.
    """

    name: str
    volume: Callable[[], Volume]
    keypoints_ras: NDArray[np.float64]
    levels: NDArray[np.int64]
    curve: SpineCurve


def reference_cases(folder: Path, image: str | None = None) -> list[TrainingCase]:
    """All cases below a folder, in the order of their names.

    :param folder: holds one folder a case.
    :param image: name of the image to take of each case that has it, instead of the one the keypoints were read on.
    :raises UnusableInput: the folder holds no case, or one that cannot be read.
    """
    return [_volume_case(case, image) for case in find_cases(folder)]


def flat_cases(folder: Path) -> list[TrainingCase]:
    """Cases of a single sagittal CT image each, as volumes that are the same from side to side.

    :raises UnusableInput: the folder holds no case, or one that cannot be read.
    """
    files = sorted(folder.glob(f"*/{REFERENCE_FILE}"))
    if not files:
        raise UnusableInput(f"no case (a folder with {REFERENCE_FILE}) in {folder}")
    return [_flat_case(file) for file in files]


def _volume_case(case: ReferenceCase, image: str | None) -> TrainingCase:
    other = case.image.with_name(image or case.image.name)
    file = other if other.is_file() else case.image
    return TrainingCase(case.name, lambda: read_volume(file), case.keypoints_ras, case.level_numbers, case.curve)


def _flat_case(file: Path) -> TrainingCase:
    """A case of a single image.

    :raises UnusableInput: values of the wrong kind or size.
    """
    try:
        return _read_flat_case(file)
    except UnusableInput:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UnusableInput(f"{file} is not a case of a single image: {error}") from error


def _read_flat_case(file: Path) -> TrainingCase:
    reference = json.loads(file.read_text(encoding="utf-8"))
    vertebrae = reference["vertebrae"]
    forward = -1.0 if reference["anterior_is"] == "left" else 1.0
    down_right_mm = np.array([vertebra["points_mm"] for vertebra in vertebrae])
    keypoints_ras = np.stack(
        [np.zeros(down_right_mm.shape[:2]), forward * down_right_mm[..., 1], -down_right_mm[..., 0]], -1
    )
    levels = np.array([_level_number(vertebra["label"]) for vertebra in vertebrae])
    order = np.argsort(levels)
    image, spacing_mm = file.parent / reference["image"], float(reference["spacing_mm"])
    if keypoints_ras.shape[1:] != (6, 3) or not np.isfinite(keypoints_ras).all() or not 0 < spacing_mm < np.inf:
        raise ValueError("each vertebra needs six finite points, and the pixels a spacing above 0 mm")
    return TrainingCase(
        file.parent.name,
        lambda: _flat_volume(image, spacing_mm, forward),
        keypoints_ras[order],
        levels[order],
        curve_through_bodies(body_centre(keypoints_ras[order])),
    )


def _flat_volume(file: Path, spacing_mm: float, forward: float) -> Volume:
    """The image as a volume. Points count from its corner, half a pixel before the first pixel's centre."""
    image = np.squeeze(sitk.GetArrayFromImage(sitk.ReadImage(str(file)))).astype(np.float32)
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 1], matrix[2, 2], matrix[3, 3] = _FLAT_WIDTH_MM, forward * spacing_mm, -spacing_mm, 1.0
    matrix[:3, 3] = -_FLAT_WIDTH_MM / 2, forward * spacing_mm / 2, -spacing_mm / 2
    return Volume(np.repeat(image[:, :, None], 2, axis=2), matrix)


def _level_number(label: str) -> int:
    """C1 = 1 to L5 = 24 of a label; an annotator's question mark is dropped."""
    return LEVEL_NAMES.index(parse_level(label.rstrip("?"))) + 1
