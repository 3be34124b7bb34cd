"""One column of a result table, and its values as text."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Value = str | int | float | bool | None

CSV_ENCODING = "utf-8-sig"
"""Encoding in which spreadsheet programs recognise the text of a CSV file."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    :param name: key of the value in a row, in measurements.json and in the CSV header.
    :param title: short heading for readers.
    :param unit: unit of the values, empty for text, "1" for ratios.
    :param description: what the values mean.
    :param decimals: decimals that mean something, for floating-point values.
    """

    name: str
    title: str
    unit: str
    description: str
    decimals: int = 0

    def text(self, value: Value) -> str:
        """A value for people, with the decimals that mean something; empty where there is none."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            text = f"{value:.{self.decimals}f}"
            return text.lstrip("-") if float(text) == 0 else text
        return str(value)

    def stored_text(self, value: Value) -> str:
        """A value as files and table nodes hold it: as :meth:`text`, but true or false."""
        return str(value).lower() if isinstance(value, bool) else self.text(value)

    def cell(self, value: Value) -> str:
        """A value as a cell of a CSV file: as :meth:`stored_text`, but no text is a formula; numbers stay numbers."""
        return no_formula(value) if isinstance(value, str) else self.stored_text(value)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """A table as CSV text, to be written as :data:`CSV_ENCODING`.

    :param header: names of the columns.
    :param rows: a text for every column.
    :param delimiter: between the values; a tab makes it TSV.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def no_formula(text: str) -> str:
    """Keep a spreadsheet program from running text that came with the input as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
