"""Where the networks run, and how they are laid out there."""

from typing import TypeVar

import torch
from torch import nn

from ..errors import NoGpuFound

Net = TypeVar("Net", bound=nn.Module)

# By the dimensions of a kernel.
_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}


def choose_device(name: str) -> str:
    """The torch device for "auto", "cpu" or "cuda".

    :raises NoGpuFound: a GPU was asked for and there is none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise NoGpuFound("no CUDA-capable GPU found: run on the CPU")
    return "cuda" if available and name in ("auto", "cuda") else "cpu"


def device_title(name: str) -> str:
    """What people call the device that :func:`choose_device` chooses: the GPU's own name, or "CPU"."""
    return str(torch.cuda.get_device_name()) if choose_device(name) == "cuda" else "CPU"


def ready_to_run(net: Net, device: str) -> Net:
    """A network on a device, in evaluation mode, its kernels in the order in which a CPU is fastest."""
    net.to(device).eval()
    for kernel in net.parameters():
        if kernel.dim() in _LAYOUTS:
            kernel.data = kernel.data.contiguous(memory_format=_LAYOUTS[kernel.dim()])
    return net
