import numpy as np
import pytest
import torch
from helpers.perfect_maps import perfect_anchors, perfect_regions
from helpers.spine_shapes import upright_bodies_mm
from torch import Tensor
from VertebralFracturesLib.ct.anchor_free import OFFSET_UNIT_MM, SHORT_UNIT_MM, region_targets
from VertebralFracturesLib.ct.anchors import anchor_sizes_mm, anchor_targets
from VertebralFracturesLib.training.vertebrae import (
    LONG_WEIGHT,
    SCALE_WEIGHT,
    SHORT_WEIGHT,
    VertebraTargets,
    anchor_loss,
    region_loss,
    vertebra_loss,
)

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
