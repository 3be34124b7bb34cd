"""Which CT series of a DICOM tree are cases: one of each acquisition, chosen by a rule that reads headers only.

A series is left out where

1. it is no CT with at least two images that are no localizers, or shows less than 4 cm of the body (bolus tracking);
2. another series of the same acquisition comes first in this order: original axial images before reformats (MPR, MIP),
   then the one that covers at least 90 % of the longest, then slice spacing of 3 mm or less, then a soft or standard
   kernel before a sharp one (bone, lung), since sharp kernels distort the trabecular attenuation, then the smallest
   slice spacing down to 1 mm, then the most images, then the least series number.

Two series are of the same acquisition where study, frame of reference and acquisition number agree, where they overlap
by at least half of the shorter one, and where, if both state it, they began within 10 s. The phases of a contrast study
are acquisitions of their own. Whether a series shows the spine is found out when it is analyzed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from os.path import commonpath
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...ct.check import SMALLEST_BODY_MM
from ...io.dicom_image import DamagedDicom, DicomImage, number, read_images
from .cases import LeftOut

_LARGEST_SPACING_MM = 3.0
"""Slice spacing above which heights are less accurate (see Documentation/accuracy.md)."""

_SAME_COVERAGE = 0.9
"""Chosen: reconstructions of one acquisition often differ by some slices at both ends."""

_SAME_OVERLAP = 0.5
"""Chosen: parts of the body that are scanned one after the other overlap by a few centimetres."""

_SAME_START_S = 10.0
"""Chosen: reconstructions of one acquisition state the same time within seconds, contrast phases are 20 s apart."""

_LEAST_AXIAL = 0.8
"""Share of the body's axis in the normal of an axial slice; chosen, a gantry is tilted by 30 degrees at most."""

_REFORMATTED = {"MPR", "REFORMATTED", "MIP", "MINIP", "MPVR", "CURVED", "VRT", "VOLREN", "PROJECTION IMAGE", "CSMANIP"}
"""Values of Image Type with which scanners mark reformats."""

_SHARP_NAMES = ("BONE", "LUNG", "EDGE", "ULTRA", "SHARP", "DETAIL")
_SHARP_PHILIPS = ("YC", "YD", "YE", "D", "E", "F", "L")
_SHARPEST_SOFT = {"SIEMENS": 49, "CANON": 29}
"""Sharp kernels: names of GE and Philips, and the largest number of a soft one of Siemens (Br40d) and Canon (FC08)."""


def is_sharp(kernel: str) -> bool:
    """Whether a convolution kernel enhances edges; an unknown one counts as standard."""
    first = kernel.split("\\")[0].strip().upper()
    if any(name in first for name in _SHARP_NAMES) or first in _SHARP_PHILIPS:
        return True
    canon, siemens = re.match(r"FC(\d+)", first), re.match(r"[A-Z]{1,2}(\d\d)", first)
    if canon:
        return int(canon.group(1)) > _SHARPEST_SOFT["CANON"]
    return siemens is not None and int(siemens.group(1)) > _SHARPEST_SOFT["SIEMENS"]


@dataclass
class TreeSeries:
    """What the headers of one series say, collected image by image so that a large tree fits into memory.

    :param header: of the first image.
    :param folder: the folder that holds all of its files.
    :param images: number of images, localizers not counted.
    :param low_mm: lowest height in the body that it shows, in LPS; ``high_mm`` is the highest.
    :param steps_mm: distances of the images along the normal of the first one.
    :param start_s: least time of day of the acquisition; infinite where it is not stated.
    """

    header: dict[str, str]
    folder: Path
    images: int = 0
    low_mm: float = np.inf
    high_mm: float = -np.inf
    start_s: float = np.inf
    steps_mm: list[float] = field(default_factory=list)
    _normal_lps: NDArray[np.float64] | None = None

    def add(self, image: DicomImage) -> None:
        """Count an image of the series."""
        parent = image.path.parent
        if parent != self.folder:
            self.folder = Path(commonpath([self.folder, parent]))
        if not image.is_slice:
            return
        if self._normal_lps is None:
            self.header = image.header
            self._normal_lps = np.cross(*image.orientation_lps)
        self.images += 1
        self.steps_mm.append(float(image.position_lps @ self._normal_lps))
        corners_mm = _heights_of_corners_mm(image)
        self.low_mm, self.high_mm = min(self.low_mm, min(corners_mm)), max(self.high_mm, max(corners_mm))
        self.start_s = min(self.start_s, _seconds_of_day(image.header["AcquisitionTime"]))

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return self.header["SeriesInstanceUID"]

    @property
    def name(self) -> str:
        """What the series is called in the name of its case: its number, or digits of its UID where it has none."""
        stated = self.header["SeriesNumber"]
        return f"series-{stated or sha256(self.uid.encode()).hexdigest()[:8]}"

    @property
    def title(self) -> str:
        """Number and description for people."""
        return f"series {self.header['SeriesNumber'] or self.uid} ({self.header['SeriesDescription'] or 'no name'})"

    @property
    def spacing_mm(self) -> float:
        """Median distance of neighbouring images; infinite with fewer than two places."""
        gaps = np.diff(np.unique(np.round(self.steps_mm, 2)))
        return float(np.median(gaps)) if len(gaps) else np.inf

    @property
    def extent_mm(self) -> float:
        """How much of the body it shows from head to foot."""
        return max(0.0, self.high_mm - self.low_mm)

    @property
    def is_reformatted(self) -> bool:
        """Whether it is not made of original axial images."""
        is_marked = not _REFORMATTED.isdisjoint(self.header["ImageType"].upper().split("\\"))
        normal = self._normal_lps
        return is_marked or normal is None or abs(normal[2]) < _LEAST_AXIAL

    def is_of_acquisition(self, other: "TreeSeries") -> bool:
        """Whether another series shows the same acquisition."""
        mine, others = (
            [one.header[name] for name in ("StudyInstanceUID", "FrameOfReferenceUID", "AcquisitionNumber")]
            for one in (self, other)
        )
        starts_s = self.start_s, other.start_s
        if mine != others or not mine[1] or (max(starts_s) < np.inf and max(starts_s) - min(starts_s) > _SAME_START_S):
            return False
        overlap_mm = min(self.high_mm, other.high_mm) - max(self.low_mm, other.low_mm)
        return overlap_mm >= _SAME_OVERLAP * min(self.extent_mm, other.extent_mm)


def _heights_of_corners_mm(image: DicomImage) -> list[float]:
    """LPS heights of the centres of the four outer voxels of an image."""
    row, column = image.orientation_lps[:, 2]
    spacing = np.nan_to_num(image.pixel_spacing_mm)
    across = row * spacing[1] * (number(image.header["Columns"]) - 1)
    down = column * spacing[0] * (number(image.header["Rows"]) - 1)
    return [float(image.position_lps[2] + one + other) for one in (0.0, across) for other in (0.0, down)]


def _seconds_of_day(text: str) -> float:
    """A DICOM time (HHMMSS.FFFFFF); infinite where it is none."""
    found = re.match(r"(\d\d)(\d\d)(\d\d(?:\.\d+)?)", text)
    return np.inf if found is None else 3600.0 * int(found[1]) + 60.0 * int(found[2]) + float(found[3])


class DicomTree:
    """The CT series of a tree of files, which are added one by one."""

    def __init__(self) -> None:
        self._series: dict[str, TreeSeries] = {}
        self._damaged: list[DamagedDicom] = []

    def add(self, file: Path) -> None:
        """Note the images of a file; one that is no DICOM image is passed over."""
        try:
            images = read_images(file)
        except DamagedDicom as error:
            self._damaged.append(error)
            return
        except OSError:
            return
        for image in images:
            if image.header["Modality"].upper() == "CT":
                uid = image.header["SeriesInstanceUID"]
                self._series.setdefault(uid, TreeSeries(image.header, file.parent)).add(image)

    def chosen(self) -> tuple[tuple[TreeSeries, ...], tuple[LeftOut, ...]]:
        """The series that are cases, in the order in which they were found, and those that are left out."""
        left_out = [
            LeftOut(str(one.path.parent), one.series_uid, str(one))
            for one in self._damaged
            if one.may_be_slice and one.series_uid not in self._series
        ]
        usable: list[TreeSeries] = []
        for one in self._series.values():
            reason = _unusable(one)
            if reason:
                left_out.append(LeftOut(str(one.folder), one.uid, f"{one.title}: {reason}"))
            else:
                usable.append(one)
        chosen = []
        for group in _acquisitions(usable):
            best = preferred(group)
            chosen.append(best)
            left_out += [
                LeftOut(str(one.folder), one.uid, f"{one.title}: same acquisition as {best.title}, which is analyzed")
                for one in group
                if one is not best
            ]
        return tuple(chosen), tuple(left_out)


def _unusable(series: TreeSeries) -> str:
    """Why a series is no case by itself; empty where it is one."""
    if series.images < 2:
        return "a localizer (scout) or a single image"
    if series.extent_mm < SMALLEST_BODY_MM[2]:
        return f"shows less than {SMALLEST_BODY_MM[2] / 10:.0f} cm of the body"
    return ""


def _acquisitions(series: Iterable[TreeSeries]) -> list[list[TreeSeries]]:
    """The series, those of one acquisition together."""
    groups: list[list[TreeSeries]] = []
    for one in series:
        group = next((group for group in groups if any(map(one.is_of_acquisition, group))), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return groups


def preferred(group: Iterable[TreeSeries]) -> TreeSeries:
    """The series of an acquisition that is analyzed, by the rule that this module states."""
    members = list(group)
    longest_mm = max(one.extent_mm for one in members)

    def order(one: TreeSeries) -> tuple:
        return (
            one.is_reformatted,
            one.extent_mm < _SAME_COVERAGE * longest_mm,
            one.spacing_mm > _LARGEST_SPACING_MM,
            is_sharp(one.header["ConvolutionKernel"]),
            round(max(1.0, one.spacing_mm), 1),
            -one.images,
            number(one.header["SeriesNumber"]),
            one.uid,
        )

    return min(members, key=order)
