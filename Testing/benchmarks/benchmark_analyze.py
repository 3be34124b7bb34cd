"""Stage times and peak memory of one analysis of a synthetic chest CT of 512 x 512 x 300 voxels.

Run it from the repository's root: ``python Testing/benchmarks/benchmark_analyze.py [--slices N] [--device cpu|cuda]``.
The CT is scanned once (about half a minute) and kept in the folder for temporary files.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "VertebralFractures"))

from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.networks.weights import load_models
from VertebralFracturesLib.phantom.acquisition import Protocol, scan
from VertebralFracturesLib.phantom.anatomy import make_patient
from VertebralFracturesLib.pipeline import analyze

PAGE_BYTES = 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    args = parser.parse_args()
    volume = chest(args.slices)
    print(f"{' x '.join(map(str, volume.shape[::-1]))} voxels, {torch.get_num_threads()} threads, {args.device}")
    models = load_models(args.device)
    watch = MemoryWatch()
    started = time.perf_counter()
    stages: list[tuple[str, float]] = []
    report = analyze(volume, models, progress=lambda stage, _: stages.append((stage, time.perf_counter())))
    ended = time.perf_counter()
    peak_bytes = watch.stop()
    starts = dict(reversed(stages))
    for (stage, start), end in zip(starts_in_order(starts), [*sorted(starts.values())[1:], ended], strict=True):
        print(f"{stage:20s} {end - start:6.2f} s")
    print(f"{'all':20s} {ended - started:6.2f} s, {len(report.vertebrae)} vertebrae")
    print(f"peak memory beyond volume and networks: {peak_bytes / 1e6:.0f} MB")


def starts_in_order(starts: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(starts.items(), key=lambda item: item[1])


def chest(slices: int) -> Volume:
    """A scanned synthetic chest of so many slices, from the temporary folder if it was made before."""
    file = Path(tempfile.gettempdir()) / f"vertebral_fractures_benchmark_{slices}.npz"
    if not file.exists():
        print("scanning a synthetic patient ...", flush=True)
        protocol = Protocol(pixel_mm=0.74, field_mm=0.74 * 512, slice_spacing_mm=1.0)
        volume = scan(make_patient(3, pathology_rate=0.0), protocol, 3)
        repeated = np.resize(volume.voxels, (slices, *volume.shape[1:])) if volume.shape[0] < slices else volume.voxels
        np.savez(file, voxels=repeated[-slices:], ijk_to_ras=volume.ijk_to_ras)
    with np.load(file, allow_pickle=False) as archive:
        return Volume(archive["voxels"], archive["ijk_to_ras"])


class MemoryWatch:
    """Samples the resident memory of this process on Linux, from now on."""

    def __init__(self) -> None:
        self._before = self._peak = self._resident_bytes()
        self._running = True
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Bytes that the peak lay above the start."""
        self._running = False
        self._thread.join()
        return self._peak - self._before

    def _sample(self) -> None:
        while self._running:
            self._peak = max(self._peak, self._resident_bytes())
            time.sleep(0.01)

    @staticmethod
    def _resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


if __name__ == "__main__":
    main()
