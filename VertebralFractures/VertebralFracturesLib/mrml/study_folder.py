"""Folders in the subject hierarchy that are made for a study and go with it."""

import slicer
import vtk

_FOLDER = "VertebralFractures.Folder"


def subject_hierarchy(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLSubjectHierarchyNode:
    """The subject hierarchy of a scene, made if it is missing."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def add_study_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, parent: int, name: str) -> int:
    """Add a folder that goes with its study."""
    folder = hierarchy.CreateFolderItem(parent, name)
    hierarchy.SetItemAttribute(folder, _FOLDER, "Yes")
    return folder


def is_study_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, item: int) -> bool:
    """Whether an item is a folder that was made for a study."""
    return hierarchy.HasItemAttribute(item, _FOLDER)


def remove_study_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int) -> None:
    """Remove a folder that a study made with those in it; what the user put there moves up."""
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(folder, children)
    for child in [children.GetId(index) for index in range(children.GetNumberOfIds())]:
        if is_study_folder(hierarchy, child):
            remove_study_folder(hierarchy, child)
    hierarchy.RemoveItem(folder, False, False)
