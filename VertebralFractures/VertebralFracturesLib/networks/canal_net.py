"""The canal: a small 3D network that finds its centre in cross-sections of the straightened spine."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..ct.canal import PIXEL_MM
from .blocks import UNet
from .spine_curve_net import normalised, soft_argmax

_NEAR_MM = 6.0
"""Radius within which evidence counts as that of one place. Chosen, about that of the canal; a third more or less moves
probabilities of the image classifier by 0.001 at most (experiments.md, 2026-12-01)."""


class CanalNet(nn.Module):
    """3D residual U-Net with a soft-argmax per cross-section, as the spine curve's has per axial slice.

    :param channels: channels of the U-Net's levels, full resolution first.
    """

    def __init__(self, channels: tuple[int, ...] = (8, 16, 32)) -> None:
        super().__init__()
        self.unet = UNet(3, channels)
        self.heatmap = nn.Conv3d(channels[0], 1, 1)

    def forward(self, window: Tensor) -> Tensor:
        """Logits (batch, sections, back, right) of a batch (batch, 1, sections, back, right) of normalised windows."""
        return self.heatmap(self.unet(window)[0])[:, 0].float()


@torch.inference_mode()
def locate_canal(net: CanalNet, window_hu: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the canal's centre is in cross-sections, by the mean over the window and its mirror image.

    :param net: the network, on the device to use, in evaluation mode.
    :param window_hu: (sections, back, right) in Hounsfield units.
    :return: soft-argmax (sections, 2) as (right, back) in pixels, and the probability (sections,) near it.
    """
    weights = _probabilities(net, window_hu)
    places = soft_argmax(weights)
    back, right = (torch.arange(size) for size in weights.shape[1:])
    away = (back[:, None] - places[:, 1, None, None]) ** 2 + (right - places[:, 0, None, None]) ** 2
    near = (weights * (away < (_NEAR_MM / PIXEL_MM) ** 2)).sum((1, 2))
    return places.numpy().astype(np.float64), near.numpy().astype(np.float64)


def _probabilities(net: CanalNet, window_hu: NDArray[np.float32]) -> Tensor:
    """Where the canal's centre is in each section (sections, back, right)."""
    device = next(net.parameters()).device
    image = normalised(torch.from_numpy(window_hu))
    sections = len(image)
    padded = functional.pad(image, (0, 0, 0, 0, 0, -sections % net.unet.stride), value=float(image.min()))
    both = torch.stack([padded, padded.flip(-1)])[:, None].to(device)
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        logits = net(both)[:, :sections].cpu()
    weights = torch.softmax(logits.flatten(2), -1).view_as(logits)
    return (weights[0] + weights[1].flip(-1)) / 2
