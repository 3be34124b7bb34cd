"""Whether a volume is a CT in Hounsfield units with enough of a body in it, in words that a user can act on.

What is no measurement in it is set to air here, and the body is told from the air and the table around it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.volume import AIR_HU, Volume
from ..errors import NoSpineFound, UnusableInput

SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 0.1, 10.0
"""Chosen; CTs of ct/val have 0.6 to 5 mm, and a header in metres or micrometres lies beyond."""

THICK_SLICE_MM = 3.0
"""Fractures are detected as well on slices of up to 3 mm; grades agree with those of 0.6 mm with a kappa of 0.64 at 3
mm and 0.33 at 5 mm (PubMed 16437195)."""

LARGEST_BOX_M3 = 8.0
"""Box along the patient's axes that a volume may fill, which is resampled to voxels of 3 mm: 300 million of them at
this size. Chosen: a bore of 0.8 m, a person of 2 m, and six times as much for volumes that lie oblique."""

SMALLEST_BODY_MM = (20.0, 40.0, 40.0)
"""Body that has to be in view along R, A and S. Chosen: a vertebra with what surrounds it, and as much from head to
foot as a spine curve needs."""

_BODY_HU = -400.0
"""Denser than lung and air, less dense than fat: chosen between -700 and -150 HU."""

_OPENING_MM = 8.0
_OUTLINE_HU = -300.0
"""Size below which things such as a table do not count, and the mean over it that is a body: more than two thirds
tissue. Chosen; a third more or less moves keypoints by 0.4 mm at most, by other cuts of the image that step 1 reads,
and keeps one body of 32 more or not (experiments.md, 2026-12-01)."""

_BONE_HU = 200.0
_LEAST_BONE = 5e-4
"""What is as dense as bone, and the share of a body that has to be. Chosen: denser than soft tissue with contrast agent
in most of it."""

_CLIPPED_HU = 600.0
_CLIPPED_SHARE = 5e-5
"""Greatest intensity below which a CT may be clipped, and the share of the voxels that then have it. Chosen: cortical
bone is denser, and without clipping the greatest intensity is that of a voxel or two."""

_SAMPLED_VOXELS = 4_000_000
_VOXELS_PER_CHUNK = 32_000_000
"""Voxels that are looked at, and worked on at once. They bound time and memory, not what is refused."""

_NO_HU = "vertebral bodies can only be measured in a CT in Hounsfield units"


def check_spacing(spacing_mm: NDArray[np.float64]) -> tuple[str, ...]:
    """Refuse voxel sizes that no CT has; warn of slices too thick for fine grading.

    :param spacing_mm: (3,) distance between neighbouring voxels in mm.
    :return: warnings.
    :raises UnusableInput: if a spacing is not within 0.1 to 10 mm.
    """
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    text = " x ".join(f"{value:.4g}" for value in spacing)
    plausible = np.isfinite(spacing) & (spacing >= SMALLEST_SPACING_MM) & (spacing <= LARGEST_SPACING_MM)
    if not plausible.all():
        raise UnusableInput(
            f"the voxel spacing of {text} mm is not plausible for a CT "
            f"({SMALLEST_SPACING_MM:g} to {LARGEST_SPACING_MM:g} mm): the header is wrong"
        )
    return thick_slice_warnings(float(spacing.max()))


def thick_slice_warnings(thickness_mm: float) -> tuple[str, ...]:
    """The warning about slices thicker than 3 mm, or none.

    :param thickness_mm: the larger of slice thickness and slice distance.
    """
    if thickness_mm <= THICK_SLICE_MM + 1e-3:
        return ()
    return (f"Slice thickness {thickness_mm:.3g} mm (> {THICK_SLICE_MM:g} mm): height measurements are less accurate.",)


def fill_padding(voxels: NDArray) -> tuple[NDArray, tuple[str, ...]]:
    """Set what is no measurement to air: padding below -1024 (GE's -2048 and -3024) and voxels without a number.

    :param voxels: intensities (k, j, i); changed in place where the array allows it.
    :return: the voxels, all finite and at least -1024 HU, and warnings.
    """
    flat = voxels.reshape(-1)
    missing = 0
    for start in range(0, flat.size, _VOXELS_PER_CHUNK):
        part = flat[start : start + _VOXELS_PER_CHUNK]
        with np.errstate(invalid="ignore"):
            unmeasured = ~(part >= AIR_HU)
        if part.dtype.kind == "f":
            infinite = ~np.isfinite(part)
            missing += int(infinite.sum())
            unmeasured |= infinite
        if not unmeasured.any():
            continue
        if not flat.flags.writeable:
            flat = flat.copy()
            part = flat[start : start + _VOXELS_PER_CHUNK]
        part[unmeasured] = AIR_HU
    warnings: tuple[str, ...] = ()
    if missing:
        warnings = (f"{100 * missing / flat.size:.2g} % of the voxels are NaN or infinite and were read as air.",)
    return flat.reshape(voxels.shape), warnings


def without_padding(volume: Volume) -> tuple[Volume, tuple[str, ...]]:
    """A volume whose padding is air.

    :param volume: not changed; its voxels are copied where there is padding.
    :return: the volume, and warnings as :func:`fill_padding`.
    """
    voxels = volume.voxels.view()
    voxels.flags.writeable = False
    filled, warnings = fill_padding(voxels)
    return Volume(filled, volume.ijk_to_ras), warnings


def check_is_ct(volume: Volume) -> tuple[str, ...]:
    """Refuse what is not a CT in Hounsfield units or shows less than a few centimetres of a body.

    :param volume: the volume as read, padding included.
    :return: warnings for the report.
    :raises UnusableInput: with one line that says what is wrong and what to do.
    :raises NoSpineFound: a CT without bone.
    """
    warnings = check_spacing(volume.spacing_mm)
    _check_box(volume)
    step = max(1, int(np.ceil((volume.voxels.size / _SAMPLED_VOXELS) ** (1 / 3))))
    sample = np.asarray(volume.voxels[::step, ::step, ::step], dtype=np.float32)
    measured = sample[np.isfinite(sample)]
    if measured.size == 0:
        raise UnusableInput("all voxels of the volume are NaN")
    _check_hounsfield_units(measured)
    body = sample > _BODY_HU
    _check_body(volume, body, step)
    _check_bone(measured)
    return warnings + _clipping_warnings(measured)


def _check_box(volume: Volume) -> None:
    """Refuse a volume that is larger than any patient: resampling it would take all memory."""
    sides_m = np.ptp(volume.corners_ras(), axis=0) / 1000
    if np.prod(sides_m) > LARGEST_BOX_M3:
        text = " x ".join(f"{side:.3g}" for side in sides_m)
        raise UnusableInput(f"the volume is {text} m in size, larger than any patient: the header is wrong")


def _check_hounsfield_units(values: NDArray[np.float32]) -> None:
    """Tell CT from label maps, pictures, MR and shifted CT by the distribution of the intensities."""
    statistics = _Intensities.of(values)
    if statistics.low == statistics.high:
        raise UnusableInput(f"all voxels have the same value ({statistics.low:g}): the volume is empty")
    if statistics.is_label_map:
        raise UnusableInput(f"the volume has only a few distinct values, like a segmentation: {_NO_HU}")
    if statistics.is_shifted:
        raise UnusableInput(
            "the intensities are those of a CT stored with an offset of +1024 (soft tissue near 1060, no negative "
            "values): the rescale intercept was lost; subtract 1024 or convert the original DICOM again"
        )
    if statistics.is_picture:
        raise UnusableInput(
            f"the intensities lie between {statistics.low:g} and {statistics.high:g}, like a windowed image: "
            f"{_NO_HU}; export the original DICOM series"
        )
    if statistics.below_water < 0.002:
        raise UnusableInput(
            f"not a CT: intensities of {statistics.low:g} to {statistics.high:g} are not in Hounsfield units (MR?); "
            f"{_NO_HU}"
        )
    if statistics.body_in_tissue_range < 0.3:
        raise UnusableInput(
            f"not a CT in Hounsfield units: only {100 * statistics.body_in_tissue_range:.0f} % of the body has "
            f"intensities of fat and soft tissue (-200 to 200): {_NO_HU}"
        )


@dataclass(frozen=True)
class _Intensities:
    """What the distribution of the intensities says about their origin."""

    low: float
    high: float
    is_label_map: bool
    is_picture: bool
    is_shifted: bool
    below_water: float
    body_in_tissue_range: float

    @staticmethod
    def of(values: NDArray[np.float32]) -> "_Intensities":
        low, high = float(values.min()), float(values.max())
        body = values[values > _BODY_HU]
        shifted_body = values[values > 1024 + _BODY_HU]
        near_water = (shifted_body > 1024 - 200) & (shifted_body < 1024 + 200)
        fat_and_lung = float(((values > -950) & (values < -50)).mean())
        return _Intensities(
            low=low,
            high=high,
            is_label_map=low >= 0 and high <= 1000 and len(np.unique(values[:: max(1, values.size // 200_000)])) <= 40,
            is_picture=low >= 0 and high <= 255 and high - low > 40,
            is_shifted=fat_and_lung < 0.002 and shifted_body.size > 0.02 * values.size and near_water.mean() > 0.6,
            below_water=float((values < -20).mean()),
            body_in_tissue_range=float((np.abs(body) < 200).mean()) if body.size else 1.0,
        )


def _clipping_warnings(values: NDArray[np.float32]) -> tuple[str, ...]:
    """The warning about a narrow window burnt into the intensities, where many voxels share the greatest one."""
    high_hu = float(values.max())
    if high_hu >= _CLIPPED_HU or (values == high_hu).mean() < _CLIPPED_SHARE:
        return ()
    return (
        f"Intensities are clipped at {high_hu:.0f} HU, as by a display window: height measurements are less accurate.",
    )


def _check_body(volume: Volume, body: NDArray[np.bool_], step: int) -> None:
    """Refuse fewer than a few centimetres of body along any axis of the patient."""
    extents_mm = np.zeros(3)
    if body.any():
        occupied = [np.flatnonzero(body.any(tuple({0, 1, 2} - {axis}))) for axis in (2, 1, 0)]
        counts = np.array([(found[-1] - found[0]) * step + 1 for found in occupied])
        extents_mm = np.abs(volume.ijk_to_ras[:3, :3] * counts).max(1)
    if (extents_mm < SMALLEST_BODY_MM).any():
        text = " x ".join(f"{value / 10:.1f}" for value in extents_mm)
        needed = " x ".join(f"{value / 10:g}" for value in SMALLEST_BODY_MM)
        raise UnusableInput(
            f"only {text} cm of the body are in the volume (left-right x anterior-posterior x head-foot); "
            f"{needed} cm are needed to detect a spine"
        )


def _check_bone(values: NDArray[np.float32]) -> None:
    """Refuse a CT without bone: there is no spine in it."""
    body = values[values > _BODY_HU]
    share = float((body > _BONE_HU).mean())
    if share < _LEAST_BONE:
        raise NoSpineFound(
            f"no spine found: no bone in the volume, {100 * share:.2g} % of the body is denser than {_BONE_HU:g} HU"
        )


def body_bounds_ijk(volume: Volume, margin_mm: float = 6.0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bounding box of the largest object denser than air, without thin things such as the table and cables.

    :param volume: a CT.
    :param margin_mm: added on every side.
    :return: first voxel and one past the last voxel along (i, j, k).
    """
    size = np.array(volume.shape[::-1])
    opening = np.maximum(1, np.round(_OPENING_MM / volume.spacing_mm)).astype(int)
    solid = ndimage.uniform_filter(np.clip(volume.voxels, -1000, 0).astype(np.float32), opening[::-1]) > _OUTLINE_HU
    labels, count = ndimage.label(solid)
    if count == 0:
        return np.zeros(3, dtype=np.int64), size
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    box = ndimage.find_objects(labels)[largest - 1][::-1]
    margin = np.ceil(margin_mm / volume.spacing_mm).astype(int) + opening
    lower = np.maximum(0, np.array([side.start for side in box]) - margin)
    upper = np.minimum(size, np.array([side.stop for side in box]) + margin)
    return lower, upper
