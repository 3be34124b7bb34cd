"""``cohort``: many CTs at once, each with the results of ``analyze``, and tables of all."""

import argparse
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ...errors import UnusableInput
from ...pacs.export import check_highdicom
from ...report.text import printable
from ..arguments import add_run_options, say
from ..manifest import RunClock, run_facts
from ..results import FORMATS
from .cases import Case
from .index_page import INDEX_FILE, write_index
from .inputs import Listing, list_cases
from .memory import available_mb, usable_cores
from .progress import CohortProgress
from .scheduling import ONE_WORKER, analyze_cases, check_dask, has_dask
from .settings import DEFAULT_WRITE, Settings
from .store import DONE, NO_SPINE, Record, Store
from .table_files import TABLES, write_tables
from .worker import LEFT_OUT_OF_RESULTS

SOME_FAILED = 4
"""Exit code where the run went through and some cases failed."""

_WORKER_MB = 3072.0
"""Memory for which a worker is started by default: what a chest CT may take, see Testing/benchmarks."""

_MEMORY_SHARE = 0.9
"""Share of the free memory that workers may use together; chosen, the rest is for the program and the system."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "image file, folder, BIDS data set, DICOM tree, pattern, or CSV file with the columns path, id and series"
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help=text)
    text = "folder for the results; an interrupted run is resumed there"
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, required=True, help=text)
    text = (
        f"files to write for each case: any of {', '.join(FORMATS)} (default: {','.join(DEFAULT_WRITE)}); dicom needs "
        "DICOM inputs, and its objects contain their patient data"
    )
    parser.add_argument("--write", metavar="LIST", type=_formats, default=DEFAULT_WRITE, help=text)
    parser.add_argument("--retry-failed", action="store_true", help="repeat cases that failed in an earlier run")
    add_run_options(parser)
    text = "skip the image-based classifier"
    parser.add_argument("--no-image-classifier", dest="image_classifier", action="store_false", help=text)
    text = "write patient ID, age, sex and study date of DICOM inputs into the results; they are left out by default"
    parser.add_argument("--identify", action="store_true", help=text)
    limits = parser.add_argument_group("workers")
    text = "number of cases analyzed in parallel (default: one per core with 3 GB of free memory; 1 without Dask)"
    limits.add_argument("--workers", metavar="N", type=whole_number, help=text)
    text = "memory of a worker in GB (default: 90 %% of the free memory, divided among the workers)"
    limits.add_argument("--memory-limit", metavar="GB", type=number, help=text)
    text = "seconds after which a case is stopped and counted as failed (default: %(default)s)"
    limits.add_argument("--time-limit", metavar="S", type=number, default=900.0, help=text)
    where = limits.add_mutually_exclusive_group()
    where.add_argument("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers analyze the cases")
    text = "analyze only part I of N of the cases, for job arrays; the parts 1/N to N/N together are all cases"
    where.add_argument("--shard", metavar="I/N", type=_shard, help=text)
    text = "address for the dashboard of Dask, e.g. :8787; needs the package bokeh (default: none)"
    limits.add_argument("--dashboard", metavar="ADDRESS", help=text)


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"takes {', '.join(FORMATS)}, separated by commas")
    return names


def number(text: str) -> float:
    """More than 0; argparse names it as this function is called."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("has to be more than 0")
    return value


def whole_number(text: str) -> int:
    """1 or more; argparse names it as this function is called."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("has to be 1 or more")
    return value


def _shard(text: str) -> tuple[int, int]:
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError("has to be I/N with I from 1 to N")
    return int(index), int(count)


def run(args: argparse.Namespace) -> int:
    """Analyze the cases that have not ended, write the tables and the page.

    :return: the exit code.
    """
    clock = RunClock()
    listing = list_cases(args.inputs, args.output)
    settings, workers = _settings(args)
    check_dask(workers, args.scheduler, args.dashboard)
    if settings.dicom:
        check_highdicom()
    store = Store(settings.folder)
    cohort = store.open(settings)
    args.if_cancelled = "cancelled: finished cases are in {output}; run the same command again to continue"
    cases = listing.cases if args.shard is None else listing.cases[args.shard[0] - 1 :: args.shard[1]]
    pending = _pending(cases, store, args.retry_failed)
    if len(pending) < len(cases):
        say(f"{len(cases) - len(pending)} of {len(cases)} cases were finished in an earlier run")
    try:
        _analyze(pending, settings, workers, args)
    finally:
        _write_overview(store, listing, cohort, run_facts("cohort", args, clock) | {"cases": _counts(cases, store)})
    return _conclude(cases, store, args.output)


def _settings(args: argparse.Namespace) -> tuple[Settings, int]:
    """What is the same for all cases, and how many workers there are."""
    cores, free_mb = usable_cores(), available_mb()
    fitting = cores if free_mb is None else int(_MEMORY_SHARE * free_mb / _WORKER_MB)
    default = 1 if args.shard is not None else max(1, min(cores, fitting))
    if args.workers is None and default > 1 and not (has_dask() or args.scheduler or args.dashboard):
        say(ONE_WORKER)
        default = 1
    workers = args.workers or default
    limit_mb = None if free_mb is None or args.scheduler else _MEMORY_SHARE * free_mb / workers
    settings = Settings(
        output=str(args.output.absolute()),
        device=args.device,
        detector=args.detector,
        preset=args.preset,
        image_classifier=args.image_classifier,
        identify=args.identify,
        write=args.write,
        threads=1 if args.scheduler else max(1, cores // workers),
        time_limit_s=args.time_limit,
        memory_limit_mb=limit_mb if args.memory_limit is None else 1024 * args.memory_limit,
    )
    return settings, workers


def _pending(cases: tuple[Case, ...], store: Store, retry_failed: bool) -> list[Case]:
    """The cases that have not ended; with ``retry_failed`` also those that ended without results."""
    pending = []
    for case in cases:
        record = store.record(case.name)
        if record is not None and record["status"] != DONE and retry_failed:
            store.forget_failure(case.name)
            record = None
        if record is None:
            pending.append(case)
    return pending


def _analyze(pending: list[Case], settings: Settings, workers: int, args: argparse.Namespace) -> None:
    if not pending:
        return
    progress = CohortProgress(len(pending))
    progress.show()
    workers = min(workers, len(pending))
    with closing(_analyzed(pending, settings, workers, args)) as statuses:
        try:
            for status in statuses:
                progress.count(status)
        finally:
            progress.end()


def _analyzed(
    pending: list[Case], settings: Settings, workers: int, args: argparse.Namespace
) -> Generator[str, None, None]:
    with closing(analyze_cases(pending, settings, workers, args.scheduler, args.dashboard)) as records:
        for record in records:
            yield record["status"]


def _counts(cases: tuple[Case, ...], store: Store) -> dict[str, int]:
    """How many cases a run was given, and how they have ended by now, in this run or an earlier one."""
    records = [store.record(case.name) for case in cases]
    statuses = Counter("not ended" if record is None else record["status"] for record in records)
    return {"given": len(cases), **statuses}


def _write_overview(store: Store, listing: Listing, cohort: str, run: dict[str, Any]) -> None:
    """Write tables and page of all that is in the folder, and what the run was, also where it was cancelled.

    :raises UnusableInput: they cannot be written.
    """
    try:
        write_tables(store.folder, store.records(), listing.left_out)
        write_index(store.folder, store.records(), cohort)
        store.keep_run(run)
    except OSError as error:
        raise UnusableInput(f"cannot write the tables into {store.folder} ({error.strerror or error})") from error


def _conclude(cases: tuple[Case, ...], store: Store, output: Path) -> int:
    """Say how many cases have results; the exit code."""
    records = [record for case in cases if (record := store.record(case.name)) is not None]
    statuses = [record["status"] for record in records]
    done, no_spine = statuses.count(DONE), statuses.count(NO_SPINE)
    failed = len(cases) - done - no_spine
    _tell_left_out(records)
    print(f"{len(cases)} cases: {done} with results, {no_spine} without a spine, {failed} failed")
    print(f"{printable(str(output))}: {', '.join(f'{name}.csv' for name in TABLES)}, {INDEX_FILE}")
    return SOME_FAILED if failed else 0


def _tell_left_out(records: Sequence[Record]) -> None:
    """Say what was not written and of how many cases, one line a reason."""
    counts = Counter(sentence for record in records for sentence in record.get(LEFT_OUT_OF_RESULTS, ()))
    for sentence, count in counts.items():
        say(f"warning: in {count} of {len(records)} cases, {sentence}")
