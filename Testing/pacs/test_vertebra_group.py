"""One vertebra as a measurement group; what a whole document holds is for test_structured_report.py."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.structured_report import answers, items, numbers
from highdicom.sr import AlgorithmIdentification
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.report import SOURCES, STATUSES
from VertebralFracturesLib.pacs.coordinates import PatientCoordinates
from VertebralFracturesLib.pacs.source import read_source
from VertebralFracturesLib.pacs.vertebra_group import reported_vertebrae, vertebra_group

ALGORITHM = AlgorithmIdentification("name", "version")


@pytest.fixture(scope="module")
def images(a_study):
    return read_source(a_study.dicom.files).images[:2]


def test_a_vertebra_is_reported_with_all_that_follows_from_it(a_report) -> None:
    reported = reported_vertebrae(a_report)
    assert [one.name for one in reported] == a_report.shown_levels
    assert [one.measures for one in reported] == a_report.measures
    assert [one.attenuation for one in reported] == a_report.attenuations


@settings(max_examples=20)
@given(
    shift=st.floats(-500, 500),
    radius=st.floats(0, 9),
    score=st.floats(0, 1),
    source=st.sampled_from(SOURCES),
    status=st.sampled_from(STATUSES),
)
def test_numbers_and_answers_come_back(a_report, images, shift, radius, score, source, status) -> None:
    vertebra = replace(
        a_report.vertebrae[1],
        keypoints_ras=a_report.vertebrae[1].keypoints_ras + shift,
        uncertainty_mm=np.full(6, radius),
        score=score,
        source=source,
        status=status,
    )
    report = replace(a_report, vertebrae=(vertebra,))
    (one,) = reported_vertebrae(report)
    group = vertebra_group(one, "1.2.3", PatientCoordinates("1.2.9"), images, ALGORITHM)[0]
    read = numbers(group)
    assert read["SCORE"][0] == pytest.approx(score, rel=1e-9, abs=1e-12)
    assert read["POINT-PI"][0] == pytest.approx(radius, rel=1e-9, abs=1e-12)
    assert answers(group)["REVIEW"] == status
    assert ("HEIGHT-A" in read) == (status != "not evaluable")
    if one.measures is not None:
        assert read["HEIGHT-M"][0] == pytest.approx(one.measures.heights_mm[1], rel=1e-12)


def test_frames_of_a_file_are_named(a_report, images) -> None:
    one = reported_vertebrae(a_report)[0]
    frames = [replace(image, frame=place + 4, header={**image.header, "NumberOfFrames": "9"})
              for place, image in enumerate(images)]  # fmt: skip
    group = vertebra_group(one, "1.2.3", PatientCoordinates("1.2.9"), frames, ALGORITHM)[0]
    references = [item.ReferencedSOPSequence[0] for item in items(group, "Source of Measurement")]
    assert [reference.ReferencedFrameNumber for reference in references] == [5, 6]
