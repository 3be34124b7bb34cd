"""The report of a lumbar radiograph, made up."""

import numpy as np
from VertebralFracturesLib.core.report import Vertebra
from VertebralFracturesLib.core.spine_curve import curve_through_bodies
from VertebralFracturesLib.radiograph.record import DETECTOR, RadiographReport

LEVELS = ("L1", "L2", "L3", "L4", "L5")


def bodies_ras() -> np.ndarray:
    """Five bodies (5, 6, 3) in the sagittal plane, 34 mm deep and 27 mm high, the front of L2 lower by 9 mm."""
    body = np.array([[17, 0], [17, -27], [0, -2], [0, -25], [-17, 0], [-17, -27]], float)
    bodies = body + np.array([[0.0, -36.0 * place] for place in range(5)])[:, None]
    bodies[1, 0, 1] -= 9
    return np.concatenate([np.zeros((5, 6, 1)), bodies], -1)


def report(is_scale_known: bool = True) -> RadiographReport:
    points = bodies_ras()
    vertebrae = tuple(
        Vertebra(one, 0.9, np.full(6, 0.5), level, 0.95) for one, level in zip(points, LEVELS, strict=True)
    )
    sacrum = np.array([[0, 15, -190], [0, 0, -181.0], [0, -15, -172.0]])
    return RadiographReport(
        software="test",
        input={"path": "image.png"},
        detector=DETECTOR,
        preset="genant",
        curve=curve_through_bodies(points.mean(1)),
        vertebrae=vertebrae,
        pixel_mm=0.2,
        is_scale_known=is_scale_known,
        anterior_is="left",
        sacral_endplate_ras=sacrum,
    )
