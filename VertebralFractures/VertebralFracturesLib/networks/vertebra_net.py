"""Step 2: a 2D network that finds every vertebral body and its six keypoints in a straightened slice."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core.volume import AIR_HU
from ..ct.anchor_free import OFFSET_UNIT_MM, SHORT_UNIT_MM
from ..ct.anchors import anchor_sizes_mm
from ..ct.networks import DetectorName
from .blocks import UNet


def normalised(intensities_hu: Tensor) -> Tensor:
    """Hounsfield units to network input: about zero mean and unit variance around the spine."""
    return (intensities_hu.clamp(-500.0, 1600.0) - 150.0) / 300.0


class VertebraNet(nn.Module):
    """2D residual U-Net with one of two heads at the image's resolution.

    ``anchor``: Pisov 2020, section 4.2: per anchor an objectness logit and six encoded points, 16 x (1 + 12) channels.
    ``anchor-free``: a centre-region logit, 12 long offsets, 12 short offsets and 6 logarithmic scales.

    :param detector: which head.
    :param channels: channels of the U-Net's levels, full resolution first.
    """

    def __init__(
        self, detector: DetectorName = "anchor-free", channels: tuple[int, ...] = (16, 32, 64, 96, 128)
    ) -> None:
        super().__init__()
        self.detector = detector
        self.unet = UNet(2, channels)
        outputs = 1 + 12 + 12 + 6 if detector == "anchor-free" else len(anchor_sizes_mm()) * 13
        self.head = nn.Conv2d(channels[0], outputs, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Read a batch of normalised slices (batch, 1, rows, columns) whose sides are multiples of the stride."""
        return self.head(self.unet(image)[0])


def split_regions(output: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Parts of the anchor-free head's output (batch, 31, rows, columns).

    :return: centre-region logit (batch, rows, columns), offsets and short offsets (batch, 6, 2, rows, columns) in mm
        and logarithm of the points' scale in mm (batch, 6, rows, columns).
    """
    batch, _, *shape = output.shape
    long_mm = output[:, 1:13].reshape(batch, 6, 2, *shape) * OFFSET_UNIT_MM
    short_mm = output[:, 13:25].reshape(batch, 6, 2, *shape) * SHORT_UNIT_MM
    return output[:, 0], long_mm, short_mm, output[:, 25:].clamp(-3.0, 3.0)


def split_anchors(output: Tensor) -> tuple[Tensor, Tensor]:
    """Parts of the anchor head's output: logits (batch, 16, rows, columns), encoded (batch, 16, 12, rows, columns)."""
    anchors = len(anchor_sizes_mm())
    logits, encoded = output.split((anchors, 12 * anchors), 1)
    return logits, encoded.unflatten(1, (anchors, 12))


@torch.inference_mode()
def detect_vertebrae(net: VertebraNet, images_hu: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Maps of the vertebrae in straightened slices.

    :param net: the network, on the device to use, in evaluation mode.
    :param images_hu: slices (batch, rows, columns) with pixels of :data:`~..core.straightening.PIXEL_MM`.
    :return: of the anchor-free head the probability of a body's centre region, long and short offsets in mm and the
        points' scale in mm; of the anchor head objectness and encoded points; each with the batch in front.
    """
    rows, columns = images_hu.shape[1:]
    stride = net.unet.stride
    padded = np.pad(images_hu, ((0, 0), (0, -rows % stride), (0, -columns % stride)), constant_values=AIR_HU)
    device = next(net.parameters()).device
    image = normalised(torch.from_numpy(padded).to(device))[:, None]
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        output = net(image)
    output = output[:, :, :rows, :columns].float().cpu()
    if net.detector == "anchor":
        logits, encoded = split_anchors(output)
        return logits.sigmoid().numpy(), encoded.numpy()
    logits, long_mm, short_mm, log_scale = split_regions(output)
    return logits.sigmoid().numpy(), long_mm.numpy(), short_mm.numpy(), np.exp(log_scale.numpy())
