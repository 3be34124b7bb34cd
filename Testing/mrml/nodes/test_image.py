"""CTs and radiographs as volume nodes, and back."""

import numpy as np
import pytest
import slicer
from helpers.small_radiograph import report
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.nodes.image import (
    add_image_node,
    image_from_node,
    mark_radiograph,
    placed_volume,
    radiograph_from_node,
    shown_radiograph,
)
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.close_up import window_of

SHAPE = (1100, 300)


def image() -> np.ndarray:
    return np.random.default_rng(2).normal(size=SHAPE).astype(np.float32)


def test_a_loaded_picture_is_a_radiograph_without_a_scale(scene: slicer.vtkMRMLScene) -> None:
    picture = image()[None]
    node = add_volume_node(scene, Volume(picture, np.diag([-1.0, -1.0, 1.0, 1.0])), "picture")
    found = radiograph_from_node(node)
    assert found is not None
    np.testing.assert_array_equal(found.image, picture[0])
    assert (found.pixel_mm, found.anterior_is) == (None, None)


def test_a_sagittal_slice_has_its_sides_and_scale(scene: slicer.vtkMRMLScene) -> None:
    slice_image = image()
    matrix = np.array([[0, 0, 1.0, 0], [-0.4, 0, 0, 0], [0, -0.4, 0, 0], [0, 0, 0, 1]])
    node = add_volume_node(scene, Volume(slice_image[None], matrix), "sagittal")
    found = radiograph_from_node(node)
    assert found is not None
    assert (found.pixel_mm, found.anterior_is) == (pytest.approx(0.4), "left")
    np.testing.assert_array_equal(found.image, slice_image)
    upside_down = matrix @ np.diag([-1.0, -1.0, 1.0, 1.0])
    turned = radiograph_from_node(add_volume_node(scene, Volume(slice_image[None], upside_down), "turned"))
    assert turned is not None
    assert turned.anterior_is == "right"
    np.testing.assert_array_equal(turned.image, slice_image[::-1])


def test_a_ct_is_no_radiograph(scene: slicer.vtkMRMLScene) -> None:
    node = add_volume_node(scene, Volume(np.zeros((5, 80, 80), np.int16), np.eye(4)), "CT")
    assert radiograph_from_node(node) is None


@pytest.mark.parametrize(("side", "is_refused"), [(63, True), (64, False)])
def test_a_small_slice_is_no_radiograph(scene: slicer.vtkMRMLScene, side: int, is_refused: bool) -> None:
    node = add_volume_node(scene, Volume(np.zeros((1, side, 90), np.float32), np.eye(4)), "slice")
    assert (radiograph_from_node(node) is None) == is_refused


def test_a_node_gives_the_kind_of_image_that_it_holds(scene: slicer.vtkMRMLScene, volume: Volume) -> None:
    assert isinstance(image_from_node(add_volume_node(scene, volume, "CT")), Volume)
    film = add_volume_node(scene, Volume(image()[None], np.diag([-1.0, -1.0, 1.0, 1.0])), "film")
    assert isinstance(image_from_node(film), Radiograph)


@pytest.mark.parametrize("is_scale_known", [True, False])
def test_a_placed_radiograph_comes_back(scene: slicer.vtkMRMLScene, is_scale_known: bool) -> None:
    radiograph, one = Radiograph(image(), 0.2, "left"), report(is_scale_known)
    node = add_image_node(scene, radiograph, one, "lateral")
    mark_radiograph(node, one.is_scale_known)
    again = image_from_node(node)
    assert isinstance(again, Radiograph)
    assert again.image.shape == SHAPE
    assert (again.pixel_mm, again.anterior_is) == (pytest.approx(0.2) if is_scale_known else None, "left")
    shown = shown_radiograph(placed_volume(radiograph, one), one)
    inside = (radiograph.image > np.percentile(radiograph.image, 1)) & (
        radiograph.image < np.percentile(radiograph.image, 99)
    )
    assert np.corrcoef(shown.image[inside], radiograph.image[inside])[0, 1] > 0.9999


def test_an_image_and_a_report_of_two_kinds_do_not_go_together(volume: Volume) -> None:
    with pytest.raises(ValueError, match="not of the same kind"):
        placed_volume(volume, report())


def shown_hu(node: slicer.vtkMRMLScalarVolumeNode) -> tuple[float, float]:
    display = node.GetScalarVolumeDisplayNode()
    half = display.GetWindow() / 2
    return display.GetLevel() - half, display.GetLevel() + half


def test_a_ct_is_shown_in_the_window_of_its_bodies(scene, volume, ct_report) -> None:
    window = window_of(ct_report, volume)
    assert (window.low, window.high) != (-250, 800)
    assert shown_hu(add_image_node(scene, volume, ct_report, "CT")) == (window.low, window.high)
    study = create_study(scene, add_volume_node(scene, volume, "loaded by the user"), ct_report)
    assert shown_hu(study.straightened_node) == (window.low, window.high)
    assert shown_hu(study.volume_node) == (-250, 800)


def test_a_radiograph_is_shown_as_a_whole(scene) -> None:
    film = Radiograph(np.random.default_rng(2).normal(size=(1000, 300)).astype(np.float32))
    node = add_image_node(scene, film, report(), "film")
    study = create_study(scene, node, report())
    assert shown_hu(node) == shown_hu(study.straightened_node) == (-250, 800)


@pytest.fixture
def ct_report(request: pytest.FixtureRequest) -> SpineReport:
    """The report of the CT of these tests, whose name is that of the radiograph's here."""
    return request.getfixturevalue("report")
