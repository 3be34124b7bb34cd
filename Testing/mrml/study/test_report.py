"""The report of a study: as the model made it, and as the nodes are now."""

from dataclasses import replace

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
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
