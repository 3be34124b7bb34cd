"""Posterior arches: a canal behind the body that no bone fills, between pedicles, and processes that reach out."""

import numpy as np
import pytest
from VertebralFracturesLib.simulation.patient.anatomy import make_patient


@pytest.fixture(scope="module")
def vertebrae():
    return [v for seed in range(5) for v in make_patient(seed).vertebrae]


def test_canal_runs_behind_the_bodies():
    patient = make_patient(5)
    for vertebra in patient.vertebrae:
        assert vertebra.arch is not None
        canal_ras = vertebra.to_ras(np.array([0.0, vertebra.arch.canal_anterior_mm, 0.0]))
        assert (canal_ras - vertebra.centre_ras) @ vertebra.axes[1] < -10


def test_the_middle_of_the_canal_is_free_of_bone(vertebrae):
    for vertebra in vertebrae:
        arch = vertebra.arch
        across = 0.5 * arch.canal_half_width_mm * np.linspace(-1, 1, 9, dtype=np.float32)
        height = np.zeros(9, np.float32)
        depth = arch.capsules.depth(across, np.full(9, arch.canal_anterior_mm, np.float32), height)
        assert depth.max() < 0, vertebra.level


def test_pedicles_stand_on_either_side_of_the_canal(vertebrae):
    for vertebra in vertebrae:
        arch = vertebra.arch
        lateral, _, up = arch.capsules.start[0]
        assert lateral > arch.canal_half_width_mm
        sides = np.array([-lateral, lateral], np.float32)
        place = np.full(2, arch.canal_anterior_mm + arch.canal_half_depth_mm, np.float32)
        assert (arch.capsules.depth(sides, place, np.full(2, up, np.float32)) > 0).all(), vertebra.level


def test_processes_reach_beside_and_behind_the_canal(vertebrae):
    for vertebra in vertebrae:
        arch = vertebra.arch
        assert arch.transverse_tip[0] > arch.canal_half_width_mm
        assert arch.capsules.low[1] < arch.canal_anterior_mm - arch.canal_half_depth_mm - 10
