"""Six points are those of a vertebral body, or it is said why not."""

import json
from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.heights.reliability import unreliable_reasons

LEVELS = ("T8", "T9", "T10", "T11", "T12", "L1")
SHARED_CT = Path(__file__).resolve().parents[4] / "shared" / "ct"


def spine() -> np.ndarray:
    """Keypoints (6, 6, 3) of six vertebrae with the mean heights of their level and depths of 30 mm."""
    bodies = []
    for place, level in enumerate(LEVELS):
        pairs = zip((15.0, 0.0, -15.0), HEIGHT_NORMS[level].mean_mm, strict=True)
        bodies.append([[0, y, sign * height / 2 - 30 * place] for y, height in pairs for sign in (1, -1)])
    return np.array(bodies)


def reasons(points: np.ndarray, scores=(1.0,) * 6, sd_mm=((0.0,) * 3,) * 6) -> list[str | None]:
    return unreliable_reasons(points, LEVELS, scores, sd_mm)


def test_normal_bodies_are_reliable_in_any_pose():
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    assert reasons(spine()) == reasons(spine() @ turn.T + 50) == [None] * 6


def test_a_severely_fractured_body_is_reliable():
    points = spine()
    middle = points[2, :, 2].mean()
    points[2, :, 2] = middle + (points[2, :, 2] - middle) * np.repeat([0.4, 0.4, 1.0], 2)
    points[3, :, 2] += (points[3, :, 2].mean() - points[3, :, 2]) * 0.6
    assert reasons(points) == [None] * 6


def broken(change) -> np.ndarray:
    points = spine()
    change(points)
    return points


def _swap_rims(points):
    points[2, [0, 4]] = points[2, [4, 0]]


def _upside_down(points):
    points[2, [2, 3]] = points[2, [3, 2]]


def _thin(points):
    points[2, :, 1] *= 0.3


def _short_endplate(points):
    points[2, [1, 3, 5], 1] *= 0.5


def _oblique(points):
    points[2, 0, 2] -= 10
    points[2, 1, 2] += 10
    points[2, 4:, 2] += [10, -4]


def _small(points):
    middle = points[2].mean(0)
    points[2] = middle + (points[2] - middle) * 0.33


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_swap_rims, "not reliable: landmarks out of order"),
        (_upside_down, "not reliable: landmarks out of order"),
        (_thin, "not reliable: proportions implausible for a vertebra"),
        (_short_endplate, "not reliable: proportions implausible for a vertebra"),
        (_oblique, "not reliable: implausible angle between the endplates"),
        (_small, "not reliable: size inconsistent with adjacent vertebrae"),
    ],
)
def test_what_is_no_vertebral_body_is_told_with_its_reason(change, reason):
    assert reasons(broken(change)) == [None, None, reason, None, None, None]


def test_a_size_that_no_level_has_is_told():
    points = spine() * 2.0
    assert set(reasons(points)) == {"not reliable: size inconsistent with the level"}


def test_low_scores_and_uncertain_points_are_told():
    scores, sd_mm = np.ones(6), np.zeros((6, 3))
    scores[1], sd_mm[4, 2] = 0.6, 5.0
    found = reasons(spine(), scores, sd_mm)
    assert (found[1], found[4]) == ("not reliable: low detection score", "not reliable: uncertain landmarks")
    assert [found[i] for i in (0, 2, 3, 5)] == [None] * 4


@pytest.mark.skipif(not SHARED_CT.is_dir(), reason="needs ../shared/ct, reference keypoints of real CTs")
def test_no_annotated_body_of_a_real_ct_is_unreliable():
    files = [*SHARED_CT.glob("train/*/reference.json"), *SHARED_CT.glob("val/*/reference.json")]
    assert files
    for file in files:
        bodies = json.loads(file.read_text())["vertebrae"]
        points = np.array([body["ras"] for body in bodies])
        levels = [body["label"] for body in bodies]
        found = unreliable_reasons(points, levels, np.ones(len(points)), np.zeros((len(points), 3)))
        assert found == [None] * len(points), file.parent.name
