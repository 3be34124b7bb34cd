"""What Apply does where a package is missing."""

import subprocess
import sys
import types

import pytest


@pytest.fixture
def dependencies(host, monkeypatch):
    """The file under test, in a Slicer without torch."""
    import importlib

    import slicer.packaging

    module = importlib.import_module("VertebralFracturesLib.widgets.dependencies")
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirement: False)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    return module


def pytorch_extension(monkeypatch, result) -> list[dict]:
    """The extension PyTorch, whose installation ends in a result or an exception."""
    calls: list[dict] = []

    class Logic:
        def installTorch(self, **options):  # noqa: N802
            calls.append(options)
            if isinstance(result, Exception):
                raise result
            return result

    monkeypatch.setitem(sys.modules, "PyTorchUtils", types.SimpleNamespace(PyTorchUtilsLogic=Logic))
    return calls


def ensure(dependencies, host) -> None:
    dependencies.ensure_packages(host.widget.resourcePath("requirements.txt"))


def test_torch_comes_from_the_pytorch_extension(host, dependencies, monkeypatch):
    calls = pytorch_extension(monkeypatch, types.ModuleType("torch"))
    ensure(dependencies, host)
    assert calls == [{"askConfirmation": True, "torchVersionRequirement": ">=2.6"}]


@pytest.mark.parametrize(
    ("result", "words"), [(None, "click Apply again"), (OSError("no route to host"), "check the network")]
)
def test_an_installation_that_fails_says_what_to_do(host, dependencies, monkeypatch, result, words):
    pytorch_extension(monkeypatch, result)
    with pytest.raises(RuntimeError, match=words):
        ensure(dependencies, host)


def test_a_missing_extension_is_named(host, dependencies, monkeypatch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(RuntimeError, match="Extensions Manager"):
        ensure(dependencies, host)


def test_an_old_torch_is_not_replaced_unasked(host, dependencies, monkeypatch):
    calls = pytorch_extension(monkeypatch, None)
    monkeypatch.setattr(dependencies.importlib.util, "find_spec", lambda name: object())
    with pytest.raises(RuntimeError, match="too old"):
        ensure(dependencies, host)
    assert calls == []


def test_the_requirements_hold_no_torch_and_no_pins(host):
    import slicer.packaging

    requirements = slicer.packaging.load_requirements(host.widget.resourcePath("requirements.txt"))
    assert requirements
    assert not any("torch" in str(one) or "==" in str(one) for one in requirements)


def test_packages_that_pip_cannot_install_are_named(host, dependencies, monkeypatch):
    import slicer.packaging

    def refuse(requirements, requester):
        raise subprocess.CalledProcessError(1, "pip install")

    monkeypatch.setattr(slicer.packaging, "pip_ensure", refuse)
    with pytest.raises(RuntimeError, match=r"numpy>=\d.*Check the network"):
        ensure(dependencies, host)
