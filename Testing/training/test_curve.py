import argparse
import json
import math
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.small_ct import body_hu, write_image
from PIL import Image
from torch import Tensor
from VertebralFracturesLib.core.level_naming import SACRUM, SPINE_CLASSES
from VertebralFracturesLib.core.volume import AIR_HU, Volume
from VertebralFracturesLib.ct.body_centres import locate_bodies
from VertebralFracturesLib.networks.spine_curve_net import CurveOutput, SpineCurveNet, normalised
from VertebralFracturesLib.networks.weights import load_weights
from VertebralFracturesLib.training import curve
from VertebralFracturesLib.training.curve import (
    EXISTENCE_WEIGHT,
    HEATMAP_WEIGHT,
    LEVEL_WEIGHT,
    RECIPES,
    VolumeStream,
    curve_loss,
    held_out_metrics,
)
from VertebralFracturesLib.training.samples.volumes import VolumeCrop, VolumeSample


def even_answer(slices: int = 3, rows: int = 4, columns: int = 5) -> CurveOutput:
    """A network that knows nothing: even logits and zeros."""
    logits, centres = torch.zeros(1, slices, rows, columns), torch.zeros(1, slices, 2)
    return CurveOutput(logits, centres, torch.zeros(1, slices), torch.zeros(1, slices, SPINE_CLASSES))


def targets(slices: int = 3, **changes: Tensor) -> dict[str, Tensor]:
    one = torch.ones(1, slices)
    parts = {"centres": torch.zeros(1, slices, 2), "located": one, "existence": one, "decided": one}
    return parts | {"level": 9 * one, "sacrum": 0 * one, "named": one} | changes


NO_KNOWLEDGE = HEATMAP_WEIGHT * math.log(20) + EXISTENCE_WEIGHT * math.log(2) + LEVEL_WEIGHT * math.log(SPINE_CLASSES)


def test_the_loss_of_an_even_answer_worked_out_by_hand():
    # a cross-entropy is the logarithm of the number of choices: 20 pixels, to be or not to be, 25 levels and the sacrum
    assert curve_loss(even_answer(), targets()).item() == pytest.approx(NO_KNOWLEDGE, rel=1e-5)


def test_the_position_counts_in_millimetres():
    centres = torch.tensor([[[2.0, 1.0], [0.0, 0.0], [-1.0, 4.0]]])
    expected = 3.0 * ((2 + 1) / 2 + 0 + (1 + 4) / 2) / 3
    assert curve_loss(even_answer(), targets(centres=centres)).item() == pytest.approx(
        NO_KNOWLEDGE + expected, rel=1e-5
    )


def test_slices_without_a_place_have_no_position():
    located = torch.tensor([[1.0, 0.0, 0.0]])
    wrong = {"centres": torch.full((1, 3, 2), 2.0)}
    wrong["centres"][0, 0] = 0.0
    found = curve_loss(even_answer(), targets(located=located, **wrong)).item()
    assert found == pytest.approx(NO_KNOWLEDGE, rel=1e-5)
    nowhere = curve_loss(even_answer(), targets(located=torch.zeros(1, 3), **wrong)).item()
    assert nowhere == pytest.approx(NO_KNOWLEDGE - HEATMAP_WEIGHT * math.log(20), rel=1e-5)


def test_slices_without_a_name_say_nothing_of_the_level():
    output = even_answer()
    output.levels[0, 1:] = torch.arange(float(SPINE_CLASSES))
    found = curve_loss(output, targets(named=torch.tensor([[1.0, 0.0, 0.0]]))).item()
    assert found == pytest.approx(NO_KNOWLEDGE, rel=1e-5)
    nameless = curve_loss(output, targets(named=torch.zeros(1, 3))).item()
    assert nameless == pytest.approx(NO_KNOWLEDGE - LEVEL_WEIGHT * math.log(SPINE_CLASSES), rel=1e-5)


def test_a_slice_between_the_last_vertebra_and_the_sacrum_belongs_to_both():
    levels = torch.zeros(1, 3, SPINE_CLASSES)
    levels[..., 23], levels[..., SACRUM] = 1.0, 3.0
    normaliser = math.log(SPINE_CLASSES - 2 + math.exp(1) + math.exp(3))
    sacrum = torch.tensor([[0.0, 0.25, 1.0]])
    found = curve_loss(
        replace(even_answer(), levels=levels), targets(level=torch.full((1, 3), 24.0), sacrum=sacrum)
    ).item()
    expected = NO_KNOWLEDGE + LEVEL_WEIGHT * (normaliser - (1 + 1.5 + 3) / 3 - math.log(SPINE_CLASSES))
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_slice_between_two_levels_belongs_to_both():
    levels = torch.zeros(1, 3, SPINE_CLASSES)
    levels[..., 9], levels[..., 10] = 1.0, 3.0
    output = replace(even_answer(), levels=levels)
    normaliser = math.log(SPINE_CLASSES - 2 + math.exp(1) + math.exp(3))
    found = curve_loss(output, targets(level=torch.tensor([[10.0, 10.25, 11.0]]))).item()
    expected = NO_KNOWLEDGE + LEVEL_WEIGHT * (normaliser - (1 + 1.5 + 3) / 3 - math.log(SPINE_CLASSES))
    assert found == pytest.approx(expected, rel=1e-5)


def test_undecided_slices_say_nothing_of_the_existence():
    output = replace(even_answer(), existence=torch.tensor([[0.0, 50.0, -50.0]]))
    existence, decided = torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    found = curve_loss(output, targets(existence=existence, decided=decided)).item()
    assert found == pytest.approx(NO_KNOWLEDGE, rel=1e-5)
    found = curve_loss(output, targets(existence=existence)).item()
    assert found == pytest.approx(NO_KNOWLEDGE + EXISTENCE_WEIGHT * (100 - 2 * math.log(2)) / 3, rel=1e-4)
    assert math.isfinite(curve_loss(output, targets(decided=0 * decided, located=0 * decided)).item())


def test_the_heatmap_draws_the_logits_to_the_centre():
    output = even_answer(1, 8, 9)
    output.logits.requires_grad_()
    curve_loss(output, targets(1, centres=torch.tensor([[[6.0, 2.0]]]))).backward()
    push = -output.logits.grad[0, 0]
    assert divmod(int(push.argmax()), 9) == (2, 6)
    assert push[2, 6] > 0 > push[7, 0]


def tube_crop() -> VolumeCrop:
    """A small trunk whose spine is a bright tube in all but the last slices."""
    slices, rows, columns = np.indices((24, 16, 24))
    at = np.arange(24)
    centres = np.column_stack([9 + 4 * np.sin(at / 6), 6 + at / 6])
    distance = np.hypot(columns - centres[:, :1, None], rows - centres[:, 1:, None])
    exists = at < 18
    image = 40.0 + np.where((distance < 2.5) & exists[:, None, None], 400.0 + 150 * np.sin(slices * 1.5), 0)
    image += np.random.default_rng(0).normal(0, 20, image.shape)
    ones = np.ones(24)
    parts = (image, centres, exists, exists, ones, 8 + at / 5, np.zeros(24), exists)
    return VolumeCrop(*(np.asarray(part, np.float32) for part in parts))


def test_the_network_can_learn_one_volume_by_heart():
    torch.manual_seed(0)
    crop = tube_crop()
    batch = {field.name: torch.from_numpy(getattr(crop, field.name))[None] for field in fields(VolumeCrop)}
    net = SpineCurveNet((8, 8, 16))
    image = normalised(batch["image"])[:, None]
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(70):
        optimiser.zero_grad()
        loss = curve_loss(net(image), batch)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    with torch.no_grad():
        output = net.eval()(image)
    located = batch["located"] > 0
    error_mm = 3.0 * (output.centres - batch["centres"]).norm(dim=-1)[located]
    assert error_mm.mean() < 1.5
    assert ((output.existence > 0) == (batch["existence"] > 0)).float().mean() > 0.95
    assert (1 + output.levels.argmax(-1) - batch["level"]).abs()[located].mean() < 0.6


def sample(ends=(True, True)) -> VolumeSample:
    """A trunk with a straight spine between its ends."""
    rng = np.random.default_rng(0)
    matrix = np.diag([3.0, 3.0, 3.0, 1.0])
    voxels = rng.normal(40, 10, (70, 50, 60)).astype(np.float32)
    voxels[:, 23:27, 28:32] = 500
    z = np.arange(180.0, 20.0, -1.0)
    return VolumeSample(
        Volume(voxels, matrix), np.column_stack([0 * z + 88.5, 0 * z + 73.5, z]), 10 + (180 - z) / 25, ends
    )


def test_a_stream_gives_batches_of_whole_crops_for_ever():
    stream = VolumeStream([[sample()], [sample()]], batch_size=2, seed=4)
    for batch in islice(stream, 3):
        assert set(batch) == {field.name for field in fields(VolumeCrop)}
        assert batch["image"].dtype == torch.float32
        count, slices, *sides = batch["image"].shape
        assert count == 2
        assert all(side % 16 == 0 for side in (slices, *sides))
        assert batch["centres"].shape == (2, slices, 2)
        assert batch["level"].shape == batch["decided"].shape == (2, slices)
    first, again, other = (next(iter(VolumeStream([[sample()]], 1, seed))) for seed in (4, 4, 5))
    assert torch.equal(first["image"], again["image"])
    assert first["image"].shape != other["image"].shape or not torch.equal(first["image"], other["image"])


class Knowing(SpineCurveNet):
    """Answers with the truth of `sample`, but for an error of 2 voxels to one side and of half a level."""

    def forward(self, image: Tensor) -> CurveOutput:
        """Brightest voxel, two to the right."""
        logits = torch.roll(image[:, 0], 2, -1) * 50
        z = 3.0 * (69 - torch.arange(image.shape[2], dtype=torch.float32))[None]
        output = even_answer(image.shape[2])
        level = (10.5 + (180 - z) / 25)[..., None] - torch.arange(1, SPINE_CLASSES + 1)
        return replace(output, logits=logits, existence=torch.where(z > 100, 9.0, -9.0), levels=-level.abs())


def test_figures_of_held_out_trunks(monkeypatch):
    monkeypatch.setattr(curve, "locate_bodies", _without_mirror)
    found = held_out_metrics(Knowing((4, 8, 8)).eval(), [sample()])
    assert found["curve error mm"] == pytest.approx(6.0, abs=0.1)
    assert found["curve error p95 mm"] == pytest.approx(6.0, abs=0.1)
    assert found["existence within"] == pytest.approx(80 / 160, abs=0.03)
    assert found["level error"] == pytest.approx(0.5, abs=0.05)
    assert found["level within one"] == pytest.approx(1.0, abs=0.05)


def _without_mirror(locate_spine, volume):
    """A shift to one side is a shift to the other in the mirror image: undo the average of the two."""
    found = locate_bodies(locate_spine, volume)
    found.centres_ras[:, 0] += 6.0
    return found


def test_slices_that_were_not_scanned_are_not_measured():
    cut = sample()
    cut.volume.voxels[:30] = AIR_HU
    figures = held_out_metrics(Knowing((4, 8, 8)).eval(), [cut])
    assert figures["existence within"] > 0.85


def test_the_papers_recipe():
    paper = RECIPES["paper"]
    assert (paper.steps, paper.batch_size, paper.learning_rate) == (10_000, 3, 1e-3)


def write_case(folder: Path) -> None:
    """A reference case with a low-resolution image."""
    folder.mkdir(parents=True)
    for name in ("ct.nii.gz", "lowres.nii.gz"):
        write_image(folder / name, body_hu((36, 36, 36)).astype(np.int16), (3.0, 3.0, 3.0))
    pattern = np.array([[0.0, 12, 9], [0, 12, -9], [0, 0, 8], [0, 0, -8], [0, -12, 9], [0, -12, -9]])
    middle = np.array([-54.0, -70.0, 0.0])
    heights = {"T11": 80.0, "T12": 54.0, "L1": 28.0}
    vertebrae = [{"label": level, "ras": (pattern + middle + [0, 0, z]).tolist()} for level, z in heights.items()]
    curve_ras = [[*middle[:2], z] for z in (100, 80, 60, 40, 20, 5)]
    (folder / "reference.json").write_text(json.dumps({"vertebrae": vertebrae, "curve": curve_ras}))


def arguments(module, *given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(given)


def test_the_command_trains_on_cases_and_writes_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("VertebralFracturesLib.training.curve.random_crop_shape", lambda rng: (32, 32, 32))
    for name in ("one", "two"):
        write_case(tmp_path / "cases" / name)
    curve.run(arguments(
        curve, "-o", str(tmp_path / "out"), "--cases", str(tmp_path / "cases"), "--hold-out", "two", "--steps", "2",
        "--batch-size", "1", "--workers", "0", "--threads", "1"))  # fmt: skip
    load_weights(SpineCurveNet(), tmp_path / "out" / "spine_curve.npz")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "spine_curve.npz", "checkpoint.pt", "log.csv", "learning_curves.png"}  # fmt: skip
    assert "curve error mm" in (tmp_path / "out" / "log.csv").read_text()
    Image.open(tmp_path / "out" / "learning_curves.png").verify()
    pools, held_out = curve.training_pools(arguments(
        curve, "-o", "x", "--cases", str(tmp_path / "cases"), "--hold-out", "two"))  # fmt: skip
    assert [len(pool) for pool in pools] == [1]
    assert len(held_out) == 1


def test_training_without_held_out_cases_measures_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("VertebralFracturesLib.training.curve.random_crop_shape", lambda rng: (32, 32, 32))
    write_case(tmp_path / "cases" / "one")
    curve.run(arguments(
        curve, "-o", str(tmp_path / "out"), "--cases", str(tmp_path / "cases"), "--steps", "1",
        "--batch-size", "1", "--workers", "0", "--threads", "1"))  # fmt: skip
    assert (tmp_path / "out" / "spine_curve.npz").exists()
