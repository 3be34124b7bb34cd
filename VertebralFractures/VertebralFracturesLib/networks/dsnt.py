"""Differentiable spatial to numerical transform (Nibali 2018), the top layer of Cina 2021: from a heatmap to a point.

Coordinates are the transform's own: the image spans -1 to 1, pixel i of n lies at (2 i - (n - 1)) / n.
"""

import torch
from torch import Tensor


def pixel_places(count: int, device: torch.device | str = "cpu") -> Tensor:
    """Coordinates (count,) of the pixels along one side."""
    return (2 * torch.arange(count, dtype=torch.float32, device=device) - (count - 1)) / count


def heatmaps(logits: Tensor) -> Tensor:
    """Probabilities over all pixels of maps (..., rows, columns)."""
    return logits.flatten(-2).softmax(-1).reshape(logits.shape)


def expected_points(maps: Tensor) -> Tensor:
    """The mean (..., 2), column and row, of heatmaps (..., rows, columns)."""
    rows, columns = (pixel_places(count, maps.device) for count in maps.shape[-2:])
    return torch.stack([(maps.sum(-2) * columns).sum(-1), (maps.sum(-1) * rows).sum(-1)], -1)


def spreads(maps: Tensor) -> Tensor:
    """Standard deviation (...) of heatmaps (..., rows, columns), the root of the mean over both axes, in pixels."""
    points = expected_points(maps)
    rows, columns = (pixel_places(count, maps.device) for count in maps.shape[-2:])
    across = (maps.sum(-2) * (columns - points[..., :1]) ** 2).sum(-1) * (maps.shape[-1] / 2) ** 2
    down = (maps.sum(-1) * (rows - points[..., 1:]) ** 2).sum(-1) * (maps.shape[-2] / 2) ** 2
    return ((across + down) / 2).sqrt()


def gaussians(points: Tensor, shape: tuple[int, int], sigma_pixels: float) -> Tensor:
    """Heatmaps (..., rows, columns) of points (..., 2) with a Gaussian of some pixels."""
    rows, columns = (pixel_places(count, points.device) for count in shape)
    down = (rows - points[..., 1:]) * shape[0] / 2 / sigma_pixels
    across = (columns - points[..., :1]) * shape[1] / 2 / sigma_pixels
    logits = -0.5 * (down[..., :, None] ** 2 + across[..., None, :] ** 2)
    return heatmaps(logits)


def dsnt_losses(logits: Tensor, points: Tensor, sigma_pixels: float = 1.0) -> Tensor:
    """Euclidean distance plus Jensen-Shannon divergence (Nibali 2018, section 3.3) of each map.

    :param logits: (..., rows, columns).
    :param points: (..., 2) the true points, column and row.
    :param sigma_pixels: width of the Gaussian that a map shall look like.
    :return: (...).
    """
    maps = heatmaps(logits)
    distance = (expected_points(maps) - points).square().sum(-1).add(1e-12).sqrt()
    target = gaussians(points, (maps.shape[-2], maps.shape[-1]), sigma_pixels)
    middle = (0.5 * (maps + target) + 1e-12).log()
    divergence = 0.5 * (_relative_entropy(maps, middle) + _relative_entropy(target, middle))
    return distance + divergence


def _relative_entropy(maps: Tensor, log_other: Tensor) -> Tensor:
    return (maps * ((maps + 1e-12).log() - log_other)).sum((-2, -1))
