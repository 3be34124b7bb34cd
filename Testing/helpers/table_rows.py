"""Rows of a study's table."""

import slicer
from VertebralFracturesLib.report.columns.vertebra import COLUMNS


def row_of_vertebra(node: slicer.vtkMRMLTableNode, row: int) -> dict[str, str | float]:
    """The values of a row by column name."""
    return {column.name: node.GetTable().GetColumnByName(column.name).GetValue(row) for column in COLUMNS}
