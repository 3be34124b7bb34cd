"""The report of a study: as the model made it, and as the nodes are now."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.study_nodes import keypoints_of, move_point
from helpers.synthetic_spine import lps_volume
from VertebralFracturesLib.core.attenuation.measurement import measure_attenuation
from VertebralFracturesLib.core.attenuation.record import Attenuation
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import add_vertebra, create_study
from VertebralFracturesLib.mrml.study.display import update_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.report.table import report_csv


def test_the_report_comes_back_without_loss(study, report) -> None:
    assert report_json(study_report(study)) == report_json(report)


def test_vertebrae_are_sorted_along_the_curve_whatever_the_order_of_nodes(scene, volume, report) -> None:
    shuffled = replace(report, vertebrae=report.vertebrae[::-1])
    study = create_study(scene, add_volume_node(scene, volume, "CT"), shuffled)
    assert report_csv(study_report(study)) == report_csv(report)


def test_an_empty_report_makes_a_study(scene, volume, report) -> None:
    empty = replace(report, vertebrae=())
    study = create_study(scene, add_volume_node(scene, volume, "CT"), empty)
    assert report_json(study_report(study)) == report_json(empty)
    assert study.table_node.GetNumberOfRows() == 0


def test_unnamed_vertebrae_are_numbered(scene, volume, report) -> None:
    unnamed = tuple(replace(vertebra, level=None) for vertebra in report.vertebrae)
    study = create_study(scene, add_volume_node(scene, volume, "CT"), replace(report, vertebrae=unnamed))
    assert [node.GetName() for node in study.keypoint_nodes][:2] == ["No. 1", "No. 2"]
    assert study_report(study).levels == [None] * 8


def test_a_broken_report_is_told(study) -> None:
    study.report_node.SetText("{}")
    with pytest.raises(UnusableInput, match="the study 'CT report' cannot be read"):
        study_report(study)


@pytest.fixture(scope="module")
def volume(curve) -> Volume:
    """Bodies whose bone differs from place to place."""
    bright = lps_volume(curve)
    noise = np.random.default_rng(3).integers(-60, 60, bright.shape)
    return Volume((bright.voxels + noise).astype(np.int16), bright.ijk_to_ras)


@pytest.fixture
def measured(volume, report) -> SpineReport:
    """The report with attenuations as an analysis makes them."""
    vertebrae = [replace(one, attenuation=measure_attenuation(volume, one.keypoints_ras)) for one in report.vertebrae]
    return replace(report, vertebrae=tuple(vertebrae))


@pytest.fixture
def measured_study(scene, volume, measured):
    return create_study(scene, add_volume_node(scene, volume, "CT"), measured)


def attenuation_of(study, level: str) -> Attenuation | None:
    return next(one.attenuation for one in study_report(study).vertebrae if one.level == level)


def test_attenuations_come_back_without_loss(measured_study, measured) -> None:
    assert report_json(study_report(measured_study)) == report_json(measured)
    assert attenuation_of(measured_study, "L1").median_hu == pytest.approx(350, abs=20)


def test_a_moved_keypoint_is_measured_as_in_an_analysis(measured_study, volume) -> None:
    before = attenuation_of(measured_study, "L1")
    move_point(keypoints_of(measured_study, "L1"), 0, (0.0, 12.0, 0.0))
    moved = next(one for one in study_report(measured_study).vertebrae if one.level == "L1")
    assert moved.attenuation == measure_attenuation(volume, moved.keypoints_ras)
    assert moved.attenuation != before
    move_point(keypoints_of(measured_study, "L1"), 0, (0.0, -12.0, 0.0))
    assert attenuation_of(measured_study, "L1") == before


def test_without_the_ct_a_moved_vertebra_loses_its_attenuation_alone(measured_study, scene, measured) -> None:
    scene.RemoveNode(measured_study.volume_node)
    move_point(keypoints_of(measured_study, "L1"), 0, (0.0, 1.0, 0.0))
    expected = [None if one.level == "L1" else one.attenuation for one in measured.vertebrae]
    assert [one.attenuation for one in study_report(measured_study).vertebrae] == expected


def test_what_was_measured_after_an_edit_outlives_the_ct(measured_study, scene, volume) -> None:
    move_point(keypoints_of(measured_study, "L1"), 0, (0.0, 1.0, 0.0))
    edited = next(one for one in update_study(measured_study).vertebrae if one.level == "L1")
    scene.RemoveNode(measured_study.volume_node)
    assert attenuation_of(measured_study, "L1") == edited.attenuation
    assert edited.attenuation == measure_attenuation(volume, edited.keypoints_ras)


def test_a_study_without_attenuations_gets_none(study) -> None:
    move_point(keypoints_of(study, "L1"), 0, (0.0, 1.0, 0.0))
    assert {one.attenuation for one in study_report(study).vertebrae} == {None}


def test_an_added_vertebra_is_measured(measured_study, volume, measured) -> None:
    points = measured.vertebrae[2].keypoints_ras + np.array([0.0, 0.5, 0.5])
    added = replace(measured.vertebrae[2], keypoints_ras=points, source="added", attenuation=None, level="T8")
    add_vertebra(measured_study, added)
    assert attenuation_of(measured_study, "T8") == measure_attenuation(volume, points)
