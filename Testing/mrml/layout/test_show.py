"""The layout of a study, and what Slicer itself does to its views."""

import slicer


def shown(scene: slicer.vtkMRMLScene, layout_name: str) -> str:
    """The node ID of the volume in a view."""
    return scene.GetSingletonNode(layout_name, "vtkMRMLSliceCompositeNode").GetBackgroundVolumeID()


def test_another_ct_that_is_loaded_leaves_the_straightened_view_alone(desk, application, study) -> None:
    desk.show(study)
    application.scene.AddNode(other := slicer.vtkMRMLScalarVolumeNode())
    application.logic.GetSelectionNode().SetActiveVolumeID(other.GetID())
    application.logic.PropagateVolumeSelection(0)
    assert shown(application.scene, "Yellow") == other.GetID()
    assert shown(application.scene, "Yellow+") == study.straightened_node.GetID()
