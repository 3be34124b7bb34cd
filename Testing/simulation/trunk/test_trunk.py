"""The trunk: air outside, skin and fat beneath it, lungs in the chest, vessels that contrast agent brightens."""

import numpy as np
import pytest
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.trunk.tissues import draw_tissues
from VertebralFracturesLib.simulation.trunk.trunk import Trunk


@pytest.fixture(scope="module")
def trunk():
    rng = np.random.default_rng(6)
    return Trunk(make_patient(6, level_variants=False), draw_tissues("realistic", rng), rng)


def values(trunk: Trunk, points_ras: np.ndarray, contrast: float = 0.0) -> np.ndarray:
    points = np.ascontiguousarray(np.asarray(points_ras, np.float32).T)
    hu = trunk.hounsfield(points, 0.8, contrast)
    trunk.paint_tubes(points, hu, 0.8, contrast)
    return hu


def test_air_lies_outside_and_tissue_beneath_the_skin(trunk):
    outline = trunk.outline
    rows = np.flatnonzero((outline.spine.number > 9) & (outline.spine.number < 24))[::20]
    front = np.stack(
        [
            outline.middle_right[rows],
            (outline.middle_anterior + outline.half_depth)[rows],
            outline.spine.superior[rows],
        ],
        1,
    )
    np.testing.assert_array_equal(values(trunk, front + [0, 5, 0]), -1000)
    assert np.median(np.abs(values(trunk, front - [0, 4, 0]) - trunk.tissues.fat)) < 30


def test_the_lungs_are_on_either_side(trunk):
    for side in (-1, 1):
        points = trunk.spine.at(13) + np.array([[side * 80.0, 30.0, up] for up in (-4.0, 0.0, 4.0)])
        assert np.median(values(trunk, points)) < -600


def test_contrast_brightens_vessels_and_leaves_muscle(trunk):
    aorta = trunk.spine.at(21) + np.array([[-4.5, trunk.spine.body_front(21) + 12.0, 0.0]])
    found = trunk.vessels.nearest(np.ascontiguousarray(aorta.T, np.float32))
    assert found[1][0] > 2
    assert values(trunk, aorta, 1.0)[0] > values(trunk, aorta)[0] + 100
    behind = trunk.spine.at(21) + np.array([[35.0, -45.0, 0.0]])
    np.testing.assert_array_equal(values(trunk, behind, 1.0), values(trunk, behind))


def test_values_do_not_depend_on_what_else_is_asked(trunk):
    points = trunk.spine.at(15) + np.random.default_rng(0).uniform(-120, 120, (200, 3))
    together = values(trunk, points)
    np.testing.assert_allclose([values(trunk, point[None])[0] for point in points[:40]], together[:40], atol=1e-3)
