import pytest
import torch
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.devices import choose_device


@pytest.mark.parametrize(("there", "name", "expected"), [
    (True, "auto", "cuda"), (True, "cuda", "cuda"), (True, "cpu", "cpu"), (False, "auto", "cpu"), (False, "cpu", "cpu"),
])  # fmt: skip
def test_a_gpu_is_taken_where_there_is_one(monkeypatch, there, name, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert choose_device(name) == expected


def test_a_gpu_that_is_asked_for_has_to_be_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnusableInput, match=r"no GPU .*--device cpu or auto"):
        choose_device("cuda")
