"""What the heads of the vertebra network have to say of bodies whose keypoints are known."""

import numpy as np
from VertebralFracturesLib.ct.anchor_free import SHORT_RADIUS_MM, region_targets
from VertebralFracturesLib.ct.anchors import anchor_sizes_mm, anchor_targets


def encode(keypoints_mm: np.ndarray, centres_mm: np.ndarray, sizes_mm: np.ndarray) -> np.ndarray:
    """Keypoints (..., 6, 2) relative to anchors (..., 2) of size (..., 2) (Pisov 2020, eq. 2)."""
    return (keypoints_mm - centres_mm[..., None, :]) / sizes_mm[..., None, :]


def perfect_regions(
    bodies_mm: np.ndarray, shape: tuple[int, int], pixel_mm: float, long_error_mm: float = 0.0
) -> tuple[np.ndarray, ...]:
    """What the anchor-free head has to say of bodies: probability, offsets, short offsets and scale."""
    bodies, _ = region_targets(bodies_mm, shape, pixel_mm)
    rows, columns = np.indices(shape)
    pixels_mm = np.stack([columns, rows]) * pixel_mm
    centres = bodies_mm.mean(1)
    nearest = np.linalg.norm(pixels_mm - centres[:, :, None, None], axis=1).argmin(0)
    offsets = np.moveaxis(bodies_mm[nearest], (0, 1), (2, 3)) - pixels_mm + long_error_mm
    points = bodies_mm[:, :, :, None, None] - pixels_mm
    closest = np.linalg.norm(points, axis=2).argmin(0)
    short = np.take_along_axis(points, closest[None, :, None], 0)[0]
    short = np.where(np.linalg.norm(short, axis=1, keepdims=True) <= SHORT_RADIUS_MM + 2, short, 0.0)
    scale = np.broadcast_to(np.arange(1.0, 7.0)[:, None, None], (6, *shape))
    parts = ((bodies >= 0) * 0.98, offsets, short, scale)
    return tuple(np.ascontiguousarray(part, dtype=np.float32) for part in parts)


def perfect_anchors(bodies_mm: np.ndarray, shape: tuple[int, int], pixel_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """What the anchor head has to say of bodies: objectness and encoded points."""
    objectness, chosen = anchor_targets(bodies_mm, shape, pixel_mm)
    rows, columns = np.indices(shape)
    centres = np.stack([columns, rows], -1) * pixel_mm
    encoded = np.zeros((16, 12, *shape), np.float32)
    for anchor, size in enumerate(anchor_sizes_mm()):
        points = encode(bodies_mm[chosen[anchor]], centres, np.broadcast_to(size, centres.shape))
        encoded[anchor] = np.moveaxis(points.reshape(*shape, 12), -1, 0)
    return objectness * np.float32(0.95), encoded
