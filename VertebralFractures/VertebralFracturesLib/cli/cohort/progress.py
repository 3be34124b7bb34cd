"""One line about how far a cohort has come."""

import sys
import time
from typing import TextIO

from .store import DONE, NO_SPINE

_EVERY_S = 30.0
"""Seconds between two lines where they do not replace one another; chosen, a log of a night has 1000 lines."""


class CohortProgress:
    """Counts the cases that end in a run; on a terminal one line rewrites itself, elsewhere one is added now and then.

    :param total: cases of the run.
    :param stream: where to write; stderr by default.
    """

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._total, self._stream = total, stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._begun = time.monotonic()
        self._shown_at = -_EVERY_S
        self._shown = ""
        self.done = self.no_spine = self.failed = 0

    @property
    def ended(self) -> int:
        """Cases that ended in any way."""
        return self.done + self.no_spine + self.failed

    def count(self, status: str) -> None:
        """Note that a case ended.

        :param status: how.
        """
        self.done += status == DONE
        self.no_spine += status == NO_SPINE
        self.failed += status not in (DONE, NO_SPINE)
        self.show()

    def show(self) -> None:
        """Write the line, if it is time."""
        now = time.monotonic()
        if self._is_terminal:
            line = self.line(now - self._begun)
            self._write("\r" + line.ljust(len(self._shown)))
            self._shown = line
        elif now - self._shown_at >= _EVERY_S or self.ended == self._total:
            self._shown_at = now
            self._write(self.line(now - self._begun) + "\n")

    def end(self) -> None:
        """Leave the terminal's line."""
        if self._is_terminal and self._shown:
            self._write("\n")

    def line(self, seconds: float) -> str:
        """How far the run has come.

        :param seconds: since it began.
        """
        parts = [f"{self.ended} of {self._total} cases", f"{self.failed} failed"]
        if self.no_spine:
            parts.append(f"{self.no_spine} without a spine")
        if self.ended and seconds > 0:
            per_minute = 60 * self.ended / seconds
            parts.append(f"{per_minute:.1f} per minute")
            if self.ended < self._total:
                parts.append(f"{duration((self._total - self.ended) * seconds / self.ended)} left")
        return ", ".join(parts)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody reads stderr any longer; the run goes on
            self._is_terminal, self._shown_at = False, float("inf")


def duration(seconds: float) -> str:
    """A duration in words, rounded up: "45 s", "12 min", "3 h 20 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = int(-(-seconds // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
