"""A worker's process as the program sees it that starts it, watches its time and memory, and ends it."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import VertebralFracturesLib

from ...errors import UnusableInput
from .cases import Case
from .memory import resident_mb
from .settings import Settings
from .worker import OUT_OF_MEMORY, READY

WORKER_MODULE = "VertebralFracturesLib.cli.cohort.worker"
"""What a worker's process runs."""

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
"""By which torch, numpy and SimpleITK are told how many threads they may use."""

_START_S = 600.0
"""Seconds in which a worker has to be ready. Chosen: it takes 3 s, and minutes from a slow network file system."""

_LOOK_S = 0.1
"""Seconds between two looks at the memory of a worker. Chosen: a CT of 500 MB takes longer to be read."""

_LAST_WORDS = 2000
"""Bytes of what a process printed last that are kept; chosen."""


class WorkerEnded(Exception):
    """The process ended before it answered.

    :param reason: what to tell the user.
    :param is_by_case: whether the case is the reason, so that another attempt would end in the same way.
    """

    def __init__(self, reason: str, is_by_case: bool) -> None:
        super().__init__(reason)
        self.reason, self.is_by_case = reason, is_by_case


class WorkerProcess:
    """A process that analyzes one case after the other.

    :param settings: what is the same for every case.
    :raises UnusableInput: it cannot work here, as there is no GPU or a package is missing.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", WORKER_MODULE, settings.as_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=_environment(settings.threads),
            start_new_session=True,  # Ctrl-C in the terminal is for the program that started it
        )
        self._answers: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read_answers, daemon=True).start()
        try:
            answer = self._answer(_START_S, None)
        except WorkerEnded as error:
            raise UnusableInput(f"a worker could not start: {error.reason}") from error
        if answer["status"] != READY:
            self.kill()
            raise UnusableInput(answer["reason"])

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def analyze(self, case: Case) -> dict[str, Any]:
        """What :func:`.worker.analyze_case` answers.

        :raises WorkerEnded: it took too long, needed too much memory, or its process died; the process is no more.
        """
        assert self._process.stdin is not None
        with suppress(OSError):  # it died while it waited, which the answer will tell
            self._process.stdin.write(f"{json.dumps(asdict(case))}\n".encode())
            self._process.stdin.flush()
        answer = self._answer(self.settings.time_limit_s, self.settings.memory_limit_mb)
        if answer["status"] == OUT_OF_MEMORY:
            self.kill()
            raise WorkerEnded(self._too_much_memory(), is_by_case=True)
        return answer

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._answers.put(line)
        self._answers.put(b"")

    def _answer(self, limit_s: float, limit_mb: float | None) -> dict[str, Any]:
        """Wait for an answer, within limits of time and memory.

        :raises WorkerEnded: none came; the process is no more.
        """
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if limit_mb is not None and (resident_mb(self.pid) or 0.0) > limit_mb:
                self.kill()
                raise WorkerEnded(self._too_much_memory(), is_by_case=True)
            try:
                line = self._answers.get(timeout=min(_LOOK_S, max(0.0, end - time.monotonic())))
            except queue.Empty:
                continue
            if not line.endswith(b"\n"):
                raise self._died()
            return dict(json.loads(line))
        self.kill()
        raise WorkerEnded(f"not finished after {limit_s:g} s (--time-limit)", is_by_case=True)

    def _too_much_memory(self) -> str:
        limit_mb = self.settings.memory_limit_mb
        if limit_mb is None:
            return "there is not enough memory for this case"
        return f"needs more memory than the {limit_mb / 1024:.1f} GB of its worker (--memory-limit)"

    def _died(self) -> WorkerEnded:
        """Why the process is no more: a signal, or its last line."""
        self.kill()
        code = self._process.returncode
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        lines = self._last_words().splitlines()
        words = f": {lines[-1].strip()}" if lines else ""
        return WorkerEnded(f"the process of its worker ended with {how}{words}", is_by_case=False)

    def _last_words(self) -> str:
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - _LAST_WORDS))
        return self._said.read().decode("utf-8", "backslashreplace").strip()


def _environment(threads: int) -> dict[str, str]:
    """That of this process, with the library's folder and the number of threads."""
    library = str(Path(VertebralFracturesLib.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1", **dict.fromkeys(_THREAD_VARIABLES, str(threads))}
