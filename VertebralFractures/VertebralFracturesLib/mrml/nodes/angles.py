"""The angles of the spine in a radiograph as a table node."""

import slicer
import vtk

from ...radiograph.record import RadiographReport
from ...report.columns.patient import ANGLE_COLUMNS

_COLUMNS = ("Angle", "Degrees", "Between")


def add_angles_node(scene: slicer.vtkMRMLScene, report: RadiographReport, name: str) -> slicer.vtkMRMLTableNode:
    """Add the table of the angles of a report.

    :param name: the node's name.
    """
    node = slicer.vtkMRMLTableNode()
    node.SetName(name)
    scene.AddNode(node)
    for column in _COLUMNS:
        array = vtk.vtkStringArray()
        array.SetName(column)
        node.AddColumn(array)
    update_angles_node(node, report)
    node.SetLocked(True)
    return node


def update_angles_node(node: slicer.vtkMRMLTableNode, report: RadiographReport) -> None:
    """Write the angles of a report into their table: those of the spine, then those of the discs."""
    angles = [(angle.title, report.angles_deg[angle.name], angle.description) for angle in ANGLE_COLUMNS]
    discs = [(f"Disc {name}", value, "positive = open anteriorly") for name, value in report.disc_angles_deg.items()]
    rows = [(title, "" if value is None else f"{value:.1f}", text) for title, value, text in (*angles, *discs)]
    modified = node.StartModify()
    for place, column in enumerate(_COLUMNS):
        array = node.GetTable().GetColumnByName(column)
        array.SetNumberOfValues(len(rows))
        for index, row in enumerate(rows):
            array.SetValue(index, row[place])
        array.Modified()
    node.GetTable().Modified()
    node.EndModify(modified)
