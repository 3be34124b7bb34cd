"""A CT with annotated vertebrae, and changes of it that carry the annotations along exactly."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from ...core.spine_curve import SpineCurve
from ...core.volume import AIR_HU, Volume
from ...io.reference_case import ReferenceCase


@dataclass(frozen=True, eq=False)
class AnnotatedScan:
    """A CT and what is to be found in it.

    :param volume: the CT.
    :param levels: (n,) level of each vertebra that lies wholly in the volume, cranial to caudal.
    :param keypoints_ras: (n, 6, 3) in RAS mm.
    :param curve: curve through the bodies; None where there is no spine.
    :param fractures: (n,) kind of fracture of each vertebra, or None; None altogether where nothing is known of them.
    :param landmarks: (3,) in RAS mm each, as of :class:`~...io.reference_case.ReferenceCase`.
    """

    volume: Volume
    levels: tuple[str, ...] = ()
    keypoints_ras: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 6, 3)))
    curve: SpineCurve | None = None
    fractures: tuple[str | None, ...] | None = None
    landmarks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of_case(cls, case: ReferenceCase, volume: Volume) -> "AnnotatedScan":
        """A reference case, its image read."""
        return cls(volume, case.levels, case.keypoints_ras, case.curve, case.fractures, case.landmarks)

    def seen_in(self, volume: Volume) -> "AnnotatedScan":
        """The same patient in another volume, with those of the annotated bodies that lie wholly in it."""
        return self.only(np.asarray(volume.contains(self.keypoints_ras).reshape(-1, 6).all(1)), volume)

    def only(self, kept: NDArray[np.bool_], volume: Volume) -> "AnnotatedScan":
        """Another volume, with those of the annotated bodies (n,) that are kept."""
        places = np.flatnonzero(kept)
        fractures = None if self.fractures is None else tuple(self.fractures[place] for place in places)
        return replace(
            self,
            volume=volume,
            levels=tuple(self.levels[place] for place in places),
            keypoints_ras=self.keypoints_ras[places],
            fractures=fractures,
        )


def cropped(scan: AnnotatedScan, lower_ras: ArrayLike, upper_ras: ArrayLike) -> AnnotatedScan:
    """The voxels whose centres lie in a box along the patient's axes.

    :param scan: its volume's axes run along the patient's.
    :param lower_ras: (3,) corner in RAS mm; minus infinity where nothing is cut off.
    :param upper_ras: (3,) opposite corner.
    :raises ValueError: nothing is left.
    """
    volume, kept = scan.volume, []
    for axis, count in enumerate(volume.shape[::-1]):
        along = int(np.abs(volume.ijk_to_ras[:3, axis]).argmax())
        places = volume.ijk_to_ras[along, 3] + volume.ijk_to_ras[along, axis] * np.arange(count)
        inside = np.flatnonzero((places >= np.asarray(lower_ras)[along]) & (places <= np.asarray(upper_ras)[along]))
        if not len(inside):
            raise ValueError("nothing of the volume lies in the box")
        kept.append(slice(int(inside[0]), int(inside[-1]) + 1))
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, :3] @ [part.start for part in kept]
    return scan.seen_in(Volume(volume.voxels[kept[2], kept[1], kept[0]], matrix))


def reordered(scan: AnnotatedScan, axes: tuple[int, int, int], signs: tuple[int, int, int]) -> AnnotatedScan:
    """The same voxels stored in another order, as scanners, viewers and converters do; the patient does not move.

    :param axes: which of the axes (i, j, k) become i, j and k.
    :param signs: 1, or -1 where the new axis runs the other way.
    """
    volume = scan.volume
    voxels = volume.voxels.transpose([2 - axis for axis in axes[::-1]])
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, :3] = matrix[:3, axes]
    for axis, sign in enumerate(signs):
        if sign < 0:
            matrix[:3, 3] += matrix[:3, axis] * (voxels.shape[2 - axis] - 1)
            matrix[:3, axis] *= -1
    steps = tuple(slice(None, None, sign) for sign in signs[::-1])
    return replace(scan, volume=Volume(np.ascontiguousarray(voxels[steps]), matrix))


def thick_slices(scan: AnnotatedScan, thickness_mm: float) -> AnnotatedScan:
    """Neighbouring slices averaged to at least a thickness, as a scanner reconstructs them."""
    volume = scan.volume
    count = max(1, int(np.ceil(thickness_mm / volume.spacing_mm[2] - 1e-6)))
    slices = len(volume.voxels) // count
    blocks = volume.voxels[: slices * count].reshape(slices, count, *volume.voxels.shape[1:])
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, 2] * (count - 1) / 2
    matrix[:3, 2] *= count
    return scan.seen_in(Volume(np.rint(blocks.mean(1)).astype(np.int16), matrix))


def ends_filled(scan: AnnotatedScan, share: float, value: int, caudal: bool) -> AnnotatedScan:
    """The slices of one end replaced by a constant, as programs write them that lost a part of the scan.

    :param share: of the annotated range that is lost, above 0.
    :param value: HU of the constant.
    :param caudal: the lower end, else the upper one.
    :return: with those of the annotated bodies of which nothing is lost.
    """
    volume = scan.volume
    low, high = scan.keypoints_ras[..., 2].min(), scan.keypoints_ras[..., 2].max()
    border = low + share * (high - low) if caudal else high - share * (high - low)
    k = np.arange(len(volume.voxels))
    centres = volume.ijk_to_ras[2, 2] * k + volume.ijk_to_ras[2, 3]
    lost = centres < border if caudal else centres > border
    if np.abs(volume.ijk_to_ras[2, :2]).max() > 1e-6 or lost.all():
        raise ValueError("only a volume with axial slices can lose an end")
    voxels = volume.voxels.copy()
    voxels[lost] = value
    beyond = scan.keypoints_ras[..., 2] < border if caudal else scan.keypoints_ras[..., 2] > border
    return scan.only(~beyond.any(1), Volume(voxels, volume.ijk_to_ras))


def noisy(scan: AnnotatedScan, noise_hu: float, seed: int) -> AnnotatedScan:
    """White noise of a standard deviation added."""
    rng = np.random.default_rng([seed, 11])
    voxels = np.stack([one + rng.normal(0, noise_hu, one.shape) for one in scan.volume.voxels])
    return replace(scan, volume=Volume(np.clip(np.rint(voxels), AIR_HU, 3071).astype(np.int16), scan.volume.ijk_to_ras))


def resampled(scan: AnnotatedScan, spacing_mm: ArrayLike, turn: ArrayLike | None = None) -> AnnotatedScan:
    """The same patient on another grid about the same middle, which covers the same extent along its own axes.

    :param spacing_mm: (3,) new distances of voxels along i, j and k.
    :param turn: (3, 3) rotation of the grid in RAS; none by default.
    """
    volume, spacing = scan.volume, np.asarray(spacing_mm, dtype=np.float64)
    turned = np.eye(3) if turn is None else np.asarray(turn, dtype=np.float64)
    size = np.array(volume.shape[::-1])
    count = np.maximum(np.floor((size - 1) * volume.spacing_mm / spacing + 1e-6).astype(int) + 1, 2)
    matrix = np.eye(4)
    matrix[:3, :3] = turned @ (volume.ijk_to_ras[:3, :3] / volume.spacing_mm * spacing)
    matrix[:3, 3] = volume.corners_ras().mean(0) - matrix[:3, :3] @ ((count - 1) / 2)
    voxels = np.empty(count[::-1], np.int16)
    j, i = np.mgrid[: count[1], : count[0]]
    for k in range(count[2]):
        plane = np.stack([i, j, np.full_like(i, k)], -1) @ matrix[:3, :3].T + matrix[:3, 3]
        voxels[k] = np.rint(volume.sample(plane))
    return scan.seen_in(Volume(voxels, matrix))


def moved(scan: AnnotatedScan, matrix: NDArray[np.float64]) -> AnnotatedScan:
    """The patient lies elsewhere: volume, keypoints and curve go through a rigid motion (4, 4) of RAS.

    The voxels stay what they are and only their places change, so that nothing is interpolated.
    """

    def carried(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points @ matrix[:3, :3].T + matrix[:3, 3]

    curve = None if scan.curve is None else SpineCurve(carried(scan.curve.points_ras), scan.curve.confidence)
    volume = Volume(scan.volume.voxels, matrix @ scan.volume.ijk_to_ras)
    landmarks = {name: carried(point) for name, point in scan.landmarks.items()}
    return replace(scan, volume=volume, keypoints_ras=carried(scan.keypoints_ras), curve=curve, landmarks=landmarks)


def rotation(degrees: ArrayLike) -> NDArray[np.float64]:
    """Rotation (3, 3) by angles (3,) about R, then A, then S."""
    return np.asarray(Rotation.from_euler("xyz", degrees, degrees=True).as_matrix())
