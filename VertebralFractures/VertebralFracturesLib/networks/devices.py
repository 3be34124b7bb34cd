"""Where the networks run."""

import torch

from ..errors import UnusableInput


def choose_device(name: str) -> str:
    """The torch device for "auto", "cpu" or "cuda".

    :raises UnusableInput: a GPU was asked for and there is none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise UnusableInput("no GPU that torch can use was found: run on the CPU (--device cpu or auto)")
    return "cuda" if available and name in ("auto", "cuda") else "cpu"


def device_title(name: str) -> str:
    """What people call the device that :func:`choose_device` chooses: the GPU's own name, or "CPU"."""
    return str(torch.cuda.get_device_name()) if choose_device(name) == "cuda" else "CPU"
