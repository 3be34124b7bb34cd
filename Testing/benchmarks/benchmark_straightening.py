"""
Our straightening beside that of the public package ``straighten`` (neuro-ml, MIT), on the same curve and grid.

    pip install straighten
    python Testing/benchmarks/benchmark_straightening.py [--repeat 15] [--slices 300]

Both read the synthetic CT of ``benchmark_analyze.py`` along the true curve of its patient: a slab of three sagittal
planes, pixels of 1 mm. The public package is given our sagittal-locked frame as its basis; its own one, after Frenet
and Serret, twists. It keeps the curve as a polyline, ours is a spline, and it interpolates derivatives linearly; its
pictures are whole numbers cut off.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "VertebralFractures"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from benchmark_analyze import SEED, chest_ct
from numpy.typing import NDArray

STEP_MM = 1.0
COLUMNS, LAYERS = 96, 3


def sagittal_basis(tangent: NDArray[np.float64], *_: NDArray[np.float64]) -> NDArray[np.float64]:
    """The frame locked to the sagittal plane, for the package: columns along the curve, to the right and backwards.

    :param tangent: (n, 3) derivatives of the curve in (S, A, R), pointing caudally.
    """
    along = tangent / np.linalg.norm(tangent, axis=1, keepdims=True)
    anterior = np.stack([along[:, 1], -along[:, 0], 0 * along[:, 0]], -1)
    anterior /= np.linalg.norm(anterior, axis=1, keepdims=True)
    return np.stack([along, np.cross(anterior, along), -anterior], -1)


def timed(function: Callable[[], Any], repeat: int) -> tuple[Any, str]:
    """What a function returns, and the least and the median of its processor times in milliseconds."""
    taken = []
    for _ in range(repeat):
        begun = time.process_time()
        result = function()
        taken.append(1000 * (time.process_time() - begun))
    return result, f"{min(taken):8.1f} ms (median {statistics.median(taken):.1f})"


def main() -> None:
    """Run both and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--slices", type=int, default=300)
    args = parser.parse_args()

    from straighten import Interpolator
    from VertebralFracturesLib.core.spine_curve import SpineCurve
    from VertebralFracturesLib.core.volume import AIR_HU, Volume
    from VertebralFracturesLib.simulation.patient.anatomy import make_patient

    with np.load(chest_ct(args.slices)) as archive:
        stored = Volume(archive["voxels"], archive["ijk_to_ras"])
    volume = upright(stored)
    patient = make_patient(SEED, realism="realistic", pathology_rate=0.0, level_variants=False)
    inside = patient.curve_ras[volume.contains(patient.curve_ras)]
    curve = SpineCurve(inside, np.ones(len(inside)))
    rows = np.arange(0.0, curve.length_mm - STEP_MM, STEP_MM)
    back, right = np.arange(COLUMNS) - COLUMNS / 2, np.arange(LAYERS) - LAYERS / 2

    def ours_points() -> NDArray[np.float64]:
        frame = curve.frame(rows)
        middle = curve.position(rows)[:, None, None] + right[None, None, :, None] * frame[:, None, None, 0]
        return middle - back[None, :, None, None] * frame[:, None, None, 1]

    fine = curve.position(np.arange(0.0, curve.length_mm, STEP_MM / 4))
    origin_sar, spacing = volume.ijk_to_ras[[2, 1, 0], 3], volume.spacing_mm[::-1]
    curve_kji = (fine[:, ::-1] - origin_sar) / spacing

    def theirs(basis: Callable[..., NDArray[np.float64]] = sagittal_basis) -> Any:
        return Interpolator(curve_kji, STEP_MM, list(map(float, spacing)), basis)

    print(f"straighten beside ours; volume {volume.shape}, grid {len(rows)} x {COLUMNS} x {LAYERS}, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    ours, words = timed(ours_points, args.repeat)
    print(f"{'grid, ours':>28} {words}")
    grid, words = timed(lambda: theirs().get_grid((LAYERS, COLUMNS)), args.repeat)
    print(f"{'grid, straighten':>28} {words}")
    theirs_ras = (np.moveaxis(grid[:, : len(rows)], 0, -1) * spacing + origin_sar)[..., ::-1]
    image, words = timed(lambda: volume.sample(ours_points()), args.repeat)
    print(f"{'grid and picture, ours':>28} {words}")
    other, words = timed(lambda: theirs().interpolate_along(volume.voxels, (LAYERS, COLUMNS), AIR_HU, 1), args.repeat)
    print(f"{'grid and picture, straighten':>28} {words}")
    _points_there_and_back(curve, theirs(), origin_sar, spacing, args.repeat)
    apart = np.linalg.norm(ours - theirs_ras, axis=-1)
    print(f"{'places apart':>28} largest {apart.max():.4f} mm, mean {apart.mean():.4f} mm")
    difference = np.abs(image - other[: len(rows)].astype(np.float32))
    print(f"{'pictures apart':>28} largest {difference.max():.1f} HU, mean {difference.mean():.2f} HU")


def upright(volume: Any) -> Any:
    """The volume with axes that run to the right, to the front and upwards, as the package wants it."""
    from VertebralFracturesLib.core.volume import Volume

    voxels, matrix = volume.voxels, volume.ijk_to_ras.copy()
    for axis in range(3):
        if matrix[axis, axis] < 0:
            voxels = np.flip(voxels, 2 - axis)
            matrix[:3, 3] += matrix[:3, axis] * (voxels.shape[2 - axis] - 1)
            matrix[:3, axis] *= -1
    return Volume(np.ascontiguousarray(voxels), matrix)


def _points_there_and_back(
    curve: Any, interpolator: Any, origin_sar: NDArray[np.float64], spacing: NDArray[np.float64], repeat: int
) -> None:
    """Points of twenty bodies to straightened space and back."""
    rng = np.random.default_rng(0)
    straight = np.column_stack(
        [rng.uniform(-15, 15, 120), rng.uniform(-25, 25, 120), -rng.uniform(20, curve.length_mm - 20, 120)]
    )
    points_ras = curve.straight_to_ras(straight)
    back, words = timed(lambda: curve.straight_to_ras(curve.ras_to_straight(points_ras)), repeat)
    print(f"{'120 points and back, ours':>28} {words}, off by {np.abs(back - points_ras).max():.1e} mm")
    pixels = (points_ras[:, ::-1] - origin_sar) / spacing
    shape = (LAYERS, COLUMNS)
    there, words = timed(
        lambda: interpolator.local_to_global(interpolator.global_to_local(pixels, shape), shape), repeat
    )
    print(f"{'the same, straighten':>28} {words}, off by {np.abs((there - pixels) * spacing).max():.1e} mm")


if __name__ == "__main__":
    main()
