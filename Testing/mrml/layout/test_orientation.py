"""Directions in the patient and a bar of 10 mm on pictures."""

import numpy as np
import pytest
from VertebralFracturesLib.mrml.layout.orientation import PictureAxes, direction_letter, with_directions
from VertebralFracturesLib.mrml.layout.rendered import PANE_PICTURES, RenderedLayout
from VertebralFracturesLib.mrml.layout.show import show_study

SAGITTAL = (np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0]))


@pytest.mark.parametrize(
    ("direction", "letter"),
    [((0, -1, 0), "P"), ((0, 0.9, -0.3), "A"), ((0, 0, 2), "H"), ((0.1, 0.2, -0.3), "F"), ((1, 0, 0), "R"),
     ((-0.7, 0.6, 0), "L")],
)  # fmt: skip
def test_a_direction_has_the_letter_of_the_nearest_one_in_the_patient(direction, letter) -> None:
    assert direction_letter(direction) == letter


@pytest.mark.parametrize("pixels_per_mm", [0.8, 3.0, 7.5])
def test_the_bar_is_10_mm_long_in_the_pixels_of_the_picture(pixels_per_mm: float) -> None:
    grey = np.full((300, 200, 3), 128, np.uint8)
    drawn = with_directions(grey, PictureAxes(*SAGITTAL, pixels_per_mm))
    rows = (drawn == 255).all(-1)[250:, :].sum(1)
    assert drawn.shape == grey.shape
    assert rows[-30:].max() == pytest.approx(10 * pixels_per_mm, abs=1)
    assert (grey == 128).all()


def test_each_side_has_its_letter() -> None:
    """Turning the picture around changes what is drawn at its sides, and nothing in its middle."""
    grey = np.full((300, 200, 3), 128, np.uint8)
    one = with_directions(grey, PictureAxes(*SAGITTAL, 2.0))
    turned = with_directions(grey, PictureAxes(*(-side for side in SAGITTAL), 2.0))
    sides = [(slice(140, 160), slice(0, 25)), (slice(140, 160), slice(175, 200)), (slice(0, 25), slice(90, 110)),
             (slice(275, 300), slice(90, 110))]  # fmt: skip
    for side in sides:
        assert (one[side] == 255).any()
        assert (one[side] != turned[side]).any()
    assert (one[30:135, 30:170] == 128).all()


def test_the_views_of_a_study_know_their_directions_and_scale(application, study) -> None:
    layout = RenderedLayout(application, (900, 700))
    try:
        show_study(study, layout.layout_node)
        layout.render()
        letters = {}
        for name, view in PANE_PICTURES.items():
            axes = layout.views[view].axes()
            letters[name] = direction_letter(axes.right) + direction_letter(axes.up)
            assert np.dot(axes.right, axes.up) == pytest.approx(0, abs=1e-9)
            assert axes.pixels_per_mm == pytest.approx(scale(layout.views[view], axes), rel=1e-3)
        assert letters == {"straightened": "PH", "sagittal": "PH", "axial": "LA", "three_dimensional": "PH"}
    finally:
        layout.close()


def scale(view, axes: PictureAxes) -> float:
    """Pixels between two points 10 mm apart in the middle of a view."""
    if hasattr(view.node, "GetXYToRAS"):
        return float(view.window.GetSize()[1] / view.node.GetFieldOfView()[1])
    camera = view.renderer.GetActiveCamera()
    ends = []
    for shift in (0.0, 10.0):
        view.renderer.SetWorldPoint(*(np.array(camera.GetFocalPoint()) + shift * np.array(axes.up)), 1.0)
        view.renderer.WorldToDisplay()
        ends.append(np.array(view.renderer.GetDisplayPoint()[:2]))
    return float(np.linalg.norm(ends[1] - ends[0]) / 10)
