import numpy as np
import torch
from helpers.perfect_radiograph import CHANNELS, PIXEL_MM, SIZE_MM, body_centres_mm, landmarks_mm, picture
from torch import Tensor, nn
from VertebralFracturesLib.networks.radiograph_nets import (
    LandmarkRefiner,
    StepOne,
    centre_windows,
    detect_bodies,
    refine_landmarks,
    regress_landmarks,
)
from VertebralFracturesLib.radiograph.network_input import (
    CELL,
    CROP_CELLS,
    CROP_PIXELS,
    DETAIL_CHANNELS,
    LEVEL_CHANNELS,
    STEP_ONE_FIRST_MM,
    STEP_ONE_INPUT_MM,
    STEP_ONE_PIXEL_MM,
    SURROUNDINGS,
    crop_channels,
)
from VertebralFracturesLib.radiograph.networks import VIEW_QUESTIONS

_SURE = 9.0


def _scale(rows: int) -> float:
    """How much larger than it is the picture is taken to be; a row more or less does not count."""
    scale = rows * STEP_ONE_INPUT_MM / SIZE_MM[0]
    return 1.0 if abs(scale - 1) < 0.02 else scale


class PerfectFinder(nn.Module):
    """Step 1, first network."""

    def __init__(self) -> None:
        super().__init__()
        self.stride = 2
        self.anything = nn.Parameter(torch.zeros(1))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, columns = (count // 2 for count in image.shape[2:])
        whole = image[0, 0, :-1, :-1]
        is_inverted = bool(whole.median(1).values.mean() > whole.mean())
        ramp = whole[:, 0].mean() - whole[:, -1].mean()
        is_mirrored = bool((ramp < 0) != is_inverted)
        scale = _scale(image.shape[2])
        centres = (torch.tensor(body_centres_mm() * scale, dtype=torch.float32) - STEP_ONE_FIRST_MM) / STEP_ONE_PIXEL_MM
        down = torch.arange(rows)[:, None] - centres[:, 1, None, None]
        across = torch.arange(columns) - centres[:, 0, None, None]
        height_of_peaks = 8.0 - 3.0 * abs(np.log(scale))
        logits = (height_of_peaks - (down**2 + across**2)).amax(0).clamp_min(-12)
        levels = torch.zeros(1, LEVEL_CHANNELS, rows, columns)
        nearest = (down**2 + across**2).argmin(0)
        for body, channel in enumerate(CHANNELS):
            levels[0, channel][nearest == body] = _SURE
        answers = {"mirrored": is_mirrored, "inverted": is_inverted, "frontal": False}
        view = torch.tensor([[_SURE if answers[name] else -_SURE for name in VIEW_QUESTIONS]])
        if is_mirrored or is_inverted:
            logits = logits - 12
        return logits[None], levels, view


class PerfectRegressor(nn.Module):
    """Step 1, second network."""

    def __init__(self) -> None:
        super().__init__()
        self.stride = 2
        self.anything = nn.Parameter(torch.zeros(1))

    def forward(self, image: Tensor) -> Tensor:
        rows, columns = (count // 2 for count in image.shape[2:])
        scale = _scale(image.shape[2])
        points = np.nan_to_num(landmarks_mm()) * scale
        places = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1) * STEP_ONE_PIXEL_MM + STEP_ONE_FIRST_MM
        nearest = np.linalg.norm(places[..., None, :] - body_centres_mm() * scale, axis=-1).argmin(-1)
        offsets = points[nearest] - places[..., None, :]
        return torch.tensor(offsets, dtype=torch.float32).permute(2, 3, 0, 1)[None]


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


def test_centres_and_landmarks_come_back_in_mm() -> None:
    image = picture()
    found = detect_bodies(PerfectFinder().eval(), image, PIXEL_MM, 0.3)
    order = np.argsort(found.centres_mm[:, 1])
    np.testing.assert_allclose(found.centres_mm[order], body_centres_mm(), atol=0.05)
    assert (found.levels[order].argmax(1)[:3] == [17, 18, 19]).all()
    rough = regress_landmarks(PerfectRegressor().eval(), image, PIXEL_MM, body_centres_mm())
    np.testing.assert_allclose(rough[:-1], landmarks_mm()[:-1], atol=1e-3)


def test_windows_hold_the_pixels_around() -> None:
    maps = torch.arange(2 * 20 * 30, dtype=torch.float32).reshape(2, 20, 30)
    window = centre_windows(maps, torch.tensor([1]), torch.tensor([10]), torch.tensor([15]))[0]
    assert torch.equal(window, maps[1, 6:15, 11:20])
    at_corner = centre_windows(maps, torch.tensor([0]), torch.tensor([0]), torch.tensor([0]))[0]
    assert (at_corner[:4] == -15).all()
    assert torch.equal(at_corner[4:, 4:], maps[0, :5, :5])
