"""Step 2: its targets, its losses worked out by hand, its training and what it is measured by."""

import argparse
import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.perfect_maps import perfect_anchors, perfect_regions
from helpers.small_ct import body_hu, write_image
from helpers.spine_shapes import upright_bodies_mm
from torch import Tensor
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.ct.anchor_free import OFFSET_UNIT_MM, SHORT_UNIT_MM, region_targets
from VertebralFracturesLib.ct.anchors import anchor_sizes_mm, anchor_targets
from VertebralFracturesLib.ct.detection import settle
from VertebralFracturesLib.ct.vertebrae import decode
from VertebralFracturesLib.networks.vertebra_net import VertebraNet, detect_vertebrae, normalised
from VertebralFracturesLib.networks.weights import load_weights
from VertebralFracturesLib.training import vertebrae
from VertebralFracturesLib.training.samples import slice_augmentation
from VertebralFracturesLib.training.samples.slice_augmentation import Crop
from VertebralFracturesLib.training.samples.slices import SliceSample
from VertebralFracturesLib.training.vertebrae import (
    LONG_WEIGHT,
    RECIPES,
    SCALE_WEIGHT,
    SHORT_WEIGHT,
    CropStream,
    VertebraTargets,
    anchor_loss,
    crop_targets,
    held_out_metrics,
    region_loss,
    vertebra_loss,
)

DETECTORS = ("anchor-free", "anchor")


def drawn(bodies_mm: np.ndarray, shape: tuple[int, int], pixel_mm: float = 1.0) -> np.ndarray:
    """Bright bodies on dark ground."""
    rows, columns = np.indices(shape) * pixel_mm
    image = np.full(shape, -50.0)
    for index, body in enumerate(bodies_mm):
        top, bottom = (np.interp(columns, *body[side::2].T, left=np.nan, right=np.nan) for side in (0, 1))
        image[(rows >= top) & (rows <= bottom)] = 350.0 + 150.0 * index
    return (image + np.random.default_rng(0).normal(0, 15, shape)).astype(np.float32)


def crop(shape=(80, 64), known=slice(None)) -> Crop:
    bodies = upright_bodies_mm(2, height=20.0, depth=28.0, distance=32.0, first_centre=(32.0, 22.0))
    bodies[1, :2, 1] += [6.0, -2.0]  # a wedge
    rows = np.zeros(shape[0], bool)
    rows[known] = True
    return Crop(drawn(bodies, shape), bodies, rows)


def test_a_body_whose_endplates_touch_weighs_no_more_than_one_of_g_0_3():
    touching = crop()
    touching.keypoints_mm[0, 2, 1] = touching.keypoints_mm[0, 3, 1] - 1.0
    assert genant_index(heights_mm(touching.keypoints_mm))[0] < 0.1
    assert crop_targets(touching, "anchor-free")["genant_index"][0] == pytest.approx(0.3)


@pytest.mark.parametrize("detector", DETECTORS)
def test_targets_of_a_crop(detector):
    parts = crop_targets(crop(known=slice(0, 50)), detector)
    shape = (80, 64) if detector == "anchor-free" else (16, 80, 64)
    assert parts["bodies"].shape == parts["decided"].shape == shape
    assert parts["keypoints_mm"].shape == (16, 6, 2)
    np.testing.assert_allclose(parts["keypoints_mm"][:2], crop().keypoints_mm)
    np.testing.assert_allclose(parts["genant_index"][:2], genant_index(heights_mm(crop().keypoints_mm)), rtol=1e-6)
    assert (parts["genant_index"][2:] == 1).all()
    assert set(np.unique(parts["bodies"])) == {-1, 0, 1}
    unknown = np.moveaxis(parts["decided"], -2, 0)[50:]
    answered = np.moveaxis(parts["bodies"] >= 0, -2, 0)[50:]
    if detector == "anchor-free":
        np.testing.assert_array_equal(unknown == 1, answered)  # a marked body is known wherever it lies
        seam = (parts["decided"][:50] == 0) & (parts["bodies"][:50] < 0)
        assert 0.05 < seam.mean() < 0.3
    else:
        assert (unknown == 0).all()
        assert (parts["decided"][:, :50] == 1).all()


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_crop_without_bodies_has_targets(detector):
    empty = Crop(np.zeros((80, 64), np.float32), np.zeros((0, 6, 2)), np.ones(80, bool))
    parts = crop_targets(empty, detector)
    assert (parts["bodies"] == -1).all()
    assert (parts["decided"] == 1).all()


@pytest.mark.parametrize("detector", DETECTORS)
def test_the_network_can_learn_one_crop_by_heart(detector):
    torch.manual_seed(1)
    bodies = upright_bodies_mm(2, height=17.0, depth=24.0, distance=28.0, first_centre=(24.0, 18.0))
    bodies[1, :2, 1] += [5.0, -2.0]  # a wedge
    one = Crop(drawn(bodies, (64, 48)), bodies, np.ones(64, bool))
    batch = {name: torch.as_tensor(value)[None] for name, value in crop_targets(one, detector).items()}
    image = normalised(batch.pop("image"))[:, None]
    net = VertebraNet(detector, (12, 16, 24, 32))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=301)
    losses = []
    for _ in range(300):
        optimiser.zero_grad()
        loss = vertebra_loss(detector, net(image), VertebraTargets(**batch))
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    found = settle(decode(net.detector, detect_vertebrae(net.eval(), one.image[None]))[0])
    assert len(found) == 2
    assert min(body.score for body in found) > 0.6
    error = np.linalg.norm(np.stack([body.keypoints_mm for body in found]) - bodies, axis=-1)
    assert error.mean() < 1.5
    assert np.median(error) < 1.0


def sample(pixel_mm: float = 0.75) -> SliceSample:
    bodies = upright_bodies_mm(5, height=21.0, depth=30.0, distance=30.0, first_centre=(66.0, 40.0))
    image = drawn(bodies, (round(210 / pixel_mm), round(132 / pixel_mm)), pixel_mm)
    return SliceSample(image, pixel_mm, bodies, np.array([[25.0, 175.0]]))


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_stream_gives_crops_for_ever_from_all_sources(detector, monkeypatch):
    pools = [[sample()] * 2, [sample()], [sample()] * 3]
    drawn_from = []
    monkeypatch.setattr(vertebrae, "random_crop", lambda chosen, pixel_mm, rng: drawn_from.append(chosen) or crop())
    parts = list(islice(CropStream(pools, detector, 3), 60))
    assert {name: value.shape for name, value in parts[0].items()} == {
        name: value.shape for name, value in crop_targets(crop(), detector).items()
    }
    shares = [sum(any(chosen is one for one in pool) for chosen in drawn_from) for pool in pools]
    assert sum(shares) == 60
    assert shares[0] > shares[1] > 0
    assert shares[2] > shares[1]


def test_a_stream_repeats_with_its_seed():
    first, again, other = (next(iter(CropStream([[sample()]], "anchor-free", seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first["image"], again["image"])
    assert not np.array_equal(first["image"], other["image"])
    assert first["image"].shape == (slice_augmentation.CROP_ROWS, slice_augmentation.CROP_COLUMNS)


class Knowing(VertebraNet):
    """Answers with the keypoints it was given, whatever the image."""

    def __init__(self, detector: str, bodies_mm: np.ndarray) -> None:
        super().__init__(detector, (4, 4, 4))
        self.bodies_mm = bodies_mm

    def forward(self, image: Tensor) -> Tensor:
        """Perfect maps of the bodies."""
        shape = (image.shape[2], image.shape[3])
        if self.detector == "anchor":
            objectness, encoded = perfect_anchors(self.bodies_mm, shape, 1.0)
            logits = torch.from_numpy(objectness * 20 - 10)
            return torch.cat([logits, torch.from_numpy(encoded).flatten(0, 1)])[None]
        probability, offsets, short, _ = (
            torch.from_numpy(part) for part in perfect_regions(self.bodies_mm, shape, 1.0)
        )
        parts = [
            probability[None] * 20 - 10,
            offsets.flatten(0, 1) / OFFSET_UNIT_MM,
            short.flatten(0, 1) / SHORT_UNIT_MM,
        ]
        return torch.cat([*parts, torch.zeros(6, *shape)])[None]


@pytest.mark.parametrize("detector", DETECTORS)
def test_figures_of_held_out_slices(detector):
    truth = sample().keypoints_mm - [18.0, 0.0]  # the network reads 96 mm around the line of the bodies
    figures = held_out_metrics(Knowing(detector, truth), [sample()])
    assert figures["recall"] == figures["precision"] == 1.0
    assert figures["height error mm"] == pytest.approx(0.0, abs=0.01)
    assert figures["|dG|"] == pytest.approx(0.0, abs=0.001)
    wrong = np.concatenate([truth[:3], truth[4:]])
    wrong[0, [0, 2, 4], 1] -= 2.0
    wrong[1] += [0.0, 14.0]  # between two bodies: one missed, one false
    figures = held_out_metrics(Knowing(detector, wrong), [sample()])
    assert figures["recall"] == pytest.approx(3 / 5)
    assert figures["precision"] == pytest.approx(3 / 4)
    assert figures["height error mm"] == pytest.approx(2.0 / 3, abs=0.02)
    assert figures["|dG|"] == pytest.approx(0.0, abs=0.002)


def test_what_lies_beyond_the_marked_rows_is_not_false():
    held_out = sample()
    truth = held_out.keypoints_mm - [18.0, 0.0]
    partly = SliceSample(held_out.image, held_out.pixel_mm, held_out.keypoints_mm[1:4], np.array([[55.0, 145.0]]))
    assert held_out_metrics(Knowing("anchor-free", truth), [partly])["precision"] == 1.0
    everywhere = SliceSample(partly.image, partly.pixel_mm, partly.keypoints_mm, np.array([[0.0, 210.0]]))
    assert held_out_metrics(Knowing("anchor-free", truth), [everywhere])["precision"] == pytest.approx(3 / 5)


def test_the_papers_recipe():
    paper = RECIPES["paper"]
    assert (paper.steps, paper.batch_size) == (4000, 30)


def write_case(folder: Path) -> None:
    """A reference case of three bodies."""
    folder.mkdir(parents=True)
    write_image(folder / "ct.nii.gz", body_hu((36, 36, 36)).astype(np.int16), (3.0, 3.0, 3.0))
    pattern = np.array([[0.0, 12, 9], [0, 12, -9], [0, 0, 8], [0, 0, -8], [0, -12, 9], [0, -12, -9]])
    middle = np.array([-54.0, -70.0, 0.0])
    heights = {"T11": 80.0, "T12": 54.0, "L1": 28.0}
    bodies = [{"label": level, "ras": (pattern + middle + [0, 0, z]).tolist()} for level, z in heights.items()]
    curve_ras = [[*middle[:2], z] for z in (100, 80, 60, 40, 20, 5)]
    (folder / "reference.json").write_text(json.dumps({"vertebrae": bodies, "curve": curve_ras}))


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    vertebrae.add_arguments(parser)
    return parser.parse_args(given)


@pytest.mark.parametrize("detector", DETECTORS)
def test_the_command_trains_on_cases_and_writes_weights(tmp_path, monkeypatch, detector):
    monkeypatch.setattr(vertebrae, "_SLICES_PER_CASE", 2)
    for name in ("one", "two"):
        write_case(tmp_path / "cases" / name)
    given = ("-o", str(tmp_path / "out"), "--cases", str(tmp_path / "cases"), "--hold-out", "two", "--steps", "1",
             "--batch-size", "1", "--workers", "0", "--threads", "1", "--detector", detector)  # fmt: skip
    vertebrae.run(arguments(*given))
    name = f"vertebrae_{detector.replace('-', '_')}.npz"
    load_weights(VertebraNet(detector), tmp_path / "out" / name)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        name, "checkpoint.pt", "log.csv", "learning_curves.png"}  # fmt: skip
    pools, held_out = vertebrae.training_pools(arguments(*given), np.random.default_rng(0))
    assert [len(pool) for pool in pools] == [2]
    assert len(held_out) == 1


def test_arguments_change_the_recipe():
    from VertebralFracturesLib.training.loop import chosen_recipe

    plain = chosen_recipe(arguments("-o", "x"), RECIPES)
    assert plain == RECIPES["cpu"]
    changed = chosen_recipe(
        arguments("-o", "x", "--recipe", "paper", "--steps", "7", "--learning-rate", "0.5"), RECIPES
    )
    assert (changed.steps, changed.batch_size, changed.learning_rate) == (7, RECIPES["paper"].batch_size, 0.5)
    assert changed.average_decay == RECIPES["paper"].average_decay


LN2 = float(np.log(2))


def anchor_case() -> tuple[Tensor, VertebraTargets]:
    """Two bodies, each answered for by one anchor; the network says zero of everything."""
    bodies = torch.full((1, 16, 8, 8), -1)
    bodies[0, 2, 3, 4], bodies[0, 9, 5, 1] = 0, 1
    sizes = torch.tensor(anchor_sizes_mm())
    keypoints = torch.zeros(1, 3, 6, 2)
    for body, (anchor, row, column) in enumerate(((2, 3, 4), (9, 5, 1))):
        encoded = torch.zeros(6, 2) + (0.1 if body == 0 else 0.3)
        encoded[0, 0] += 1.2
        keypoints[0, body] = encoded * sizes[anchor] + torch.tensor([column, row])
    decided = torch.ones(1, 16, 8, 8)
    return torch.zeros(1, 208, 8, 8), VertebraTargets(bodies, decided, keypoints, torch.tensor([[0.5, 0.8, 1.0]]))


def test_the_anchor_loss_worked_out_by_hand():
    output, targets = anchor_case()
    # MAE of the first body 0.1 + 1.2 / 12 = 0.2, of the second 0.4; each over its own G, mean over the positives
    assert anchor_loss(output, targets).item() == pytest.approx(LN2 + (0.2 / 0.5 + 0.4 / 0.8) / 2, rel=1e-5)


def test_the_anchor_loss_of_a_perfect_answer_is_that_of_its_objectness():
    output, targets = anchor_case()
    sizes = torch.tensor(anchor_sizes_mm(), dtype=torch.float32)
    for body, (anchor, row, column) in enumerate(((2, 3, 4), (9, 5, 1))):
        encoded = (targets.keypoints_mm[0, body] - torch.tensor([column, row])) / sizes[anchor]
        output[0, 16 + 12 * anchor : 28 + 12 * anchor, row, column] = encoded.flatten()
    assert anchor_loss(output, targets).item() == pytest.approx(LN2, rel=1e-5)
    output[:, :16] = torch.where(targets.bodies >= 0, 20.0, -20.0)
    assert anchor_loss(output, targets).item() == pytest.approx(0.0, abs=1e-5)


def test_undecided_places_do_not_count():
    output, targets = anchor_case()
    output[0, 0] = 30.0  # a sure mistake
    targets.decided[0, 0] = 0.0
    positions = (0.2 / 0.5 + 0.4 / 0.8) / 2
    assert anchor_loss(output, targets).item() == pytest.approx(LN2 + positions, rel=1e-5)
    targets.decided[0, 0] = 1.0
    assert anchor_loss(output, targets).item() == pytest.approx(LN2 * 15 / 16 + 30 / 16 + positions, rel=1e-5)


BODIES = upright_bodies_mm(2, height=20.0, depth=28.0, distance=30.0, first_centre=(30.0, 20.0))
SHAPE = (72, 64)
INDEX = (0.5, 0.8)


def region_case() -> tuple[Tensor, VertebraTargets]:
    """Two bodies and what the network has to say of them, but for the objectness, which is even."""
    _, offsets, short, _ = (torch.from_numpy(part) for part in perfect_regions(BODIES, SHAPE, 1.0))
    parts = [torch.zeros(1, *SHAPE), offsets.flatten(0, 1) / OFFSET_UNIT_MM, short.flatten(0, 1) / SHORT_UNIT_MM]
    output = torch.cat([*parts, torch.zeros(6, *SHAPE)])[None]
    bodies, seam = region_targets(BODIES, SHAPE, 1.0)
    keypoints = torch.tensor(np.pad(BODIES, [(0, 2), (0, 0), (0, 0)]), dtype=torch.float32)[None]
    decided = torch.from_numpy(~seam).float()[None]
    return output, VertebraTargets(
        torch.from_numpy(bodies)[None], decided, keypoints, torch.tensor([[*INDEX, 1.0, 1.0]])
    )


def test_the_region_loss_of_perfect_offsets_is_that_of_the_objectness():
    output, targets = region_case()
    assert region_loss(output, targets).item() == pytest.approx(LN2, rel=1e-4)
    output[:, 0] = torch.where(targets.bodies >= 0, 20.0, -20.0)
    assert region_loss(output, targets).item() == pytest.approx(0.0, abs=1e-4)


def test_the_parts_of_the_region_loss_worked_out_by_hand():
    perfect, targets = region_case()
    per_body = (1 / INDEX[0] + 1 / INDEX[1]) / 2
    output = perfect.clone()
    output[:, 1:13:2] += 1.5 / OFFSET_UNIT_MM  # all x of the long offsets
    expected = LONG_WEIGHT * per_body * (1.5 / 2) / OFFSET_UNIT_MM  # the short offsets mend it, so no scale is due
    assert region_loss(output, targets).item() - LN2 == pytest.approx(expected, rel=1e-3)
    output = perfect.clone()
    output[:, 14:25:2] -= 1.0 / SHORT_UNIT_MM  # all y of the short offsets
    expected = SHORT_WEIGHT * per_body * (1.0 / 2) / SHORT_UNIT_MM + SCALE_WEIGHT * per_body * 1.0
    assert region_loss(output, targets).item() - LN2 == pytest.approx(expected, rel=1e-3)
    output = perfect.clone()
    output[:, 25:] = 1.0
    assert region_loss(output, targets).item() - LN2 == pytest.approx(SCALE_WEIGHT * per_body, rel=1e-3)


def test_every_body_has_the_same_say_whatever_its_size_but_low_ones_more():
    small = upright_bodies_mm(1, height=10.0, depth=16.0, first_centre=(30.0, 48.0))[0]
    bodies_mm = np.stack([BODIES[0], small])
    bodies, _ = region_targets(bodies_mm, SHAPE, 1.0)
    assert (bodies == 0).sum() > 2 * (bodies == 1).sum()
    offsets = torch.from_numpy(perfect_regions(bodies_mm, SHAPE, 1.0)[1]).flatten(0, 1) / OFFSET_UNIT_MM
    keypoints = torch.tensor(bodies_mm, dtype=torch.float32)[None]
    losses = []
    for body in (0, 1):
        output = torch.cat([torch.zeros(1, *SHAPE), offsets, torch.zeros(18, *SHAPE)])[None]
        wrong = torch.from_numpy(bodies == body)
        output[0, 1:13] += 0.1 * wrong
        even = VertebraTargets(
            torch.from_numpy(bodies)[None], torch.ones(1, *SHAPE), keypoints, torch.tensor([[0.5, 1.0]])
        )
        right = torch.cat([torch.zeros(1, *SHAPE), offsets, torch.zeros(18, *SHAPE)])[None]
        losses.append((region_loss(output, even) - region_loss(right, even)).item())
    assert losses[0] == pytest.approx(2 * losses[1], rel=1e-3)


@pytest.mark.parametrize(("detector", "channels"), [("anchor-free", 31), ("anchor", 208)])
def test_crops_without_a_body_teach_the_objectness_only(detector, channels):
    output = torch.randn(2, channels, 16, 16, requires_grad=True)
    shape = (2, 16, 16, 16) if detector == "anchor" else (2, 16, 16)
    targets = VertebraTargets(torch.full(shape, -1), torch.ones(shape), torch.zeros(2, 4, 6, 2), torch.ones(2, 4))
    vertebra_loss(detector, output, targets).backward()
    logits = 16 if detector == "anchor" else 1
    assert (output.grad[:, :logits] > 0).all()
    assert (output.grad[:, logits:] == 0).all()


@pytest.mark.parametrize("detector", ["anchor-free", "anchor"])
def test_nothing_decided_is_no_division_by_zero(detector):
    channels, shape = (208, (1, 16, 16, 16)) if detector == "anchor" else (31, (1, 16, 16))
    targets = VertebraTargets(torch.full(shape, -1), torch.zeros(shape), torch.zeros(1, 2, 6, 2), torch.ones(1, 2))
    assert vertebra_loss(detector, torch.randn(1, channels, 16, 16), targets).item() == 0.0


def test_anchor_targets_and_loss_speak_of_the_same_places():
    _, chosen = anchor_targets(BODIES, SHAPE, 1.0)
    encoded = torch.from_numpy(perfect_anchors(BODIES, SHAPE, 1.0)[1])
    output = torch.cat([torch.zeros(16, *SHAPE), encoded.flatten(0, 1)])[None]
    keypoints = torch.tensor(BODIES, dtype=torch.float32)[None]
    targets = VertebraTargets(
        torch.from_numpy(chosen)[None], torch.ones(1, 16, *SHAPE), keypoints, torch.tensor([INDEX])
    )
    assert (chosen >= 0).any()
    assert anchor_loss(output, targets).item() == pytest.approx(LN2, rel=1e-4)
