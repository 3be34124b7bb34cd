"""Losses of step 2: eq. 3 of Pisov 2020 for the anchor head, and its counterpart for the anchor-free head."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..core.anchor_free import OFFSET_UNIT_MM, SHORT_RADIUS_MM, SHORT_UNIT_MM
from ..core.anchors import anchor_sizes_mm
from ..core.straightening import PIXEL_MM
from ..networks.vertebra_net import DetectorName, split_anchors, split_regions

LONG_WEIGHT, SHORT_WEIGHT, SCALE_WEIGHT = 3.0, 2.0, 0.05


@dataclass(frozen=True, eq=False)
class VertebraTargets:
    """What the network should say of a batch of crops.

    :param bodies: which body answers at each place, -1 for none: (batch, rows, columns), or (batch, 16, rows, columns)
        for anchors.
    :param decided: where the objectness counts, of the same shape.
    :param keypoints_mm: (batch, n, 6, 2), padded with any values.
    :param genant_index: G (batch, n) of every body.
    """

    bodies: Tensor
    decided: Tensor
    keypoints_mm: Tensor
    genant_index: Tensor


def vertebra_loss(detector: DetectorName, output: Tensor, targets: VertebraTargets) -> Tensor:
    """The loss of either head in 32 bits; it is a mean over the bodies, however large they are."""
    return anchor_loss(output, targets) if detector == "anchor" else region_loss(output, targets)


def anchor_loss(output: Tensor, targets: VertebraTargets) -> Tensor:
    """BCE of the objectness plus the mean over positive anchors of MAE / G (eq. 3)."""
    logits, encoded = split_anchors(output)
    logits = logits.float()
    positive = torch.nonzero(targets.bodies >= 0)
    loss = _objectness_loss(logits, targets)
    if len(positive) == 0:
        return loss
    batch, anchor, row, column = positive.unbind(1)
    sizes = torch.as_tensor(anchor_sizes_mm(), dtype=torch.float32, device=output.device)[anchor]
    body = targets.bodies[batch, anchor, row, column]
    centres = torch.stack([column, row], -1) * PIXEL_MM
    expected = (targets.keypoints_mm[batch, body] - centres[:, None]) / sizes[:, None]
    found = encoded[batch, anchor, :, row, column].float().reshape(-1, 6, 2)
    error = (found - expected).abs().mean((1, 2))
    return loss + (error / targets.genant_index[batch, body]).mean()


def region_loss(output: Tensor, targets: VertebraTargets) -> Tensor:
    """BCE of the centre region plus 1/G-weighted MAE of long and short offsets, plus the scale's likelihood.

    The scale is that of the points' distance after their correction by the short offsets, taken as exponential.
    """
    logits, long_mm, short_mm, log_scale = split_regions(output.float())
    loss = _objectness_loss(logits, targets)
    positive = torch.nonzero(targets.bodies >= 0)
    if len(positive) == 0:
        return loss
    batch, row, column = positive.unbind(1)
    body = targets.bodies[batch, row, column]
    share = _share_of_body(batch, body, targets)
    votes = long_mm[batch, :, :, row, column] + torch.stack([column, row], -1)[:, None] * PIXEL_MM
    expected = targets.keypoints_mm[batch, body]
    error = (votes - expected).abs()
    distance = (_corrected(votes.detach()[:, :, None], short_mm.detach(), batch)[:, :, 0] - expected).norm(dim=-1)
    scale = log_scale[batch, :, row, column]
    likelihood = (distance * torch.exp(-scale) + scale).mean(1)
    long_loss = (share * error.mean((1, 2)) / OFFSET_UNIT_MM).sum()
    return loss + LONG_WEIGHT * long_loss + SHORT_WEIGHT * _short_loss(short_mm, targets) \
        + SCALE_WEIGHT * (share * likelihood).sum()  # fmt: skip


def _corrected(points: Tensor, short_mm: Tensor, batch: Tensor) -> Tensor:
    """Where the short offsets at the pixels of places (bodies, 6, places, 2) around the six points move these."""
    columns, rows = (points / PIXEL_MM).round().long().unbind(-1)
    columns, rows = columns.clamp(0, short_mm.shape[-1] - 1), rows.clamp(0, short_mm.shape[-2] - 1)
    which = torch.arange(6, device=points.device)[None, :, None].expand_as(rows)
    offsets = short_mm.permute(0, 1, 3, 4, 2)[batch[:, None, None].expand_as(rows), which, rows, columns]
    return torch.stack([columns, rows], -1) * PIXEL_MM + offsets


def _objectness_loss(logits: Tensor, targets: VertebraTargets) -> Tensor:
    expected = (targets.bodies >= 0).to(logits.dtype)
    loss = functional.binary_cross_entropy_with_logits(logits, expected, reduction="none")
    return (loss * targets.decided).sum() / targets.decided.sum().clamp_min(1)


def _share_of_body(batch: Tensor, body: Tensor, targets: VertebraTargets) -> Tensor:
    """Weight (pixels,) that gives every body the same say, times 1 / G."""
    group = batch * targets.keypoints_mm.shape[1] + body
    _, position, count = group.unique(return_inverse=True, return_counts=True)
    return 1.0 / (count[position] * len(count) * targets.genant_index[batch, body])


def _short_loss(short_mm: Tensor, targets: VertebraTargets) -> Tensor:
    """1/G-weighted MAE of the offsets at the pixels around each point of the bodies in view."""
    present = torch.stack(
        [(targets.bodies == body).flatten(1).any(1) for body in range(targets.keypoints_mm.shape[1])], 1
    )
    batch, body = torch.nonzero(present).unbind(1)
    points = targets.keypoints_mm[batch, body]
    reach = torch.arange(-SHORT_RADIUS_MM, SHORT_RADIUS_MM + 1, device=points.device)
    around = torch.stack(torch.meshgrid(reach, reach, indexing="xy"), -1).reshape(-1, 2)
    around = around[around.norm(dim=1) <= SHORT_RADIUS_MM]
    moved = _corrected(points[:, :, None] + around, short_mm, batch)
    error = (moved - points[:, :, None]).abs().mean((1, 2, 3))
    return (error / targets.genant_index[batch, body]).mean() / SHORT_UNIT_MM
