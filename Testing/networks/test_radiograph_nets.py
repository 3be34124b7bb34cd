import numpy as np
import pytest
import torch
from helpers.perfect_radiograph import PIXEL_MM, PerfectFinder, PerfectRegressor, centres_mm, landmarks_mm, picture
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.networks.radiograph_nets import (
    VIEW_QUESTIONS,
    LandmarkRefiner,
    StepOne,
    centre_windows,
    find_bodies,
    refine_landmarks,
    regress_landmarks,
)
from VertebralFracturesLib.networks.weights import (
    REFINER_WEIGHTS,
    STEP_ONE_WEIGHTS,
    load_radiograph_models,
    save_weights,
)
from VertebralFracturesLib.radiograph.network_input import (
    CELL,
    CROP_CELLS,
    CROP_PIXELS,
    DETAIL_CHANNELS,
    LEVEL_CHANNELS,
    SURROUNDINGS,
    crop_channels,
)


def test_shapes_and_size() -> None:
    step_one, refiner = StepOne().eval(), LandmarkRefiner().eval()
    with torch.inference_mode():
        logits, levels, view = step_one.finder(torch.zeros(2, 2, 96, 64))
        assert (logits.shape, levels.shape) == ((2, 48, 32), (2, LEVEL_CHANNELS, 48, 32))
        assert view.shape == (2, len(VIEW_QUESTIONS))
        assert step_one.regressor(torch.zeros(2, 2, 96, 64)).shape == (2, 6, 2, 48, 32)
        views = torch.zeros(3, DETAIL_CHANNELS + 2, CROP_CELLS, CROP_CELLS)
        assert refiner(views).shape == (3, 6, CROP_PIXELS, CROP_PIXELS)
    parameters = sum(one.numel() for net in (step_one, refiner) for one in net.parameters())
    assert 2 * parameters < 4e6


def test_images_of_any_size_are_read_and_weights_come_back(tmp_path) -> None:
    torch.manual_seed(1)
    step_one, refiner = StepOne().eval(), LandmarkRefiner().eval()
    for net, name in ((step_one, STEP_ONE_WEIGHTS), (refiner, REFINER_WEIGHTS)):
        save_weights(net, tmp_path / f"{name}.npz")
    models = load_radiograph_models("cpu", tmp_path)
    assert set(models.versions) == {STEP_ONE_WEIGHTS, REFINER_WEIGHTS}
    assert all(version.startswith("without a model card") for version in models.versions.values())
    image = np.random.default_rng(1).normal(size=(301, 173)).astype(np.float32)
    rough = regress_landmarks(models.step_one.regressor, image, 0.7, np.array([[50.0, 90.0], [60.0, 120.0]]))
    expected = regress_landmarks(step_one.regressor, image, 0.7, np.array([[50.0, 90.0], [60.0, 120.0]]))
    np.testing.assert_allclose(rough, expected, atol=0.2)
    found = find_bodies(models.step_one.finder, image, 0.7, threshold=0.0)
    assert found.levels.sum(1) == pytest.approx(np.ones(len(found.levels)))
    windows = np.zeros((2, SURROUNDINGS * CROP_PIXELS, SURROUNDINGS * CROP_PIXELS), np.float32)
    places, spread = refine_landmarks(models.refiner, windows)
    assert places.shape == (2, 6, 2)
    assert (spread > 0).all()


def test_step_two_sees_what_lies_around_its_crop() -> None:
    torch.manual_seed(2)
    refiner = LandmarkRefiner().eval()
    side = SURROUNDINGS * CROP_PIXELS
    window = np.random.default_rng(3).normal(size=(1, side, side)).astype(np.float32)
    edge = (side - CROP_PIXELS) // 2
    brightened = window.copy()
    brightened[:, edge - 16 : edge] += 5.0
    places, _ = refine_landmarks(refiner, window)
    others, _ = refine_landmarks(refiner, brightened)
    assert np.abs(places - others).max() > 1e-4


def test_the_answer_has_the_pixels_of_the_crop() -> None:
    """A net that passes the crop on answers with its pixels, each in its place."""
    side = SURROUNDINGS * CROP_PIXELS
    window = np.random.default_rng(4).normal(size=(1, side, side)).astype(np.float32)
    views = torch.from_numpy(crop_channels(window))
    passed = torch.nn.functional.pixel_shuffle(views[:, : CELL**2], CELL)[0, 0].numpy()
    crop = window[0, CROP_PIXELS // 2 : -CROP_PIXELS // 2, CROP_PIXELS // 2 : -CROP_PIXELS // 2]
    np.testing.assert_allclose(passed, np.clip((crop - crop.mean()) / crop.std(), -4, 4), atol=1e-4)


def test_missing_weights_are_told_in_one_line(tmp_path) -> None:
    with pytest.raises(UnusableInput, match=r"no networks for radiographs.*train radiographs"):
        load_radiograph_models("cpu", tmp_path)
    for name in (STEP_ONE_WEIGHTS, REFINER_WEIGHTS):
        (tmp_path / f"{name}.npz").write_bytes(b"damaged")
    with pytest.raises(UnusableInput, match="missing or damaged"):
        load_radiograph_models("cpu", tmp_path)


def test_centres_and_landmarks_come_back_in_mm() -> None:
    image = picture()
    found = find_bodies(PerfectFinder().eval(), image, PIXEL_MM)
    order = np.argsort(found.centres_mm[:, 1])
    np.testing.assert_allclose(found.centres_mm[order], centres_mm(), atol=0.05)
    assert (found.levels[order].argmax(1)[:3] == [17, 18, 19]).all()
    rough = regress_landmarks(PerfectRegressor().eval(), image, PIXEL_MM, centres_mm())
    np.testing.assert_allclose(rough[:-1], landmarks_mm()[:-1], atol=1e-3)


def test_windows_hold_the_pixels_around() -> None:
    maps = torch.arange(2 * 20 * 30, dtype=torch.float32).reshape(2, 20, 30)
    window = centre_windows(maps, torch.tensor([1]), torch.tensor([10]), torch.tensor([15]))[0]
    assert torch.equal(window, maps[1, 6:15, 11:20])
    at_corner = centre_windows(maps, torch.tensor([0]), torch.tensor([0]), torch.tensor([0]))[0]
    assert (at_corner[:4] == -15).all()
    assert torch.equal(at_corner[4:, 4:], maps[0, :5, :5])
