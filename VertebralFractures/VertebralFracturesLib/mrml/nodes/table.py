"""The report as a table node, for the table view and for other modules."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import slicer
import vtk

from ...core.report import SpineReport
from ...report.columns.column import Column, Value
from ...report.columns.vertebra import COLUMNS
from ...report.table import table_rows

_RATIO = "1"
"""The unit of values that have none; Slicer would write it into their headings: "G [1]"."""

MARK = "VertebralFractures"
"""Attribute of the table node, "Yes", by which other modules find it."""


def add_table_node(scene: slicer.vtkMRMLScene, report: SpineReport, name: str) -> slicer.vtkMRMLTableNode:
    """Add the table, one row per vertebra and the columns of :data:`~...report.table.COLUMNS`.

    Text and whole numbers are text columns; measures are numbers, rounded as in the CSV. A column of measures that a
    vertebra lacks is a text column too, so that its cell is empty and does not read "nan". Titles, units and
    descriptions are column properties, saved with the scene. The table is locked: its values follow from the keypoints.
    """
    node = slicer.vtkMRMLTableNode()
    node.SetName(name)
    node.SetAttribute(MARK, "Yes")
    node.SetUseColumnTitleAsColumnHeader(True)
    scene.AddNode(node)
    update_table_node(node, report)
    node.SetLocked(True)
    return node


def _add_column(node: slicer.vtkMRMLTableNode, column: Column, kind: type) -> None:
    array = kind()
    array.SetName(column.name)
    node.AddColumn(array)
    node.SetColumnTitle(column.name, column.title)
    if column.unit != _RATIO:
        node.SetColumnUnitLabel(column.name, column.unit)
    node.SetColumnDescription(column.name, column.description)


def update_table_node(node: slicer.vtkMRMLTableNode, report: SpineReport) -> None:
    """Write the values of a report into the table; observers see one change.

    The columns are replaced where an older version saved others, or where a column has to hold numbers instead of text.
    """
    rows = table_rows(report)
    table = node.GetTable()
    modified = node.StartModify()
    kinds = [_kind(column, rows) for column in COLUMNS]
    present = [table.GetColumn(index) for index in range(table.GetNumberOfColumns())]
    if [one.GetName() for one in present] != [one.name for one in COLUMNS] or not all(map(isinstance, present, kinds)):
        node.RemoveAllColumns()
        for column, kind in zip(COLUMNS, kinds, strict=True):
            _add_column(node, column, kind)
    texts = [_texts(tuple(row[column.name] for column in COLUMNS)) for row in rows]
    for place, column in enumerate(COLUMNS):
        _write(table.GetColumnByName(column.name), [row[place] for row in texts])
    table.Modified()
    node.EndModify(modified)


@lru_cache(maxsize=256)
def _texts(values: tuple[Value, ...]) -> tuple[str, ...]:
    """The cells of one row as text; kept, because a drag changes a few rows at a time."""
    return tuple(column.stored_text(value) for column, value in zip(COLUMNS, values, strict=True))


def _write(array: vtk.vtkAbstractArray, texts: list[str]) -> None:
    """Write a column where it is not so yet."""
    values = texts if isinstance(array, vtk.vtkStringArray) else [float(text) for text in texts]
    count = array.GetNumberOfValues()
    if count == len(values) and all(array.GetValue(index) == value for index, value in enumerate(values)):
        return
    array.SetNumberOfValues(len(values))
    for index, value in enumerate(values):
        array.SetValue(index, value)
    array.Modified()


def _kind(column: Column, rows: Sequence[Mapping[str, Value]]) -> type:
    """The array that holds a column: of numbers where it has decimals and every vertebra has a value."""
    has_numbers = column.decimals and all(row[column.name] is not None for row in rows)
    return vtk.vtkDoubleArray if has_numbers else vtk.vtkStringArray
