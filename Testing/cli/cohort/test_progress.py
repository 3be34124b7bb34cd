"""The line about how far a cohort has come."""

import io

import pytest
from VertebralFracturesLib.cli.cohort.progress import CohortProgress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_tells_done_failed_rate_and_time_left() -> None:
    progress = CohortProgress(10, io.StringIO())
    for status in ("done", "done", "failed", "no spine"):
        progress.count(status)
    assert (progress.done, progress.failed, progress.no_spine) == (2, 1, 1)
    assert progress.line(60.0) == "4 of 10 cases, 1 failed, 1 without a spine, 4.0 per minute, 2 min left"


def test_a_terminal_has_one_line() -> None:
    stream = Terminal()
    progress = CohortProgress(2, stream)
    progress.show()
    progress.count("done")
    progress.count("failed")
    progress.end()
    assert stream.getvalue().count("\r") == 3
    assert stream.getvalue().count("\n") == 1
    assert "2 of 2 cases, 1 failed" in stream.getvalue()


def test_a_log_has_few_lines() -> None:
    stream = io.StringIO()
    progress = CohortProgress(100, stream)
    progress.show()
    for _ in range(100):
        progress.count("done")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[-1].startswith("100 of 100 cases, 0 failed")


def test_a_closed_stream_does_not_end_a_run() -> None:
    class Closed(Terminal):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    progress = CohortProgress(2, Closed())
    progress.count("done")
    progress.count("done")
    assert progress.done == 2


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (61, "2 min"), (3599, "60 min"), (7260, "2 h 1 min")]
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text.replace("60 min", "1 h 0 min")
