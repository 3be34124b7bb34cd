"""Step 1: a 3D network that finds the vertebral-body curve at 3 mm by a soft-argmax on every axial slice."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..core.level_naming import SPINE_CLASSES
from ..core.volume import AIR_HU
from .blocks import UNet

_HEAD_CHANNELS = 96
_HEAD_REACHES = (1, 4, 10, 20)
"""Channels of a head along the slices, and dilations of its convolutions, which together see 140 slices. Chosen; part
of the architecture that the weights belong to."""


def normalised(intensities_hu: Tensor) -> Tensor:
    """Hounsfield units to network input: about zero mean and unit variance over the tissues of the trunk."""
    return (intensities_hu.clamp(-1000.0, 1200.0) + 100.0) / 400.0


@dataclass(frozen=True)
class CurveOutput:
    """The output of the network for every axial slice of a batch; (batch, slices, ...).

    :param logits: body-centre logits (batch, slices, rows, columns).
    :param centres: soft-argmax (batch, slices, 2) as (column, row) in voxels.
    :param existence: logit (batch, slices) that a vertebral body of the mobile spine is in the slice.
    :param levels: logits (batch, slices, 26) of the level at which the slice is, C1 first, then L6 and the sacrum.
    """

    logits: Tensor
    centres: Tensor
    existence: Tensor
    levels: Tensor


class SliceHead(nn.Module):
    """Reads every slice together with the slices around it.

    :param inputs: features that describe a slice.
    :param answers: logits that are given of each.
    """

    def __init__(self, inputs: int, answers: int) -> None:
        super().__init__()
        self.describe = nn.Conv1d(inputs, _HEAD_CHANNELS, 1)
        self.along = nn.ModuleList(
            nn.Conv1d(_HEAD_CHANNELS, _HEAD_CHANNELS, 5, padding=2 * reach, dilation=reach) for reach in _HEAD_REACHES
        )
        self.answer = nn.Conv1d(_HEAD_CHANNELS, answers, 1)

    def forward(self, slices: Tensor) -> Tensor:
        """Logits (batch, slices, answers) from features (batch, inputs, slices)."""
        hidden = functional.relu(self.describe(slices))
        for layer in self.along:
            hidden = hidden + functional.relu(layer(hidden))
        answers: Tensor = self.answer(hidden).transpose(1, 2)
        return answers


class SpineCurveNet(nn.Module):
    """3D U-Net, soft-argmax per axial slice (Pisov 2020, section 4.1) and two heads along the slices.

    Soft-argmax always answers; one head says where the answer means something, the other which level the slice is at.

    :param channels: channels of the U-Net's levels, full resolution (3 mm) first.
    """

    def __init__(self, channels: tuple[int, ...] = (8, 24, 48, 80, 96)) -> None:
        super().__init__()
        self.unet = UNet(3, channels)
        self.heatmap = nn.Conv3d(channels[0], 1, 1)
        features = channels[0] + 2 * sum(channels[1:])
        self.existence_head = SliceHead(features, 1)
        self.level_head = SliceHead(features, SPINE_CLASSES)

    def forward(self, image: Tensor) -> CurveOutput:
        """Read a batch of normalised volumes (batch, 1, slices, rows, columns); sides are multiples of the stride."""
        logits, weights, slices = self._read(image)
        return CurveOutput(logits, soft_argmax(weights), self.existence_head(slices)[..., 0], self.level_head(slices))

    def described(self, image: Tensor) -> Tensor:
        """Features (batch, features, slices) of the slices, which the heads read, of a batch as :meth:`forward`'s."""
        return self._read(image)[2]

    def _read(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits and probabilities (batch, slices, rows, columns) of the body's centre, and features of the slices."""
        features = self.unet(image)
        logits = self.heatmap(features[0])[:, 0].float()
        weights = torch.softmax(logits.flatten(2), -1).view_as(logits)
        return logits, weights, self._slice_features(features, weights)

    def _slice_features(self, features: list[Tensor], weights: Tensor) -> Tensor:
        """Describe each slice by its features at the curve, and by the coarser levels' maxima over the slice."""
        described = [(features[0] * weights[:, None]).sum((-2, -1))]
        for level in range(1, len(features)):
            coarse = functional.avg_pool3d(weights[:, None], 2**level) * 4**level
            at_curve = (features[level] * coarse).sum((-2, -1))
            anywhere = features[level].amax((-2, -1))
            described.append(
                functional.interpolate(torch.cat([at_curve, anywhere], 1), weights.shape[1], mode="linear")
            )
        return torch.cat(described, 1)


def soft_argmax(weights: Tensor) -> Tensor:
    """Expected position (..., 2) as (column, row) under weights (..., rows, columns) that sum to one per slice."""
    rows = torch.arange(weights.shape[-2], dtype=weights.dtype, device=weights.device)
    columns = torch.arange(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    return torch.stack([(weights.sum(-2) * columns).sum(-1), (weights.sum(-1) * rows).sum(-1)], -1)


@torch.inference_mode()
def locate_spine(
    net: SpineCurveNet, image_hu: NDArray[np.float32], is_mirrored: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Where the vertebral bodies are in axial slices.

    :param net: the network, on the device to use, in evaluation mode.
    :param image_hu: (slices, rows, columns) in Hounsfield units at 3 mm, cranial to caudal.
    :param is_mirrored: whether the mirror image is read; the result is that of the image as it is.
    :return: probabilities of the body's centre (slices, rows, columns), of the mobile spine (slices,) and of the levels
        (slices, 26), the sacrum's last.
    """
    padded = normalised(pad_to_stride(torch.from_numpy(image_hu), net.unet.stride))[None, None]
    device = next(net.parameters()).device
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        output = net((padded.flip(-1) if is_mirrored else padded).to(device))
    slices, rows, columns = image_hu.shape
    first = padded.shape[-1] - columns if is_mirrored else 0
    logits = output.logits[0, :slices, :rows, first : first + columns].float()
    if is_mirrored:
        logits = logits.flip(-1)
    heatmaps = torch.softmax(logits.flatten(1), -1).view_as(logits)
    heads = [output.existence.float().sigmoid(), output.levels.float().softmax(-1)]
    place, existence, levels = (
        value.double().cpu().numpy() for value in (heatmaps, *(head[0, :slices] for head in heads))
    )
    return place, existence, levels


def pad_to_stride(image: Tensor, stride: int) -> Tensor:
    """Pad an image (slices, rows, columns) with air at the far ends up to multiples of the network's stride."""
    padding: list[int] = []
    for size in reversed(image.shape):
        padding += [0, -size % stride]
    return functional.pad(image, padding, value=AIR_HU)
