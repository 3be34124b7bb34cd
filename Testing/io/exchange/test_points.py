"""What of a report the formats of other tools take."""

from dataclasses import replace

import numpy as np
from helpers.dicom_study import spine_report
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.exchange.points import points_of
from VertebralFracturesLib.io.read_image import ReadImage


def a_report() -> SpineReport:
    return spine_report(ReadImage(Volume(np.zeros((70, 48, 48)), np.diag([3.0, 3, 3, 1])), {"path": "ct.nii"}))


def test_vertebrae_are_taken_by_their_levels_and_others_are_told() -> None:
    report = a_report()
    points = points_of(report)
    assert [one.level for one in points.vertebrae] == ["C7", "T11", "T12", "L1", "L2"]
    assert points.left_out == ("Vertebra No. 6 is missing from the exchange formats because it has no level.",)
    for one, vertebra in zip(points.vertebrae, report.vertebrae, strict=False):
        assert np.array_equal(one.keypoints_ras, vertebra.keypoints_ras)
        assert np.allclose(one.centre_ras, vertebra.keypoints_ras.mean(0))


def test_of_two_vertebrae_of_one_level_the_first_is_taken() -> None:
    report = a_report()
    twice = replace(report, vertebrae=tuple(replace(one, level="T12") for one in report.vertebrae[:2]))
    points = points_of(twice)
    assert len(points.vertebrae) == 1
    assert points.left_out == (
        "Vertebra No. 2 is missing from the exchange formats because another one has the level T12.",
    )
