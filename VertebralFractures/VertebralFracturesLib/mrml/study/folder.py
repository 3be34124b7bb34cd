"""Where the nodes of a study lie in the subject hierarchy: a folder beside the CT, with folders below it."""

from collections.abc import Iterable

import slicer
import vtk

VERTEBRAE, STRAIGHTENED = "Vertebrae", "Straightened"
"""The folders below that of a study."""

_FOLDER = "VertebralFractures.Folder"


def subject_hierarchy(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLSubjectHierarchyNode:
    """The subject hierarchy of a scene, made if it is missing."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def parent_item(node: slicer.vtkMRMLNode) -> int:
    """The item that a node lies in; the scene's own item for a node that is not in the subject hierarchy."""
    hierarchy = subject_hierarchy(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    return hierarchy.GetSceneItemID() if item == hierarchy.GetInvalidItemID() else hierarchy.GetItemParent(item)


def is_study_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, item: int) -> bool:
    """Whether an item is a folder that was made for a study."""
    return hierarchy.HasItemAttribute(item, _FOLDER)


def subfolder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int, name: str) -> int:
    """The folder of a name in a study's own folder, made if it is missing."""
    for child in _children(hierarchy, folder):
        if is_study_folder(hierarchy, child) and hierarchy.GetItemName(child) == name:
            return child
    return add_study_folder(hierarchy, folder, name)


def add_study_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, parent: int, name: str) -> int:
    """A new folder that goes with its study; another study may have one of the same name beside it."""
    folder = hierarchy.CreateFolderItem(parent, name)
    hierarchy.SetItemAttribute(folder, _FOLDER, "Yes")
    return folder


def put_into_folder(
    hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int, nodes: Iterable[slicer.vtkMRMLNode]
) -> None:
    """Move nodes into a folder, whether they are in the subject hierarchy or not."""
    for node in nodes:
        hierarchy.CreateItem(folder, node)


def remove_empty_items(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int) -> None:
    """Remove what is left in a folder of nodes that were not saved with the scene: Slicer saves their items by name."""
    for child in _children(hierarchy, folder):
        if hierarchy.GetItemDataNode(child) is None and not _children(hierarchy, child):
            hierarchy.RemoveItem(child)


def remove_study_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int) -> None:
    """Remove a folder that a study made with those in it; what the user put there moves up."""
    for child in _children(hierarchy, folder):
        if is_study_folder(hierarchy, child):
            remove_study_folder(hierarchy, child)
    hierarchy.RemoveItem(folder, False, False)


def _children(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, item: int) -> list[int]:
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, children)
    return [children.GetId(index) for index in range(children.GetNumberOfIds())]
