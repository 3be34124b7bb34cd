"""A slice view and a 3D view drawn off screen."""

import numpy as np
import pytest
import slicer
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.layout import rendered_views
from VertebralFracturesLib.mrml.layout.rendered_views import (
    RenderedSlice,
    RenderedThreeD,
    check_rendering,
)
from VertebralFracturesLib.mrml.nodes.views import show_slice
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node


def test_a_computer_that_cannot_draw_is_told_so(monkeypatch) -> None:
    check_rendering()
    monkeypatch.setattr(rendered_views, "_ONE_FRAME", "import os; os.abort()")
    with pytest.raises(UnusableInput, match="EGL"):
        check_rendering()


@pytest.fixture
def node(scene) -> slicer.vtkMRMLScalarVolumeNode:
    """Dark on the left half of the patient, bright on the right one, in a window from 0 to 255."""
    voxels = np.zeros((40, 40, 40), np.int16)
    voxels[:, :, 20:] = 255
    volume_node = add_volume_node(scene, Volume(voxels, np.diag([1.0, 1.0, 1.0, 1.0])), "halves")
    volume_node.GetDisplayNode().SetWindowLevel(255, 127.5)
    return volume_node


def test_a_slice_view_draws_the_slice_of_its_node(application, node) -> None:
    view = RenderedSlice(application, "Red", (100, 80))
    try:
        show_slice(application.scene, "Red", "Axial", node, [20.0, 20.0, 20.0])
        view.node.SetFieldOfView(40, 32, 1)
        picture = view.picture()
        assert picture.shape == (80, 100, 3)
        assert (picture[:, 5:45] > 250).all(), "the patient's right is on the left"
        assert (picture[:, 55:95] < 5).all()
    finally:
        view.close()


@pytest.mark.parametrize("view_class", [RenderedSlice, RenderedThreeD])
def test_a_view_takes_its_node_again_and_lets_go(application, view_class) -> None:
    name = "Red" if view_class is RenderedSlice else "1"
    shown = []
    for _ in range(2):
        view = view_class(application, name, (60, 40))
        shown.append(view.node)
        assert view.picture().shape == (40, 60, 3)
        view.close()
    assert shown[0] is shown[1]
    assert application.logic.GetSliceLogics().GetNumberOfItems() == 0
    assert application.logic.GetViewLogics().GetNumberOfItems() == 0
