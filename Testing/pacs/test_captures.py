"""Figures as Secondary Capture Images."""

from pathlib import Path

import numpy as np
import pydicom
from VertebralFracturesLib.pacs.captures import captures
from VertebralFracturesLib.pacs.figures import CLOSE_UP_PIXEL_MM


def test_the_spine_and_every_abnormal_vertebra_have_an_image(an_export: Path, a_study, a_report) -> None:
    expected = list(captures(a_report, a_study.image, "Not verified."))
    abnormal = sum(bool(one.grade) for one in a_report.measures if one is not None)
    assert len(expected) == 1 + abnormal > 1
    names = ["spine.dcm", *(f"close-up-{number}.dcm" for number in range(1, len(expected)))]
    read = [pydicom.dcmread(an_export / name) for name in names]
    for one, capture in zip(read, expected, strict=True):
        np.testing.assert_array_equal(one.pixel_array, capture.pixels)
        assert one.ImageComments == capture.title
        assert (one.Modality, one.ConversionType, one.BurnedInAnnotation) == ("OT", "WSD", "NO")
        assert one.PatientOrientation == ["P", "F"]
    assert len({one.SeriesInstanceUID for one in read}) == 1
    assert [one.InstanceNumber for one in read] == list(range(1, len(read) + 1))


def test_lengths_can_be_measured_in_close_ups_only(an_export: Path) -> None:
    """Along the straightened spine no length is true."""
    assert "PixelSpacing" not in pydicom.dcmread(an_export / "spine.dcm")
    assert pydicom.dcmread(an_export / "close-up-1.dcm").PixelSpacing == [CLOSE_UP_PIXEL_MM] * 2
