"""The canal: a small 3D network that finds its centre in cross-sections of the straightened spine."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.spine_curve import SpineCurve
from ..core.volume import Volume
from ..ct.canal import PIXEL_MM, CanalWindow, canal_window, fit_canal
from ..errors import Cancelled
from .blocks import UNet
from .spine_curve_net import normalised, soft_argmax

_NEAR_MM = 6.0


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


def find_canal(
    net: CanalNet, volume: Volume, curve: SpineCurve, cancel: Callable[[], bool] = lambda: False
) -> SpineCurve | None:
    """The centre line of the spinal canal behind a spine curve; None where it is not seen.

    :param net: the network, on the device to use, in evaluation mode.
    :param volume: a CT in any orientation.
    :param curve: through the vertebral bodies.
    :param cancel: asked before the network runs.
    :raises Cancelled: ``cancel`` said so.
    """
    window = canal_window(volume, curve)
    if cancel():
        raise Cancelled("cancelled while looking for the spinal canal")
    weights = _probabilities(net, window)
    places = soft_argmax(weights)
    back, right = (torch.arange(size) for size in weights.shape[1:])
    away = (back[:, None] - places[:, 1, None, None]) ** 2 + (right - places[:, 0, None, None]) ** 2
    near = (weights * (away < (_NEAR_MM / PIXEL_MM) ** 2)).sum((1, 2))
    return fit_canal(window, places.numpy().astype(np.float64), near.numpy().astype(np.float64))


@torch.inference_mode()
def _probabilities(net: CanalNet, window: CanalWindow) -> Tensor:
    """Where the canal's centre is in each section (sections, back, right), the mean over the mirrored window too."""
    device = next(net.parameters()).device
    image = normalised(torch.from_numpy(window.image))
    sections = len(image)
    padded = functional.pad(image, (0, 0, 0, 0, 0, -sections % net.unet.stride), value=float(image.min()))
    both = torch.stack([padded, padded.flip(-1)])[:, None].to(device)
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        logits = net(both)[:, :sections].cpu()
    weights = torch.softmax(logits.flatten(2), -1).view_as(logits)
    return (weights[0] + weights[1].flip(-1)) / 2
