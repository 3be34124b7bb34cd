"""Networks are loaded once per device and detector, and every kind of image takes its own way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.perfect_ct import PerfectCtNetworks, PerfectImageClassifier
from helpers.perfect_radiograph import LEVELS as RADIOGRAPH_LEVELS
from helpers.perfect_radiograph import PIXEL_MM, PerfectNetworks, picture
from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume, scoliotic_curve
from VertebralFracturesLib.analyzer import LOADING, Analyzer, known_device, stages
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import AIR_HU, Volume
from VertebralFracturesLib.ct.pipeline import STAGES
from VertebralFracturesLib.errors import Cancelled, UnusableInput
from VertebralFracturesLib.networks import ct_networks, devices, radiograph_networks
from VertebralFracturesLib.networks.weights import WEIGHTS_FOLDER
from VertebralFracturesLib.radiograph.pipeline import RADIOGRAPH_STAGES
from VertebralFracturesLib.radiograph.record import Radiograph, RadiographReport

CURVE = scoliotic_curve()
VOLUME = lps_volume(CURVE)
RADIOGRAPH = Radiograph(picture(), PIXEL_MM, "left")

Loads = list[tuple]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    """What was loaded, in place of which networks without an error are handed out."""
    loaded: Loads = []

    def load_ct(device: str, detector: str, folder: Path, image_classifier: bool) -> PerfectCtNetworks:
        loaded.append((device, detector, folder, image_classifier))
        return PerfectCtNetworks(detector, PerfectImageClassifier() if image_classifier else None)

    def load_radiograph(device: str, folder: Path) -> PerfectNetworks:
        loaded.append((device, folder))
        return PerfectNetworks()

    monkeypatch.setattr(ct_networks, "load_ct_networks", load_ct)
    monkeypatch.setattr(radiograph_networks, "load_radiograph_networks", load_radiograph)
    return loaded


def noting(told: list[tuple[str, float]]) -> Callable[[str, float], None]:
    return lambda stage, fraction: told.append((stage, fraction))


def test_the_stages_of_each_kind_of_image_begin_with_loading(loads: Loads) -> None:
    assert stages(VOLUME) == (LOADING, *STAGES)
    assert stages(RADIOGRAPH) == (LOADING, *RADIOGRAPH_STAGES)
    for image in (VOLUME, RADIOGRAPH):
        told: list[tuple[str, float]] = []
        Analyzer().analyze(image, device="cpu", progress=noting(told))
        assert tuple(dict.fromkeys(stage for stage, _ in told)) == stages(image)
        assert told[-1] == (stages(image)[-1], 1.0)


def test_each_kind_of_image_has_its_report(loads: Loads) -> None:
    analyzer = Analyzer()
    of_ct = analyzer.analyze(VOLUME, device="cpu", preset="pisov", input={"path": "a"})
    assert (type(of_ct), tuple(of_ct.levels), of_ct.preset, of_ct.input) == (
        SpineReport,
        LEVELS,
        "pisov",
        {"path": "a"},
    )
    of_film = analyzer.analyze(RADIOGRAPH, device="cpu", preset="pisov", input={"path": "b"})
    assert (type(of_film), tuple(of_film.levels)) == (RadiographReport, RADIOGRAPH_LEVELS)
    assert (of_film.preset, of_film.input) == ("pisov", {"path": "b"})


def test_networks_are_loaded_once_per_detector(loads: Loads) -> None:
    analyzer = Analyzer()
    for detector in ("anchor-free", "anchor", "anchor-free", "anchor"):
        assert analyzer.analyze(VOLUME, device="cpu", detector=detector).detector == detector
    analyzer.analyze(RADIOGRAPH, device="cpu")
    analyzer.analyze(RADIOGRAPH, device="cpu", detector="anchor")
    shipped = WEIGHTS_FOLDER
    assert loads == [("cpu", "anchor-free", shipped, True), ("cpu", "anchor", shipped, True), ("cpu", shipped)]


def test_networks_are_loaded_once_per_device(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: True)
    analyzer = Analyzer()
    for device in ("cpu", "cuda", "auto", "cpu"):
        analyzer.analyze(VOLUME, device=device, image_classifier=False)
        analyzer.analyze(RADIOGRAPH, device=device)
    assert [one[0] for one in loads] == ["cpu", "cpu", "cuda", "cuda"]


def test_the_image_classifier_is_loaded_when_it_is_first_wanted(loads: Loads) -> None:
    analyzer = Analyzer()
    for wanted in (False, False, True, False, True):
        report = analyzer.analyze(VOLUME, device="cpu", image_classifier=wanted)
        assert (report.image_classification is not None) == wanted
    assert [one[3] for one in loads] == [False, True]


def test_padding_is_air_and_what_it_warns_of_is_reported(loads: Loads) -> None:
    voxels = VOLUME.voxels.astype(np.float32)
    voxels[:, :10] = np.nan
    report = Analyzer().analyze(Volume(voxels, VOLUME.ijk_to_ras), device="cpu", image_classifier=False)
    assert "NaN or infinite" in report.warnings[0]
    plain = np.where(VOLUME.voxels[:, :10] < -900, AIR_HU, VOLUME.voxels[:, :10])
    expected = VOLUME.voxels.copy()
    expected[:, :10] = np.where(np.isfinite(plain), AIR_HU, plain)
    same = Analyzer().analyze(Volume(expected, VOLUME.ijk_to_ras), device="cpu", image_classifier=False)
    for one, other in zip(report.vertebrae, same.vertebrae, strict=True):
        np.testing.assert_allclose(one.keypoints_ras, other.keypoints_ras, atol=1e-6)


def test_a_vertebra_is_proposed_by_the_networks_that_are_there(loads: Loads) -> None:
    analyzer = Analyzer()
    analyzer.analyze(VOLUME, device="cpu")
    for centre_ras in body_centre(body_keypoints(CURVE))[[0, 4]]:
        proposed = analyzer.propose(VOLUME, CURVE, centre_ras, device="cpu")
        assert np.linalg.norm(body_centre(proposed.keypoints_ras) - centre_ras) < 2.0
    assert len(loads) == 1


@pytest.mark.parametrize("image", [VOLUME, RADIOGRAPH], ids=["CT", "radiograph"])
def test_it_can_be_cancelled(loads: Loads, image: Volume | Radiograph) -> None:
    with pytest.raises(Cancelled):
        Analyzer().analyze(image, device="cpu", cancel=lambda: True)


@pytest.mark.parametrize("image", [VOLUME, RADIOGRAPH], ids=["CT", "radiograph"])
def test_weights_come_from_the_folder_that_is_named(tmp_path: Path, image: Volume | Radiograph) -> None:
    with pytest.raises(UnusableInput) as refusal:
        Analyzer(tmp_path).analyze(image, device="cpu")
    assert str(tmp_path) in str(refusal.value)


@pytest.mark.parametrize("image", [VOLUME, RADIOGRAPH], ids=["CT", "radiograph"])
def test_a_gpu_that_is_asked_for_has_to_be_there(monkeypatch: pytest.MonkeyPatch, image: Volume | Radiograph) -> None:
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnusableInput, match="no CUDA-capable GPU"):
        Analyzer().analyze(image, device="cuda")
    assert known_device("cpu") == known_device("auto") == "CPU"


def test_the_shipped_networks_say_what_they_are(synthetic_report: SpineReport) -> None:
    assert len(synthetic_report.vertebrae) >= 10
    assert synthetic_report.detector == "anchor-free"
    assert set(synthetic_report.models) == {
        "spine_curve", "vertebrae_anchor_free", "canal", "fracture_sequence_25d", "fracture_sequence_3d",
    }  # fmt: skip
    assert all(" sha256:" in version for version in synthetic_report.models.values())
    assert synthetic_report.image_classification is not None
