"""The tests that Slicer runs every night, on real nodes here, in a run without main window and views."""

import pytest

TESTS = ("test_syntheticPatient", "test_draggedPoint", "test_savedScene")


@pytest.fixture
def module(headless_host, synthetic_ct, monkeypatch):
    """VertebralFractures.py; the synthetic patient is the one that other tests use too."""
    from VertebralFracturesLib.simulation import demo_patient

    monkeypatch.setattr(demo_patient, "sample_ct", lambda progress: synthetic_ct)
    return headless_host.module


@pytest.mark.parametrize("name", TESTS)
def test_each_test_passes_on_its_own(module, name):
    test = module.VertebralFracturesTest(name)
    test.setUp()
    getattr(test, name)()


def test_reload_and_test_runs_all_of_them(module, monkeypatch):
    tests = module.VertebralFracturesTest
    assert {name for name in vars(tests) if name.startswith("test_")} == set(TESTS)
    calls = []
    monkeypatch.setattr(tests, "setUp", lambda self: calls.append("setUp"))
    for name in TESTS:
        monkeypatch.setattr(tests, name, lambda self, name=name: calls.append(name))
    tests("runTest").runTest()
    assert calls == ["setUp", TESTS[0], "setUp", TESTS[1], "setUp", TESTS[2]]


def test_without_torch_the_networks_are_skipped(module, monkeypatch):
    import importlib.util
    import unittest

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(unittest.SkipTest, match="torch is not installed"):
        module.VertebralFracturesTest(TESTS[0]).test_syntheticPatient()


def test_reload_and_test_tells_of_a_skipped_test_and_goes_on(module, monkeypatch):
    import unittest

    tests, told = module.VertebralFracturesTest, []
    monkeypatch.setattr(tests, "delayDisplay", lambda self, message: told.append(message))

    def skip(self) -> None:
        raise unittest.SkipTest("torch is not installed")

    monkeypatch.setattr(tests, TESTS[0], skip)
    for name in TESTS[1:]:
        monkeypatch.setattr(tests, name, lambda self, name=name: told.append(name))
    tests("runTest").runTest()
    assert told == [*TESTS[1:], "Tests passed but one that was skipped: torch is not installed"]


def test_the_example_for_scripts_runs_without_the_panel(headless_host, spine_volume, tmp_path, monkeypatch):
    """The Python of Documentation/python.md that is for 3D Slicer, with an analysis that knows the truth."""
    import json
    import re

    import slicer.util
    from helpers.panel import truth
    from helpers.repository import ROOT
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node

    page = (ROOT / "Documentation" / "python.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```\n(.*?)```", page.split("## In 3D Slicer without the panel")[1], re.DOTALL)
    scene = headless_host.scene
    monkeypatch.setattr(
        slicer.util, "loadVolume", lambda name: add_volume_node(scene, spine_volume, name), raising=False
    )
    monkeypatch.setattr(
        "VertebralFracturesLib.analyzer.Analyzer.analyze", lambda self, image, *, preset, **_: truth(preset)
    )
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "python.md", "exec"), {})
    document = json.loads((tmp_path / "measurements.json").read_text(encoding="utf-8"))
    assert (document["preset"], len(document["vertebrae"])) == ("genant", len(truth("genant").vertebrae))
    assert (tmp_path / "study.mrb").stat().st_size > 1000
