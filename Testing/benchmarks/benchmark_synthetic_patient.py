"""
What synthetic training data cost: seconds for a scanned volume, a trunk at 3 mm and a straightened slice.

    python Testing/benchmarks/benchmark_synthetic_patient.py [--count 3] [--seed 1]
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "VertebralFractures"))


def seconds(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Processor time of a call, and what it returns."""
    begun = time.process_time()
    result = function(*arguments)
    return time.process_time() - begun, result


def middle_plane_ras(curve_ras: Any, pixel_mm: float = 0.75, half_width_mm: float = 57.0) -> Any:
    """Points (rows, columns, 3) of a straightened slice along the whole spine, as training reads them."""
    import numpy as np
    from VertebralFracturesLib.core.spine_curve import SpineCurve

    curve = SpineCurve(curve_ras, np.ones(len(curve_ras)))
    superior, anterior = np.meshgrid(
        -np.arange(0.0, curve.length_mm, pixel_mm), np.arange(half_width_mm, -half_width_mm, -pixel_mm), indexing="ij"
    )
    return curve.straight_to_ras(np.stack([0 * superior, anterior, superior], -1))


def main() -> None:
    """Measure a few patients and print a line for each, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3, help="patients")
    parser.add_argument("--seed", type=int, default=1, help="of the first patient")
    args = parser.parse_args()

    import numpy as np
    from VertebralFracturesLib.simulation.ct.acquisition import scan
    from VertebralFracturesLib.simulation.ct.protocol import random_protocol
    from VertebralFracturesLib.simulation.ct.render import hounsfield
    from VertebralFracturesLib.simulation.ct.sampling import sample_scanned, scan_lowres
    from VertebralFracturesLib.simulation.patient.anatomy import make_patient

    print(f"{'seed':>6} {'patient':>8} {'volume':>8} {'trunk':>8} {'slice':>8}  scan")
    rows = []
    for seed in range(args.seed, args.seed + args.count):
        patient_seconds, patient = seconds(make_patient, seed)
        render_seconds, _ = seconds(hounsfield, patient, patient.curve_ras[:1])  # tables are made on first use
        protocol = random_protocol(np.random.default_rng(seed))
        slice_ras = middle_plane_ras(patient.curve_ras)
        row = (
            patient_seconds + render_seconds,
            seconds(scan, patient, protocol, seed)[0],
            seconds(scan_lowres, patient, protocol, seed)[0],
            seconds(sample_scanned, patient, slice_ras, protocol, seed)[0],
        )
        rows.append(row)
        voxels = " x ".join(map(str, protocol.grid(patient)[0][::-1]))
        print(f"{seed:6d} " + " ".join(f"{value:8.2f}" for value in row) + f"  {voxels}", flush=True)
    print(f"{'mean':>6} " + " ".join(f"{value:8.2f}" for value in np.mean(rows, 0)) + "  processor seconds")


if __name__ == "__main__":
    main()
