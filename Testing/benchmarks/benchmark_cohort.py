"""
A cohort that is killed with -9 at random moments: nothing is lost, nothing is done twice, every bad case has a reason.

    python Testing/benchmarks/benchmark_cohort.py [--cases 200] [--distinct 20] [--kills 3] [--workers 2] [--seed 1]

Small synthetic CTs are made once and kept in the temporary folder; their cases are copies under other names, and ten
more are broken in ten different ways. The run is killed three times, one of its workers' processes once, and continued.
Printed are what each run did, the reasons, cases per minute of the last run and the memory of its workers. The exit
status is 1 where a case is missing, was done twice, or a broken one has results.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "VertebralFractures"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

LIBRARY = Path(__file__).resolve().parents[2] / "VertebralFractures"
COMMAND = "import sys; from VertebralFracturesLib.cli.main import main; sys.exit(main())"
LONGEST_S = 7200.0


def synthetic_cts(count: int) -> list[Path]:
    """Small CTs of three vertebrae, made on first use."""
    from helpers.small_patients import SMALL
    from VertebralFracturesLib.io.reference_case import write_reference_case
    from VertebralFracturesLib.simulation.ct.acquisition import scan
    from VertebralFracturesLib.simulation.patient.anatomy import make_patient

    folder = Path(tempfile.gettempdir()) / "vertebral-fractures-benchmark-cohort"
    for seed in range(1, count + 1):
        if not (folder / f"p{seed}" / "ct.nii.gz").exists():
            print(f"making CT {seed} of {count} (kept in {folder})", file=sys.stderr, flush=True)
            document = {"source": "benchmark", "vertebrae": [], "curve": []}
            write_reference_case(folder / f"p{seed}", scan(make_patient(seed), SMALL, seed), document)
    return [folder / f"p{seed}" / "ct.nii.gz" for seed in range(1, count + 1)]


def broken_files(good: Path) -> dict[str, Callable[[Path], object]]:
    """Ten ways in which a file is no CT, each as what writes it."""
    from helpers.small_ct import body_hu, write_image

    hu = body_hu()
    mr = np.where(hu > -500, hu % 900, 0).astype(np.int16)
    colours = np.repeat(np.abs(hu[..., None]) % 255, 3, -1).astype(np.uint8)

    def colour(path: Path) -> None:
        import SimpleITK as sitk

        sitk.WriteImage(sitk.GetImageFromArray(colours, isVector=True), str(path))

    return {
        "truncated": lambda path: path.write_bytes(good.read_bytes()[: good.stat().st_size // 2]),
        "empty": lambda path: path.touch(),
        "text": lambda path: path.write_text("no image"),
        "mr": lambda path: write_image(path, mr),
        "2d": lambda path: write_image(path, hu[0]),
        "4d": lambda path: write_image(path, np.stack([hu, hu])),
        "colour": colour,
        "short": lambda path: write_image(path, hu[:6]),
        "shifted": lambda path: write_image(path, hu + 1024),
        "link": lambda path: path.symlink_to("absent.nii.gz"),
    }


def make_cohort(folder: Path, count: int, distinct: int) -> int:
    """Write the cases; how many of them are broken."""
    files = synthetic_cts(distinct)
    broken = broken_files(files[0])
    for index in range(count - len(broken)):
        place = folder / f"case{index:03d}"
        place.mkdir(parents=True)
        shutil.copy(files[index % len(files)], place / "ct.nii.gz")
    for index, (name, write) in enumerate(broken.items()):
        place = folder / f"case{index * count // len(broken):03d}-{name}"
        place.mkdir(parents=True)
        write(place / "ct.nii.gz")
    return len(broken)


class Watch:
    """Which cases are done, and by which file: one that is written anew was done twice."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.seen: dict[str, tuple[int, int]] = {}
        self.repeated: list[str] = []

    def look(self) -> int:
        """How many cases have ended."""
        files = [*self.output.glob("cases/*/case.json"), *self.output.glob("failed/*.json")]
        for file in files:
            if file.parent.name.startswith(".") or not file.exists():
                continue
            status = file.stat()
            name = file.relative_to(self.output).as_posix()
            mark = status.st_ino, status.st_mtime_ns
            if self.seen.setdefault(name, mark) != mark:
                self.repeated.append(name)
        return len(self.seen)


def children(pid: int) -> list[int]:
    """Processes that a process started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
        except OSError:
            continue
    return found


def start(data: Path, output: Path, workers: int) -> subprocess.Popen[bytes]:
    """The program in a process of its own."""
    path = os.pathsep.join(filter(None, [str(LIBRARY), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-c", COMMAND, "cohort", str(data), "-o", str(output), "--workers", str(workers)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.DEVNULL)


def run_until(process: subprocess.Popen[bytes], watch: Watch, ended: int) -> None:
    """Wait until as many cases have ended, or the program has."""
    end = time.monotonic() + LONGEST_S
    while watch.look() < ended and process.poll() is None:
        if time.monotonic() > end:
            process.kill()
            raise TimeoutError
        time.sleep(0.1)


def memory_text(records: list[dict]) -> str:
    """The memory of the workers over the cases of the last run, in the order in which they ended."""
    peaks = [record["memory_mb"] for record in records if record.get("memory_mb")]
    if len(peaks) < 20:
        return "too few cases for the memory of a worker"
    first, last = np.median(peaks[5:15]), np.median(peaks[-10:])
    return f"memory of a worker: {first:.0f} MB about case 10, {last:.0f} MB in the last ten of {len(peaks)}"


def busy_text(records: list[dict], workers: int) -> str:
    """The share of their time in which workers analyzed, from the first case's beginning to the last one's end."""
    ends = [datetime.fromisoformat(record["finished"]).timestamp() for record in records]
    begins = [end - record["seconds"] for end, record in zip(ends, records, strict=True)]
    if len(records) < 20:
        return "too few cases for the throughput"
    span = max(ends) - min(begins)
    share = sum(record["seconds"] for record in records) / (workers * span)
    return f"{60 * len(records) / span:.1f} cases per minute without start-up; workers analyzed {share:.2f} of the time"


def main() -> int:
    """Run, kill, go on and check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--distinct", type=int, default=20)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    moments = sorted(random.Random(args.seed).sample(range(1, args.cases), args.kills))
    with tempfile.TemporaryDirectory() as folder:
        data, output = Path(folder) / "data", Path(folder) / "out"
        broken = make_cohort(data, args.cases, args.distinct)
        watch = Watch(output)
        for moment in moments:
            process = start(data, output, args.workers)
            run_until(process, watch, moment)
            time.sleep(random.Random(moment).uniform(0, 3))
            process.kill()
            process.wait()
            print(f"killed with {watch.look()} of {args.cases} cases ended", flush=True)
        before, begun = watch.look(), time.monotonic()
        process = start(data, output, args.workers)
        run_until(process, watch, min(before + 2, args.cases))
        workers = children(process.pid)
        if workers:
            os.kill(workers[0], signal.SIGKILL)
            print("killed the process of a worker", flush=True)
        run_until(process, watch, args.cases + 1)
        code, seconds = process.wait(), time.monotonic() - begun
        return conclude(watch, args, broken, code, before, seconds)


def conclude(watch: Watch, args: argparse.Namespace, broken: int, code: int, before: int, seconds: float) -> int:
    """Print what came out; 1 where it is not what it has to be."""
    watch.look()
    records = [json.loads(file.read_text()) for file in watch.output.glob("cases/[!.]*/case.json")]
    failed = [json.loads(file.read_text()) for file in watch.output.glob("failed/*.json")]
    for record in sorted(failed, key=lambda one: one["name"]):
        print(f"  {record['name']}: {record['reason']}".replace(str(watch.output.parent), ""))
    drafts = list(watch.output.rglob(".vertebral-fractures-*"))
    ended = len(records) + len(failed) - before
    print(f"exit code {code}; {len(records)} with results, {len(failed)} failed, {len(watch.repeated)} done twice, "
          f"{len(drafts)} drafts left; last run {60 * ended / seconds:.1f} cases per minute with start-up, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    last = sorted(records, key=lambda one: one["finished"])[before:]
    print(memory_text(last))
    print(busy_text(last, args.workers))
    is_right = len(records) == args.cases - broken and len(failed) == broken and not watch.repeated and not drafts
    return 0 if is_right and code == 4 else 1


if __name__ == "__main__":
    sys.exit(main())
