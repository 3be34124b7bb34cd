"""A scan whose image tells at each keypoint which one it is."""

import numpy as np
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import (
    AnnotatedScan,
)

LEVELS = ("T8", "T9", "T10", "T11")
SIGMA_MM = 9.0


def body(place: int) -> np.ndarray:
    return np.array([[4.0 * place, y, -40.0 * place + z] for y in (14, 0, -14) for z in (10, -10)])


KEYPOINTS = np.array([body(place) for place in range(len(LEVELS))])


def blobs(at_ras: np.ndarray) -> np.ndarray:
    """A smooth function (...) of places (..., 3) with a peak at each keypoint that names it."""
    values = np.zeros(at_ras.shape[:-1])
    for place, point in enumerate(KEYPOINTS.reshape(-1, 3)):
        values += (300 + 40 * place) * np.exp(-((at_ras - point) ** 2).sum(-1) / (2 * SIGMA_MM**2))
    return values


def blob_scan(signs=(-1, -1, 1), spacing=(2.5, 2.0, 3.0), size=(64, 48, 70)) -> AnnotatedScan:
    """Blobs at the keypoints of four bodies, on a grid along the patient's axes."""
    matrix = np.diag([*(np.array(spacing) * signs), 1.0])
    matrix[:3, 3] = np.array([6.0, 0, -60]) - matrix[:3, :3] @ (np.array(size) - 1) / 2
    grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1).transpose(2, 1, 0, 3)
    voxels = np.rint(blobs(grid @ matrix[:3, :3].T + matrix[:3, 3])).astype(np.int16)
    curve = SpineCurve(KEYPOINTS.mean(1), np.ones(len(LEVELS)))
    return AnnotatedScan(Volume(voxels, matrix), LEVELS, KEYPOINTS, curve)


SCAN = blob_scan()


def assert_same_places(scan: AnnotatedScan, tolerance: float = 12.0) -> None:
    """The image at each keypoint is what the original image is at that keypoint."""
    wanted = blobs(KEYPOINTS[[LEVELS.index(level) for level in scan.levels]])
    np.testing.assert_allclose(
        scan.volume.sample(scan.keypoints_ras), wanted, atol=tolerance + 0.06 * wanted.max(initial=0)
    )
