"""Difficult conditions as data: what is done to a synthetic patient, to a real one, and what has no spine at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ...core.spine_curve import SpineCurve
from ...errors import UnusableInput
from ...io.reference_case import ReferenceCase
from .annotated_scan import (
    AnnotatedScan,
    cropped,
    ends_filled,
    moved,
    noisy,
    reordered,
    resampled,
    rotation,
    thick_slices,
)
from .bend import bent
from .damaged_files import DAMAGES, Damage
from .spineless import leg, noise_box, water_cylinder
from .whole_spines import LUMBOSACRAL_PATIENTS, WHOLE_SPINE_PATIENTS

FIRST_SEED = 900100
"""Seeds from here on belong to this suite: no network is trained on them."""

_OPEN = np.full(3, np.inf)
_CHEST = {"first_level": 7.0, "last_level": 21.0}
_USUAL = {"pixel_mm": 1.0, "slice_spacing_mm": 2.5, "slice_thickness_mm": 2.5, "field_mm": 360.0} | _CHEST
_CLEAN = {"realism": "realistic", "deformity_rate": 0.0, "pathology_rate": 0.0, "level_variants": False}
_SIGNS = [(i, j, k) for i, j, k in product((1, -1), repeat=3) if (i, j, k) != (1, 1, 1)]


@dataclass(frozen=True)
class Condition:
    """One difficult condition.

    :param group: what kind it is.
    :param name: what it is.
    :param make: makes the CT; from a real one where the condition changes real CTs.
    :param has_spine: whether there is a spine to be found in it.
    :param damage: how the file of the CT is damaged, which then has to be refused with exit 2; None for a whole one.
    """

    group: str
    name: str
    make: Callable[..., AnnotatedScan] = field(repr=False)
    has_spine: bool = True
    damage: Damage | None = field(default=None, repr=False)


def synthetic_conditions() -> Iterator[Condition]:
    """The conditions that synthetic patients are made for; each has its own seed."""
    for place, (group, name, patient, protocol) in enumerate(_PATIENTS):
        yield Condition(group, name, partial(scanned, FIRST_SEED + place, patient, protocol))
    for signs in _SIGNS:
        words = ", ".join(f"{axis}{'+' if sign > 0 else '-'}" for axis, sign in zip("ijk", signs, strict=True))
        yield Condition("orientation", f"axes turned over: {words}", partial(_reordered_chest, (0, 1, 2), signs))
    yield Condition("orientation", "sagittal slices", partial(_reordered_chest, (1, 2, 0), (1, -1, 1)))
    yield Condition("orientation", "coronal slices", partial(_reordered_chest, (0, 2, 1), (1, -1, 1)))
    yield Condition("no spine", "front of the chest", lambda: front_only(_chest()), has_spine=False)
    yield Condition("no spine", "side of the chest", lambda: side_only(_chest()), has_spine=False)
    yield Condition("no spine", "head above the neck", head_only, has_spine=False)
    yield Condition("no spine", "pelvis below L5", pelvis_only, has_spine=False)
    yield from (Condition("field of view", name, partial(_chest_with, change)) for name, change in _LOST_ENDS)
    for name, damage in DAMAGES:
        yield Condition("damaged file", name, _chest, has_spine=False, damage=damage)
    for number, (name, make) in enumerate((("leg", leg), ("water cylinder", water_cylinder), ("noise", noise_box))):
        yield Condition("no spine", name, partial(make, FIRST_SEED + 90 + number), has_spine=False)


def real_conditions() -> Iterator[Condition]:
    """The conditions that real CTs are changed into."""
    yield Condition("unchanged", "as it is", lambda scan: scan)
    yield from (Condition(group, name, change) for group, name, change in _CHANGES)
    yield from (Condition("field of view", name, change) for name, change in _LOST_ENDS)
    yield Condition("no spine", "front of the chest", front_only, has_spine=False)
    yield Condition("no spine", "side of the chest", side_only, has_spine=False)


def named_conditions(names: Sequence[str]) -> list[Condition]:
    """The conditions that real CTs are changed into and keep their spine in, by name.

    :param names: each counts once.
    :raises UnusableInput: there is no such condition.
    """
    known = {one.name: one for one in real_conditions() if one.has_spine}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnusableInput(f"there is no condition {unknown[0]!r}; possible ones are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def scanned(seed: int, patient: Mapping[str, Any], protocol: Mapping[str, Any]) -> AnnotatedScan:
    """A synthetic patient under a protocol.

    :param seed: of the patient and of the noise.
    :param patient: fields of ``PatientOptions``; without disease where they say nothing else.
    :param protocol: fields of ``Protocol``; the chest in voxels of 1 x 1 x 2.5 mm where they say nothing else.
    """
    from ...simulation.case import in_view, landmarks
    from ...simulation.ct.acquisition import scan
    from ...simulation.ct.protocol import Protocol
    from ...simulation.patient.anatomy import make_patient

    one = make_patient(seed, **(_CLEAN | dict(patient)))
    volume = scan(one, Protocol(**(_USUAL | dict(protocol))), seed)
    whole = [vertebra for vertebra in one.vertebrae if in_view(vertebra, volume)]
    keypoints = np.array([vertebra.keypoints_ras for vertebra in whole]).reshape(-1, 6, 3)
    curve = SpineCurve(one.curve_ras, np.ones(len(one.curve_ras)))
    return AnnotatedScan(
        volume,
        tuple(vertebra.level for vertebra in whole),
        keypoints,
        curve,
        tuple(vertebra.plan.fracture for vertebra in whole),
        {name: np.array(point) for name, point in landmarks(one).items()},
    )


def in_field(scan: AnnotatedScan, first: int, count: int) -> AnnotatedScan:
    """The field of view ends 4 mm beyond some of the annotated bodies."""
    upper, lower = _OPEN.copy(), -_OPEN
    superior = scan.keypoints_ras[first : first + count, :, 2]
    upper[2], lower[2] = superior.max() + 4.0, superior.min() - 4.0
    return cropped(scan, lower, upper)


def middle_ones(count: int) -> Callable[[AnnotatedScan], AnnotatedScan]:
    """A short field of view about the middle of the annotated bodies."""
    return lambda scan: in_field(scan, max(0, (len(scan.levels) - count) // 2), count)


def narrow_field(scan: AnnotatedScan) -> AnnotatedScan:
    """A small field of view around the spine, as spine protocols reconstruct it."""
    points = scan.keypoints_ras.reshape(-1, 3)
    aside, behind, ahead = np.array([35.0, 0, np.inf]), np.array([0, 45.0, 0]), np.array([0, 25.0, 0])
    return cropped(scan, points.min(0) - aside - behind, points.max(0) + aside + ahead)


def cut_behind(scan: AnnotatedScan) -> AnnotatedScan:
    """The field of view ends in front of the bodies that lie farthest behind, about a third of them."""
    lower = -_OPEN
    lower[1] = np.percentile(scan.keypoints_ras[..., 1].min(1), 35)
    return cropped(scan, lower, _OPEN)


def front_only(scan: AnnotatedScan) -> AnnotatedScan:
    """What lies well in front of all bodies."""
    assert scan.curve is not None
    lower = -_OPEN
    lower[1] = max(scan.keypoints_ras[..., 1].max(), scan.curve.points_ras[:, 1].max()) + 15.0
    return cropped(scan, lower, _OPEN)


def side_only(scan: AnnotatedScan) -> AnnotatedScan:
    """What lies well to the right of all bodies."""
    assert scan.curve is not None
    lower = -_OPEN
    lower[0] = max(scan.keypoints_ras[..., 0].max(), scan.curve.points_ras[:, 0].max()) + 40.0
    return cropped(scan, lower, _OPEN)


def head_only() -> AnnotatedScan:
    """A head whose scan ends above the second cervical vertebra."""
    scan = scanned(FIRST_SEED + 80, {}, {"first_level": -6.0, "last_level": 6.0, "field_mm": 300.0})
    assert scan.curve is not None
    lower = -_OPEN
    lower[2] = scan.curve.points_ras[:, 2].max() + 15.0
    return cropped(scan, lower, _OPEN)


def pelvis_only() -> AnnotatedScan:
    """A pelvis whose scan begins below the fifth lumbar vertebra."""
    scan = scanned(FIRST_SEED + 81, {}, {"first_level": 23.0, "last_level": 31.0})
    upper = _OPEN.copy()
    upper[2] = scan.keypoints_ras[..., 2].min() - 10.0
    return cropped(scan, -_OPEN, upper)


def fine_pixels(scan: AnnotatedScan) -> AnnotatedScan:
    """Pixels of 0.4 mm around the spine, slices as they were."""
    narrow = narrow_field(scan)
    return resampled(narrow, (0.4, 0.4, narrow.volume.spacing_mm[2]))


def coarse_pixels(scan: AnnotatedScan) -> AnnotatedScan:
    """Pixels of 1.4 mm, slices as they were."""
    return resampled(scan, (1.4, 1.4, scan.volume.spacing_mm[2]))


def oblique(scan: AnnotatedScan) -> AnnotatedScan:
    """A grid turned by 20 degrees about two of the patient's axes."""
    return resampled(scan, scan.volume.spacing_mm, rotation((20.0, 20.0, 0.0)))


def lying(degrees: tuple[float, float, float]) -> Callable[[AnnotatedScan], AnnotatedScan]:
    """A patient who lies turned on the couch, or whose position was entered wrongly, by angles about R, A and S."""

    def turned(scan: AnnotatedScan) -> AnnotatedScan:
        matrix = np.eye(4)
        matrix[:3, :3] = rotation(degrees)
        return moved(scan, matrix)

    return turned


def simulated_fractures(scan: AnnotatedScan) -> AnnotatedScan:
    """Some bodies with simulated compression fractures."""
    from ...simulation.fractures.cases import fractures_after, with_fractures

    assert scan.curve is not None
    case = ReferenceCase("", Path(), scan.levels, scan.keypoints_ras, scan.curve, scan.fractures)
    volume, keypoints_ras = with_fractures(case, scan.volume, np.random.default_rng([FIRST_SEED, 17]))
    fractures = fractures_after(case, keypoints_ras)
    return replace(scan, volume=volume, keypoints_ras=keypoints_ras, fractures=fractures)


def lumbosacral(scan: AnnotatedScan) -> AnnotatedScan:
    """What lies below the upper border of T10, as lumbosacral scans show it.

    :raises ValueError: T10 or L5 is not annotated.
    """
    if not {"T10", "L5"} <= set(scan.levels):
        raise ValueError("T10 to L5 are not annotated")
    upper = _OPEN.copy()
    upper[2] = scan.keypoints_ras[scan.levels.index("T10"), :, 2].max() + 4.0
    return cropped(scan, -_OPEN, upper)


def _chest_with(change: Callable[[AnnotatedScan], AnnotatedScan]) -> AnnotatedScan:
    return change(_chest())


@lru_cache(maxsize=1)
def _chest() -> AnnotatedScan:
    return scanned(FIRST_SEED + 70, {}, {})


def _reordered_chest(axes: tuple[int, int, int], signs: tuple[int, int, int]) -> AnnotatedScan:
    return reordered(_chest(), axes, signs)


_LOST_ENDS: tuple[tuple[str, Callable[[AnnotatedScan], AnnotatedScan]], ...] = (
    ("lower end filled with 0", partial(ends_filled, share=0.3, value=0, caudal=True)),
    ("upper end filled with 0", partial(ends_filled, share=0.3, value=0, caudal=False)),
    ("lower end filled with -1024", partial(ends_filled, share=0.3, value=-1024, caudal=True)),
)

_SEVERE = {"T6": ("wedge", 0.45), "T8": ("crush", 0.5), "T11": ("biconcave", 0.5), "L1": ("crush", 0.4)}
_KYPHOTIC = {"T7": ("wedge", 0.55), "T8": ("wedge", 0.5), "T9": ("wedge", 0.6)}
_SCREWS = ("T10", "T11", "L1", "L2")
_NOT_TURNED = (0, 1, 2)

_PATIENTS: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("scoliosis", "20 degrees", {"cobb_degrees": 20.0}, {}),
    ("scoliosis", "40 degrees", {"cobb_degrees": 40.0}, {}),
    ("scoliosis", "60 degrees", {"cobb_degrees": 60.0}, {}),
    ("scoliosis", "60 degrees, whole spine", {"cobb_degrees": 60.0}, {"first_level": 1.0, "last_level": 27.0}),
    ("kyphosis", "60 degrees", {"kyphosis_degrees": 60.0}, {}),
    ("kyphosis", "80 degrees", {"kyphosis_degrees": 80.0}, {}),
    ("kyphosis", "80 degrees, wedges T7 to T9", {"kyphosis_degrees": 80.0, "fractures": _KYPHOTIC}, {}),
    ("fractures", "four severe", {"fractures": _SEVERE}, {"last_level": 23.0}),
    ("fractures", "a third of all vertebrae", {"deformity_rate": 0.5}, {}),
    ("fractures", "worn spine: all other disease", {"pathology_rate": 3.0}, {}),
    ("metal", "screws T10 to L2 with streaks", {"screws": _SCREWS}, {"last_level": 23.0}),
    ("metal", "screws T5 to T8, noise", {"screws": ("T5", "T6", "T7", "T8")}, {"noise_hu": 40.0}),
    ("image", "contrast agent", {}, {"contrast": 1.0}),
    ("image", "5 mm slices", {}, {"slice_spacing_mm": 5.0, "slice_thickness_mm": 5.0}),
    ("image", "low dose", {}, {"noise_hu": 70.0}),
    ("image", "sharp kernel", {}, {"overshoot": 1.2, "kernel_mm": 0.3, "noise_hu": 45.0}),
    ("image", "0.4 mm pixels", {}, {"pixel_mm": 0.4, "field_mm": 160.0, "centre_mm": (0.0, -50.0)}),
    ("image", "1.4 mm pixels", {}, {"pixel_mm": 1.4}),
    ("image", "round field, padding -3024", {}, {"field_mm": 330.0, "padding_hu": -3024.0}),
    ("field of view", "3 vertebrae", {}, {"first_level": 15.35, "last_level": 18.65}),
    ("field of view", "8 vertebrae", {}, {"first_level": 15.35, "last_level": 23.65}),
    ("field of view", "17 vertebrae", {}, {"first_level": 7.35, "last_level": 24.65}),
    ("field of view", "25 vertebrae: C1 to S1", {}, {"first_level": -0.5, "last_level": 27.0}),
    ("field of view", "neck with the head", {}, {"first_level": -6.0, "last_level": 10.0}),
    ("field of view", "loins with the pelvis", {}, {"first_level": 18.0, "last_level": 31.0}),
    ("field of view", "scoliosis beyond it", {"cobb_degrees": 60.0}, {"field_mm": 130.0, "centre_mm": (0.0, -35.0)}),
    ("orientation", "oblique 20 degrees", {}, {"obliquity_degrees": (20.0, 20.0, 0.0)}),
    *WHOLE_SPINE_PATIENTS,
    *LUMBOSACRAL_PATIENTS,
)

_CHANGES: tuple[tuple[str, str, Callable[[AnnotatedScan], AnnotatedScan]], ...] = (
    ("scoliosis", "bent by 20 degrees", partial(bent, degrees=20.0)),
    ("scoliosis", "bent by 40 degrees", partial(bent, degrees=40.0)),
    ("scoliosis", "bent by 60 degrees", partial(bent, degrees=60.0)),
    ("kyphosis", "bent forward by 20 degrees", partial(bent, degrees=20.0, axis=1)),
    ("kyphosis", "bent forward by 40 degrees", partial(bent, degrees=40.0, axis=1)),
    ("kyphosis", "leaning forward by 20 degrees", lying((-20.0, 0.0, 0.0))),
    ("fractures", "simulated compression fractures", simulated_fractures),
    ("image", "5 mm slices", partial(thick_slices, thickness_mm=5.0)),
    ("image", "noise of 80 HU added", partial(noisy, noise_hu=80.0, seed=FIRST_SEED)),
    ("image", "0.4 mm pixels", fine_pixels),
    ("image", "1.4 mm pixels", coarse_pixels),
    ("field of view", "3 vertebrae", middle_ones(3)),
    ("field of view", "6 vertebrae", middle_ones(6)),
    ("field of view", "narrow", narrow_field),
    ("field of view", "cut behind the spine", cut_behind),
    ("field of view", "T10 to the lower end", lumbosacral),
    ("orientation", "prone: j and i turned over", partial(reordered, axes=_NOT_TURNED, signs=(-1, -1, 1))),
    ("orientation", "feet first: k turned over", partial(reordered, axes=_NOT_TURNED, signs=(1, 1, -1))),
    ("orientation", "sagittal slices", partial(reordered, axes=(1, 2, 0), signs=(1, -1, 1))),
    ("orientation", "oblique 20 degrees", oblique),
    ("orientation", "patient rolled by 20 degrees", lying((0.0, 0.0, 20.0))),
    ("orientation", "patient leaning by 20 degrees", lying((0.0, 20.0, 0.0))),
)
