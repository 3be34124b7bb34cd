"""The section of the panel for those who report a problem."""

import subprocess

from helpers.panel import analysis, apply
from PySide6 import QtWidgets


def test_versions_and_log_are_copied_without_names(measured):
    measured.click("copyLogButton")
    text = QtWidgets.QApplication.clipboard().text()
    assert text.startswith("VertebralFractures ")
    assert "numpy " in text
    assert "3D Slicer " in text
    assert "Analysis of a volume of " in text
    assert "8 vertebrae in" in text
    assert measured.ui.logText.plainText.endswith(text.splitlines()[-1])


def test_a_failure_is_in_the_log_with_its_traceback(host, volume_node):
    host.widget.logic.analyzer.analyze = analysis(error=ZeroDivisionError("of something"))
    apply(host)
    assert "ZeroDivisionError: of something" in host.ui.logText.plainText
    assert "Traceback" in host.ui.logText.plainText


def test_packages_are_reinstalled_after_asking_and_slicers_own_left_alone(host, monkeypatch):
    import slicer.packaging

    calls = []
    monkeypatch.setattr(
        slicer.packaging, "pip_install", lambda names, requester: calls.append((names, requester)), raising=False
    )
    host.answers.append(True)
    host.click("reinstallButton")
    ((names, requester),) = calls
    assert names == ["--force-reinstall", "--no-deps", "jinja2>=3.1", "highdicom>=0.26"]
    assert requester == "VertebralFractures"
    assert "Restart Slicer" in host.messages[-1]


def test_a_reinstallation_that_fails_says_what_to_do(host, monkeypatch):
    import slicer.packaging

    def fail(names, requester):
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(slicer.packaging, "pip_install", fail, raising=False)
    host.answers.append(True)
    host.click("reinstallButton")
    assert "Check the network" in host.messages[-1]


def test_who_declines_gets_nothing_installed(host):
    host.answers.append(False)
    host.click("reinstallButton")
    assert len(host.messages) == 1
