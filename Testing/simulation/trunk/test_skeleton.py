"""The bones beside the column lie within the trunk, left as right."""

import numpy as np
import pytest
from helpers.trunk_outline import ends_ras, outline_of, radial
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.tubes import TubeBuilder
from VertebralFracturesLib.simulation.trunk.outline import TrunkOutline
from VertebralFracturesLib.simulation.trunk.skeleton import add_head, add_pelvis, add_ribs, add_shoulders
from VertebralFracturesLib.simulation.trunk.tissues import draw_tissues


@pytest.mark.parametrize("seed", [2, 6])
def test_ribs_lie_beneath_the_skin_from_the_spine_to_the_front(seed):
    outline, bones = outline_of(seed), TubeBuilder()
    add_ribs(outline, bones, np.random.default_rng(seed))
    points = ends_ras(bones)
    assert radial(outline, points).max() < 1.0
    heights = points[:, 2]
    assert outline.spine.at(7)[2] > heights.max()
    assert heights.min() > outline.spine.at(24)[2]
    vertebra = next(v for v in outline.patient.column if v.level == "T1")
    assert np.linalg.norm(bones.rows[0][0, :3] - vertebra.centre_ras) < 35


def test_the_skeleton_is_there_on_both_sides():
    outline = outline_of(6)
    for add in (add_ribs, add_pelvis, add_head):
        bones = TubeBuilder()
        add(outline, bones, np.random.default_rng(1))
        points = ends_ras(bones)
        rows = outline.spine.index(points[:, 2].astype(np.float32))
        aside = points[:, 0] - outline.spine.right[rows]
        assert 0.35 < np.mean(aside > 0) < 0.65, add.__name__


def test_the_pelvis_lies_about_the_sacrum():
    outline, bones = outline_of(6), TubeBuilder()
    add_pelvis(outline, bones, np.random.default_rng(1))
    points = ends_ras(bones)
    assert outline.spine.at(22)[2] > points[:, 2].max() > outline.spine.at(25)[2] > points[:, 2].min()


@pytest.mark.parametrize("arms_down", [False, True])
def test_arms_hang_or_are_held_up(arms_down):
    outline, bones, soft = outline_of(6), TubeBuilder(), TubeBuilder()
    add_shoulders(outline, bones, soft, np.random.default_rng(1), arms_down)
    heights = ends_ras(bones)[:, 2] - outline.spine.at(8.5)[2]
    assert (heights.min() < -200) == arms_down
    assert (heights.max() > 200) != arms_down
    assert bool(soft.rows) == arms_down


def rib_lengths_mm(variant: str | None) -> dict[str, list[float]]:
    """Lengths of the ribs of each vertebra that has some."""
    patient, rng = make_patient(6, realism="realistic", level_variants=False, variant=variant), np.random.default_rng(2)
    bones = TubeBuilder()
    add_ribs(TrunkOutline(patient, draw_tissues("realistic", rng), rng), bones, rng)
    paths = [row for row in bones.rows if len(row) == 15]
    lengths: dict[str, list[float]] = {}
    for path in paths:
        nearest = min(patient.column, key=lambda v: np.linalg.norm(v.centre_ras - path[0, :3]))
        lengths.setdefault(nearest.level, []).append(float(np.linalg.norm(path[:, 3:6], axis=1).sum()))
    return lengths


def test_variants_have_the_ribs_that_they_are_named_after():
    usual, thirteen, eleven, lumbar = map(rib_lengths_mm, (None, "T13", "11 ribs", "lumbar rib"))
    assert list(usual) == [f"T{number}" for number in range(1, 13)]
    assert all(len(pair) == 2 for pair in usual.values())
    assert list(thirteen) == [*usual, "T13"]
    assert list(eleven) == list(usual)[:-1]
    assert list(lumbar) == [*usual, "L1"]
    assert max(lumbar["L1"]) < 0.75 * min(usual["T12"])
