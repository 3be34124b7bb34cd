"""Analyzing one case in a process of its own; processes wait here for the next case.

This is what a Dask worker runs, and what the program runs itself where it has one worker.
"""

import threading
import time
from typing import Any

from ...errors import UnusableInput
from ..manifest import versions
from .cases import Case
from .settings import Settings
from .store import DONE, FAILED, Record, Store
from .worker_process import WorkerEnded, WorkerProcess

_ATTEMPTS = 2
"""How often a case is tried whose process died without a reason that is known: a killed process is no fault of it."""

_lock = threading.Lock()
_idle: list[WorkerProcess] = []
_busy: set[WorkerProcess] = set()
_is_closed = threading.Event()


def analyze_in_worker(case: Case, settings: Settings) -> Record:
    """Analyze a case in a process that is waiting, or in a new one.

    :return: its record, which is in the folder of results; an earlier one where the case is done.
    :raises UnusableInput: no process can work here.
    """
    store = Store(settings.folder)
    reason, begun = "", time.monotonic()
    for _ in range(_ATTEMPTS):
        kept = store.record(case.name)
        if kept is not None:
            return kept
        worker = _taken(settings)
        try:
            answer = worker.analyze(case)
        except WorkerEnded as error:
            reason = error.reason
            if error.is_by_case or _is_closed.is_set():
                break
            continue
        finally:
            _give_back(worker)
        if answer["status"] == DONE:
            return answer
        return _failed(store, case, settings, begun, answer)
    if _is_closed.is_set():
        raise UnusableInput("the workers were closed")
    return _failed(store, case, settings, begun, {"status": FAILED, "reason": reason})


def _failed(store: Store, case: Case, settings: Settings, begun: float, answer: dict[str, Any]) -> Record:
    """The record of a case without results, with what was spent on it."""
    seconds = round(time.monotonic() - begun, 3)
    return store.keep_failure(case, **answer, seconds=seconds, settings=settings.of_results, versions=versions())


def close_workers() -> None:
    """End all processes, in the middle of a case as well."""
    _is_closed.set()
    with _lock:
        workers = [*_idle, *_busy]
        _idle.clear()
    for worker in workers:
        worker.kill()


def open_workers() -> None:
    """Allow new processes again after :func:`close_workers`."""
    _is_closed.clear()


def _taken(settings: Settings) -> WorkerProcess:
    """A process with these settings; those with other ones, of an earlier cohort, are ended."""
    with _lock:
        other = [worker for worker in _idle if worker.settings != settings or not worker.is_alive]
        waiting = [worker for worker in _idle if worker not in other]
        worker = waiting.pop() if waiting else None
        _idle[:] = waiting
        if worker is not None:
            _busy.add(worker)
    for one in other:
        one.kill()
    if worker is None:
        worker = WorkerProcess(settings)
        with _lock:
            _busy.add(worker)
    return worker


def _give_back(worker: WorkerProcess) -> None:
    with _lock:
        _busy.discard(worker)
        if worker.is_alive and not _is_closed.is_set():
            _idle.append(worker)
            return
    worker.kill()
