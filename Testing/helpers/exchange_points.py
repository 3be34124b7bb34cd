"""Grids and spines in any position, for the property tests of the exchange formats."""

import itertools

import numpy as np
from hypothesis import strategies as st
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES
from VertebralFracturesLib.io.exchange.grid import Grid
from VertebralFracturesLib.io.exchange.points import SpinePoints, VertebraPoints

SIDES = [np.array(permutation)[:, None] == np.arange(3)[None] for permutation in itertools.permutations(range(3))]
"""Ways in which the axes of a grid can lie along those of the patient."""


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """A grid with axes in any order and direction, oblique by up to 30 degrees, with voxels of 0.3 to 5 mm."""
    axes = draw(st.sampled_from(SIDES)) * draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3))
    angles = np.radians(draw(st.lists(st.floats(-30, 30), min_size=3, max_size=3)))
    rotation = np.eye(3)
    for axis, angle in enumerate(angles / 3):
        turn = np.eye(3)
        one, other = (axis + 1) % 3, (axis + 2) % 3
        turn[one, one] = turn[other, other] = np.cos(angle)
        turn[one, other], turn[other, one] = -np.sin(angle), np.sin(angle)
        rotation = turn @ rotation
    spacing_mm = draw(st.lists(st.floats(0.3, 5.0), min_size=3, max_size=3))
    matrix = np.eye(4)
    matrix[:3, :3] = rotation @ axes @ np.diag(spacing_mm)
    matrix[:3, 3] = draw(st.lists(st.floats(-500, 500), min_size=3, max_size=3))
    shape = draw(st.lists(st.integers(20, 600), min_size=3, max_size=3))
    return Grid((shape[0], shape[1], shape[2]), matrix)


@st.composite
def spines(draw: st.DrawFn, with_keypoints: bool = True) -> SpinePoints:
    """Vertebrae of different levels anywhere."""
    levels = draw(st.lists(st.sampled_from(ALL_LEVEL_NAMES), min_size=1, max_size=6, unique=True))
    numbers = st.lists(st.floats(-400, 400), min_size=18, max_size=18)
    vertebrae = []
    for level in sorted(levels, key=ALL_LEVEL_NAMES.index):
        keypoints_ras = np.array(draw(numbers)).reshape(6, 3)
        made = VertebraPoints.of_keypoints(level, keypoints_ras)
        vertebrae.append(made if with_keypoints else VertebraPoints(level, made.centre_ras))
    return SpinePoints(tuple(vertebrae))


def assert_same(read: SpinePoints, written: SpinePoints, with_keypoints: bool = True) -> None:
    """The same levels at the same places, to a thousandth of a millimetre."""
    assert [one.level for one in read.vertebrae] == [one.level for one in written.vertebrae]
    for one, other in zip(read.vertebrae, written.vertebrae, strict=True):
        assert np.allclose(one.centre_ras, other.centre_ras, rtol=0, atol=1e-3)
        if with_keypoints and other.keypoints_ras is not None:
            assert one.keypoints_ras is not None
            assert np.allclose(one.keypoints_ras, other.keypoints_ras, rtol=0, atol=1e-3)
        else:
            assert one.keypoints_ras is None
