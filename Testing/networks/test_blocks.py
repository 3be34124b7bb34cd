import pytest
import torch
from torch import nn
from VertebralFracturesLib.networks.blocks import ResidualBlock, UNet


@pytest.mark.parametrize(("dimensions", "shape"), [(2, (24, 8)), (3, (8, 16, 12))])
def test_a_unet_answers_at_every_resolution_full_first(dimensions, shape):
    net = UNet(dimensions, (4, 8, 12), inputs=2)
    assert net.stride == 4
    features = net(torch.randn(3, 2, *shape))
    assert [part.shape[1] for part in features] == [4, 8, 12]
    for level, part in enumerate(features):
        assert part.shape[2:] == tuple(side // 2**level for side in shape)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_every_weight_takes_part(dimensions):
    torch.manual_seed(0)
    net = UNet(dimensions, (4, 8, 12))
    image = torch.randn(2, 1, *[8] * dimensions)
    sum(part.square().mean() for part in net(image)).backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_full_resolution_sees_details_and_surroundings():
    torch.manual_seed(0)
    net = UNet(2, (4, 8, 12)).eval()
    image = torch.zeros(1, 1, 64, 64, requires_grad=True)
    net(image)[0][0, :, 32, 32].sum().backward()
    rows, columns = torch.nonzero(image.grad[0, 0]).unbind(1)
    assert rows.max() - rows.min() > 20
    assert columns.max() - columns.min() > 20
    assert image.grad[0, 0, 32, 32] != 0


def test_the_shortcut_is_the_identity_where_channels_allow_it():
    block = ResidualBlock(2, 4, 4)
    assert isinstance(block.shortcut, nn.Identity)
    for layer in (block.second_norm.weight, block.second_norm.bias):
        nn.init.zeros_(layer)
    features = torch.rand(1, 4, 6, 6)
    torch.testing.assert_close(block(features), features)
