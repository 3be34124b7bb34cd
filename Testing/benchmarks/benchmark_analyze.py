"""
How long a chest CT of 512 x 512 x 300 voxels takes, stage by stage, and how much memory beyond the volume.

    python Testing/benchmarks/benchmark_analyze.py [--threads 2] [--detector anchor-free] [--slices 300] [--repeat 1]
                                                   [--no-image-classifier]

The CT is a synthetic patient scanned once and kept in the temporary folder.  Issue 2 asks for at most 15 s and 3 GB on
two cores; the exit status is 1 where that is not kept.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "VertebralFractures"))

MOST_SECONDS, MOST_GB = 15.0, 3.0
SIDE = 512
SEED = 1


def resident_bytes() -> int:
    """Memory that this process holds in RAM."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class PeakMemory:
    """Samples the resident memory of this process while a block runs."""

    def __enter__(self) -> "PeakMemory":
        self.before = self.peak = resident_bytes()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.peak = max(self.peak, resident_bytes())

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.peak = max(self.peak, resident_bytes())


class StageTimes:
    """A progress callback that notes when each stage begins."""

    def __init__(self) -> None:
        self.marks: list[tuple[str, float]] = [("checks", time.perf_counter())]

    def __call__(self, stage: str, fraction: float) -> None:
        if stage != self.marks[-1][0]:
            self.marks.append((stage, time.perf_counter()))

    def seconds(self) -> list[tuple[str, float]]:
        """Name and duration of each stage."""
        ends = [begun for _, begun in self.marks[1:]] + [time.perf_counter()]
        return [(name, end - begun) for (name, begun), end in zip(self.marks, ends, strict=True)]


def chest_ct(slices: int) -> Path:
    """A synthetic chest CT of 1 mm slices on the disk, made on first use."""
    import numpy as np
    from VertebralFracturesLib.simulation.ct.acquisition import scan
    from VertebralFracturesLib.simulation.ct.protocol import Protocol
    from VertebralFracturesLib.simulation.patient.anatomy import make_patient

    file = Path(tempfile.gettempdir()) / f"vertebral-fractures-benchmark-{SIDE}-{slices}.npz"
    if file.exists():
        return file
    field_mm = 380.0
    coarse = Protocol(pixel_mm=field_mm / SIDE * 2, slice_spacing_mm=2.0, slice_thickness_mm=2.0, field_mm=field_mm,
                      first_level=7.0, last_level=21.5)  # fmt: skip
    patient = make_patient(SEED, realism="realistic", pathology_rate=0.0, level_variants=False)
    print(f"making the CT (kept in {file})", file=sys.stderr, flush=True)
    volume = scan(patient, coarse, SEED, _report("scanning"))
    fine = np.repeat(np.repeat(np.repeat(volume.voxels, 2, 0), 2, 1), 2, 2)[:, :SIDE, :SIDE]
    fine = np.resize(fine, (slices, SIDE, SIDE)) if len(fine) < slices else fine[:slices]
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] -= matrix[:3, :3] @ np.full(3, 0.25)
    matrix[:3, :3] /= 2
    draft = file.with_suffix(".part")
    with draft.open("wb") as stream:
        np.savez(stream, voxels=fine.astype(np.int16), ijk_to_ras=matrix)
    os.replace(draft, file)
    return file


def _report(what: str) -> Callable[[float], None]:
    def report(share: float) -> None:
        print(f"\r{what} {100 * share:.0f} %", end="" if share < 1 else "\n", file=sys.stderr, flush=True)

    return report


def main() -> int:
    """Run and print; 1 where the limits are not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--detector", choices=("anchor-free", "anchor"), default="anchor-free")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--no-image-classifier", dest="image_classifier", action="store_false")
    args = parser.parse_args()
    file = chest_ct(args.slices)

    import numpy as np
    import torch
    from VertebralFracturesLib.core.volume import Volume
    from VertebralFracturesLib.ct.pipeline import analyze_ct
    from VertebralFracturesLib.networks.ct_networks import load_ct_networks

    torch.set_num_threads(args.threads)
    with np.load(file) as archive:
        volume = Volume(archive["voxels"], archive["ijk_to_ras"])
    begun = time.perf_counter()
    models = load_ct_networks("cpu", args.detector, image_classifier=args.image_classifier)
    loading = time.perf_counter() - begun
    print(f"{' x '.join(map(str, volume.shape[::-1]))} voxels, {volume.voxels.nbytes / 1e9:.2f} GB, "
          f"{args.threads} threads, {args.detector}; load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(f"{'loading the networks':>22} {loading:6.2f} s")
    kept = True
    for _ in range(args.repeat):
        times = StageTimes()
        processor = time.process_time()
        with PeakMemory() as memory:
            report = analyze_ct(volume, models, progress=times)
        processor = time.process_time() - processor
        for name, seconds in times.seconds():
            print(f"{name:>22} {seconds:6.2f} s")
        total, beyond = sum(seconds for _, seconds in times.seconds()), (memory.peak - memory.before) / 1e9
        print(f"{'total':>22} {total:6.2f} s (limit {MOST_SECONDS:.0f} s; processor time {processor:.2f} s)")
        print(f"{'beyond the volume':>22} {beyond:6.2f} GB (limit {MOST_GB:.0f} GB)")
        print(f"{'vertebrae':>22} {len(report.vertebrae):6d}   {', '.join(str(v.level) for v in report.vertebrae)}")
        kept = kept and total <= MOST_SECONDS and beyond <= MOST_GB
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
