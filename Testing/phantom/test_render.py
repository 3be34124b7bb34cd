"""Rendered surfaces lie where the truth says, tissues have their values, antialiasing is unbiased."""

import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.phantom.anatomy import make_patient
from VertebralFracturesLib.phantom.fields import coverage, smooth_minimum


@pytest.fixture(scope="module")
def patient():
    return make_patient(2, realism="realistic", pathology_rate=0.0, deformity_rate=0.3, level_variants=False)


def _outer_edge_mm(patient, vertebra, keypoint: np.ndarray, direction: float) -> float:
    """Signed distance from a keypoint to the outermost half-height crossing along the superior axis."""
    steps = np.arange(-3, 1.6, 0.05)
    points = keypoint + direction * steps[:, None] * vertebra.axes[2]
    values = patient.hounsfield(points, 0.2)
    outside = np.median(values[steps > 1.0])
    bone = values[steps < 0.8].max()
    high = np.flatnonzero(values > 0.5 * (outside + bone))
    return float(steps[high[high < np.searchsorted(steps, 0.9)].max()])


def test_rendered_endplates_lie_at_the_middle_keypoints(patient):
    errors = []
    for vertebra in patient.vertebrae:
        if 8 <= vertebra.number <= 22:
            points = vertebra.keypoints_ras
            errors += [
                _outer_edge_mm(patient, vertebra, points[2], 1),
                _outer_edge_mm(patient, vertebra, points[3], -1),
            ]
    errors = np.array(errors)
    assert abs(np.median(errors)) < 0.15
    assert np.quantile(np.abs(errors), 0.9) < 0.7


def test_values_of_the_main_tissues(patient):
    vertebra = next(v for v in patient.vertebrae if v.level == "L3")
    core = vertebra.to_ras(np.random.default_rng(0).uniform(-5, 5, (500, 3)))
    assert patient.hounsfield(core).mean() == pytest.approx(vertebra.hu_trabecular, rel=0.25)
    assert patient.hounsfield(vertebra.centre_ras + [0, 700, 0]) == pytest.approx(-1000)
    outline = vertebra.body.posterior_wall_mm
    wall = vertebra.to_ras(np.array([[0, outline * s, 6.0] for s in np.linspace(0.7, 1.1, 80)]))
    assert patient.hounsfield(wall, 0.2).max() > 400
    lung = patient.renderer.trunk.spine.at(13) + [80, 30, 0]
    assert patient.hounsfield(lung) < -600


def test_any_shape_of_points_and_order_gives_the_same_values(patient):
    points = patient.vertebrae[10].to_ras(np.random.default_rng(1).uniform(-40, 40, (6, 7, 8, 3)))
    values = patient.hounsfield(points)
    assert values.shape == (6, 7, 8)
    assert values.dtype == np.float32
    flipped = patient.hounsfield(points.reshape(-1, 3)[::-1])
    np.testing.assert_allclose(values.ravel()[::-1], flipped, atol=1.0)


def test_blur_keeps_the_mean(patient):
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    axis = np.arange(-20, 20, 0.4)
    points = vertebra.to_ras(np.stack(np.meshgrid(axis[::4], axis, axis, indexing="ij"), -1))
    sharp, blurred = patient.hounsfield(points, 0.2), patient.hounsfield(points, 1.5)
    assert blurred.mean() == pytest.approx(sharp.mean(), abs=12)


def test_screws_are_metal():
    patient = next(p for p in map(make_patient, range(200)) if any(v.screws for v in p.column))
    assert patient.renderer.metal.count > 0
    vertebra = next(v for v in patient.column if v.screws)
    lateral, _, up = vertebra.arch.capsules.start[0]
    axis = np.linspace(0, 1, 60)[:, None]
    head = np.array([lateral + 4, vertebra.arch.canal_anterior_mm - 16, up + 2])
    assert patient.hounsfield(vertebra.to_ras(head + axis * [0, 20, 0])).max() > 3000


def test_coverage_and_smooth_minimum():
    distance = np.linspace(-2, 2, 4001, dtype=np.float32)
    assert coverage(distance, 1.0).mean() == pytest.approx(0.5, abs=1e-3)
    first, second = np.float32([0.0, 1, 3]), np.float32([3.0, 1, 0])
    smooth = smooth_minimum(first, second, 1.0)
    assert smooth[0] == 0
    assert smooth[2] == 0
    assert smooth[1] == pytest.approx(0.75)


def test_volume_of_hounsfield_samples_reads_back(patient):
    centre = patient.vertebrae[12].centre_ras
    matrix = np.diag([2.0, 2, 2, 1])
    matrix[:3, 3] = centre - 20
    ijk = np.stack(np.meshgrid(*[np.arange(20)] * 3, indexing="ij"), -1)[..., ::-1]
    points = ijk @ matrix[:3, :3].T + matrix[:3, 3]
    volume = Volume(patient.hounsfield(points, 2.0), matrix)
    assert volume.sample(points[3, 4, 5]) == pytest.approx(volume.voxels[3, 4, 5], abs=0.1)
