"""A worker that answers as :mod:`VertebralFracturesLib.cli.cohort.worker` does and behaves as its case is called.

``hang`` never ends, ``eat`` takes memory until it is stopped, ``die`` ends the process, ``die-once`` does so on its
first attempt, ``meet`` and ``greet`` wait for one another, ``spineless``, ``broken`` and ``too-large`` have no results;
every other case is done at once, ``unprinted`` without a PDF among its DICOM objects.
"""

import json
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from helpers.cohort_records import record
from VertebralFracturesLib.cli.cohort import worker
from VertebralFracturesLib.cli.cohort.cases import Case
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.store import CASE_FILE, DONE, FAILED, NO_SPINE, Store
from VertebralFracturesLib.files import output_folder, write_text

MEETING = ("meet", "greet")
"""Two cases that wait for one another."""

LOG = "attempts.txt"
"""Beside the folder of results: a line for each attempt, with the number of the process."""


def behave(case: Case, settings: Settings, analyzer: object) -> dict[str, Any]:
    """Do what the case is called."""
    log = settings.folder.parent / LOG
    is_first = not log.exists() or f"{case.name}\n" not in log.read_text()
    with log.open("a") as stream:
        stream.write(f"{os.getpid()} {case.name}\n")
    what = Path(case.path).stem
    if what == "hang":
        time.sleep(600)
    if what == "die" or (what == "die-once" and is_first):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "eat":
        eaten = []
        while True:
            eaten.append(b"x" * (1 << 24))
    end = time.monotonic() + 60
    while what in MEETING and not all(f"{one}\n" in log.read_text() for one in MEETING) and time.monotonic() < end:
        time.sleep(0.05)
    failures = {"spineless": NO_SPINE, "broken": FAILED, "too-large": worker.OUT_OF_MEMORY}
    if what in failures:
        return {"status": failures[what], "reason": f"{what}: so it is"}
    made = (
        record(case.name, "fracture") | asdict(case) | {"seconds": 0.1, "software": str(os.environ["OMP_NUM_THREADS"])}
    )
    assert made["status"] == DONE
    if what == "unprinted":
        made[worker.LEFT_OUT_OF_RESULTS] = ["the PDF was left out: so it is"]
    with output_folder(Store(settings.folder).case_folder(case.name)) as folder:
        write_text(folder / CASE_FILE, json.dumps(made))
    return made


def eat_gently(case: Case, settings: Settings, analyzer: object) -> dict[str, Any]:
    """As :func:`behave`, where a request for too much memory fails and is told."""
    try:
        return behave(case, settings, analyzer)
    except MemoryError:
        return {"status": worker.OUT_OF_MEMORY, "reason": ""}


if __name__ == "__main__":
    worker.analyze_case = eat_gently  # type: ignore[assignment]
    worker._loaded = lambda settings: None  # type: ignore[assignment,return-value]
    worker.main()
