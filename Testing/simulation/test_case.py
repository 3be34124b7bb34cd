"""Patients as reference cases on disk, with the vertebrae that the scan holds wholly."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers.small_patients import SMALL, unfractured_patient
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.reference_case import find_cases
from VertebralFracturesLib.simulation.case import in_view, reference_document, write_case
from VertebralFracturesLib.simulation.ct.acquisition import scan


@pytest.fixture(scope="module")
def patient():
    return unfractured_patient()


@pytest.fixture(scope="module")
def volume(patient):
    return scan(patient, SMALL, 1)


def test_case_on_disk(tmp_path, patient, volume):
    sitk = pytest.importorskip("SimpleITK")
    write_case(tmp_path / "case", patient, volume)
    assert sorted(p.name for p in (tmp_path / "case").iterdir()) == ["ct.nii.gz", "reference.json"]
    document = json.loads((tmp_path / "case" / "reference.json").read_text())
    whole = [v.level for v in patient.vertebrae if in_view(v, volume)]
    assert [entry["label"] for entry in document["vertebrae"]] == whole
    assert "T10" in whole
    for entry in document["vertebrae"]:
        assert entry["G"] == pytest.approx(genant_index(heights_mm(entry["ras"])), abs=1e-3)
    image = sitk.ReadImage(str(tmp_path / "case" / "ct.nii.gz"))
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    lps = [-vertebra.centre_ras[0], -vertebra.centre_ras[1], vertebra.centre_ras[2]]
    index = image.TransformPhysicalPointToContinuousIndex([float(v) for v in lps])
    np.testing.assert_allclose(index, volume.to_ijk(vertebra.centre_ras), atol=1e-3)


def test_a_case_is_read_back_as_it_was_written(tmp_path, patient, volume):
    pytest.importorskip("SimpleITK")
    write_case(tmp_path / "case", patient, volume)
    (case,) = find_cases(tmp_path)
    by_level = {v.level: v for v in patient.vertebrae}
    for level, keypoints_ras in zip(case.levels, case.keypoints_ras, strict=True):
        np.testing.assert_allclose(keypoints_ras, by_level[level].keypoints_ras, atol=1e-3)


def test_padding_is_not_in_view(patient, volume):
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    assert in_view(vertebra, volume)
    padded = volume.voxels.copy()
    i, j, k = np.rint(volume.to_ijk(vertebra.keypoints_ras[0])).astype(int)
    padded[k, j, i] = -2000
    assert not in_view(vertebra, Volume(padded, volume.ijk_to_ras))
    assert not in_view(replace(vertebra, centre_ras=vertebra.centre_ras + [0, 0, 500]), volume)


def test_the_curve_of_a_case_ends_just_beyond_its_vertebrae(patient, volume):
    document = reference_document(patient, volume)
    heights = np.array([entry["ras"] for entry in document["vertebrae"]])[..., 2]
    curve = np.array(document["curve"])
    assert heights.max() + 10 < curve[:, 2].max() <= heights.max() + 15
    assert heights.min() - 15 <= curve[:, 2].min() < heights.min() - 10


def test_a_case_says_where_c2_and_s1_are(patient, volume):
    document = reference_document(patient, volume)
    assert set(document["landmarks"]) == {"C2_body_centre", "S1_body_centre"}
    sacral = next(v for v in patient.column if v.level == "S1")
    np.testing.assert_allclose(document["landmarks"]["S1_body_centre"], sacral.keypoints_ras.mean(0), atol=1e-3)
    assert document["variant"] is None
