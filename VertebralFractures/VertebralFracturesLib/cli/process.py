"""The process around a command: its signals, its streams, and the log of an error that nobody foresaw."""

import errno
import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO, NoReturn, TextIO

from .. import __version__

_MEMORY_WORDS = ("allocate memory", "out of memory", "not enough memory", "bad_alloc", "failed to map segment")
"""What libraries say when there is too little memory, in errors of their own."""

_STREAMS = (("stdout", 1), ("stderr", 2))
"""The standard streams in Python, and the numbers of their files (POSIX)."""


def interrupt_on_signals() -> None:
    """End the program like Ctrl-C where it is told to end or its terminal is closed, so that drafts are removed."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def own_streams() -> Iterator[IO[bytes]]:
    """Let only the command itself write to the terminal.

    Libraries in C write warnings to the standard streams, those in Python log them: all of that goes to a file, which
    is part of the log of an unexpected error. Texts with characters that the terminal does not know are escaped.

    :return: that file.
    """
    _open_closed_streams()
    kept = {number: os.dup(number) for _, number in _STREAMS}
    before = {name: getattr(sys, name) for name, _ in _STREAMS}
    with tempfile.TemporaryFile() as chatter, _logged_to(chatter):
        try:
            for name, number in _STREAMS:
                if _number(before[name]) in (None, number):
                    before[name].flush() if before[name] is not None else None
                    setattr(sys, name, _text_stream(kept[number], before[name]))
                os.dup2(chatter.fileno(), number)
            yield chatter
        finally:
            for name, number in _STREAMS:
                own = getattr(sys, name)
                _flush(own)
                setattr(sys, name, before[name])
                os.dup2(kept[number], number)
                os.dup2(chatter.fileno(), kept[number])
                _flush(own)  # what nobody could be told, as the pipe was closed or the disk full, must not fail again
                os.close(kept[number])


def _open_closed_streams() -> None:
    """Open standard streams that the caller closed, so that no file of results gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _number(stream: TextIO | None) -> int | None:
    """The number of a stream's file; None where there is no stream, -1 where a stream has no file."""
    try:
        return stream.fileno() if stream is not None else None
    except (OSError, ValueError):
        return -1


def _text_stream(number: int, like: TextIO | None) -> TextIO:
    encoding = like.encoding if like is not None else "utf-8"
    return open(number, "w", buffering=1, encoding=encoding, errors="backslashreplace", closefd=False)


@contextmanager
def _logged_to(chatter: IO[bytes]) -> Iterator[None]:
    with open(os.dup(chatter.fileno()), "w", encoding="utf-8", errors="backslashreplace") as stream:
        handler = logging.StreamHandler(stream)
        logging.captureWarnings(True)
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            logging.captureWarnings(False)


def _flush(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        stream.flush()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that there is too little memory, whichever library raised it."""
    is_refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or is_refused or any(words in str(error) for words in _MEMORY_WORDS)


def write_log(error: BaseException, arguments: Sequence[str], chatter: IO[bytes]) -> str | None:
    """Write the traceback of an error, and what libraries said before it, into a file of the temporary folder.

    :return: the file's name; None if it cannot be written.
    """
    try:
        number, name = tempfile.mkstemp(prefix="vertebral-fractures-", suffix=".log")
        with open(number, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"VertebralFractures {__version__}, Python {sys.version}\narguments: {list(arguments)}\n\n")
            log.writelines(traceback.format_exception(error))
            chatter.seek(0)
            log.write(f"\n{chatter.read().decode('utf-8', 'backslashreplace')}")
    except OSError:
        return None
    return name
