"""Networks for radiographs are loaded together; the shipped ones on a synthetic patient they were not trained on."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.evaluation.studies.radiographs import compared
from VertebralFracturesLib.networks.radiograph_nets import LandmarkRefiner, StepOne, regress_landmarks
from VertebralFracturesLib.networks.radiograph_networks import (
    REFINER_WEIGHTS,
    STEP_ONE_WEIGHTS,
    load_radiograph_networks,
)
from VertebralFracturesLib.networks.weights import save_weights
from VertebralFracturesLib.radiograph.network_input import CROP_PIXELS, SURROUNDINGS
from VertebralFracturesLib.radiograph.pipeline import analyze_radiograph
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.simulation.radiograph.exposure import Exposure, expose
from VertebralFracturesLib.simulation.radiograph.views import Projection, projected_patient


@pytest.fixture(scope="module")
def projection() -> Projection:
    """A synthetic patient that the networks were not trained on, from the side."""
    (view,) = projected_patient(900000, 1)
    return view


@pytest.fixture(scope="module")
def image(projection: Projection) -> np.ndarray:
    """An exposure of it, anterior on the left."""
    integrals = projection.integrals.astype(np.float32)
    return expose(integrals, projection.pixel_mm, Exposure(contrast=2.0), np.random.default_rng(1))


def test_the_shipped_networks_measure_a_projected_patient(projection: Projection, image: np.ndarray) -> None:
    networks = load_radiograph_networks("cpu")
    report = analyze_radiograph(Radiograph(image, projection.pixel_mm), networks)
    assert report.anterior_is == "left"
    versions = {name: version.split(" sha256:")[0] for name, version in networks.versions.items()}
    assert versions == {"radiograph_step_one": "1.3", "radiograph_refiner": "4.1"}
    found = compared("patient", 1, "synthetic", "both", projection, report, 0.0)
    assert found.found >= 0.9 * found.bodies
    assert found.spurious <= 1
    assert np.median(np.abs(found.errors)) < 0.03
    assert np.abs(found.height_errors_mm).mean() < 2.0


@pytest.mark.parametrize("is_scale_known", [True, False])
@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_an_image_that_is_not_upright_is_refused(
    projection: Projection, image: np.ndarray, turns: int, is_mirrored: bool, is_scale_known: bool
) -> None:
    turned = np.ascontiguousarray(np.rot90(image[:, :: -1 if is_mirrored else 1], turns))
    pixel_mm = projection.pixel_mm if is_scale_known else None
    with pytest.raises(
        (NoSpineFound, UnusableInput), match="rotated by 180 degrees" if turns == 2 else "an upright lateral"
    ):
        analyze_radiograph(Radiograph(turned, pixel_mm), load_radiograph_networks("cpu"))


@pytest.mark.parametrize("pixel_mm", [0.5, None])
@pytest.mark.parametrize("shape", [(400, 300), (600, 400), (500, 500), (800, 600)])
def test_noise_is_refused(shape: tuple[int, int], pixel_mm: float | None) -> None:
    networks = load_radiograph_networks("cpu")
    for seed in range(3):
        noise = np.random.default_rng(seed).random(shape).astype(np.float32)
        with pytest.raises(NoSpineFound, match="no spine found"):
            analyze_radiograph(Radiograph(noise, pixel_mm), networks)


@pytest.mark.parametrize("pixel_mm", [0.5, None])
@pytest.mark.parametrize("name", ["noise", "smooth noise", "stripes", "ramp", "nothing"])
def test_pictures_without_a_spine_are_refused(name: str, pixel_mm: float | None) -> None:
    noise = np.random.default_rng(0).random((600, 400))
    image = {
        "noise": noise,
        "smooth noise": ndimage.gaussian_filter(noise, 6),
        "stripes": np.tile(np.sin(np.arange(600) / 8)[:, None], (1, 400)),
        "ramp": np.tile(np.linspace(0, 1, 400), (600, 1)),
        "nothing": np.zeros((600, 400)),
    }[name]
    with pytest.raises((NoSpineFound, UnusableInput), match=r"no spine found|frontal view"):
        analyze_radiograph(Radiograph(image.astype(np.float32), pixel_mm), load_radiograph_networks("cpu"))


def test_images_of_any_size_are_read_and_weights_come_back(tmp_path) -> None:
    torch.manual_seed(1)
    step_one, refiner = StepOne().eval(), LandmarkRefiner().eval()
    for net, name in ((step_one, STEP_ONE_WEIGHTS), (refiner, REFINER_WEIGHTS)):
        save_weights(net, tmp_path / f"{name}.npz")
    networks = load_radiograph_networks("cpu", tmp_path)
    assert set(networks.versions) == {STEP_ONE_WEIGHTS, REFINER_WEIGHTS}
    assert all(version.startswith("without a model card") for version in networks.versions.values())
    image = np.random.default_rng(1).normal(size=(301, 173)).astype(np.float32)
    rough = networks.regress_landmarks(image, 0.7, np.array([[50.0, 90.0], [60.0, 120.0]]))
    expected = regress_landmarks(step_one.regressor, image, 0.7, np.array([[50.0, 90.0], [60.0, 120.0]]))
    np.testing.assert_allclose(rough, expected, atol=0.2)
    found = networks.detect_bodies(image, 0.7, threshold=0.0)
    assert found.levels.sum(1) == pytest.approx(np.ones(len(found.levels)))
    windows = np.zeros((2, SURROUNDINGS * CROP_PIXELS, SURROUNDINGS * CROP_PIXELS), np.float32)
    places, spread = networks.refine_landmarks(windows)
    assert places.shape == (2, 6, 2)
    assert (spread > 0).all()


def test_missing_weights_are_told_in_one_line(tmp_path) -> None:
    with pytest.raises(
        UnusableInput,
        match=r"no networks for radiographs in .*\(radiograph_step_one.npz, radiograph_refiner.npz missing\)$",
    ):
        load_radiograph_networks("cpu", tmp_path)
    for name in (STEP_ONE_WEIGHTS, REFINER_WEIGHTS):
        (tmp_path / f"{name}.npz").write_bytes(b"damaged")
    with pytest.raises(UnusableInput, match="missing or damaged"):
        load_radiograph_networks("cpu", tmp_path)
