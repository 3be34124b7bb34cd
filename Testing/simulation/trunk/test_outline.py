"""The outline of a trunk: cavities within the skin, and points that lie on their walls."""

import numpy as np
from helpers.trunk_outline import outline_of, radial
from hypothesis import given
from hypothesis import strategies as st

OUTLINE = outline_of(6)
NUMBERS, ANGLES = st.floats(8.5, 19.0), st.floats(-np.pi + 1e-3, np.pi - 1e-3)


@given(NUMBERS, ANGLES)
def test_a_wall_point_lies_on_the_cavitys_outline(number, angle):
    point = OUTLINE.wall_point(number, angle)
    row = OUTLINE.spine.index(point[2:].astype(np.float32))[0]
    across = (point[0] - OUTLINE.middle_right[row]) / OUTLINE.cavity_width[row]
    ahead = (point[1] - OUTLINE.cavity_middle[row]) / OUTLINE.cavity_half[row]
    assert abs(across**4 + ahead**4 + 1.2 * across**2 * ahead**2 - 1) < 1e-6
    assert np.isclose(np.arctan2(across, ahead), angle, atol=1e-6)
    assert abs(OUTLINE.spine.at(number)[2] - point[2]) < 1e-9


@given(NUMBERS, ANGLES, st.floats(0.0, 15.0))
def test_outwards_is_away_from_the_wall(number, angle, outward_mm):
    on, out = OUTLINE.wall_point(number, angle), OUTLINE.wall_point(number, angle, outward_mm)
    assert np.isclose(np.linalg.norm(out - on), outward_mm)
    assert radial(OUTLINE, out[None])[0] >= radial(OUTLINE, on[None])[0] - 1e-9


def test_cavities_lie_within_the_skin():
    for seed in range(4):
        outline = outline_of(seed)
        chest = (outline.spine.number > 9) & (outline.spine.number < 19)
        assert (outline.cavity_width < outline.half_width)[chest].all()
        assert (outline.cavity_half < outline.half_depth)[chest].all()
        assert outline.sulcus < outline.dome


def test_every_column_has_a_row_for_every_height():
    assert {len(column) for column in OUTLINE.columns.values()} == {len(OUTLINE.spine.superior)}
    assert all(np.isfinite(column).all() for column in OUTLINE.columns.values())
