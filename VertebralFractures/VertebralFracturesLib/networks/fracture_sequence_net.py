"""The image classifier: a 3D convolutional sequence-to-sequence network that reads a slab row by row.

After Chettrit 2020, of which only the abstract is public: an encoder pools everything but the arc axis, and dilated
convolutions along it let each position see its neighbours. Layers and sizes are ours.
"""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..core.image_classification import ROW_CLASSES, ROWS_PER_POSITION
from ..core.spine_slab import SLAB_SIZE

Representation = Literal["2d", "2.5d", "3d"]
Answers = Literal["positions", "bag"]

_CHANNELS: dict[Representation, tuple[int, ...]] = {
    "2d": (16, 32, 48, 64),
    "2.5d": (16, 32, 48, 64),
    "3d": (8, 16, 32, 48),
}
_HIDDEN = 64
_REACHES = (1, 2, 4, 8)
_SHEETS = 5
_CHANNELS_PER_GROUP = 4
"""Channels of the layers and of the head along the rows, dilations of its convolutions, sagittal images of "2.5d", and
channels that are normalised together. Chosen; part of the architecture that the weights belong to."""

_NOT_COUNTED = -1e4
"""A logit whose exponential is nothing."""


def normalised(intensities_hu: Tensor) -> Tensor:
    """Hounsfield units to network input: about zero mean and unit variance around the spine."""
    return (intensities_hu.clamp(-500.0, 1600.0) - 150.0) / 300.0


class FractureSequenceNet(nn.Module):
    """What is at every position along the spine: no body, or a body of grade 0 to 3.

    The slab is read as the mid-sagittal picture ("2d"), as five neighbouring sagittal pictures that are the channels of
    one ("2.5d"), or as it is ("3d"). Its answers are classes per position, learned from positions; or one logit of a
    fracture per position that is learned from whole bodies only, through a soft maximum ("bag").

    :param representation: what of the slab is read.
    :param answers: the output for each position.
    """

    def __init__(self, representation: Representation = "3d", answers: Answers = "positions") -> None:
        super().__init__()
        self.representation, self.answers = representation, answers
        channels, is_deep = _CHANNELS[representation], representation == "3d"
        kernel, padding = ((3, 3, 3), (1, 1, 1)) if is_deep else ((1, 3, 3), (0, 1, 1))
        inputs = [_SHEETS if representation == "2.5d" else 1, *channels]
        self.layers = nn.ModuleList(
            nn.Conv3d(before, after, kernel, padding=padding)
            for before, after in zip(inputs[:-1], channels, strict=True)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(size // _CHANNELS_PER_GROUP, size) for size in channels)
        self.describe = nn.Conv1d(channels[-1] * (SLAB_SIZE[1] // 2 ** len(channels)), _HIDDEN, 1)
        self.along = nn.ModuleList(
            nn.Conv1d(_HIDDEN, _HIDDEN, 5, padding=2 * reach, dilation=reach) for reach in _REACHES
        )
        self.answer = nn.Conv1d(_HIDDEN, ROW_CLASSES if answers == "positions" else 1, 1)

    def forward(self, slabs: Tensor) -> Tensor:
        """Logits (batch, positions, classes) of normalised slabs (batch, right, front, rows).

        A position is :data:`~..core.image_classification.ROWS_PER_POSITION` rows; the number of rows has to be a
        multiple of it.
        """
        features = self._chosen(slabs)
        for level, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            features = functional.relu(norm(layer(features)), inplace=True)
            across = 2 if features.shape[2] > 1 else 1
            features = functional.max_pool3d(features, (across, 2, ROWS_PER_POSITION if level == 1 else 1))
        hidden = functional.relu(self.describe(features.flatten(1, 3)))
        for layer in self.along:
            hidden = hidden + functional.relu(layer(hidden))
        return self.answer(functional.dropout(hidden, 0.1, self.training)).transpose(1, 2)

    def _chosen(self, slabs: Tensor) -> Tensor:
        """The representation (batch, channels, right, front, rows) of slabs."""
        if self.representation == "3d":
            return slabs[:, None]
        middle = slabs.shape[1] // 2
        if self.representation == "2d":
            return slabs[:, None, middle - 1 : middle + 1].mean(2, keepdim=True)
        starts = np.linspace(0, slabs.shape[1] - 2, _SHEETS).round().astype(int)
        return torch.stack([slabs[:, start : start + 2].mean(1) for start in starts], 1)[:, :, None]


def bag_logit(logits: Tensor, counted: Tensor) -> Tensor:
    """Soft maximum (...,) of one logit per position (..., positions) over the positions that count (0 or 1).

    A sharper one would begin with the gradient of few positions, and learn later.
    """
    masked = logits.masked_fill(counted == 0, _NOT_COUNTED)
    return torch.logsumexp(masked, -1) - torch.log(counted.sum(-1).clamp_min(1.0))


@torch.inference_mode()
def read_rows(net: FractureSequenceNet, slab_hu: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities (positions, classes), the mean of a slab and its mirror image.

    Classes are those of :data:`~..core.image_classification.ROW_CLASSES` for a net of positions; for a net of a bag
    there is one, the probability of an at least moderate fracture.

    :param net: the network, on the device to use, in evaluation mode.
    :param slab_hu: (right, front, row) in Hounsfield units.
    """
    device = next(net.parameters()).device
    image = normalised(torch.from_numpy(slab_hu))
    padded = functional.pad(image, (0, -image.shape[2] % ROWS_PER_POSITION), value=float(image.min()))
    both = torch.stack([padded, padded.flip(0)]).to(device)
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        logits = net(both).float().cpu()
    shares = torch.softmax(logits, -1) if net.answers == "positions" else torch.sigmoid(logits)
    return np.asarray(shares.double().mean(0).numpy())
