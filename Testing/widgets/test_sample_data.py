"""The synthetic patient in the module Sample Data."""

import sys
import types

import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume


@pytest.fixture
def sources(monkeypatch) -> list[dict]:
    """What was registered in the Sample Data module."""
    registered: list[dict] = []

    class Logic:
        registerCustomSampleDataCategory = staticmethod(lambda category, title: None)  # noqa: N815
        registerCustomSampleDataSource = staticmethod(lambda **source: registered.append(source))  # noqa: N815

    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=Logic))
    return registered


def test_sample_data_is_made_on_the_spot(host, sources, monkeypatch):
    from VertebralFracturesLib.simulation import demo_patient

    shares = []

    def scan(progress):
        for share in (0.0, 0.5, 1.0):
            progress(share)
            shares.append(share)
        return Volume(np.zeros((3, 4, 5), np.int16), np.eye(4))

    monkeypatch.setattr(demo_patient, "sample_ct", scan)
    host.module.registerWithSlicer()
    (source,) = sources
    assert source["uris"] == source["fileNames"] == []
    node = source["customDownloader"](source)
    assert node.GetName() == "Synthetic spine CT"
    assert node.GetImageData().GetDimensions() == (5, 4, 3)
    assert shares == [0.0, 0.5, 1.0]


def test_making_sample_data_can_be_cancelled(host, monkeypatch):
    import slicer
    from VertebralFracturesLib.simulation import demo_patient

    nothing = lambda *_: None  # noqa: E731
    dialog = types.SimpleNamespace(wasCanceled=True, setValue=nothing, close=nothing, deleteLater=nothing)
    monkeypatch.setattr(slicer.util, "createProgressDialog", lambda **_: dialog)
    monkeypatch.setattr(demo_patient, "sample_ct", lambda progress: progress(0.1))
    from VertebralFracturesLib.widgets.sample_data import add_synthetic_patient

    assert add_synthetic_patient() is None
    assert host.scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode") is None


def test_the_true_study_is_that_of_the_patient(host):
    from VertebralFracturesLib.mrml.study.report import study_report
    from VertebralFracturesLib.widgets.sample_data import add_true_study

    study = add_true_study()
    assert study_report(study).levels == ["T11", "T12", "L1", "L2", "L3"]
    assert study.volume_node.GetName() == "Synthetic"
