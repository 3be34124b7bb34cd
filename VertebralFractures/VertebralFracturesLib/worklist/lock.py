"""One session at a time for one reader and one case: a file that says who has it open."""

import json
import os
import platform
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..errors import UnusableInput

_SUFFIX = ".lock"


class CaseIsOpen(UnusableInput):
    """Another session has the reading open; it may be taken over on purpose."""


class ReadingLock:
    """Holds a reading until it is released.

    The lock of a program on this computer that ended without releasing it, as after a crash, is taken over.

    :param file: of the reading.
    :param take_over: take it from another session, which the user has to confirm.
    :raises CaseIsOpen: another session has it.
    :raises UnusableInput: the lock cannot be written.
    """

    def __init__(self, file: Path, take_over: bool = False) -> None:
        self._file = file.with_name(file.name + _SUFFIX)
        self._mine = json.dumps(
            {
                "host": platform.node(),
                "pid": os.getpid(),
                "since": datetime.now().astimezone().isoformat(timespec="microseconds"),
            }
        )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._take(take_over)
        except OSError as error:
            raise UnusableInput(f"{self._file} cannot be written: {error.strerror or error}") from error

    def _take(self, take_over: bool) -> None:
        if self._create():
            return
        holder = self._holder()
        if not take_over and not _has_ended(holder):
            raise CaseIsOpen(
                f"this case is open in another session of the same reader, on {holder.get('host', 'a computer')} since "
                f"{str(holder.get('since', ''))[:16].replace('T', ' ')}"
            )
        self._file.unlink(missing_ok=True)
        if not self._create():
            raise CaseIsOpen("this case was opened by another session of the same reader just now")

    def _create(self) -> bool:
        """Whether the lock did not exist and is ours now."""
        try:
            handle = os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return False
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(self._mine)
        return True

    def _holder(self) -> dict[str, object]:
        """Who has it; nothing where that cannot be read."""
        with suppress(OSError, ValueError):
            holder = json.loads(self._file.read_text(encoding="utf-8"))
            if isinstance(holder, dict):
                return holder
        return {}

    @property
    def is_held(self) -> bool:
        """Whether the lock is still ours; another session may have taken it over."""
        try:
            return self._file.read_text(encoding="utf-8") == self._mine
        except OSError:
            return False

    def release(self) -> None:
        """Let others have it."""
        if self.is_held:
            with suppress(OSError):
                self._file.unlink()


def _has_ended(holder: dict[str, object]) -> bool:
    """Whether the program that holds a lock ran on this computer and runs no longer."""
    if holder.get("host") != platform.node() or not isinstance(holder.get("pid"), int):
        return False
    pid = int(str(holder["pid"]))
    if os.name == "nt":
        return not _runs_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _runs_on_windows(pid: int) -> bool:
    """Whether a process exists; ``os.kill`` would end it there."""
    import ctypes

    limited_information = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION of the Windows API
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
    handle = kernel.OpenProcess(limited_information, False, pid)
    if handle:
        kernel.CloseHandle(handle)
    return bool(handle)
