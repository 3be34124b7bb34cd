"""The layout's views as Slicer draws them: what is where in the 3D view, in the labels and after a change of size."""

import numpy as np
import pytest
import slicer
from helpers.slice_view import SliceView
from numpy.typing import ArrayLike, NDArray
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.mrml.layout.rendered import LAYOUT_PICTURE, PANE_PICTURES, RenderedLayout
from VertebralFracturesLib.mrml.layout.rendered_views import RenderedThreeD, RenderedView
from VertebralFracturesLib.mrml.layout.show import panes, show_study
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.curve import CURVE_COLOR
from VertebralFracturesLib.mrml.nodes.keypoints import keypoints_from_node
from VertebralFracturesLib.mrml.nodes.views import CENTRED_ON_VERTEBRA_MM

SIZE = (900, 700)
SEVERE = 3
BRIGHT = 230
"""Grey values above it are of the selected label alone; edges of letters blend with bone."""


@pytest.fixture
def layout(application):
    layout = RenderedLayout(application, SIZE)
    yield layout
    layout.close()


@pytest.fixture
def live(layout, study):
    live = LiveStudy(study)
    live.select(SEVERE)
    show_study(study, layout.layout_node)
    yield live
    live.close()


def pixel_in_three_d(view: RenderedThreeD, point_ras: ArrayLike) -> NDArray[np.float64]:
    """Display position (x, y; origin at the lower left) of a point of the patient."""
    view.render()
    view.renderer.SetWorldPoint(*np.asarray(point_ras, dtype=float), 1.0)
    view.renderer.WorldToDisplay()
    return np.array(view.renderer.GetDisplayPoint()[:2])


def patch(picture: NDArray[np.uint8], pixel: ArrayLike, radius: int = 1) -> NDArray[np.float64]:
    """Colors (n, 3) in 0..1 around a display position."""
    column, up = (round(float(value)) for value in np.asarray(pixel))
    row = picture.shape[0] - 1 - up
    return picture[row - radius : row + radius + 1, column - radius : column + radius + 1].reshape(-1, 3) / 255


def is_hue(colors: NDArray[np.float64], rgb: ArrayLike) -> NDArray[np.bool_]:
    """Which colors (..., 3) are a color in light or shade."""
    norms = np.linalg.norm(colors, axis=-1) * np.linalg.norm(rgb)
    return (norms > 0.15) & (colors @ np.asarray(rgb) > 0.995 * norms)


def patients_nodes(live: LiveStudy) -> list:
    study = live.study
    return [study.curve_node, study.label_nodes[0], *study.keypoint_nodes]


def test_the_three_d_view_shows_keypoints_in_the_color_of_their_grade(layout, live) -> None:
    view = layout.views["1"]
    live.study.curve_node.SetDisplayVisibility(False)
    live.study.label_nodes[0].SetDisplayVisibility(False)
    picture = view.picture()
    for node, measures in zip(live.study.keypoint_nodes, live.report.measures, strict=True):
        for point in keypoints_from_node(node)[[0, 1, 4, 5]] if measures else ():
            assert is_hue(patch(picture, pixel_in_three_d(view, point)), GRADE_COLORS[measures.grade]).any()


def test_the_three_d_view_shows_the_curve(layout, live) -> None:
    view, node = layout.views["1"], live.study.curve_node
    pixels = [pixel_in_three_d(view, live.report.curve.position(arc)) for arc in np.linspace(5, 260, 12)]
    picture = view.picture()
    assert all(is_hue(patch(picture, pixel, 2), CURVE_COLOR).any() for pixel in pixels)
    node.SetDisplayVisibility(False)
    picture = view.picture()
    assert not is_hue(picture / 255, CURVE_COLOR).any()


def test_nothing_of_straightened_space_is_in_the_three_d_view(layout, live) -> None:
    view = layout.views["1"]
    shown = view.picture()
    for node in patients_nodes(live):
        node.SetDisplayVisibility(False)
    without_patient = view.picture()
    for node in (live.study.label_nodes[1], *live.study.proxy_nodes):
        assert node.GetDisplayVisibility()
        node.SetDisplayVisibility(False)
    np.testing.assert_array_equal(view.picture(), without_patient)
    assert (shown != without_patient).any(-1).sum() > 500


def test_the_three_d_view_shows_the_whole_spine_from_the_left(layout, live) -> None:
    view = layout.views["1"]
    points = np.concatenate([v.keypoints_ras for v in live.report.vertebrae])
    pixels = np.array([pixel_in_three_d(view, point) for point in points])
    width, height = view.window.GetSize()
    assert (pixels > 0).all()
    assert (pixels < [width, height]).all()
    assert np.ptp(pixels[:, 1]) > 0.6 * height
    anterior, posterior = pixels.reshape(-1, 6, 2)[:, :2], pixels.reshape(-1, 6, 2)[:, 4:]
    assert (anterior[..., 0] < posterior[..., 0]).all()
    assert (np.diff(pixels.reshape(-1, 6, 2).mean(1)[:, 1]) < 0).all()


@pytest.mark.parametrize("place", [0, SEVERE, 6])
def test_selecting_a_vertebra_moves_the_camera_to_it(layout, live, place) -> None:
    view = layout.views["1"]
    camera = slicer.vtkMRMLViewLogic.GetCameraNode(live.study.scene, "1")
    before = np.array(camera.GetPosition()) - camera.GetFocalPoint()
    live.select(place)
    centre_ras = live.report.vertebrae[place].keypoints_ras.mean(0)
    np.testing.assert_allclose(np.array(camera.GetPosition()) - camera.GetFocalPoint(), before, atol=1e-9)
    np.testing.assert_allclose(pixel_in_three_d(view, centre_ras), np.array(view.window.GetSize()) / 2, atol=1)


def label_pixels(view: RenderedView, node) -> NDArray[np.bool_]:
    """Where a label list is drawn: the pixels that change without it."""
    shown = view.picture()
    node.SetDisplayVisibility(False)
    without = view.picture()
    node.SetDisplayVisibility(True)
    return (shown != without).any(-1)


@pytest.mark.parametrize(("name", "space"), [("Yellow", 0), ("Yellow+", 1), ("1", 0)])
def test_labels_are_written_beside_the_bodies(layout, live, name, space) -> None:
    view, labels = layout.views[name], live.study.label_nodes[space]
    written = label_pixels(view, labels)
    assert written.sum() > 300
    for node in live.study.keypoint_nodes if space == 0 else live.study.proxy_nodes:
        for point in (node.GetNthControlPointPositionWorld(index) for index in range(6)):
            pixel = pixel_in_three_d(view, point) if name == "1" else SliceView.pixel_of(view, point)
            column, row = round(pixel[0]), len(written) - 1 - round(pixel[1])
            assert not written[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].any(), node.GetName()


@pytest.mark.parametrize(("name", "space"), [("Yellow+", 1), ("1", 0)])
def test_the_label_of_the_selected_vertebra_has_its_own_color(layout, live, name, space) -> None:
    view, point = layout.views[name], live.study.label_nodes[space].GetNthControlPointPositionWorld(SEVERE)
    place = pixel_in_three_d(view, point) if name == "1" else SliceView.pixel_of(view, point)
    labels = live.study.label_nodes[space]
    written, picture = label_pixels(view, labels), view.picture()
    selected = np.argwhere(written & (picture.min(-1) > BRIGHT))
    assert len(selected) > 30
    assert np.abs(view.window.GetSize()[1] - selected[:, 0].mean() - place[1]) < 25
    live.select(None)
    assert (label_pixels(view, labels) & (view.picture().min(-1) > BRIGHT)).sum() < len(selected) / 5


def test_the_layouts_picture_holds_those_of_its_panes(layout, live) -> None:
    pictures = layout.pictures()
    composed = pictures[LAYOUT_PICTURE]
    assert composed.shape == (SIZE[1], SIZE[0], 3)
    for name, view in PANE_PICTURES.items():
        pane = panes(*SIZE)[view]
        height, width, _ = pictures[name].shape
        assert pane.width - 4 < width <= pane.width
        assert pane.height - 12 < height < pane.height
        top, left = pane.top + 6, pane.left
        np.testing.assert_array_equal(composed[top : top + height, left : left + width], pictures[name])


def test_what_is_shown_stays_when_slicer_resizes_the_panes(layout, live) -> None:
    """In Slicer the panes get their sizes after the study is shown, some in steps that start with a sliver."""
    report, study = live.report, live.study
    centre_ras = report.vertebrae[SEVERE].keypoints_ras.mean(0)
    for size in ((100, 30), (1, 1), (640, 480), (300, 900)):
        for name in ("Yellow", "Red", "Yellow+"):
            layout.views[name].logic.ResizeSliceNode(*size)
        for name in ("Yellow", "Red"):
            node = layout.views[name].node
            assert node.GetFieldOfView()[1] == pytest.approx(CENTRED_ON_VERTEBRA_MM)
            assert node.GetFieldOfView()[0] == pytest.approx(CENTRED_ON_VERTEBRA_MM * size[0] / size[1])
            np.testing.assert_allclose(SliceView.pixel_of(layout.views[name], centre_ras), np.divide(size, 2), atol=1)
        bounds = np.zeros(6)
        study.straightened_node.GetRASBounds(bounds)
        ends = [SliceView.pixel_of(layout.views["Yellow+"], [0, 0, bounds[end]])[1] for end in (4, 5)]
        np.testing.assert_allclose(ends, [0, size[1]], atol=1)
