"""Rendered surfaces lie where the truth says, tissues have their values."""

import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.ct.render import hounsfield, renderer
from VertebralFracturesLib.simulation.ct.sampling import sample_scanned
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.shapes import APPARENT_EDGE_MM


@pytest.fixture(scope="module")
def patient():
    return make_patient(2, realism="realistic", pathology_rate=0.0, deformity_rate=0.3, level_variants=False)


def _outer_edge_mm(values: np.ndarray, steps: np.ndarray) -> float:
    """Position of the outermost half-height crossing of an edge profile that runs out of the bone."""
    peak = int(values[steps < 1.0].argmax())
    outside = values[-15:].min()
    below = np.flatnonzero(values[peak:] < 0.5 * (outside + values[peak]))
    return float(steps[peak + below[0]])


def _edge_errors_mm(patient, look) -> np.ndarray:
    steps = np.arange(-2.5, 2.5, 0.05)
    errors = []
    for vertebra in patient.vertebrae:
        if 8 <= vertebra.number <= 22:
            for keypoint, direction in ((2, 1), (3, -1)):
                outward = direction * steps[:, None] * vertebra.axes[2]
                errors.append(_outer_edge_mm(look(vertebra.keypoints_ras[keypoint] + outward), steps))
    return np.array(errors)


def test_bone_ends_just_inside_the_middle_keypoints(patient):
    errors = _edge_errors_mm(patient, lambda points: hounsfield(patient, points, 0.1))
    assert np.median(errors) == pytest.approx(-APPARENT_EDGE_MM, abs=0.12)
    assert np.quantile(np.abs(errors + APPARENT_EDGE_MM), 0.9) < 0.6


def test_scanned_edges_appear_at_the_middle_keypoints(patient):
    protocol = Protocol(first_level=7, last_level=23.5, noise_hu=0)
    errors = _edge_errors_mm(patient, lambda points: sample_scanned(patient, points, protocol, 0))
    assert abs(np.median(errors)) < 0.25
    assert np.quantile(np.abs(errors), 0.8) < 0.6


def test_values_of_the_main_tissues(patient):
    vertebra = next(v for v in patient.vertebrae if v.level == "L3")
    core = vertebra.to_ras(np.random.default_rng(0).uniform(-5, 5, (500, 3)))
    assert hounsfield(patient, core).mean() == pytest.approx(vertebra.hu_trabecular, rel=0.25)
    assert hounsfield(patient, vertebra.centre_ras + [0, 700, 0]) == pytest.approx(-1000)
    outline = vertebra.body.posterior_wall_mm
    wall = vertebra.to_ras(np.array([[0, outline * s, 6.0] for s in np.linspace(0.7, 1.1, 80)]))
    assert hounsfield(patient, wall, 0.2).max() > 400
    lung = renderer(patient).trunk.spine.at(13) + [80, 30, 0]
    assert hounsfield(patient, lung) < -600


def test_any_shape_of_points_and_order_gives_the_same_values(patient):
    points = patient.vertebrae[10].to_ras(np.random.default_rng(1).uniform(-40, 40, (6, 7, 8, 3)))
    values = hounsfield(patient, points)
    assert values.shape == (6, 7, 8)
    assert values.dtype == np.float32
    flipped = hounsfield(patient, points.reshape(-1, 3)[::-1])
    np.testing.assert_allclose(values.ravel()[::-1], flipped, atol=1.0)


def test_blur_keeps_the_mean(patient):
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    axis = np.arange(-20, 20, 0.4)
    points = vertebra.to_ras(np.stack(np.meshgrid(axis[::4], axis, axis, indexing="ij"), -1))
    sharp, blurred = hounsfield(patient, points, 0.2), hounsfield(patient, points, 1.5)
    assert blurred.mean() == pytest.approx(sharp.mean(), abs=12)


def test_screws_are_metal():
    patient = next(p for p in map(make_patient, range(200)) if any(v.screws for v in p.column))
    assert renderer(patient).metal.count > 0
    vertebra = next(v for v in patient.column if v.screws)
    lateral, _, up = vertebra.arch.capsules.start[0]
    axis = np.linspace(0, 1, 60)[:, None]
    head = np.array([lateral + 4, vertebra.arch.canal_anterior_mm - 16, up + 2])
    assert hounsfield(patient, vertebra.to_ras(head + axis * [0, 20, 0])).max() > 3000


def test_volume_of_hounsfield_samples_reads_back(patient):
    centre = patient.vertebrae[12].centre_ras
    matrix = np.diag([2.0, 2, 2, 1])
    matrix[:3, 3] = centre - 20
    ijk = np.stack(np.meshgrid(*[np.arange(20)] * 3, indexing="ij"), -1)[..., ::-1]
    points = ijk @ matrix[:3, :3].T + matrix[:3, 3]
    volume = Volume(hounsfield(patient, points, 2.0), matrix)
    assert volume.sample(points[3, 4, 5]) == pytest.approx(volume.voxels[3, 4, 5], abs=0.1)
