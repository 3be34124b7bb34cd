import numpy as np
import pytest
import torch
from VertebralFracturesLib.core.image_classification import ROW_CLASSES, ROWS_PER_POSITION
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import SLAB_SIZE, SpineSlab, slab_frame
from VertebralFracturesLib.networks.fracture_sequence_net import FractureSequenceNet, bag_logit, read_rows

CURVE = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(0, -140, 8)], np.ones(8))
VARIANTS = [(representation, answers) for representation in ("2d", "2.5d", "3d") for answers in ("positions", "bag")]


def net(representation="3d", answers="positions") -> FractureSequenceNet:
    torch.manual_seed(0)
    return FractureSequenceNet(representation, answers).eval()


def slab(seed: int = 0) -> SpineSlab:
    frame = slab_frame(CURVE, None)
    return SpineSlab(np.random.default_rng(seed).normal(100, 200, frame.shape).astype(np.float32), frame)


@pytest.mark.parametrize(("representation", "answers"), VARIANTS)
def test_every_variant_answers_for_every_position(representation, answers):
    logits = net(representation, answers)(torch.zeros(2, *SLAB_SIZE, 24))
    assert logits.shape == (2, 24 // ROWS_PER_POSITION, ROW_CLASSES if answers == "positions" else 1)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize(("representation", "seen"), [("2d", {7, 8}), ("2.5d", {0, 1, 4, 5, 7, 8, 10, 11, 14, 15})])
def test_what_a_representation_reads(representation, seen):
    torch.manual_seed(1)
    image = torch.randn(1, *SLAB_SIZE, 8, requires_grad=True)
    net(representation)(image).square().sum().backward()
    read = image.grad.abs().sum((0, 2, 3)) > 0
    assert read[list(seen & {7, 8})].all()
    if representation == "2d":
        assert set(torch.nonzero(read).flatten().tolist()) == seen
    else:
        assert read.sum() == 10


def test_probabilities_sum_to_one_and_cover_the_slab():
    one = slab()
    shares = read_rows(net(), one.image)
    assert shares.shape == (-(-one.image.shape[2] // ROWS_PER_POSITION), ROW_CLASSES)
    np.testing.assert_allclose(shares.sum(1), 1.0, atol=1e-5)


def test_left_and_right_are_alike_and_runs_repeat():
    one = slab()
    mirrored = SpineSlab(np.ascontiguousarray(one.image[::-1]), one.frame)
    np.testing.assert_allclose(read_rows(net(), one.image), read_rows(net(), mirrored.image), atol=1e-5)
    np.testing.assert_array_equal(read_rows(net(), one.image), read_rows(net(), one.image))


def test_the_bag_is_a_soft_maximum_over_what_counts():
    logits = torch.tensor([[0.0, 5.0, -3.0, 1.0]])
    every = bag_logit(logits, torch.ones(1, 4))
    assert every.item() == pytest.approx(np.log(np.exp([0.0, 5.0, -3.0, 1.0]).mean()), abs=1e-5)
    without = bag_logit(logits, torch.tensor([[1.0, 0.0, 1.0, 1.0]]))
    assert without.item() <= 1.0
    far = torch.tensor([[50.0, -5.0, -5.0, -5.0]])
    assert bag_logit(far, torch.tensor([[0.0, 1.0, 1.0, 1.0]])).item() == pytest.approx(-5.0)
    assert bag_logit(torch.full((1, 9), 2.0), torch.ones(1, 9)).item() == pytest.approx(2.0)
    assert torch.isfinite(bag_logit(logits, torch.zeros(1, 4))).all()
