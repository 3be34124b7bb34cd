import pytest
import torch
from torch import Tensor, nn
from VertebralFracturesLib.errors import NoGpuFound
from VertebralFracturesLib.networks.blocks import UNet
from VertebralFracturesLib.networks.devices import choose_device, ready_to_run


@pytest.mark.parametrize(("there", "name", "expected"), [
    (True, "auto", "cuda"), (True, "cuda", "cuda"), (True, "cpu", "cpu"), (False, "auto", "cpu"), (False, "cpu", "cpu"),
])  # fmt: skip
def test_a_gpu_is_taken_where_there_is_one(monkeypatch, there, name, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert choose_device(name) == expected


def test_a_gpu_that_is_asked_for_has_to_be_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NoGpuFound, match=r"no CUDA-capable GPU found: run on the CPU$"):
        choose_device("cuda")


class Features(nn.Module):
    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.unet = UNet(dimensions, (4, 8, 12))

    def forward(self, image: Tensor) -> Tensor:
        return self.unet(image)[0]


@pytest.mark.parametrize(("dimensions", "layout"), [(2, torch.channels_last), (3, torch.channels_last_3d)])
def test_a_network_that_is_ready_to_run_answers_as_before(dimensions, layout):
    torch.manual_seed(0)
    net, image = Features(dimensions), torch.randn(2, 1, *[16] * dimensions)
    before = net(image)
    assert ready_to_run(net, "cpu") is net
    assert not net.training
    torch.testing.assert_close(net(image), before, atol=1e-5, rtol=1e-4)
    kernels = [one for one in net.parameters() if one.dim() == 2 + dimensions]
    assert all(kernel.is_contiguous(memory_format=layout) for kernel in kernels)
    assert len(kernels) > 3
