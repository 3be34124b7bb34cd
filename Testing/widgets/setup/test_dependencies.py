"""What Apply does where a package is missing."""

import subprocess
import sys
import types

import pytest
from helpers.panel import analysis, apply
from VertebralFracturesLib.mrml.study.study import studies


@pytest.fixture
def dependencies(host, monkeypatch):
    """The file under test, in a Slicer without torch."""
    import importlib

    import slicer.packaging

    module = importlib.import_module("VertebralFracturesLib.widgets.setup.dependencies")
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirement: "torch" not in str(requirement))
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


def test_an_installation_that_fails_says_what_to_do(host, dependencies, monkeypatch):
    pytorch_extension(monkeypatch, OSError("no route to host"))
    with pytest.raises(RuntimeError, match="check the network"):
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

    def refuse(requirements, prompt_install, requester):
        raise subprocess.CalledProcessError(1, "pip install")

    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirement: False)
    monkeypatch.setattr(slicer.packaging, "pip_ensure", refuse)
    host.answers = [True]
    with pytest.raises(RuntimeError, match=r"numpy>=\d.*Check the network"):
        ensure(dependencies, host)


@pytest.mark.parametrize("missing", ["numpy", "torch"])
def test_a_declined_installation_is_no_error(host, volume_node, dependencies, monkeypatch, missing):
    import slicer.packaging

    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirement: missing not in str(requirement))
    pytorch_extension(monkeypatch, None)
    host.answers = [False]
    host.click("applyButton")
    assert [message for message in host.messages if "Install them?" not in message] == []
    assert "Click Apply again" in host.ui.statusLabel.text
    assert host.ui.applyButton.enabled


@pytest.fixture
def installing(host, volume_node, dependencies, monkeypatch):
    """What the user does while PyTorch is installed: functions to call then. Its installer lets the window answer."""
    meanwhile = []

    class Logic:
        def installTorch(self, **options):  # noqa: N802
            for action in meanwhile:
                action()
                host.work()
            return types.ModuleType("torch")

    monkeypatch.setitem(sys.modules, "PyTorchUtils", types.SimpleNamespace(PyTorchUtilsLogic=Logic))
    host.widget.logic.analyzer.analyze = analysis()
    return meanwhile


def test_nothing_can_be_started_while_packages_are_installed(host, installing):
    shown = []

    def look() -> None:
        names = ("applyButton", "cancelButton", "inputSelector", "vertebraeCollapsibleButton")
        shown.append([getattr(host.ui, name).enabled for name in names])
        shown.append(host.ui.statusLabel.text)
        host.ui.applyButton.click()

    installing.append(look)
    apply(host)
    assert shown == [[False] * 4, "Installing Python packages..."], "one installation, one job"
    assert len(studies(host.scene)) == 1
    assert host.messages == []


def test_the_module_may_be_left_while_packages_are_installed(host, installing):
    installing.append(host.widget.exit)
    host.ui.presetBox.setCurrentIndex(host.ui.presetBox.count - 1)
    host.click("applyButton")
    host.wait(lambda: studies(host.scene))
    host.work()
    host.widget.enter()
    assert host.widget.studyPanel.live.study.preset == "pisov"
    assert host.messages == []


@pytest.mark.parametrize("gone", ["scene", "volume"])
def test_what_was_to_be_analyzed_goes_while_packages_are_installed(host, installing, volume_node, gone):
    installing.append(lambda: host.scene.Clear(0) if gone == "scene" else host.scene.RemoveNode(volume_node))
    host.click("applyButton")
    host.wait(lambda: not host.widget.runPanel.is_running)
    host.work()
    assert studies(host.scene) == []
    assert not host.ui.applyButton.enabled
    assert len(host.messages) == (gone == "volume")


def test_the_panel_goes_while_packages_are_installed(host, installing):
    def close() -> None:
        host.widget.runPanel.close()
        host.ui.statusLabel.text = "not to be touched"

    installing.append(close)
    host.ui.applyButton.click()
    assert not host.widget.runPanel.is_running
    assert host.ui.statusLabel.text == "not to be touched"
    assert studies(host.scene) == []
