"""Surfaces of synthetic vertebral bodies: endplates between trough and bowl, and the hollow in front of the canal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.shapes import EndplateShape

MM = st.floats(-3.0, 6.0)


def a_plate(dish_mm: float, bowl_mm: float) -> EndplateShape:
    return EndplateShape(12.0, 12.0, dish_mm, 0.0, 15.0, 20.0, bowl_mm)


@given(MM, MM, st.floats(-1.0, 1.0))
def test_the_sides_do_not_move_the_midline(dish_mm, bowl_mm, u):
    assert a_plate(dish_mm, bowl_mm).height(u, 0.0) == pytest.approx(a_plate(dish_mm, 0.0).height(u, 0.0), abs=1e-4)


@given(MM, MM, st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_no_part_is_higher_than_said(dish_mm, bowl_mm, u, v):
    plate = a_plate(dish_mm, bowl_mm)
    assert plate.height(u, v) <= plate.greatest_mm + 1e-3


def test_a_trough_is_as_deep_on_either_side_and_a_bowl_has_a_level_rim():
    trough, bowl, raised = (a_plate(2.0, bowl_mm) for bowl_mm in (0.0, 2.0, 3.0))
    assert trough.height(0.0, 0.97) == pytest.approx(10.0, abs=1e-4)
    assert bowl.height(0.0, 0.97) == pytest.approx(12.0, abs=1e-4)
    assert raised.height(0.0, 0.97) == pytest.approx(13.0, abs=1e-4)


def test_superior_lumbar_endplates_are_flat_from_side_to_side_and_inferior_ones_are_not():
    bodies = [v.body for seed in range(30) for v in make_patient(seed, deformity_rate=0.0).column if v.level == "L3"]
    rise = [[float(plate.height(-0.1, 0.7) - plate.height(-0.1, 0.0)) for plate in (body.superior, body.inferior)]
            for body in bodies]  # fmt: skip
    superior, inferior = np.median(rise, 0)
    assert abs(superior) < 0.4
    assert 1.0 < inferior < 2.2


def test_the_posterior_wall_lies_further_back_beside_the_canal():
    def wall_mm(body, right):
        at = np.arange(0.0, 30.0, 0.05, dtype=np.float32)
        own = np.full(len(at), right * body.inferior.half_width_mm, np.float32)
        level = np.full(len(at), -0.4 * (body.inferior.anterior_mm + body.inferior.posterior_mm), np.float32)
        return float(at[(body.distances(own, -at, level).side > 0).nonzero()[0][-1]])

    patients = [make_patient(seed) for seed in range(20)]
    further = {level: np.median([wall_mm(v.body, 0.45) - wall_mm(v.body, 0.0)
                                 for patient in patients for v in patient.column if v.level == level])
               for level in ("T5", "T10", "L4")}  # fmt: skip
    assert 2.0 < further["T5"] < 4.5
    assert 1.2 < further["T10"] < 3.0
    assert -1.0 < further["L4"] < 0.6


def test_bodies_lie_within_their_reach():
    rng = np.random.default_rng(0)
    for vertebra in make_patient(3).column + make_patient(900100).column:
        reach = np.array(vertebra.body.reach_mm)
        points = rng.uniform(-1, 1, (600, 3)) * reach * 1.3
        axis = rng.integers(0, 3, 600)
        rows = np.arange(600)
        points[rows, axis] = np.sign(points[rows, axis]) * reach[axis]
        right, anterior, superior = points.T.astype(np.float32)
        assert vertebra.body.distances(right, anterior, superior).inside.max() <= 0, vertebra.level
