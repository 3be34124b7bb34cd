"""Taking a study, or one vertebra of it, out of a scene."""

import slicer

from .folder import remove_study_folder, subject_hierarchy
from .study import STRAIGHTENED_LINES, Study, proxy_of


def remove_study(study: Study) -> None:
    """Remove all nodes of a study and its folder; the CT stays."""
    scene = study.scene
    hierarchy = subject_hierarchy(scene)
    folder = study.folder_item
    for node in study.nodes[::-1]:
        remove_node(node)
    if folder != hierarchy.GetInvalidItemID():
        remove_study_folder(hierarchy, folder)


def remove_vertebra(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> None:
    """Remove a vertebra from both spaces; :func:`~.display.update_study` brings labels and table up to it."""
    for node in (proxy_of(keypoints_node), keypoints_node):
        if node is not None:
            remove_node(node)


def remove_straightened_points(study: Study) -> None:
    """Remove lists and lines in straightened space: without the straightening they would lie where the patient is."""
    lines = [node for role, node in study.line_nodes.items() if role in STRAIGHTENED_LINES]
    for node in (*study.proxy_nodes, *study.stray_proxy_nodes, study.straightened_labels_node, *lines):
        if node is not None:
            remove_node(node)


def remove_node(node: slicer.vtkMRMLNode) -> None:
    """Remove a node with its display and storage nodes and its subject hierarchy item."""
    scene = node.GetScene()
    helpers = []
    if isinstance(node, slicer.vtkMRMLDisplayableNode):
        helpers += [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    if isinstance(node, slicer.vtkMRMLStorableNode):
        helpers += [node.GetNthStorageNode(index) for index in range(node.GetNumberOfStorageNodes())]
    hierarchy = subject_hierarchy(scene)
    item = hierarchy.GetItemByDataNode(node)
    if item != hierarchy.GetInvalidItemID():
        hierarchy.RemoveItem(item, False, False)
    scene.RemoveNode(node)
    for helper in helpers:
        if helper is not None:
            scene.RemoveNode(helper)
