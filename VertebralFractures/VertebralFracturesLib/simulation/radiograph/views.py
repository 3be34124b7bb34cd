"""Projections of synthetic patients and of real CTs, made once and kept in a folder.

Kept are the line integrals with the projected landmarks; how they are exposed is drawn anew whenever one is used.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.volume import Volume
from ...files import Arrays, cached_arrays
from ...io.reference_case import ReferenceCase
from ...io.training_case import TrainingCase
from ...radiograph.record import FIRST_LEVEL
from ..ct.grid import as_read, random_grid_protocol
from ..ct.protocol import Protocol
from ..ct.render import hounsfield
from ..patient.anatomy import make_patient
from .camera import random_camera
from .projection import COARSE_MM, Absorber, Sample, densities, volume_sample

PIXEL_MM = 0.4
"""Side of a pixel of lateral projections, as fine as the product reads radiographs."""

FRONTAL_PIXEL_MM = COARSE_MM
"""Side of a pixel of frontal projections, which are only told from lateral ones."""

SACRUM = 25.0
"""Number of S1, where L5 is 24 and L6 is 24.6."""

_ABOVE_MM, _BELOW_MM = 45.0, 55.0
"""What a picture shows above and below the bodies; chosen, a body and a half."""

_TRUNK_MM = 230.0
"""Beside the spine's middle what is known of a patient; chosen, most trunks are narrower."""

_EDGE_MM, _BEYOND_MM = 3.0, 50.0
"""A picture ends this far within a CT, which is continued by this much for rays that leave it; chosen, tested."""

_FLAT_CM = 18.0
"""Depth of tissue that a single sagittal image stands for; chosen, about a spine and its muscles."""

_THICK_MM = 2.2
"""Slices that are thicker have lost their fine detail and are not coarsened further; between those of 2 and 2.5 mm."""


ChooseCt = Callable[[int, np.random.Generator], Protocol | None]
"""Of a view the CT by way of which it is made, or None."""


@dataclass(frozen=True, eq=False)
class Projection:
    """One projection.

    :param integrals: water and bone (2, rows, columns) in g/cm2, anterior on the left.
    :param pixel_mm: side of a pixel.
    :param keypoints_pixels: (n, 6, 2) column and row of every landmark, cranial to caudal; of S1 the superior three
        are known, the others not a number.
    :param levels: (n,) numbers of the levels, C1 = 1 to L5 = 24, S1 = 25.
    :param known_rows: (m, 2) first and last row of the stretches in which every body is marked.
    """

    integrals: NDArray[np.float16]
    pixel_mm: float
    keypoints_pixels: NDArray[np.float64]
    levels: NDArray[np.float64]
    known_rows: NDArray[np.float64]


def synthetic_projections(cache: Path, count: int, views: int, seed: int) -> tuple[list[Projection], list[NDArray]]:
    """Lateral views of synthetic patients, and their frontal ones (2, rows, columns) in pixels of 4 mm.

    Every second lateral view is of what a CT keeps of the patient, as projections of real CTs are, with the landmarks
    as a reader puts them there.

    :param cache: folder; what it lacks is made first.
    :param count: number of patients.
    :param views: lateral views of each.
    :param seed: of the first patient.
    """
    made = [
        _cached(cache, f"phantom_{seed + i}_{views}_ct", _patient_views, seed + i, views, _every_second)
        for i in range(count)
    ]
    return [one for arrays in made for one in _projections(arrays)], [arrays["frontal"] for arrays in made]


def real_projections(cache: Path, fine: list[TrainingCase], whole: list[TrainingCase], views: int) -> list[Projection]:
    """Lateral views of real CTs, every second one of thin slices coarsened first.

    :param cache: folder; what it lacks is made first.
    :param fine: the cases with the image to take around the spine.
    :param whole: the same cases with the image to take elsewhere.
    :param views: lateral views of each.
    """
    made = [
        _cached(cache, f"real_{case.name}_{views}_ct", _real_views, case, other, views, _every_second)
        for case, other in zip(fine, whole, strict=True)
    ]
    return [one for arrays in made for one in _projections(arrays)]


def flat_projections(cases: list[TrainingCase]) -> list[Projection]:
    """Single sagittal CT images, taken for projections through tissue that is the same from side to side.

    :param cases: of one slice each.
    """
    return [_flat_projection(case) for case in cases]


def projected_patient(seed: int, views: int, slices_mm: float | None = None) -> list[Projection]:
    """Lateral views of a synthetic patient, not kept.

    :param seed: of the patient.
    :param views: how many.
    :param slices_mm: project what a CT with slices of this thickness keeps of the patient, with the landmarks as a
        reader puts them there; None projects the patient.
    """
    ct = Protocol(slice_spacing_mm=slices_mm, slice_thickness_mm=slices_mm) if slices_mm is not None else None
    return _projections(_patient_views(seed, views, lambda view, rng: ct))


def projected_case(case: ReferenceCase, volume: Volume, views: int) -> list[Projection]:
    """Lateral views of a CT with reference keypoints, not kept.

    :param case: the keypoints and the curve.
    :param volume: the CT.
    :param views: how many.
    """
    whole = TrainingCase(case.name, lambda: volume, case.keypoints_ras, case.level_numbers, case.curve)
    return _projections(_real_views(whole, whole, views, _as_it_is))


def _cached(cache: Path, name: str, make: Callable[..., Arrays], *arguments: object) -> Arrays:
    file = cache / f"{name}.npz"

    def projected() -> Arrays:
        print(f"projecting {file.name}", file=sys.stderr, flush=True)
        return make(*arguments)

    return cached_arrays(file, projected)


def _projections(arrays: Arrays) -> list[Projection]:
    views = len([name for name in arrays if name.startswith("integrals_")])
    return [
        Projection(
            arrays[f"integrals_{i}"], PIXEL_MM, arrays[f"keypoints_{i}"], arrays["levels"], arrays[f"known_rows_{i}"]
        )
        for i in range(views)
    ]


def _as_it_is(view: int, rng: np.random.Generator) -> None:
    return None


def _every_second(view: int, rng: np.random.Generator) -> Protocol | None:
    return random_grid_protocol(rng) if view % 2 else None


def _patient_views(seed: int, views: int, ct_of_view: ChooseCt) -> Arrays:
    patient = make_patient(seed)
    bodies = [vertebra for vertebra in patient.column if 2 < vertebra.number <= SACRUM]
    keypoints_ras = np.array([vertebra.keypoints_ras for vertebra in bodies])
    levels = np.array([vertebra.number for vertebra in bodies])
    shown = keypoints_ras[levels >= FIRST_LEVEL]
    middle = shown.reshape(-1, 3).mean(0)
    heights = shown[..., 2].min() - _BELOW_MM, shown[..., 2].max() + _ABOVE_MM
    bounds = np.array([[*(middle[:2] - _TRUNK_MM), heights[0] - 40], [*(middle[:2] + _TRUNK_MM), heights[1] + 40]])
    absorber = Absorber(partial(hounsfield, patient), bounds, shown)
    arrays = _views(absorber, keypoints_ras, levels, heights, views, np.random.default_rng([seed, 8]), ct_of_view)
    for i in range(views):
        arrays[f"known_rows_{i}"] = np.array([[-np.inf, np.inf]])
    return {**arrays, "frontal": absorber.frontal_integrals().astype(np.float16)}


def _real_views(fine: TrainingCase, whole: TrainingCase, views: int, ct_of_view: ChooseCt) -> Arrays:
    volume, around = fine.volume(), whole.volume()
    low, high = _bounds(around)[:, 2]
    beyond = _continued(around)
    absorber = Absorber(_combined(volume, beyond), _bounds(beyond), fine.keypoints_ras)
    points = fine.keypoints_ras[..., 2]
    heights = max(low + _EDGE_MM, points.min() - _BELOW_MM), min(high - _EDGE_MM, points.max() + _ABOVE_MM)
    rng = np.random.default_rng([sum(fine.name.encode()), 8])
    is_thin = float(volume.spacing_mm.max()) < _THICK_MM
    chosen = ct_of_view if is_thin else _as_it_is
    arrays = _views(absorber, fine.keypoints_ras, fine.levels.astype(np.float64), heights, views, rng, chosen)
    for i in range(views):
        arrays[f"known_rows_{i}"] = _marked_rows(arrays[f"keypoints_{i}"], fine.levels)
    return arrays


def _views(
    absorber: Absorber,
    keypoints_ras: NDArray[np.float64],
    levels: NDArray[np.float64],
    heights: tuple[float, float],
    views: int,
    rng: np.random.Generator,
    ct_of_view: ChooseCt,
) -> Arrays:
    """Random views of the patient, or of what is left of the patient in the CT that is chosen for the view."""
    arrays: Arrays = {"levels": levels}
    for i in range(views):
        camera = random_camera(keypoints_ras[levels >= FIRST_LEVEL], heights, PIXEL_MM, rng)
        seen, read_ras, ct_rng = absorber, keypoints_ras, rng.spawn(1)[0]
        protocol = ct_of_view(i, ct_rng)
        if protocol is not None:
            seen = absorber.on_ct_grid(protocol, ct_rng)
            read_ras = as_read(keypoints_ras, protocol.slice_thickness_mm)
        keypoints = camera.project(read_ras)
        keypoints[levels == SACRUM, 1::2] = np.nan
        arrays[f"integrals_{i}"] = seen.integrals(camera).astype(np.float16)
        arrays[f"keypoints_{i}"] = keypoints
    return arrays


def _bounds(volume: Volume) -> NDArray[np.float64]:
    corners = volume.corners_ras()
    return np.stack([corners.min(0), corners.max(0)])


def _continued(volume: Volume) -> Volume:
    """The first and the last slice repeated: rays pass through more of a patient than the CT holds."""
    axis = int(np.abs(volume.ijk_to_ras[2, :3]).argmax())
    count = int(np.ceil(_BEYOND_MM / np.linalg.norm(volume.ijk_to_ras[:3, axis])))
    widths = [(count, count) if 2 - place == axis else (0, 0) for place in range(3)]
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] -= count * matrix[:3, axis]
    return Volume(np.pad(volume.voxels, widths, mode="edge"), matrix)


def _combined(fine: Volume, around: Volume) -> Sample:
    """The finer image where it reaches, when details are asked for."""
    inner, outer = volume_sample(fine), volume_sample(around)

    def sample(points_ras: NDArray[np.float32], blur_mm: float) -> NDArray[np.float32]:
        if blur_mm >= COARSE_MM:
            return outer(points_ras, blur_mm)
        return np.where(fine.contains(points_ras), inner(points_ras, blur_mm), outer(points_ras, blur_mm))

    return sample


def _marked_rows(keypoints_pixels: NDArray[np.float64], levels: NDArray) -> NDArray[np.float64]:
    """Rows (m, 2) of the runs of consecutive levels."""
    runs = np.split(np.arange(len(levels)), np.flatnonzero(np.diff(levels) != 1) + 1)
    rows = keypoints_pixels[..., 1]
    return np.array([(np.nanmin(rows[run]), np.nanmax(rows[run])) for run in runs])


def _flat_projection(case: TrainingCase) -> Projection:
    volume = case.volume()
    points, (low, high) = case.keypoints_ras, _bounds(volume)
    forwards = np.arange(high[1], low[1], -PIXEL_MM)
    upwards = np.arange(high[2], low[2], -PIXEL_MM)
    grid = np.zeros((len(upwards), len(forwards), 3), np.float32)
    grid[..., 1], grid[..., 2] = forwards, upwards[:, None]
    keypoints = np.stack([(high[1] - points[..., 1]) / PIXEL_MM, (high[2] - points[..., 2]) / PIXEL_MM], -1)
    integrals = densities(volume.sample(grid, fill=-1000.0)) * np.float32(_FLAT_CM)
    return Projection(
        integrals.astype(np.float16),
        PIXEL_MM,
        keypoints,
        case.levels.astype(np.float64),
        _marked_rows(keypoints, case.levels),
    )
