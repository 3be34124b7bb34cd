import numpy as np
import pytest
from helpers.spine_shapes import curve_through
from VertebralFracturesLib.core.alignment.coronal_curve import coronal_tilts_deg, largest_coronal_curve
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.vertebra import lateral_and_rotation

LEVELS = [*(f"T{i}" for i in range(1, 13)), *(f"L{i}" for i in range(1, 6))]
RADIUS_MM = 400.0


def arc(degrees: np.ndarray, side: int = 1) -> np.ndarray:
    """Points (n, 3) of a circle in the coronal plane, where its tangent has these tilts; convex to one side."""
    angles = np.deg2rad(degrees)
    return np.column_stack([side * RADIUS_MM * np.cos(angles), 0 * angles, RADIUS_MM * np.sin(angles)])


def bodies_at(centres: np.ndarray) -> np.ndarray:
    body = np.array([[0, 15, 12], [0, 15, -12], [0, 0, 11], [0, 0, -11], [0, -15, 12], [0, -15, -12]], float)
    return centres[:, None] + body


TILTS = np.linspace(30, -25, len(LEVELS))


@pytest.mark.parametrize(("side", "convex_to"), [(1, "right"), (-1, "left")])
def test_on_a_circle_the_angle_is_that_between_its_ends(side: int, convex_to: str) -> None:
    curve = curve_through(arc(np.linspace(40, -40, 60), side))
    bodies = bodies_at(arc(TILTS, side))
    found = largest_coronal_curve(curve, LEVELS, bodies, [True] * len(LEVELS))
    np.testing.assert_allclose(coronal_tilts_deg(curve, bodies), side * TILTS, atol=0.2)
    assert found.angle_deg == pytest.approx(55.0, abs=0.3)
    assert (found.upper, found.lower, found.convex_to) == (0, len(LEVELS) - 1, convex_to)


def test_cervical_and_not_evaluable_vertebrae_are_no_end_vertebrae() -> None:
    curve = curve_through(arc(np.linspace(40, -40, 60)))
    levels = ["C7", *LEVELS[:-1]]
    found = largest_coronal_curve(curve, levels, bodies_at(arc(TILTS)), [True] * (len(LEVELS) - 1) + [False])
    assert (found.upper, found.lower) == (1, len(LEVELS) - 2)
    assert largest_coronal_curve(curve, ["C6", "C7", "T1"], bodies_at(arc(TILTS[:3])), [True] * 3) is None
    assert largest_coronal_curve(curve, [], np.empty((0, 6, 3)), []) is None


def test_a_spine_bent_in_the_sagittal_plane_alone_has_no_coronal_curve() -> None:
    bent = arc(np.linspace(40, -40, 60))[:, [1, 0, 2]]
    found = largest_coronal_curve(
        curve_through(bent), LEVELS, bodies_at(arc(TILTS)[:, [1, 0, 2]]), [True] * len(LEVELS)
    )
    assert found.angle_deg == pytest.approx(0.0, abs=1e-6)


def cobb_errors(count: int) -> np.ndarray:
    """Error in degrees along the true curves of synthetic patients with Cobb angles of 5 to 60 degrees."""
    errors = []
    for seed in range(count):
        wanted = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0)[seed % 7]
        patient = make_patient(seed, cobb_degrees=wanted, level_variants=False, fractures={}, pathology_rate=0.0)
        seen = [one for one in patient.vertebrae if 7.5 < one.number < 24.5]
        true = np.ptp([lateral_and_rotation(one.axes)[0] for one in seen])
        curve = SpineCurve(patient.curve_ras, np.ones(len(patient.curve_ras)))
        points = np.array([one.keypoints_ras for one in seen])
        found = largest_coronal_curve(curve, [one.level for one in seen], points, [True] * len(seen))
        errors.append(found.angle_deg - true)
    return np.array(errors)


def test_the_curve_tells_the_cobb_angle_of_synthetic_patients() -> None:
    errors = cobb_errors(21)
    assert np.abs(errors).mean() < 3.0
    assert abs(errors.mean()) < 1.5
