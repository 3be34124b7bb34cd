"""The report as a table node, for the table view and for other modules."""

import math

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

    Text and whole numbers that can be missing are text columns; measures are numbers, rounded as in the CSV, and not a
    number where there is none. Titles, units and descriptions are column properties, saved with the scene. The table is
    locked: its values follow from the keypoints.
    """
    node = slicer.vtkMRMLTableNode()
    node.SetName(name)
    node.SetAttribute(MARK, "Yes")
    node.SetUseColumnTitleAsColumnHeader(True)
    scene.AddNode(node)
    update_table_node(node, report)
    node.SetLocked(True)
    return node


def _add_column(node: slicer.vtkMRMLTableNode, column: Column) -> None:
    array = vtk.vtkDoubleArray() if column.decimals else vtk.vtkStringArray()
    array.SetName(column.name)
    node.AddColumn(array)
    node.SetColumnTitle(column.name, column.title)
    if column.unit != _RATIO:
        node.SetColumnUnitLabel(column.name, column.unit)
    node.SetColumnDescription(column.name, column.description)


def update_table_node(node: slicer.vtkMRMLTableNode, report: SpineReport) -> None:
    """Write the values of a report into the table; observers see one change.

    The columns of a table that an older version saved are replaced.
    """
    rows = table_rows(report)
    table = node.GetTable()
    modified = node.StartModify()
    if [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())] != [one.name for one in COLUMNS]:
        node.RemoveAllColumns()
        for column in COLUMNS:
            _add_column(node, column)
    for column in COLUMNS:
        array = table.GetColumnByName(column.name)
        array.SetNumberOfValues(len(rows))
        for index, row in enumerate(rows):
            array.SetValue(index, _cell(column, row[column.name]))
        array.Modified()
    table.Modified()
    node.EndModify(modified)


def _cell(column: Column, value: Value) -> str | float:
    text = column.stored_text(value)
    if not column.decimals:
        return text
    return float(text) if text else math.nan
