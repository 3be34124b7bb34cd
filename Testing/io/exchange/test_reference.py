"""From points to reference cases."""

from pathlib import Path

import numpy as np
import pytest
from helpers.dicom_study import spine_report
from VertebralFracturesLib.core.heights.genant import heights_mm
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.exchange.points import SpinePoints, VertebraPoints, points_of
from VertebralFracturesLib.io.exchange.reference import reference_document
from VertebralFracturesLib.io.read_image import ReadImage
from VertebralFracturesLib.io.reference_case import C2_CENTRE, S1_CENTRE, read_case, write_reference_case

VOLUME = Volume(np.zeros((70, 48, 48), dtype=np.int16), np.diag([-3.0, 3, 3, 1]))
POINTS = points_of(spine_report(ReadImage(VOLUME, {"path": "ct.nii"})))


def test_a_case_is_read_as_it_was_converted(tmp_path: Path) -> None:
    centre = VertebraPoints("L3", np.array([-70.0, 70.0, 20.0]))
    landmarks = {"S1": np.array([1.0, 2.0, 3.0]), "C2": np.array([4.0, 5.0, 6.0])}
    document, left_out = reference_document(SpinePoints((*POINTS.vertebrae, centre), landmarks), "a test")
    write_reference_case(tmp_path / "case", VOLUME, document)
    case = read_case(tmp_path / "case")
    assert left_out == ("left out of the reference case, without keypoints: L3",)
    assert case.levels == ("C7", "T11", "T12", "L1", "L2")
    assert case.fractures is None
    for one, points_ras in zip(POINTS.vertebrae, case.keypoints_ras, strict=True):
        assert np.allclose(points_ras, one.keypoints_ras, rtol=0, atol=1e-3)
        entry = document["vertebrae"][case.levels.index(one.level)]
        assert np.allclose([entry["ha"], entry["hm"], entry["hp"]], heights_mm(one.keypoints_ras), atol=1e-3)
    assert np.allclose(case.landmarks[S1_CENTRE], [1, 2, 3])
    assert np.allclose(case.landmarks[C2_CENTRE], [4, 5, 6])


def test_body_centres_alone_make_no_case_and_the_reason_says_what_they_give() -> None:
    centres = SpinePoints(tuple(VertebraPoints(one.level, one.centre_ras) for one in POINTS.vertebrae))
    with pytest.raises(UnusableInput, match=r"heights and grades cannot be determined.*--to exchange"):
        reference_document(centres, "a test")


def test_a_single_vertebra_and_a_flat_one_are_refused() -> None:
    with pytest.raises(UnusableInput, match="needs 2 vertebrae with six landmarks, this one has 1"):
        reference_document(SpinePoints(POINTS.vertebrae[:1]), "a test")
    flat = VertebraPoints.of_keypoints("L3", np.repeat(POINTS.vertebrae[0].keypoints_ras[::2], 2, axis=0))
    with pytest.raises(UnusableInput, match="L3 give no heights"):
        reference_document(SpinePoints((*POINTS.vertebrae, flat)), "a test")


def test_the_axis_is_never_measured() -> None:
    axis = VertebraPoints.of_keypoints("C2", POINTS.vertebrae[0].keypoints_ras + [0, 0, 80])
    document, left_out = reference_document(SpinePoints((axis, *POINTS.vertebrae)), "a test")
    assert "C2" not in [entry["label"] for entry in document["vertebrae"]]
    assert left_out == ("left out of the reference case, never measured: C2",)
