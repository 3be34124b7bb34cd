"""What tests ask and do to the nodes of a study."""

import numpy as np
import vtk
from VertebralFracturesLib.mrml.study.folder import subject_hierarchy
from VertebralFracturesLib.mrml.study.study import Study


def keypoints_of(study: Study, name: str):
    """The point list of a vertebra."""
    return next(node for node in study.keypoint_nodes if node.GetName() == name)


def move_point(node, index: int, offset_ras: tuple[float, float, float]) -> np.ndarray:
    """Move a point; where it is then."""
    moved = np.array(node.GetNthControlPointPositionWorld(index)) + offset_ras
    node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*moved))
    return moved


def node_ids(scene) -> set[str]:
    """The IDs of all nodes."""
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def folder_tree(scene, item: int | None = None) -> dict:
    """Names of items with those below them, from one item or the scene on."""
    hierarchy = subject_hierarchy(scene)
    item = hierarchy.GetSceneItemID() if item is None else item
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, children)
    ids = [children.GetId(index) for index in range(children.GetNumberOfIds())]
    return {hierarchy.GetItemName(child): folder_tree(scene, child) for child in ids}
