"""Reference cases on disk: a CT beside a ``reference.json`` with the keypoints that readers marked."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.keypoints import body_centre
from ..core.levels import LEVEL_NAMES, parse_level
from ..core.spine_curve import SpineCurve, curve_through_bodies
from ..core.volume import Volume
from ..errors import UnusableInput
from .ct import read_volume

REFERENCE_FILE = "reference.json"
_IMAGES = ("ct.nii.gz", "crop.nii.gz")


@dataclass(frozen=True, eq=False)
class ReferenceCase:
    """One case.

    :param name: name of its folder.
    :param image: its CT.
    :param levels: (n,) level of each marked vertebra, cranial to caudal.
    :param keypoints_ras: (n, 6, 3) in RAS mm.
    :param curve: curve through the bodies.
    """

    name: str
    image: Path
    levels: tuple[str, ...]
    keypoints_ras: NDArray[np.float64]
    curve: SpineCurve

    @property
    def level_numbers(self) -> NDArray[np.int64]:
        """Levels (n,) as C1 = 1 to L5 = 24.

        :raises ValueError: a supernumerary level, which has no such number.
        """
        return np.array([LEVEL_NAMES.index(level) + 1 for level in self.levels])


def find_cases(folder: Path | str) -> list[ReferenceCase]:
    """The cases in a folder, or the one that the folder itself is, by name.

    :raises UnusableInput: no case there, or one that cannot be read.
    """
    root = Path(folder)
    files = sorted(root.glob(f"*/{REFERENCE_FILE}")) or sorted(root.glob(REFERENCE_FILE))
    if not files:
        raise UnusableInput(f"no reference case in {root}: a case is a folder with {REFERENCE_FILE} and ct.nii.gz")
    return [read_case(file.parent) for file in files]


def read_case(folder: Path) -> ReferenceCase:
    """Read one case, its image excepted.

    :raises UnusableInput: the reference or the image is missing or not as it has to be.
    """
    file = folder / REFERENCE_FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        levels = tuple(parse_level(entry["label"].rstrip("?")) for entry in document["vertebrae"])
        keypoints = np.array([entry["ras"] for entry in document["vertebrae"]], dtype=np.float64)
        points = np.array(document["curve"], dtype=np.float64)
        curve = SpineCurve(points, np.ones(len(points)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableInput(f"{file} is not a reference with vertebrae and curve: {error}") from error
    if keypoints.shape != (len(levels), 6, 3) or not levels or not np.isfinite(keypoints).all():
        raise UnusableInput(f"{file} has to hold at least one vertebra, each with six points of three coordinates")
    image = next((folder / name for name in (document.get("ct"), *_IMAGES) if name and (folder / name).is_file()), None)
    if image is None:
        raise UnusableInput(f"{folder} holds no image: {' or '.join(_IMAGES)} is needed beside {REFERENCE_FILE}")
    return ReferenceCase(folder.resolve().name, image, levels, keypoints, curve)


LAST_LUMBAR = LEVEL_NAMES.index("L5") + 1
_FLAT_WIDTH_MM = 100.0


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One patient with reference keypoints.

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

    :raises UnusableInput: the folder holds no case.
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
    reference = json.loads(file.read_text())
    vertebrae = reference["vertebrae"]
    forward = -1.0 if reference["anterior_is"] == "left" else 1.0
    down_right_mm = np.array([vertebra["points_mm"] for vertebra in vertebrae])
    keypoints_ras = np.stack(
        [np.zeros(down_right_mm.shape[:2]), forward * down_right_mm[..., 1], -down_right_mm[..., 0]], -1
    )
    levels = np.array([_level_number(vertebra["label"]) for vertebra in vertebrae])
    order = np.argsort(levels)
    return TrainingCase(
        file.parent.name,
        lambda: _flat_volume(file.parent / reference["image"], float(reference["spacing_mm"]), forward),
        keypoints_ras[order],
        levels[order],
        curve_through_bodies(body_centre(keypoints_ras[order])),
    )


def _flat_volume(file: Path, spacing_mm: float, forward: float) -> Volume:
    import SimpleITK as sitk

    image = np.squeeze(sitk.GetArrayFromImage(sitk.ReadImage(str(file)))).astype(np.float32)
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 1], matrix[2, 2], matrix[3, 3] = _FLAT_WIDTH_MM, forward * spacing_mm, -spacing_mm, 1.0
    matrix[0, 3] = -_FLAT_WIDTH_MM / 2
    return Volume(np.repeat(image[:, :, None], 2, axis=2), matrix)


def _level_number(label: str) -> int:
    """C1 = 1 to L5 = 24 of a label; a reader's question mark is dropped."""
    return LEVEL_NAMES.index(parse_level(label.rstrip("?"))) + 1


def write_reference_case(folder: Path | str, volume: Volume, document: dict[str, object]) -> None:
    """
    Write a case; ``reference.json`` comes last and whole, so that a broken run leaves no case.

    :param folder: made if it does not exist; files of these names are replaced
    :param volume: written as ``ct.nii.gz``
    :param document: content of ``reference.json``
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / "reference.json").unlink(missing_ok=True)
    _write_volume(place / "ct.nii.gz", volume)
    draft = place / "reference.json.part"
    try:
        draft.write_text(json.dumps(document, indent=1), encoding="utf-8")
        os.replace(draft, place / "reference.json")
    finally:
        draft.unlink(missing_ok=True)


def _write_volume(file: Path, volume: Volume) -> None:
    import SimpleITK as sitk

    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.ijk_to_ras
    spacing = volume.spacing_mm
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing([float(s) for s in spacing])
    image.SetOrigin([float(v) for v in to_lps[:3, 3]])
    image.SetDirection([float(v) for v in (to_lps[:3, :3] / spacing).ravel()])
    draft = file.with_name("part-" + file.name)
    try:
        sitk.WriteImage(image, str(draft), useCompression=True)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
