"""The column as functions of height: heights and rows are inverse, the canal lies behind the bodies."""

import numpy as np
import pytest
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.trunk.spine_table import SpineTable


@pytest.fixture(scope="module")
def patient():
    return make_patient(6, realism="realistic", level_variants=False)


@pytest.fixture(scope="module")
def table(patient):
    return SpineTable(patient)


def test_rows_and_heights_are_inverse(table):
    rows = np.arange(len(table.superior))
    np.testing.assert_array_equal(table.index(table.superior.astype(np.float32)), rows)
    assert table.index(np.float32([-1e4, 1e4])).tolist() == [0, rows[-1]]


def test_levels_are_where_their_bodies_are(patient, table):
    for vertebra in patient.column:
        np.testing.assert_allclose(table.at(vertebra.number), vertebra.centre_ras, atol=1.0)


def test_level_numbers_fall_with_the_height_beyond_the_column_too(table):
    assert (np.diff(table.number) < 0).all()
    assert table.number[0] > 38
    assert table.number[-1] < -5


def test_the_canal_lies_behind_the_bodies(patient, table):
    for vertebra in patient.vertebrae:
        row = table.index(np.float32([vertebra.centre_ras[2]]))[0]
        gap = table.anterior[row] - table.canal_anterior[row]
        assert gap > table.canal_half_depth[row] + 4, vertebra.level
        assert abs(table.canal_right[row] - table.right[row]) < 12


def test_half_depths_are_those_of_the_bodies(patient, table):
    for vertebra in patient.vertebrae:
        assert table.body_front(vertebra.number) == pytest.approx(vertebra.body.posterior_wall_mm, rel=0.05)
