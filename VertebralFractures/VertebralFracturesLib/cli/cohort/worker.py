"""The process of a worker: it loads the networks once and analyzes one case after the other.

Requests come as lines of JSON on stdin, answers go as lines of JSON to what was stdout; whatever libraries print goes
to stderr. The process ends when stdin does, even in the middle of a case, so that none is left behind by a program
that was killed, and by itself after ten minutes without a request.
"""

import contextlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from ... import __version__
from ...errors import NoSpineFound, UnusableInput
from ...files import output_folder, write_text
from ...io.ct import read_input
from ...io.fingerprint import fingerprint
from ...io.read_image import ReadImage
from ...pacs.export import check_dicom_output
from ..manifest import versions
from ..process import is_out_of_memory
from ..results import analyze_read_image, of_case, write_dicom, write_exchange, write_results
from .cases import Case
from .memory import free_unused, limit_memory, peak_mb, reset_peak
from .settings import Settings
from .store import CASE_FILE, DONE, FAILED, NO_SPINE, Record, Store
from .tables import case_rows

if TYPE_CHECKING:
    from ...analyzer import Analyzer

READY, OUT_OF_MEMORY, UNUSABLE = "ready", "out of memory", "unusable"
"""What a worker answers beside the statuses of cases: it is ready, a case needs too much memory, it cannot work."""

THUMBNAIL_FILE = "thumbnail.jpg"
"""The straightened spine of a case, small."""

LEFT_OUT_OF_RESULTS = "left_out_of_results"
"""Entry of a record: which DICOM objects or vertebrae were not written and why, one sentence each."""

_IDLE_S = 600.0
"""Chosen: whoever has more cases sends the next one within seconds."""


def main() -> None:
    """Answer requests until stdin ends; the settings are the first argument."""
    settings = Settings.from_json(sys.argv[1])
    answers = _own_stdout()
    requests = _requests()
    limit_memory(settings.memory_limit_mb)
    try:
        analyzer = _loaded(settings)
    except UnusableInput as error:
        _answer(answers, {"status": UNUSABLE, "reason": str(error)})
        return
    _answer(answers, {"status": READY})
    with contextlib.suppress(queue.Empty):
        while True:
            case = Case(**json.loads(requests.get(timeout=_IDLE_S)))
            _answer(answers, analyze_case(case, settings, analyzer))
            free_unused()


def _own_stdout() -> IO[str]:
    """What was stdout, as a stream that only this process's own answers go to."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _answer(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _requests() -> "queue.Queue[str]":
    """The lines of stdin as they come; its end ends the process at once."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> NoReturn:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _loaded(settings: Settings) -> "Analyzer":
    from ...analyzer import Analyzer

    analyzer = Analyzer()
    analyzer.load_for_cts(settings.device, settings.detector, settings.image_classifier)
    return analyzer


def analyze_case(case: Case, settings: Settings, analyzer: "Analyzer") -> Record:
    """Analyze a case and publish its results; whatever goes wrong becomes the reason in the answer.

    :return: the record of the case, or status, reason and, for an error that nobody foresaw, its traceback.
    """
    try:
        return _analyzed(case, settings, analyzer)
    except MemoryError:
        return {"status": OUT_OF_MEMORY, "reason": ""}
    except NoSpineFound as error:
        return {"status": NO_SPINE, "reason": str(error)}
    except Exception as error:
        if is_out_of_memory(error) or is_out_of_memory(error.__cause__ or error):
            return {"status": OUT_OF_MEMORY, "reason": str(error)}
        if isinstance(error, UnusableInput):
            return {"status": FAILED, "reason": str(error)}
        first_line = (str(error).splitlines() or [""])[0]
        reason = f"unexpected error ({type(error).__name__}: {first_line})"
        return {"status": FAILED, "reason": reason, "traceback": traceback.format_exc()}


def _analyzed(case: Case, settings: Settings, analyzer: "Analyzer") -> Record:
    """The record of a case whose results were published."""
    store = Store(settings.folder)
    begun = time.perf_counter()
    reset_peak()
    from ...report.spine_image import write_thumbnail

    with output_folder(store.case_folder(case.name)) as folder:
        read = of_case(read_input(case.path, case.series or None, identify=settings.identify), case.case_id)
        if settings.dicom:
            check_dicom_output(read.dicom, read.path)
        report = analyze_read_image(
            read,
            device=settings.device,
            detector=settings.detector,
            preset=settings.preset,
            image_classifier=settings.image_classifier,
            progress=_unseen,
            analyzer=analyzer,
        )
        write_results(folder, read.image, report, Path(case.path).name, _unseen, settings.files)
        left_out = write_dicom(folder, read, report, _unseen) if settings.dicom else ()
        left_out += write_exchange(folder, read.image, report) if settings.exchange else ()
        write_thumbnail(folder / THUMBNAIL_FILE, report, read.image)
        record = {
            **asdict(case),
            "status": DONE,
            "reason": "",
            "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - begun, 3),
            "memory_mb": peak_mb(),
            "software": __version__,
            "versions": versions(),
            "settings": settings.of_results,
            "models": report.models,
            "input": _identity(case, read),
            LEFT_OUT_OF_RESULTS: list(left_out),
            **case_rows(report),
        }
        write_text(folder / CASE_FILE, json.dumps(record, allow_nan=False) + "\n")
    store.forget_failure(case.name)
    return record


def _unseen(stage: str, share: float) -> None:
    """Progress that nobody is shown."""


def _identity(case: Case, read: "ReadImage[Any]") -> dict[str, Any]:
    """What tells an input from any other one: place, shape, and size and checksum of its files."""
    series = read.description.get("series", {}).get("uid", "")
    return {**read.description, **fingerprint(Path(case.path), series)}


if __name__ == "__main__":
    main()
