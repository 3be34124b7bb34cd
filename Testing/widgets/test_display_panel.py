"""The section of the panel that says how a study is looked at."""

import numpy as np
from VertebralFracturesLib.mrml.nodes.volume import array_from_matrix


def normal(host) -> np.ndarray:
    """The direction across the axial view."""
    node = host.scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    return array_from_matrix(node.GetSliceToRAS())[:3, 2]


def test_the_axial_view_follows_the_selected_vertebra(measured):
    live = measured.widget.studyPanel.live
    live.select(0)
    np.testing.assert_allclose(normal(measured), [0, 0, 1], atol=1e-9)
    measured.ui.tiltBox.setChecked(True)
    first = normal(measured)
    live.select(7)
    assert np.abs(normal(measured) - first).max() > 0.05
    tilted = normal(measured)
    measured.click("viewsButton")
    np.testing.assert_allclose(normal(measured), tilted, atol=1e-9)
    measured.ui.tiltBox.setChecked(False)
    np.testing.assert_allclose(normal(measured), [0, 0, 1], atol=1e-9)


def test_slab_and_bone_are_applied_and_remembered(measured):
    live = measured.widget.studyPanel.live
    node = measured.scene.GetSingletonNode("Yellow+", "vtkMRMLSliceNode")
    assert live.study.bone_node.GetDisplayVisibility()
    measured.ui.slabBox.value = 8.0
    assert node.GetSlabReconstructionThickness() == 8.0
    measured.ui.boneBox.setChecked(False)
    assert not live.study.bone_node.GetDisplayVisibility()
    measured.close_module()
    measured.open_module()
    assert measured.ui.slabBox.value == 8.0
    assert not measured.ui.boneBox.checked
