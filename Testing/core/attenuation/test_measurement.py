from pathlib import Path

import numpy as np
import pytest
from helpers.bone_block import BODY_RAS, bone_block, painted
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from VertebralFracturesLib.core.attenuation.blood import contrast_is_likely
from VertebralFracturesLib.core.attenuation.measurement import measure_attenuation, trabecular_ellipsoid
from VertebralFracturesLib.core.attenuation.record import DENSE, FATTY, FLAT, OUTSIDE
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import read_case
from VertebralFracturesLib.simulation.case import in_view
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.ct.render import hounsfield
from VertebralFracturesLib.simulation.patient.anatomy import make_patient


@pytest.mark.parametrize("trabecular", [-20.0, 60.0, 140.0, 320.0])
def test_trabecular_bone_is_measured_within_its_shell(trabecular: float) -> None:
    measured = measure_attenuation(bone_block(trabecular), BODY_RAS)
    assert (measured.median_hu, measured.sd_hu, measured.exclusion) == (trabecular, 0.0, None)


def test_noise_shows_in_the_standard_deviation_alone() -> None:
    block = bone_block(140.0)
    noise = np.random.default_rng(0).normal(0, 40, block.voxels.shape).astype(np.float32)
    measured = measure_attenuation(Volume(block.voxels + noise, block.ijk_to_ras), BODY_RAS)
    assert measured.median_hu == pytest.approx(140.0, abs=5.0)
    assert measured.sd_hu == pytest.approx(40.0, abs=3.0)


@pytest.mark.parametrize(
    ("centre_ras", "radius_mm", "value"),
    [
        ((0.0, -9.0, 0.0), 6.0, -10.0),  # the basivertebral plexus
        ((0.0, 6.0, 10.0), 6.0, 600.0),  # a node of the superior endplate
        ((0.0, 17.0, 12.0), 7.0, 600.0),  # an osteophyte
    ],
)
def test_veins_nodes_and_osteophytes_do_not_count(centre_ras: tuple, radius_mm: float, value: float) -> None:
    measured = measure_attenuation(painted(bone_block(140.0), centre_ras, radius_mm, value), BODY_RAS)
    assert measured.median_hu == pytest.approx(140.0, abs=1.0)


@pytest.mark.parametrize(
    ("volume", "keypoints_ras", "exclusion"),
    [
        (painted(bone_block(), (0.0, 0.0, 0.0), 6.0, 1800.0), BODY_RAS, DENSE),  # cement
        (painted(bone_block(), (10.0, -8.0, 3.0), 4.0, 3071.0), BODY_RAS, DENSE),  # a pedicle screw
        (bone_block(trabecular=700.0), BODY_RAS, DENSE),
        (bone_block(trabecular=-600.0), BODY_RAS, FATTY),
        (bone_block(), BODY_RAS + [0.0, 0.0, 45.0], OUTSIDE),
        (bone_block(), BODY_RAS * [1.0, 1.0, 0.4], FLAT),
        (bone_block(), BODY_RAS * [1.0, 0.35, 1.0], FLAT),
    ],
)
def test_bodies_without_trabecular_bone_say_why(volume: Volume, keypoints_ras: np.ndarray, exclusion: str) -> None:
    measured = measure_attenuation(volume, keypoints_ras)
    assert (measured.median_hu, measured.sd_hu, measured.exclusion) == (None, None, exclusion)


def test_a_body_that_is_low_behind_is_measured_in_front() -> None:
    low = BODY_RAS.copy()
    low[4:, 2] *= 0.25
    assert measure_attenuation(bone_block(140.0), low).median_hu == 140.0


@given(st.tuples(*[st.floats(-30, 30)] * 3), st.floats(0.6, 1.0), st.floats(0.7, 1.2))
@settings(max_examples=40)
def test_the_ellipsoid_turns_with_the_body_and_stays_clear_of_it(turn: tuple, front: float, size: float) -> None:
    body = size * BODY_RAS
    body[0, 2] *= front
    axes = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
    here, there = trabecular_ellipsoid(body), trabecular_ellipsoid(body @ axes.T + 7.0)
    np.testing.assert_allclose(there.centre_ras, here.centre_ras @ axes.T + 7.0, atol=1e-9)
    np.testing.assert_allclose(there.semi_axes_mm, here.semi_axes_mm, atol=1e-9)
    right, anterior, superior = here.points_ras().T
    along = np.interp(anterior, body[[4, 2, 0], 1], body[[4, 2, 0], 2])
    assert (along - superior).min() > 3.0
    assert (superior - np.interp(anterior, body[[5, 3, 1], 1], body[[5, 3, 1], 2])).min() > 3.0
    assert anterior.min() > -1.5
    assert (body[:2, 1].min() - anterior).min() > 3.0
    assert np.abs(right).max() < 0.3 * np.ptp(body[:, 1])


PROTOCOL = Protocol(
    pixel_mm=1.0, slice_spacing_mm=2.0, slice_thickness_mm=2.0, first_level=19.3, last_level=21.7, field_mm=90.0,
    centre_mm=(0.0, -50.0), noise_hu=15.0)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 11])
def test_synthetic_patients_are_measured_within_5_hu(seed: int) -> None:
    """The truth is the mean in the ellipsoid without noise and blur, as texture varies from place to place."""
    patient = make_patient(seed, realism="realistic", pathology_rate=0.0, fractures={}, level_variants=False)
    volume = scan(patient, PROTOCOL, seed)
    errors = []
    for vertebra in (one for one in patient.vertebrae if in_view(one, volume)):
        truth = hounsfield(patient, trabecular_ellipsoid(vertebra.keypoints_ras).points_ras()).mean()
        errors.append(measure_attenuation(volume, vertebra.keypoints_ras).median_hu - truth)
    assert len(errors) >= 1
    assert np.abs(errors).max() < 7.5
    assert abs(np.mean(errors)) < 5.0


@pytest.mark.parametrize(
    ("name", "range_hu", "has_contrast"),
    [("itkelastix00", (90, 240), False), ("crlm_1006", (130, 240), True), ("matrad_pat001", (100, 230), False)],
)
def test_real_bodies_have_values_of_bone(
    real_cases: list[Path], name: str, range_hu: tuple[float, float], has_contrast: bool
) -> None:
    case = read_case(next(folder for folder in real_cases if folder.name == name))
    volume = read_volume(case.image)
    measured = [measure_attenuation(volume, points) for points in case.keypoints_ras]
    assert all(one.exclusion is None and range_hu[0] < one.median_hu < range_hu[1] for one in measured)
    assert contrast_is_likely([one.blood_hu for one in measured]) is has_contrast
