"""What the command line shows: one line of progress on stderr and tables on stdout."""

import io
import sys
from types import TracebackType
from typing import TextIO

from ..core.report import SpineReport
from ..radiograph.record import RadiographReport
from ..report.columns.column import Column
from ..report.columns.patient import ANGLE_COLUMNS
from ..report.table import column, format_value, table_rows
from ..report.text import text_table

RESULT_COLUMNS = (
    "level_shown",
    "height_anterior_mm",
    "height_middle_mm",
    "height_posterior_mm",
    "height_loss_percent",
    "height_ratio",
    "grade",
    "grade_name",
    "shape",
)
_IMAGE_BASED_COLUMNS = ("image_probability", "discordant")
_SHOWN_UNITS = ("mm", "%")


class ProgressLine:
    """Progress on stderr: one line that rewrites itself on a terminal, one line per stage elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._shown = ""

    def __call__(self, stage: str, fraction: float) -> None:
        """Show how far a stage has come.

        :param stage: what is being done.
        :param fraction: how much of it is done, 0 to 1.
        """
        if self._is_terminal:
            line = f"{stage} {100 * fraction:3.0f} %"
            self._write("\r" + line.ljust(len(self._shown)))
            self._shown = line
        elif stage != self._shown:
            self._write(f"{stage}\n")
            self._shown = stage

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_terminal and self._shown:
            self._write("\r" + " " * len(self._shown) + "\r")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody reads stderr any longer; the run goes on
            self._stream = io.StringIO()


def result_table(report: SpineReport) -> str:
    """The vertebrae of a report, one line each."""
    names = RESULT_COLUMNS if report.image_classification is None else (*RESULT_COLUMNS, *_IMAGE_BASED_COLUMNS)
    header = [_heading(column(name)) for name in names]
    rows = [[format_value(name, row[name]) for name in names] for row in table_rows(report)]
    return text_table(header, rows)


def _heading(shown: Column) -> str:
    return f"{shown.title} {shown.unit}" if shown.unit in _SHOWN_UNITS else shown.title


def angle_table(report: RadiographReport) -> str:
    """The angles of the spine in a radiograph, one line each."""
    angles = report.angles_deg
    rows = [
        [angle.title, "not measurable" if angles[angle.name] is None else f"{angles[angle.name]:.1f}"]
        for angle in ANGLE_COLUMNS
    ]
    return text_table(["Angle", "degrees"], rows)
