"""
How long every stage takes from the file to the results, and how much memory, for CTs of three sizes.

    python Testing/benchmarks/benchmark_stages.py [--threads 2] [--repeat 3] [--sizes small usual large]
                                                  [--clock wall|processor]

The CTs are synthetic patients scanned once and kept as NIfTI files in the temporary folder. Of every stage the least
and the median of the repetitions are printed, without the stages that it calls, and below the growth with the size.
On a machine that others use too, the processor's time, summed over the threads, says more than that of the wall.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "VertebralFractures"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from benchmark_analyze import PeakMemory
from VertebralFracturesLib.simulation.ct.render import renderer

LIBRARY = "VertebralFracturesLib"
SEED = 900180
SIZES = {"small": (256, 100, 13.0, 17.5), "usual": (512, 300, 7.0, 21.5), "large": (512, 1000, 0.5, 27.0)}
"""Pixels along a side, slices, and the upper and lower end of the scan as level numbers."""

STAGES = {
    "reading": ["io.ct.read_input"],
    "checking": ["ct.pipeline.check_is_ct", "ct.pipeline._warnings"],
    "resampling": ["ct.body_centres.body_volume"],
    "curve network": ["networks.ct_networks.locate_spine"],
    "following": ["ct.body_centres.follow", "ct.body_centres.expected_places", "ct.pipeline.fit_spine_curve"],
    "straightening": ["ct.vertebrae.straighten"],
    "detector": ["networks.ct_networks.detect_vertebrae"],
    "decoding": ["ct.vertebrae.decode_regions", "ct.vertebrae.decode_anchors", "ct.vertebrae.fuse"],
    "image classifier": ["ct.pipeline.classify_spine"],
    "measuring": ["ct.pipeline.named_vertebrae"],
    "writing tables": ["report.export.report_json", "report.export.report_csv"],
    "writing page": ["report.page.write_report_page"],
    "writing scene": ["mrml.scene_file.write_scene"],
}
"""Functions, by where they are called."""


class Stopwatch:
    """Times functions without those that they call and that are timed as well.

    :param now: the clock.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.seconds: dict[str, float] = dict.fromkeys(STAGES, 0.0)
        self._inner: list[float] = []

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time is added to a stage."""

        @wraps(function)
        def measured(*arguments: Any, **options: Any) -> Any:
            self._inner.append(0.0)
            begun = self._now()
            try:
                result = function(*arguments, **options)
                return list(result) if isinstance(result, Iterator) else result
            finally:
                taken = self._now() - begun
                self.seconds[stage] += taken - self._inner.pop()
                if self._inner:
                    self._inner[-1] += taken

        return measured

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Time all of :data:`STAGES` while the block runs."""
        from importlib import import_module

        with ExitStack() as stack:
            for stage, names in STAGES.items():
                for name in names:
                    module, _, function = f"{LIBRARY}.{name}".rpartition(".")
                    place = import_module(module)
                    stack.enter_context(mock.patch.object(place, function, self.timed(stage, getattr(place, function))))
            yield


def synthetic_ct(size: str) -> Path:
    """A synthetic CT of a size as a NIfTI file, made on first use: scanned at half the resolution, voxels repeated."""
    import numpy as np
    from VertebralFracturesLib.core.volume import Volume
    from VertebralFracturesLib.io.reference_case import write_reference_case
    from VertebralFracturesLib.simulation.ct.acquisition import scan
    from VertebralFracturesLib.simulation.ct.protocol import Protocol
    from VertebralFracturesLib.simulation.patient.anatomy import make_patient

    side, slices, first, last = SIZES[size]
    folder = Path(tempfile.gettempdir()) / f"vertebral-fractures-benchmark-{size}"
    file = folder / "ct.nii.gz"
    if (folder / "reference.json").exists():
        return file
    print(f"making the CT (kept in {file})", file=sys.stderr, flush=True)
    patient = make_patient(SEED, realism="realistic", pathology_rate=0.0, deformity_rate=0.0, level_variants=False)
    spine, field_mm = renderer(patient).trunk.spine, 360.0
    spacing = float(spine.at(first)[2] - spine.at(last)[2]) / (slices // 2)
    coarse = Protocol(
        field_mm / (side // 2), spacing, spacing, first_level=first, last_level=last, field_mm=field_mm, noise_hu=20.0
    )
    volume = scan(patient, coarse, SEED)
    fine = volume.voxels.repeat(2, 0).repeat(2, 1).repeat(2, 2)[:slices, :side, :side]
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ np.full(3, 0.25)
    matrix[:3, :3] /= 2
    write_reference_case(folder, Volume(fine, matrix), {"source": "benchmark", "vertebrae": [], "curve": []})
    return file


def run(file: Path, models: Any, now: Callable[[], float]) -> tuple[dict[str, float], float, float, int]:
    """One run from the file to the results.

    :param now: the clock.
    :return: seconds of each stage, of all, peak of the memory beyond that before reading in GB, and vertebrae found.
    """
    from VertebralFracturesLib.cli import results as analysis
    from VertebralFracturesLib.ct import pipeline
    from VertebralFracturesLib.io import ct as io

    watch = Stopwatch(now)
    with tempfile.TemporaryDirectory() as folder, watch.watching(), PeakMemory() as memory:
        begun = now()
        read = io.read_input(file)
        report = pipeline.analyze_ct(read.image, models, input=read.description)
        analysis.write_results(Path(folder), read.image, report, "benchmark", lambda stage, share: None)
        taken = now() - begun
    watch.seconds["all else"] = taken - sum(watch.seconds.values())
    return watch.seconds, taken, (memory.peak - memory.before) / 1e9, len(report.vertebrae)


def main() -> None:
    """Run every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--detector", choices=("anchor-free", "anchor"), default="anchor-free")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--sizes", nargs="+", choices=tuple(SIZES), default=list(SIZES))
    args = parser.parse_args()
    files = {size: synthetic_ct(size) for size in args.sizes}

    import torch
    from VertebralFracturesLib.networks.ct_networks import load_ct_networks

    torch.set_num_threads(args.threads)
    begun = time.perf_counter()
    models = load_ct_networks("cpu", args.detector)
    now = time.perf_counter if args.clock == "wall" else time.process_time
    print(f"{args.threads} threads, {args.detector}, {args.clock} clock, load {os.getloadavg()[0]:.1f}; "
          f"loading the networks {time.perf_counter() - begun:.2f} s")  # fmt: skip
    print(f"seconds: least (median of {args.repeat})")
    runs = {size: [run(file, models, now) for _ in range(args.repeat)] for size, file in files.items()}
    print(f"{'':>16}" + "".join(f"{size:>18}" for size in runs))
    for stage in (*STAGES, "all else"):
        print(f"{stage:>16}" + "".join(_cell([one[0][stage] for one in done]) for done in runs.values()))
    print(f"{'total':>16}" + "".join(_cell([one[1] for one in done]) for done in runs.values()))
    print(f"{'peak GB':>16}" + "".join(f"{max(one[2] for one in done):>18.2f}" for done in runs.values()))
    print(f"{'vertebrae':>16}" + "".join(f"{done[0][3]:>18d}" for done in runs.values()))
    voxels = {size: SIZES[size][0] ** 2 * SIZES[size][1] / 1e6 for size in runs}
    print(f"{'megavoxels':>16}" + "".join(f"{voxels[size]:>18.1f}" for size in runs))
    least = {size: min(one[1] for one in done) for size, done in runs.items()}
    print(f"{'s / 100 megavox.':>16}" + "".join(f"{100 * least[size] / voxels[size]:>18.2f}" for size in runs))


def _cell(seconds: list[float]) -> str:
    return f"{min(seconds):>10.2f} ({statistics.median(seconds):.2f})".rjust(18)


if __name__ == "__main__":
    main()
