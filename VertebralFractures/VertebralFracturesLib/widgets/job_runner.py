"""A computation in a thread of its own, with its progress and its end reported in the thread of the window."""

import gc
import threading
from collections.abc import Callable
from typing import Any

import qt

_PAUSE_MS = 5
_COMPUTE_S = 0.03
"""Time for the window and time for the job in turn, as both share Python's lock; chosen, so that the window answers
within 50 ms and the job loses less than a sixth of its time."""

Progress = Callable[[str, float], None]
Work = Callable[[Progress, Callable[[], bool]], Any]


class JobRunner:
    """Runs one job at a time.

    In Slicer the window's thread keeps Python's global lock while it waits for events, so that other Python threads
    stand still. The timer therefore hands the lock over for 30 ms at a time: the job computes, and the window answers
    between two turns.

    Python destroys unused objects that refer to each other in whichever thread happens to allocate. Nodes and widgets
    have to go in the window's thread, so that only the timer does this while a job runs.

    :param progressed: called with the stage and its fraction whenever they have changed.
    """

    def __init__(self, progressed: Progress) -> None:
        self._progressed = progressed
        self._job: _Job | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(_PAUSE_MS)
        self._timer.connect("timeout()", self._poll)

    @property
    def is_running(self) -> bool:
        """Whether a job has not come to its end."""
        return self._job is not None

    def start(self, work: Work, done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        """Start a job.

        :param work: called in the other thread with two functions, one to report progress and one that says whether
            the job is to stop; it must not touch the scene or the window.
        :param done: called with its result.
        :param failed: called with the exception that ended it.
        :raises RuntimeError: a job is running.
        """
        if self._job is not None:
            raise RuntimeError("a job is running")
        self._job = _Job(work, done, failed)
        gc.disable()
        self._job.thread.start()
        self._timer.start()

    def cancel(self) -> None:
        """Ask the job to stop; it ends by raising an exception, so ``failed`` is called."""
        if self._job is not None:
            self._job.stop.set()

    def discard(self) -> None:
        """Stop the job and forget it: neither ``done`` nor ``failed`` is called."""
        if self._job is not None:
            self._job.stop.set()
            self._job.ended.wait()
            self._forget()

    def _poll(self) -> None:
        job = self._job
        if job is None:
            return
        job.ended.wait(_COMPUTE_S)
        gc.collect(1)
        for stage, fraction in job.news():
            self._progressed(stage, fraction)
        if job.ended.is_set() and self._job is job:
            self._forget()
            job.deliver()

    def _forget(self) -> None:
        self._timer.stop()
        self._job = None
        gc.enable()


class _Job:
    """One run: the thread writes the attributes, the window's thread reads them once ``ended`` is set."""

    def __init__(self, work: Work, done: Callable[[Any], None], failed: Callable[[Exception], None]) -> None:
        self.stop, self.ended = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, name="VertebralFractures", daemon=True)
        self._work, self._done, self._failed = work, done, failed
        self._progress: tuple[str, float] | None = None
        self._told: tuple[str, float] | None = None
        self._result: Any = None
        self._error: Exception | None = None

    def _run(self) -> None:
        try:
            self._result = self._work(self._report, self.stop.is_set)
        except Exception as error:
            self._error = error
        finally:
            self.ended.set()

    def _report(self, stage: str, fraction: float) -> None:
        self._progress = stage, fraction

    def news(self) -> list[tuple[str, float]]:
        """The latest progress, if it was not told yet."""
        latest = self._progress
        if latest is None or latest == self._told:
            return []
        self._told = latest
        return [latest]

    def deliver(self) -> None:
        """Hand over the result or the exception."""
        if self._error is not None:
            self._failed(self._error)
        else:
            self._done(self._result)
