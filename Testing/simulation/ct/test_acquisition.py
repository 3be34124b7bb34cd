"""The scanner: grids of any orientation, agreement of the three ways to scan, noise, padding, cases on disk."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from VertebralFracturesLib.core.genant import genant_index, heights_mm
from VertebralFracturesLib.simulation.case import in_view, write_case
from VertebralFracturesLib.simulation.ct.acquisition import scan, voxel_offsets
from VertebralFracturesLib.simulation.ct.protocol import Protocol, random_protocol
from VertebralFracturesLib.simulation.ct.sampling import sample_scanned, scan_lowres
from VertebralFracturesLib.simulation.patient.anatomy import Patient, make_patient

SMALL = Protocol(
    pixel_mm=1.0, slice_spacing_mm=2.0, slice_thickness_mm=2.0, first_level=15.5, last_level=18.5, field_mm=120,
    centre_mm=(0.0, -45.0), noise_hu=0.0)  # fmt: skip


@pytest.fixture(scope="module")
def patient():
    return make_patient(2, realism="realistic", pathology_rate=0.0, fractures={}, level_variants=False)


@pytest.fixture(scope="module")
def volume(patient):
    return scan(patient, SMALL, 1)


def test_scan_has_the_protocols_grid(patient, volume):
    shape, matrix = SMALL.grid(patient)
    assert volume.shape == shape
    assert volume.voxels.dtype == np.int16
    np.testing.assert_allclose(volume.spacing_mm, [1, 1, 2], atol=1e-9)
    np.testing.assert_array_equal(volume.ijk_to_ras, matrix)
    assert volume.voxels.min() >= -1024


def test_sampling_without_a_scan_agrees_with_the_scan(patient, volume):
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    anterior, superior = np.meshgrid(np.arange(18, -19, -1.0), np.arange(14, -15, -1.0))
    points = vertebra.to_ras(np.stack([np.zeros_like(anterior), anterior, superior], -1))
    direct = sample_scanned(patient, points, SMALL, 1)
    scanned = volume.sample(points)
    difference = np.abs(direct - scanned)
    assert difference.mean() < 45
    assert np.corrcoef(direct.ravel(), scanned.ravel())[0, 1] > 0.95


def test_lowres_agrees_with_the_resampled_scan(patient, volume):
    low = scan_lowres(patient, SMALL, 1)
    np.testing.assert_allclose(low.ijk_to_ras[:3, :3], 3 * np.eye(3))
    full = volume.resampled(3.0)
    inner = np.stack(np.meshgrid(*[np.linspace(c - 12, c + 12, 9) for c in volume.corners_ras().mean(0)]), -1)
    one, other = low.sample(inner), full.sample(inner)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.85
    assert abs(one.mean() - other.mean()) < 40


@pytest.mark.parametrize("signs", [(-1, -1, 1), (1, 1, -1), (1, -1, 1)])
def test_axes_may_point_anywhere(patient, signs):
    protocol = replace(SMALL, signs=signs, obliquity_degrees=(8.0, -5.0, 3.0), pixel_mm=3.0, slice_spacing_mm=5.0)
    turned = scan(patient, protocol, 1)
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    assert np.sign(turned.ijk_to_ras[[0, 1, 2], [0, 1, 2]]).tolist() == list(signs)
    assert turned.contains(vertebra.keypoints_ras).all()
    assert turned.sample(vertebra.centre_ras) > 30


def test_noise_has_the_wanted_strength(patient):
    quiet = scan(patient, replace(SMALL, slice_spacing_mm=6.0), 1).voxels.astype(float)
    noisy = scan(patient, replace(SMALL, slice_spacing_mm=6.0, noise_hu=25.0), 1).voxels.astype(float)
    body = quiet > -200
    assert 15 < (noisy - quiet)[body].std() < 40


def test_padding_outside_the_circle(patient):
    padded = scan(patient, replace(SMALL, padding_hu=-3024.0, pixel_mm=3.0), 1)
    assert (padded.voxels[:, 0, 0] == -3024).all()
    assert padded.voxels[0, padded.shape[1] // 2, padded.shape[2] // 2] > -1025


def test_offsets_average_over_the_slice():
    offsets = voxel_offsets(0.7, 5.0, 2.5)
    assert np.ptp(offsets[:, 2]) * 2.5 == pytest.approx(5.0 * (1 - 1 / len(offsets)))
    np.testing.assert_allclose(offsets[:, 2].mean(), 0, atol=1e-9)


def test_random_protocols_fit_random_patients():
    for seed in range(40):
        protocol = random_protocol(np.random.default_rng(seed))
        shape, matrix = protocol.grid(make_patient(seed))
        assert min(shape) >= 4
        assert np.isfinite(matrix).all()
        assert protocol.slice_thickness_mm <= 5


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


def test_screws_cause_streaks_beyond_the_metal():
    patient = next(p for p in map(make_patient, range(200)) if any(v.screws for v in p.column))
    bare = Patient(**{f.name: getattr(patient, f.name) for f in fields(Patient)} | {
        "column": tuple(replace(v, screws=False) for v in patient.column)})  # fmt: skip
    vertebra = next(v for v in patient.column if v.screws)
    protocol = replace(SMALL, first_level=vertebra.number - 1, last_level=vertebra.number + 1)
    points = vertebra.centre_ras + np.random.default_rng(0).uniform([-40, -60, -4], [40, 20, 4], (4000, 3))
    difference = sample_scanned(patient, points, protocol, 1) - sample_scanned(bare, points, protocol, 1)
    touched = np.abs(difference) > 15
    assert touched.mean() > 0.15
    assert (np.abs(difference[touched]) < 1000).mean() > 0.7


def test_progress_can_stop_a_scan(patient):
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        scan(patient, SMALL, 1, stop)
