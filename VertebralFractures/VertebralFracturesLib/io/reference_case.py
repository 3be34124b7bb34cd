"""Reference cases on disk: a CT beside a ``reference.json`` with annotated keypoints."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.levels import LEVEL_NAMES, parse_level
from ..core.spine_curve import SpineCurve
from ..core.volume import Volume
from ..errors import UnusableInput
from ..files import whole_file, write_text

REFERENCE_FILE = "reference.json"
IMAGE_FILE = "ct.nii.gz"
_IMAGES = (IMAGE_FILE, "crop.nii.gz")

S1_CENTRE, C2_CENTRE = "S1_body_centre", "C2_body_centre"
"""Names of the landmarks that say where the sacrum begins and where the second cervical vertebra lies."""


@dataclass(frozen=True, eq=False)
class ReferenceCase:
    """One case.

    :param name: name of its folder.
    :param image: its CT.
    :param levels: (n,) level of each annotated vertebra, cranial to caudal.
    :param keypoints_ras: (n, 6, 3) in RAS mm.
    :param curve: curve through the bodies.
    :param fractures: (n,) what kind of fracture each has, or None; None altogether where the reference does not tell.
    :param landmarks: places (3,) in RAS mm of :data:`S1_CENTRE` and :data:`C2_CENTRE`, as far as the reference has
        them.
    """

    name: str
    image: Path
    levels: tuple[str, ...]
    keypoints_ras: NDArray[np.float64]
    curve: SpineCurve
    fractures: tuple[str | None, ...] | None = None
    landmarks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

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
        fractures, landmarks = _fractures(document["vertebrae"]), _landmarks(document.get("landmarks", {}))
        names = [str(name) for name in (document.get("ct"), *_IMAGES) if name]
        image = next((folder / name for name in names if (folder / name).is_file()), None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UnusableInput(f"{file} is not a reference with vertebrae and curve: {error}") from error
    if keypoints.shape != (len(levels), 6, 3) or not levels or not np.isfinite(keypoints).all():
        raise UnusableInput(f"{file} has to hold at least one vertebra, each with six points of three coordinates")
    if image is None:
        raise UnusableInput(f"{folder} holds no image: {' or '.join(_IMAGES)} is needed beside {REFERENCE_FILE}")
    return ReferenceCase(folder.resolve().name, image, levels, keypoints, curve, fractures, landmarks)


def _fractures(vertebrae: list[Mapping[str, Any]]) -> tuple[str | None, ...] | None:
    """Which vertebrae the reference states to be fractured; None where it does not state it for every vertebra."""
    if not all("fracture" in entry for entry in vertebrae):
        return None
    return tuple(None if entry["fracture"] is None else str(entry["fracture"]) for entry in vertebrae)


def _landmarks(document: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    return {
        name: np.array(document[name], dtype=np.float64).reshape(3)
        for name in (S1_CENTRE, C2_CENTRE)
        if name in document
    }


def write_reference_case(folder: Path | str, volume: Volume, document: dict[str, object]) -> None:
    """Write a case; ``reference.json`` comes last and whole, so that a broken run leaves no case.

    :param folder: made if it does not exist; files of these names are replaced.
    :param volume: written as ``ct.nii.gz``.
    :param document: content of ``reference.json``.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / REFERENCE_FILE).unlink(missing_ok=True)
    write_volume(place / IMAGE_FILE, volume)
    write_text(place / REFERENCE_FILE, json.dumps(document, indent=1))


def write_volume(file: Path, volume: Volume) -> None:
    """Write a file of the format that its ending says; one of that name is replaced only once the new one is complete.

    :param file: compressed where the format can be, except ``.nii``.
    :param volume: what it holds.
    """
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.ijk_to_ras
    spacing = volume.spacing_mm
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing([float(s) for s in spacing])
    image.SetOrigin([float(v) for v in to_lps[:3, 3]])
    image.SetDirection([float(v) for v in (to_lps[:3, :3] / spacing).ravel()])
    with whole_file(file) as draft:
        sitk.WriteImage(image, str(draft), useCompression=file.suffix != ".nii")
