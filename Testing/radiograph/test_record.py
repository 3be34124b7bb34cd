import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.small_radiograph import LEVELS, bodies_ras, report
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.report import NOT_EVALUABLE, Vertebra
from VertebralFracturesLib.radiograph.record import Radiograph, average_scale
from VertebralFracturesLib.report.document import read_report, report_json
from VertebralFracturesLib.report.table import report_csv


@given(st.floats(0.05, 2.0), st.sampled_from(["left", "right"]), st.tuples(st.floats(-50, 3000), st.floats(-50, 3000)))
def test_pixels_go_to_the_patient_and_back(pixel_mm: float, side: str, pixel: tuple[float, float]) -> None:
    radiograph = Radiograph(np.zeros((4, 4), np.float32), pixel_mm, side)
    points_ras = radiograph.pixels_to_ras(pixel)
    np.testing.assert_allclose(radiograph.ras_to_pixels(points_ras), pixel, atol=1e-6)
    ahead = radiograph.pixels_to_ras(np.add(pixel, [1, 0])) - points_ras
    assert ahead[1] == pytest.approx(pixel_mm if side == "right" else -pixel_mm)


def test_the_volume_shows_a_pixel_where_its_point_lies() -> None:
    image = np.zeros((30, 20), np.float32)
    image[12, 7] = 1.0
    for side in ("left", "right"):
        radiograph = Radiograph(image, 0.5, side)
        volume = radiograph.as_volume()
        at_pixel = volume.sample(radiograph.pixels_to_ras([7, 12]))
        beside = volume.sample(radiograph.pixels_to_ras([8, 12]))
        assert at_pixel > beside + 500
        assert volume.contains(radiograph.pixels_to_ras([7, 12]))


def test_a_radiograph_refuses_what_is_no_image() -> None:
    with pytest.raises(ValueError, match="two dimensions"):
        Radiograph(np.zeros((2, 2, 3), np.float32))
    with pytest.raises(ValueError, match="greater than 0"):
        Radiograph(np.zeros((9, 9), np.float32), 0.0)
    with pytest.raises(ValueError, match="not known"):
        Radiograph(np.zeros((9, 9), np.float32)).pixels_to_ras([0, 0])


def test_the_report_comes_back_from_its_file() -> None:
    before = report()
    after = read_report(report_json(before))
    assert report_json(after) == report_json(before)
    assert report_csv(after) == report_csv(before)
    assert after.angles_deg == before.angles_deg
    assert read_report(report_json(replace(before, sacral_endplate_ras=None))).sacral_endplate_ras is None


def test_a_report_of_a_radiograph_without_its_scale_is_refused() -> None:
    document = json.loads(report_json(report()))
    del document["radiograph"]["pixel_spacing_mm"]
    with pytest.raises(ValueError, match="pixel_spacing_mm"):
        read_report(json.dumps(document))


def test_heights_index_and_grade_are_those_of_the_points() -> None:
    vertebra = json.loads(report_json(report()))["vertebrae"][1]
    assert vertebra["height_anterior_mm"] == pytest.approx(18.0)
    assert vertebra["height_ratio"] == pytest.approx(18 / 27)
    assert vertebra["grade"] == 2


def test_angles_follow_the_sacrum_and_skip_what_is_not_evaluable() -> None:
    one = report()
    assert one.angles_deg["sacral_slope_deg"] == pytest.approx(np.degrees(np.arctan2(18, 30)))
    assert one.angles_deg["lordosis_l1_l5_deg"] == pytest.approx(0.0)
    assert replace(one, sacral_endplate_ras=None).angles_deg["lordosis_l1_s1_deg"] is None
    first, *others = one.vertebrae
    hidden = Vertebra(first.keypoints_ras, 0.9, first.uncertainty_mm, "L1", 0.9, status=NOT_EVALUABLE)
    assert replace(one, vertebrae=(hidden, *others)).angles_deg["lordosis_l1_l5_deg"] is None


def test_the_average_patient_has_the_normal_heights() -> None:
    scale = average_scale(bodies_ras() * 0.01, LEVELS)
    expected = np.median([HEIGHT_NORMS[level].mean_mm[2] for level in LEVELS]) / 0.27
    assert scale == pytest.approx(expected)
    assert average_scale(bodies_ras(), [None] * 5) == 1.0


def test_the_volume_is_shown_in_the_window_of_cts_and_half_a_body_thick() -> None:
    image = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    volume = Radiograph(image, 0.5, "left").as_volume()
    low, high = np.percentile(volume.voxels, (0.5, 99.5))
    assert (low, high) == pytest.approx((-250, 800), abs=3)
    np.testing.assert_allclose(volume.spacing_mm, [20.0, 0.5, 0.5])
    assert volume.ijk_to_ras[0, 3] == -10.0
