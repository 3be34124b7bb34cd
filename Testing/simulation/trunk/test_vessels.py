"""Vessels and airways run within the trunk, the aorta left of the spine and before the canal."""

import numpy as np
import pytest
from helpers.trunk_outline import ends_ras, outline_of, radial
from VertebralFracturesLib.simulation.patient.tubes import TubeBuilder
from VertebralFracturesLib.simulation.trunk.vessels import add_soft_tubes, add_vessels, airways


@pytest.mark.parametrize("seed", [2, 6])
def test_vessels_lie_within_the_trunk_and_the_aorta_beside_the_spine(seed):
    outline, vessels = outline_of(seed), TubeBuilder()
    add_vessels(outline, vessels, np.random.default_rng(seed))
    assert radial(outline, ends_ras(vessels)).max() < 1.0
    aorta = vessels.rows[0][:, :3]
    rows = outline.spine.index(aorta[:, 2].astype(np.float32))
    assert (aorta[:, 0] < outline.spine.right[rows]).all()
    assert (aorta[:, 1] > outline.spine.canal_anterior[rows] + outline.spine.canal_half_depth[rows]).all()
    assert (np.diff(aorta[:, 2]) < 0).all()


def test_soft_tubes_lie_within_the_trunk():
    outline, soft = outline_of(6), TubeBuilder()
    add_soft_tubes(outline, soft, np.random.default_rng(1))
    assert radial(outline, ends_ras(soft)).max() < 1.0


def test_the_trachea_holds_air_before_the_spine():
    outline = outline_of(6)
    tubes = airways(outline, np.random.default_rng(1))
    ahead = outline.spine.body_front(8) + 22.0
    place = outline.spine.at(8) + [outline.patient.size, ahead, 0.0]
    _, depth, tube = tubes.nearest(place.astype(np.float32)[:, None])
    assert depth[0] > 5
    assert tubes.hu_core[tube[0]] == -1000
