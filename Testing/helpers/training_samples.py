"""Small things to train on, whose truth is plain: boxes on a radiograph, dense bodies, a bright canal."""

import numpy as np
from helpers.perfect_radiograph import landmarks_mm
from VertebralFracturesLib.core.spine_curve import SpineCurve, curve_through_bodies
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.simulation.radiograph.views import (
    SACRUM,
    Projection,
)
from VertebralFracturesLib.training.samples.canal import CanalSample

BOX_PIXEL_MM = 0.8


def projection() -> Projection:
    """Seven boxes of bone in a trunk of water, and the sacrum's endplate."""
    points = landmarks_mm() / BOX_PIXEL_MM
    rows, columns = np.indices((420, 220), dtype=np.float32)
    integrals = np.stack([20 + 0 * rows, 0 * rows])
    for body in points[:-1]:
        low, high = body.min(0), body.max(0)
        integrals[1][(rows > low[1]) & (rows < high[1]) & (columns > low[0]) & (columns < high[0])] = 3.0
    levels = np.array([18, 19, 20, 21, 22, 23, 24, SACRUM])
    return Projection(integrals.astype(np.float16), BOX_PIXEL_MM, points, levels, np.array([[-np.inf, np.inf]]))


def boxes_case(name: str = "flat") -> TrainingCase:
    """Two levels marked in a box of water with a smaller one of bone within it, in air."""
    voxels = np.full((60, 50, 40), -1000, np.int16)
    voxels[:, 10:40, 10:30] = 0
    voxels[20:40, 20:30, 15:25] = 500
    matrix = np.array([[2.0, 0, 0, -40], [0, 2, 0, -50], [0, 0, 2, -60], [0, 0, 0, 1]])
    body = np.array([[0.0, y, z] for y, z in ((9, 19), (9, -19), (0, 18), (0, -18), (-9, 19), (-9, -19))])
    points = np.array([body + [0, 0, 20], body - [0, 0, 20]])
    return TrainingCase(name, lambda: Volume(voxels, matrix), points, np.array([20, 21]),
                        curve_through_bodies(points.mean(1)))  # fmt: skip


BODIES, HEIGHT_MM, PITCH_MM = 7, 22.0, 28.0
LENGTH_MM = BODIES * PITCH_MM + 20


def straight_case() -> TrainingCase:
    """Dense bodies with soft discs between them, upright, 22 mm high."""
    matrix = np.diag([1.5, 1.5, 1.5, 1.0])
    matrix[:3, 3] = -45.0, -60.0, -LENGTH_MM - 20
    k, j, i = np.indices((int((LENGTH_MM + 50) / 1.5), 70, 60))
    right, anterior, down = i * 1.5 - 45, j * 1.5 - 60, LENGTH_MM + 20 - k * 1.5
    within = (down % PITCH_MM < HEIGHT_MM) & (down > 0) & (down < BODIES * PITCH_MM)
    body = within & (np.abs(anterior) < 15) & (np.abs(right) < 18)
    voxels = np.where(body, 300.0, 60.0).astype(np.float32)
    points = np.array(
        [
            [[0.0, y, -place * PITCH_MM - end] for y in (15.0, 0.0, -15.0) for end in (0.0, HEIGHT_MM)]
            for place in range(BODIES)
        ]
    )
    line = np.c_[np.zeros(12), np.zeros(12), np.linspace(5, -LENGTH_MM, 12)]
    volume = Volume(voxels, matrix)
    return TrainingCase("straight", lambda: volume, points, np.arange(9, 9 + BODIES), SpineCurve(line, np.ones(12)))


CANAL = np.c_[np.full(90, 3.0), np.full(90, -27.0), np.linspace(10, -250, 90)]


def canal_trunk() -> CanalSample:
    """A straight spine with a bright rod where its canal is."""
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[:3, 3] = -90.0, -110.0, -260.0
    _, j, i = np.indices((92, 60, 60))
    distance = np.hypot(i * 3.0 - 90 - 3, j * 3.0 - 110 + 27)
    curve = SpineCurve(np.c_[np.zeros(20), np.zeros(20), np.linspace(0, -240, 20)], np.ones(20))
    return CanalSample(Volume(np.where(distance < 7, 900.0, 40.0).astype(np.float32), matrix), curve, CANAL)
