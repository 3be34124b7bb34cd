import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.alignment.spinal_angles import (
    ANGLES,
    disc_angles_deg,
    endplates,
    spinal_angles_deg,
    tilt_deg,
    wedge_angles_deg,
)

LEVELS = [*(f"T{i}" for i in range(4, 13)), *(f"L{i}" for i in range(1, 6))]
DEPTH_MM, HEIGHT_MM, GAP_MM = 32.0, 25.0, 7.0
angles = st.floats(-25, 25)


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """Points (anterior, superior) turned so that their front comes down."""
    angle = np.deg2rad(degrees)
    return points @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def spine(wedges: list[float], discs: list[float], first_tilt: float) -> tuple[np.ndarray, np.ndarray]:
    """Bodies (n, 6, 2) with these wedge angles, and a sacral endplate (3, 2), with these disc angles between them."""
    tilt, bodies = first_tilt, []
    for place, (wedge, disc) in enumerate(zip(wedges, discs, strict=True)):
        line = np.array([[DEPTH_MM / 2, 0], [0, 0], [-DEPTH_MM / 2, 0]])
        middle = np.array([0.0, -place * (HEIGHT_MM + GAP_MM)])
        superior = turned(line, tilt) + middle
        inferior = turned(line, tilt - wedge) + middle - [0, HEIGHT_MM]
        bodies.append(np.stack([superior, inferior], 1).reshape(6, 2))
        tilt += disc - wedge
    return np.array(bodies), turned(line, tilt) + middle - [0, HEIGHT_MM + GAP_MM]


@given(st.lists(angles, min_size=14, max_size=14), st.lists(angles, min_size=14, max_size=14), angles)
def test_angles_are_sums_of_wedges_and_discs(wedges: list[float], discs: list[float], first_tilt: float) -> None:
    bodies, sacrum = spine([0.2 * one for one in wedges], [0.2 * one for one in discs], 0.5 * first_tilt)
    plates = endplates(LEVELS, bodies, sacrum)
    found, wedge, disc = spinal_angles_deg(plates), wedge_angles_deg(LEVELS, bodies), disc_angles_deg(plates)
    assert set(wedge) == set(LEVELS)
    assert list(disc)[-1] == "L5-S1"
    assert len(disc) == len(LEVELS)
    np.testing.assert_allclose(list(wedge.values()), [0.2 * one for one in wedges], atol=1e-6)
    np.testing.assert_allclose(list(disc.values()), [0.2 * one for one in discs], atol=1e-6)
    lumbar = LEVELS.index("L1")
    l1_s1 = sum(list(disc.values())[lumbar:]) - sum(list(wedge.values())[lumbar:])
    assert found["lordosis_l1_s1_deg"] == pytest.approx(l1_s1, abs=1e-6)
    assert found["lordosis_l1_l5_deg"] == pytest.approx(l1_s1 - disc["L5-S1"], abs=1e-6)
    kyphosis = sum(list(wedge.values())[:lumbar]) - sum(list(disc.values())[: lumbar - 1])
    assert found["kyphosis_t4_t12_deg"] == pytest.approx(kyphosis, abs=1e-6)


@given(angles)
def test_turning_the_image_changes_the_sacral_slope_alone(turn: float) -> None:
    bodies, sacrum = spine([2.0] * 14, [-1.0] * 14, 10.0)
    before = spinal_angles_deg(endplates(LEVELS, bodies, sacrum))
    after = spinal_angles_deg(endplates(LEVELS, turned(bodies, turn), turned(sacrum, turn)))
    for name, value in before.items():
        expected = value + (turn if name == "sacral_slope_deg" else 0.0)
        assert after[name] == pytest.approx(expected, abs=1e-6)


def test_signs_are_those_of_the_clinic() -> None:
    kyphotic_above_lordotic_below = spine([4.0] * 9 + [-3.0] * 5, [0.0] * 8 + [4.0] * 6, 18.0)
    found = spinal_angles_deg(endplates(LEVELS, *kyphotic_above_lordotic_below))
    assert found["kyphosis_t4_t12_deg"] == pytest.approx(36.0)
    assert found["lordosis_l1_s1_deg"] == pytest.approx(5 * 3.0 + 5 * 4.0)
    assert found["sacral_slope_deg"] == pytest.approx(18.0 - 36.0 + 15.0 + 24.0)
    assert tilt_deg([10.0, -5.0], [-10.0, 5.0]) > 0


def test_angles_whose_ends_are_not_in_view_are_none() -> None:
    bodies, _ = spine([0.0] * 14, [0.0] * 14, 0.0)
    found = spinal_angles_deg(endplates(LEVELS[:9], bodies[:9]))
    assert found == {
        **dict.fromkeys((angle.name for angle in ANGLES), None),
        "kyphosis_t4_t12_deg": found["kyphosis_t4_t12_deg"],
    }
    assert found["kyphosis_t4_t12_deg"] == pytest.approx(0.0)
    assert spinal_angles_deg({}) == dict.fromkeys((angle.name for angle in ANGLES), None)
    assert wedge_angles_deg([], []) == {}


def test_discs_lie_between_neighbours_only() -> None:
    bodies, sacrum = spine([0.0] * 14, [0.0] * 14, 0.0)
    gap = disc_angles_deg(endplates(["T4", "T6", None], bodies[:3]))
    sixth = disc_angles_deg(endplates(["L5", "L6"], bodies[:2], sacrum))
    assert gap == {}
    assert list(sixth) == ["L5-L6", "L6-S1"]
