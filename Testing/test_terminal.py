"""Progress is one line on a terminal and one line per stage elsewhere."""

import io

from VertebralFracturesLib.terminal import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_that_is_cleared_at_the_end() -> None:
    terminal = Terminal()
    with ProgressLine(terminal) as progress:
        progress("straightened slice", 0.5)
        progress("vertebrae", 1.0)
    assert terminal.getvalue() == "\rstraightened slice  50 %\rvertebrae 100 %         \r               \r"


def test_a_log_gets_one_line_per_stage() -> None:
    log = io.StringIO()
    with ProgressLine(log) as progress:
        for stage, fraction in (("reading", 0.1), ("reading", 0.9), ("vertebrae", 0.0), ("vertebrae", 1.0)):
            progress(stage, fraction)
    assert log.getvalue() == "reading\nvertebrae\n"
