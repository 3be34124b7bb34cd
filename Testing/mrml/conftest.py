from collections.abc import Iterator

import numpy as np
import pytest
from helpers.desk import Desk
from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume, oblique_volume, scoliotic_curve
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.application import Application, boot_scene
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.study import Study


@pytest.fixture
def application() -> Iterator[Application]:
    with boot_scene() as booted:
        yield booted


@pytest.fixture
def scene(application: Application):
    return application.scene


@pytest.fixture(scope="session")
def curve() -> SpineCurve:
    return scoliotic_curve()


@pytest.fixture(scope="session")
def volume(curve: SpineCurve) -> Volume:
    return lps_volume(curve)


@pytest.fixture(scope="session")
def oblique(curve: SpineCurve) -> Volume:
    return oblique_volume(curve)


@pytest.fixture(scope="session")
def report(curve: SpineCurve) -> SpineReport:
    """T9 to L4 with a severe T12, a moderate L2 and an L4 that is not evaluable."""
    statuses = ["not reviewed"] * (len(LEVELS) - 1) + ["not evaluable"]
    vertebrae = [
        Vertebra(points, 0.9, np.linspace(0.3, 0.8, 6), level, 0.95, status=status)
        for points, level, status in zip(body_keypoints(curve), LEVELS, statuses, strict=True)
    ]
    return SpineReport(
        software="VertebralFractures test",
        input={"path": "synthetic.nii.gz", "shape": [130, 104, 128]},
        detector="anchor-free",
        preset="genant",
        curve=curve,
        vertebrae=tuple(vertebrae),
        warnings=("slices thicker than 2 mm",),
        models={"vertebrae": "abc"},
        thresholds={"score": 0.5},
    )


@pytest.fixture
def study(scene, volume: Volume, report: SpineReport) -> Study:
    """A study as the Slicer module makes it."""
    return create_study(scene, add_volume_node(scene, volume, "CT"), report)


@pytest.fixture
def desk(application) -> Iterator[Desk]:
    desk = Desk(application)
    yield desk
    desk.close()
