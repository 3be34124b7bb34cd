"""Step 1: a 3D network that finds the vertebral-body curve at 3 mm by a soft-argmax on every axial slice."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..core.level_naming import LEVEL_CLASSES
from ..core.volume import AIR_HU, Volume
from ..ct.check import body_bounds_ijk
from ..ct.curve_fit import follow
from ..errors import Cancelled
from .blocks import UNet

SPACING_MM = 3.0
_HEAD_CHANNELS = 96
_HEAD_REACHES = (1, 4, 10, 20)


def normalised(intensities_hu: Tensor) -> Tensor:
    """Hounsfield units to network input: about zero mean and unit variance over the tissues of the trunk."""
    return (intensities_hu.clamp(-1000.0, 1200.0) + 100.0) / 400.0


@dataclass(frozen=True)
class CurveOutput:
    """What the network says of every axial slice of a batch; (batch, slices, ...).

    :param logits: body-centre logits (batch, slices, rows, columns).
    :param centres: soft-argmax (batch, slices, 2) as (column, row) in voxels.
    :param existence: logit (batch, slices) that a vertebral body of the mobile spine is in the slice.
    :param levels: logits (batch, slices, 25) of the level at which the slice is, C1 first, L6 last.
    """

    logits: Tensor
    centres: Tensor
    existence: Tensor
    levels: Tensor


class SpineCurveNet(nn.Module):
    """3D U-Net, soft-argmax per axial slice (Pisov 2020, section 4.1) and a head along the slices.

    Soft-argmax always answers; the head says where the answer means something, and which level the slice is at.

    :param channels: channels of the U-Net's levels, full resolution (3 mm) first.
    """

    def __init__(self, channels: tuple[int, ...] = (8, 24, 48, 80, 96)) -> None:
        super().__init__()
        self.unet = UNet(3, channels)
        self.heatmap = nn.Conv3d(channels[0], 1, 1)
        self.describe = nn.Conv1d(channels[0] + 2 * sum(channels[1:]), _HEAD_CHANNELS, 1)
        self.along = nn.ModuleList(
            nn.Conv1d(_HEAD_CHANNELS, _HEAD_CHANNELS, 5, padding=2 * reach, dilation=reach) for reach in _HEAD_REACHES
        )
        self.answer = nn.Conv1d(_HEAD_CHANNELS, 1 + LEVEL_CLASSES, 1)

    def forward(self, image: Tensor) -> CurveOutput:
        """Read a batch of normalised volumes (batch, 1, slices, rows, columns); sides are multiples of the stride."""
        features = self.unet(image)
        logits = self.heatmap(features[0])[:, 0].float()
        weights = torch.softmax(logits.flatten(2), -1).view_as(logits)
        answers = self._read_along(self._slice_features(features, weights))
        return CurveOutput(logits, soft_argmax(weights), answers[..., 0], answers[..., 1:])

    def _read_along(self, slices: Tensor) -> Tensor:
        """Logits (batch, slices, 26) of existence and of the levels, each from the slices around as well."""
        hidden = functional.relu(self.describe(slices))
        for layer in self.along:
            hidden = hidden + functional.relu(layer(hidden))
        return self.answer(hidden).transpose(1, 2)

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


@dataclass(frozen=True, eq=False)
class SlicePredictions:
    """Per axial slice of the 3 mm volume, cranial to caudal.

    :param centres_ras: (n, 3) RAS mm of the body centre.
    :param spread_mm: (n,) spread of the soft-argmax.
    :param existence: (n,) probability that the mobile spine is in the slice.
    :param levels: (n, 25) probability of each level, C1 first, L6 last.
    """

    centres_ras: NDArray[np.float64]
    spread_mm: NDArray[np.float64]
    existence: NDArray[np.float64]
    levels: NDArray[np.float64]


def predict_slices(net: SpineCurveNet, volume: Volume, cancel: Callable[[], bool] = lambda: False) -> SlicePredictions:
    """Run the network over the body in a volume and over its mirror image, average the two, and follow the spine.

    :param net: the network, on the device to use, in evaluation mode.
    :param volume: a CT in any orientation.
    :param cancel: asked between the network's runs.
    :raises Cancelled: ``cancel`` said so.
    """
    cubic = body_volume(volume)
    image = torch.from_numpy(np.ascontiguousarray(cubic.voxels[::-1], dtype=np.float32))
    padded = normalised(pad_to_stride(image, net.unet.stride))[None, None]
    straight = _run(net, padded, image.shape, cancel)
    mirrored = _run(net, padded.flip(-1), image.shape, cancel, mirrored=True)
    heatmaps, existence, levels = ((a + b) / 2 for a, b in zip(straight, mirrored, strict=True))
    centres, spread = _places(follow(heatmaps))
    centres_ijk = np.column_stack([centres, np.arange(len(image))[::-1]])
    centres_ras = centres_ijk @ cubic.ijk_to_ras[:3, :3].T + cubic.ijk_to_ras[:3, 3]
    return SlicePredictions(centres_ras, spread * SPACING_MM, existence, levels)


def _places(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected position (n, 2) as (column, row), and its spread (n,), of weights (n, rows, columns)."""
    tensor = torch.from_numpy(weights)
    centres = soft_argmax(tensor)
    rows, columns = (torch.arange(size, dtype=tensor.dtype) for size in tensor.shape[1:])
    squared_columns = (tensor.sum(-2) * (columns - centres[:, :1]) ** 2).sum(-1)
    squared_rows = (tensor.sum(-1) * (rows - centres[:, 1:]) ** 2).sum(-1)
    return centres.numpy(), (squared_columns + squared_rows).sqrt().numpy()


def body_volume(volume: Volume) -> Volume:
    """The volume at 3 mm along the patient's axes, cropped to the body: most of a CT is air."""
    cubic = volume.resampled(SPACING_MM)
    lower, upper = body_bounds_ijk(cubic)
    matrix = cubic.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, :3] @ lower
    voxels = cubic.voxels[lower[2] : upper[2], lower[1] : upper[1], lower[0] : upper[0]]
    return Volume(voxels, matrix)


def pad_to_stride(image: Tensor, stride: int) -> Tensor:
    """Pad an image (slices, rows, columns) with air at the far ends up to multiples of the network's stride."""
    padding: list[int] = []
    for size in reversed(image.shape):
        padding += [0, -size % stride]
    return functional.pad(image, padding, value=AIR_HU)


@torch.inference_mode()
def _run(
    net: SpineCurveNet, padded: Tensor, shape: torch.Size, cancel: Callable[[], bool], mirrored: bool = False
) -> list[NDArray[np.float64]]:
    """Heatmaps (n, rows, columns), existence (n,) and levels (n, 25) of the unpadded slices, as probabilities."""
    if cancel():
        raise Cancelled("cancelled while looking for the spine curve")
    device = next(net.parameters()).device
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        output = net(padded.to(device))
    slices, rows, columns = shape
    first = padded.shape[-1] - columns if mirrored else 0
    logits = output.logits[0, :slices, :rows, first : first + columns].float()
    if mirrored:
        logits = logits.flip(-1)
    heatmaps = torch.softmax(logits.flatten(1), -1).view_as(logits)
    heads = [output.existence.float().sigmoid(), output.levels.float().softmax(-1)]
    return [value.double().cpu().numpy() for value in [heatmaps, *(head[0, :slices] for head in heads)]]
