import numpy as np
import pytest
import torch
from torch import Tensor, nn
from VertebralFracturesLib.ct.detection import OBJECTNESS_THRESHOLD, Detection
from VertebralFracturesLib.ct.vertebrae import decode
from VertebralFracturesLib.networks.vertebra_net import (
    VertebraNet,
    detect_vertebrae,
    normalised,
    split_anchors,
    split_regions,
)

SMALL = (4, 8, 8)


def detections(
    net: VertebraNet, images_hu: np.ndarray, threshold: float = OBJECTNESS_THRESHOLD
) -> list[list[Detection]]:
    """What the maps of a network hold."""
    return decode(net.detector, detect_vertebrae(net, images_hu), threshold)


@pytest.mark.parametrize(("detector", "channels"), [("anchor-free", 1 + 12 + 12 + 6), ("anchor", 16 * (1 + 12))])
def test_both_heads_answer_at_the_images_resolution(detector, channels):
    output = VertebraNet(detector, SMALL)(torch.randn(2, 1, 24, 16))
    assert output.shape == (2, channels, 24, 16)


def test_parts_of_the_anchor_free_head():
    channels = torch.arange(31.0)[None, :, None, None].expand(2, 31, 5, 4) / 30
    logit, long_mm, short_mm, log_scale = split_regions(channels)
    assert logit.shape == (2, 5, 4)
    assert long_mm.shape == short_mm.shape == (2, 6, 2, 5, 4)
    assert log_scale.shape == (2, 6, 5, 4)
    torch.testing.assert_close(logit, torch.zeros(2, 5, 4))
    expected = torch.arange(1.0, 13.0).view(6, 2)
    torch.testing.assert_close(long_mm[1, :, :, 2, 3], expected)
    torch.testing.assert_close(short_mm[1, :, :, 2, 3], (expected + 12) / 6)
    torch.testing.assert_close(log_scale[1, :, 2, 3], torch.arange(25.0, 31.0) / 30)


def test_parts_of_the_anchor_head():
    channels = torch.arange(208.0)[None, :, None, None].expand(2, 208, 5, 4)
    logits, encoded = split_anchors(channels)
    torch.testing.assert_close(logits[0, :, 1, 1], torch.arange(16.0))
    torch.testing.assert_close(encoded[0, 0, :, 1, 1], torch.arange(16.0, 28.0))
    torch.testing.assert_close(encoded[0, 15, :, 1, 1], torch.arange(196.0, 208.0))


def test_intensities_are_clipped_and_scaled():
    assert normalised(torch.tensor([-3000.0, -500.0, 150.0, 450.0])).tolist() == pytest.approx([-13 / 6, -13 / 6, 0, 1])
    assert normalised(torch.tensor([1600.0, 3000.0])).tolist() == pytest.approx([1450 / 300] * 2)


class OneBody(nn.Module):
    """A head that sees one body wherever the image is bright: the points lie in a known pattern around it."""

    PATTERN = torch.tensor([[-14.0, -10], [-14, 10], [0, -9], [0, 9], [14, -10], [14, 10]])

    def __init__(self, detector: str) -> None:
        super().__init__()
        self.detector = detector
        self.unet = VertebraNet("anchor-free", (4, 4, 4, 4, 4)).unet
        self.seen: list[Tensor] = []

    def looks_like_bone(self, image: Tensor) -> Tensor:
        return image > 2

    def forward(self, image: Tensor) -> Tensor:
        self.seen.append(image)
        bright = self.looks_like_bone(image[:, 0]) * 18.0 - 9.0
        rows, columns = (torch.arange(side, dtype=torch.float32) for side in image.shape[2:])
        first = torch.nonzero(self.looks_like_bone(image[0, 0])).float().mean(0)
        middle = torch.stack(torch.broadcast_tensors(first[1] - columns[None], first[0] - rows[:, None]))
        offsets = self.PATTERN[:, :, None, None] + middle
        if self.detector == "anchor-free":
            parts = [bright[:, None], offsets.flatten(0, 1)[None] / 30.0, 0 * offsets.flatten(0, 1)[None]]
            return torch.cat([*parts, torch.full((1, 6, *bright.shape[1:]), np.log(0.5))], 1)
        width, height = 23.0 * np.sqrt(1.3), 23.0 / np.sqrt(1.3)
        logits = torch.full((1, 16, *bright.shape[1:]), -9.0)
        logits[:, 6] = bright
        encoded = torch.zeros(1, 16, 12, *bright.shape[1:])
        encoded[0, 6] = (offsets / torch.tensor([width, height])[None, :, None, None]).flatten(0, 1)
        return torch.cat([logits, encoded.flatten(1, 2)], 1)


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
@pytest.mark.parametrize("shape", [(101, 67), (96, 64)])
def test_points_come_out_in_millimetres_of_the_unpadded_image(detector, shape):
    image = np.zeros((1, *shape), np.float32)
    image[0, 48:53, 27:34] = 1200.0
    net = OneBody(detector).eval()
    ((found, *others),) = detections(net, image)
    assert not others
    np.testing.assert_allclose(found.keypoints_mm, OneBody.PATTERN.numpy() + [30, 50], atol=1e-3)
    assert found.score > 0.35
    np.testing.assert_allclose(found.uncertainty_mm, 0.5 if detector == "anchor-free" else 0.0, atol=1e-3)
    (seen,) = net.seen
    assert all(side % net.unet.stride == 0 for side in seen.shape[2:])
    assert (seen[0, 0, shape[0] :] == normalised(torch.tensor(-1024.0))).all()


class TakesAirForBone(OneBody):
    """Sees a body where there is nothing but air."""

    def looks_like_bone(self, image: Tensor) -> Tensor:
        return image < -2


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
def test_nothing_is_found_in_the_padding(detector):
    assert detections(TakesAirForBone(detector).eval(), np.zeros((1, 97, 65), np.float32)) == [[]]
    assert len(detections(TakesAirForBone(detector).eval(), np.full((1, 32, 32), -1024, np.float32))[0]) > 0


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
def test_images_of_a_batch_are_read_one_by_one(detector):
    torch.manual_seed(0)
    net = VertebraNet(detector, SMALL).eval()
    with torch.no_grad():
        net.head.weight[:16] *= 4.0
    images = np.random.default_rng(1).normal(100, 200, (3, 37, 29)).astype(np.float32)
    together = detections(net, images)
    assert len(together) == 3
    assert any(together)
    for image, found in zip(images, together, strict=True):
        (alone,) = detections(net, image[None])
        assert len(alone) == len(found)
        for one, other in zip(alone, found, strict=True):
            np.testing.assert_allclose(one.keypoints_mm, other.keypoints_mm, atol=1e-3)


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
def test_the_threshold_is_the_least_objectness(detector):
    image = np.zeros((1, 101, 67), np.float32)
    image[0, 48:53, 27:34] = 1200.0
    net = OneBody(detector).eval()
    score = detections(net, image)[0][0].score
    assert len(detections(net, image, score - 0.01)[0]) == 1
    assert detections(net, image, score + 0.01) == [[]]
