"""Close-ups in which lengths are true, and the window that shows the endplates of the case."""

import json

import numpy as np
import pytest
from helpers.spine_shapes import bodies_along, spine_curves, turned_deg
from helpers.synthetic_spine import body_keypoints, render, scoliotic_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.keypoints import INFERIOR, SUPERIOR
from VertebralFracturesLib.core.reformation.oblique_slice import ObliqueSlice, plane_through_body
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.report.close_up import PIXEL_MM, SIZE_MM, CloseUp, cut_close_up, fitted_window, window_of
from VertebralFracturesLib.report.window import BONE_WINDOW

HEIGHT_PAIRS = tuple(zip(SUPERIOR, INFERIOR, strict=True))


def heights_mm(points: np.ndarray) -> np.ndarray:
    return np.array([np.linalg.norm(points[one] - points[other]) for one, other in HEIGHT_PAIRS])


def bead(centre_ras: np.ndarray) -> Volume:
    """A volume in which one point of the patient shines."""
    matrix = np.eye(4)
    matrix[:3, 3] = np.floor(centre_ras) - 9
    points_ras = np.stack(np.indices((20, 20, 20))[::-1], -1) + matrix[:3, 3]
    return Volume(1000 * np.exp(-((points_ras - centre_ras) ** 2).sum(-1) / (2 * 1.5**2)), matrix)


def brightest_mm(cut: ObliqueSlice) -> np.ndarray:
    """Where a picture shines, measured on its pixels, in mm of the picture."""
    rows, columns = np.indices(cut.image.shape)
    weights = np.clip(cut.image, 0, None)
    centre = np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()
    return centre * cut.pixel_mm + [cut.left_mm, cut.top_mm]


@settings(deadline=None, max_examples=15)
@given(spine_curves(), st.data(), st.sampled_from(HEIGHT_PAIRS))
def test_a_ruler_laid_on_the_picture_agrees_with_the_label_within_two_percent(curve, data, pair) -> None:
    """The ends of a height shine, in spines up to strong kyphosis and scoliosis, and are found by their pixels."""
    points_ras = data.draw(bodies_along(curve, 1))[0]
    upper_ras, lower_ras = points_ras[list(pair)]
    upper_mm, lower_mm = (brightest_mm(cut_close_up(bead(end), points_ras).slice) for end in (upper_ras, lower_ras))
    assert np.linalg.norm(upper_mm - lower_mm) == pytest.approx(np.linalg.norm(upper_ras - lower_ras), rel=0.02)


def test_real_bodies_are_drawn_in_their_lengths(real_cases) -> None:
    """The annotated bodies of the real CTs, the oblique and the scoliotic ones included."""
    for folder in real_cases:
        for entry in json.loads((folder / "reference.json").read_text())["vertebrae"]:
            points_ras = np.array(entry["ras"])
            plane = plane_through_body(points_ras)
            np.testing.assert_allclose(heights_mm(plane.from_ras(points_ras)), heights_mm(points_ras), rtol=0.02)


@pytest.mark.parametrize("place", [3, 5])
def test_a_body_of_a_scoliotic_ct_lies_in_its_outline(place: int) -> None:
    """Inside of the keypoints there is bone, beyond them there is none, in a grid that is oblique to the body."""
    curve = scoliotic_curve()
    points_ras = body_keypoints(curve)[place]
    matrix = np.diag([-1.2, -1.2, 1.5, 1.0])
    matrix[:3, :3] = turned_deg(0, 17.0) @ turned_deg(2, 12.0) @ matrix[:3, :3]
    matrix[:3, 3] = points_ras.mean(0) - matrix[:3, :3] @ [30, 30, 24]
    close_up = cut_close_up(render(curve, matrix, (49, 61, 61)), points_ras)
    corners = close_up.points_mm
    for share, is_bone in ((0.8, True), (1.3, False)):
        for corner in corners.mean(0) + share * (corners - corners.mean(0)):
            assert (value_at(close_up.slice, corner) > 200) == is_bone


def value_at(cut: ObliqueSlice, place_mm: np.ndarray) -> float:
    column, row = np.round((place_mm - [cut.left_mm, cut.top_mm]) / cut.pixel_mm).astype(int)
    return float(cut.image[row, column])


def test_the_view_box_is_that_of_whole_pixels_around_the_body() -> None:
    points_ras = body_keypoints(scoliotic_curve())[3]
    close_up = cut_close_up(Volume(np.zeros((2, 2, 2)), np.eye(4)), points_ras)
    left, top, width, height = close_up.view_box
    assert (width, height) == pytest.approx(SIZE_MM)
    assert (left, top) == pytest.approx((-SIZE_MM[0] / 2, -SIZE_MM[1] / 2))
    assert close_up.slice.pixel_mm == PIXEL_MM
    np.testing.assert_allclose(close_up.points_mm.mean(0), 0, atol=1e-9)


def test_the_largest_distance_from_the_plane_is_told() -> None:
    points_ras = np.array([[0.0, y, z] for y in (15, 0, -15) for z in (10, -10)])
    flat = cut_close_up(Volume(np.zeros((2, 2, 2)), np.eye(4)), points_ras)
    twisted = points_ras + np.outer([1, -1, 0, 0, -1, 1], [1.5, 0, 0])
    bent = cut_close_up(Volume(np.zeros((2, 2, 2)), np.eye(4)), twisted)
    assert flat.off_plane_mm == pytest.approx(0.0, abs=1e-6)
    assert bent.off_plane_mm == pytest.approx(1.5, abs=0.01)


def spine_hu(
    trabecular: float, endplate: float, soft: float, noise: float = 0.0, cement: int | None = None
) -> list[CloseUp]:
    """Close-ups of five bodies of these intensities."""
    rng = np.random.default_rng(0)
    shown = []
    for number in range(5):
        points_ras = np.array([[0.0, y, z] for y in (15, 0, -15) for z in (12, -12)])
        close_up = cut_close_up(Volume(np.zeros((2, 2, 2)), np.eye(4)), points_ras)
        cut = close_up.slice
        rows, columns = np.indices(cut.image.shape)
        x, y = np.abs(cut.left_mm + columns * cut.pixel_mm), np.abs(cut.top_mm + rows * cut.pixel_mm)
        image = np.where((x < 14) & (y < 11), trabecular, np.where((x < 16) & (y < 13), endplate, soft))
        image = image + rng.normal(0, noise, image.shape)
        if number == cement:
            image[40:110, 70:130] = 2500
        shown.append(CloseUp(ObliqueSlice(image.astype(np.float32), cut.pixel_mm, cut.plane, cut.left_mm, cut.top_mm),
                             close_up.points_mm, 0.0))  # fmt: skip
    return shown


def test_the_window_adapts_to_the_contrast_of_the_case() -> None:
    """Thick slices and thin ones: endplates are white, soft tissue is dark, bone lies clearly between them."""
    for trabecular, endplate, soft in ((180, 300, 40), (150, 700, 30), (60, 250, 20), (300, 900, 60)):
        window = fitted_window(spine_hu(trabecular, endplate, soft))
        shown = [(value - window.low) / (window.high - window.low) for value in (soft, trabecular, endplate)]
        assert 0.05 < shown[0] < 0.2
        assert shown[0] + 0.1 < shown[1] < shown[2] - 0.2
        assert shown[2] == pytest.approx(1.0, abs=0.03)


def test_cement_in_one_body_and_lung_beside_another_leave_the_window_alone() -> None:
    plain = fitted_window(spine_hu(180, 400, 40))
    assert fitted_window(spine_hu(180, 400, 40, cement=2)) == plain
    beside_lung = spine_hu(180, 400, 40)
    for one in beside_lung:
        one.slice.image[:, :40] = -850
    assert fitted_window(beside_lung) == plain


def test_a_case_without_contrast_keeps_a_window_that_noise_does_not_fill() -> None:
    window = fitted_window(spine_hu(50, 50, 50, noise=10))
    assert window.high - window.low == pytest.approx(200, abs=10)
    assert window.low < 50 < window.high


def test_where_nothing_was_measured_the_window_is_that_of_bone() -> None:
    assert fitted_window([]) == BONE_WINDOW


def test_a_body_without_extent_has_a_close_up() -> None:
    """Points that a user has laid on one another are refused when heights are measured, not when they are drawn."""
    vertebra = Vertebra(np.zeros((6, 3)), 0.5, np.ones(6), status="not evaluable")
    close_up = cut_close_up(Volume(np.full((60, 60, 60), 50.0), np.diag([2.0, 2.0, 2.0, 1.0])), vertebra.keypoints_ras)
    assert fitted_window([close_up]).high > fitted_window([close_up]).low


def test_the_window_of_a_report_is_that_of_its_bodies() -> None:
    """Two bodies with a bright cortex in soft tissue, from coarse pixels about as from fine ones."""
    curve = scoliotic_curve()
    bodies = tuple(Vertebra(points, 0.9, np.ones(6)) for points in body_keypoints(curve)[3:5])
    matrix = np.diag([-2.0, -2.0, 2.0, 1.0])
    matrix[:3, 3] = np.mean([body.keypoints_ras for body in bodies], axis=(0, 1)) - 30 * np.diag(matrix)[:3]
    volume = render(curve, matrix, (61, 61, 61))
    report = SpineReport("test", {}, "anchor", "genant", curve, bodies)
    window = window_of(report, volume)
    fine = fitted_window([cut_close_up(volume, body.keypoints_ras) for body in bodies])
    assert (window.low, window.high) == pytest.approx((fine.low, fine.high), abs=80)
    assert -100 < window.low < 40
    assert 700 < window.high <= 900
