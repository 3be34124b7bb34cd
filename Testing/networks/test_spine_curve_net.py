from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from VertebralFracturesLib.core.level_naming import SPINE_CLASSES
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.body_centres import BodyCentres, locate_bodies
from VertebralFracturesLib.errors import Cancelled
from VertebralFracturesLib.networks.spine_curve_net import (
    CurveOutput,
    SpineCurveNet,
    locate_spine,
    normalised,
    pad_to_stride,
    soft_argmax,
)

SMALL = (4, 8, 8)


def predict_slices(net: nn.Module, volume: Volume, cancel: Callable[[], bool] = lambda: False) -> BodyCentres:
    """Step 1 with a network."""
    return locate_bodies(partial(locate_spine, net), volume, cancel)


def small_net() -> SpineCurveNet:
    torch.manual_seed(3)
    return SpineCurveNet(SMALL).eval()


class BrightestVoxel(nn.Module):
    """A network that knows no more than where each slice is brightest, and how bright its first row is."""

    def __init__(self, stride: int = 16) -> None:
        super().__init__()
        self.unet = SimpleNamespace(stride=stride)
        self.sharpness = nn.Parameter(torch.tensor(20.0))
        self.shapes: list[torch.Size] = []

    def forward(self, image: Tensor) -> CurveOutput:
        self.shapes.append(image.shape)
        logits = image[:, 0] * self.sharpness
        slices = torch.arange(image.shape[2], dtype=torch.float32)[None]
        levels = slices[..., None] / 10 * (torch.arange(SPINE_CLASSES) == 7)
        return CurveOutput(logits, torch.zeros(1, image.shape[2], 2), slices / 10, levels)


def trunk(shape=(33, 50, 71), spacing_mm=(3.0, 3.0, 3.0)) -> Volume:
    """Soft tissue to the border, so that nothing is cropped, with a slanting bright tube."""
    matrix = np.diag([*spacing_mm, 1.0])
    matrix[:3, 3] = [-100.0, 40.0, -900.0]
    voxels = np.full(shape, 40.0, np.float32)
    return Volume(voxels, matrix)


def with_tube(volume: Volume) -> tuple[Volume, np.ndarray]:
    """A bright voxel in every slice; and their places in RAS, cranial first."""
    count = volume.shape[0]
    k = np.arange(count)
    i, j = 20 + k // 2, 30 - k // 3
    voxels = volume.voxels.copy()
    voxels[k, j, i] = 1200.0
    ras = np.column_stack([i, j, k]) @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3]
    return Volume(voxels, volume.ijk_to_ras), ras[::-1]


def test_one_answer_per_axial_slice():
    output = small_net()(torch.randn(2, 1, 12, 16, 8))
    assert output.logits.shape == (2, 12, 16, 8)
    assert output.centres.shape == (2, 12, 2)
    assert output.existence.shape == (2, 12)
    assert output.levels.shape == (2, 12, SPINE_CLASSES)


def test_the_soft_argmax_is_the_expected_place():
    weights = torch.zeros(2, 3, 4)
    weights[0, 1, 2] = 1.0
    weights[1, 0, 0], weights[1, 2, 3] = 0.75, 0.25
    torch.testing.assert_close(soft_argmax(weights), torch.tensor([[2.0, 1.0], [0.75, 0.5]]))


def test_the_gradient_of_the_soft_argmax():
    logits = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.softmax(logits.flatten(), -1).view_as(logits)
    centre = soft_argmax(weights)
    centre[0].backward()
    columns = torch.arange(5, dtype=torch.float64)[None]
    torch.testing.assert_close(logits.grad, (weights * (columns - centre[0])).detach())


@pytest.mark.parametrize("shape", [(33, 50, 71), (16, 48, 64), (17, 33, 65)])
def test_places_in_the_image_become_places_in_the_patient(shape):
    volume, expected = with_tube(trunk(shape))
    net = BrightestVoxel()
    found = predict_slices(net, volume)
    np.testing.assert_allclose(found.centres_ras, expected, atol=0.1)
    np.testing.assert_allclose(found.spread_mm, 0, atol=0.1)
    assert (np.diff(found.centres_ras[:, 2]) < 0).all()
    for seen in net.shapes:
        assert all(side % 16 == 0 for side in seen[2:])


def test_the_first_slice_is_cranial_and_padding_slices_are_dropped():
    volume, _ = with_tube(trunk())
    found = predict_slices(BrightestVoxel(), volume)
    slices = np.arange(33)
    np.testing.assert_allclose(found.existence, 1 / (1 + np.exp(-slices / 10)), atol=1e-6)
    np.testing.assert_allclose(found.levels[:, 7], 1 / (1 + (SPINE_CLASSES - 1) * np.exp(-slices / 10)), atol=1e-6)
    np.testing.assert_allclose(found.levels.sum(1), 1, atol=1e-6)


def test_the_spread_is_that_of_the_evidence_in_millimetres():
    volume = trunk((16, 48, 64))
    voxels = volume.voxels.copy()
    voxels[:, 20, [20, 30]] = 1200.0
    found = predict_slices(BrightestVoxel(), Volume(voxels, volume.ijk_to_ras))
    np.testing.assert_allclose(found.spread_mm, 5 * 3.0, rtol=1e-3)


@pytest.mark.parametrize("flips", [(0,), (1,), (0, 2), (0, 1, 2)])
def test_the_order_and_direction_of_the_axes_do_not_matter(flips):
    volume, _ = with_tube(trunk())
    matrix = volume.ijk_to_ras.copy()
    for axis in flips:
        matrix[:3, 3] += matrix[:3, 2 - axis] * (volume.shape[axis] - 1)
        matrix[:3, 2 - axis] *= -1
    turned = Volume(np.flip(volume.voxels, flips).transpose(2, 0, 1), matrix[:, [1, 2, 0, 3]])
    net = small_net()
    one, other = predict_slices(net, volume), predict_slices(net, turned)
    np.testing.assert_allclose(one.centres_ras, other.centres_ras, atol=1e-2)
    np.testing.assert_allclose(one.existence, other.existence, atol=1e-3)


def test_a_mirrored_patient_has_a_mirrored_curve():
    rng = np.random.default_rng(0)
    voxels = rng.normal(40, 300, (16, 32, 48)).astype(np.float32)
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    matrix[0, 3] = -1.5 * 47
    net = small_net()
    found = predict_slices(net, Volume(voxels, matrix))
    mirrored = predict_slices(net, Volume(voxels[..., ::-1], matrix))
    np.testing.assert_allclose(mirrored.centres_ras, found.centres_ras * [-1, 1, 1], atol=1e-3)
    np.testing.assert_allclose(mirrored.existence, found.existence, atol=1e-6)
    np.testing.assert_allclose(mirrored.levels, found.levels, atol=1e-6)


def test_predictions_are_deterministic():
    volume, _ = with_tube(trunk())
    net = small_net()
    np.testing.assert_array_equal(predict_slices(net, volume).centres_ras, predict_slices(net, volume).centres_ras)


def test_padding_is_air_at_the_far_ends():
    image = torch.full((5, 8, 17), 40.0)
    padded = pad_to_stride(image, 8)
    assert padded.shape == (8, 8, 24)
    torch.testing.assert_close(padded[:5, :8, :17], image)
    assert (padded[5:] == -1024).all()
    assert (padded[:, :, 17:] == -1024).all()


@pytest.mark.parametrize("runs_before", [0, 1])
def test_cancelling_stops_before_the_next_run(runs_before):
    net = BrightestVoxel()
    with pytest.raises(Cancelled):
        predict_slices(net, trunk(), lambda: len(net.shapes) >= runs_before)
    assert len(net.shapes) == runs_before


def test_intensities_are_clipped_and_scaled():
    assert normalised(torch.tensor([-3000.0, -100.0, 300.0, 9000.0])).tolist() == [-2.25, 0.0, 1.0, 3.25]
