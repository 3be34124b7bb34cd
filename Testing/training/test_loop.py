"""What every training does: the loop, its checkpoints and curves, what is held out, and randomness that repeats."""

import csv
import math
import pickle
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from VertebralFracturesLib.networks.weights import save_weights
from VertebralFracturesLib.training.loop import (
    Recipe,
    draw_learning_curves,
    split_patients,
    take_weights,
    train,
    worker_rng,
)

RECIPE = Recipe(steps=60, batch_size=4, learning_rate=1e-2, checkpoint_every=20)


class Stopped(Exception):
    pass


def small_net(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))


def batches(first: int = 0, stop_at: int | None = None) -> Iterator[Tensor]:
    for number in count(first):
        if number == stop_at:
            raise Stopped
        yield torch.randn(4, 3, generator=torch.Generator().manual_seed(number))


def loss(net: nn.Module, batch: Tensor) -> Tensor:
    return (net(batch).float() - batch.sum(1, keepdim=True)).square().mean()


def validate(net: nn.Module) -> dict[str, float]:
    assert not net.training
    with torch.no_grad():
        return {"error": loss(net, next(batches(9999))).item()}


def trained(folder: Path, data: Iterator[Tensor], recipe: Recipe = RECIPE, low_precision: bool = False) -> nn.Module:
    return train(small_net(), data, loss, validate, recipe, folder, "cpu", low_precision)


def rows(folder: Path, name: str) -> list[tuple[int, float]]:
    with (folder / "log.csv").open(newline="") as file:
        return [(int(step), float(value)) for step, which, value in csv.reader(file) if which == name]


@pytest.mark.parametrize("stop_at", [20, 33, 47])
def test_a_resumed_training_ends_where_an_unbroken_one_does(tmp_path, stop_at):
    whole = trained(tmp_path / "whole", batches())
    with pytest.raises(Stopped):
        trained(tmp_path / "broken", batches(stop_at=stop_at))
    kept = stop_at // 20 * 20
    resumed = trained(tmp_path / "broken", batches(first=kept))
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert [step for step, _ in rows(tmp_path / "broken", "error")] == [20, 40, 60]
    checkpoints = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "broken")]
    assert checkpoints[0]["step"] == checkpoints[1]["step"] == 60
    assert checkpoints[0]["schedule"] == checkpoints[1]["schedule"]


def test_a_finished_training_is_not_begun_again(tmp_path):
    first = trained(tmp_path, batches())
    again = trained(tmp_path, batches(stop_at=0))
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_the_rate_rises_and_falls_as_one_cycle(tmp_path, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step

    def noted(self, *args, **options):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *args, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    trained(tmp_path, batches())
    assert len(rates) == 60
    assert max(rates) == pytest.approx(1e-2, rel=0.01)
    assert rates.index(max(rates)) < 6
    assert rates[-1] < 1e-4
    assert rates == sorted(rates[: rates.index(max(rates))]) + sorted(rates[rates.index(max(rates)) :], reverse=True)


def test_the_weights_kept_are_an_average_that_learns(tmp_path):
    before = validate(small_net().eval())["error"]
    average = trained(tmp_path, batches(), Recipe(200, 4, 2e-2, 0.9, 100))
    assert validate(average)["error"] < 0.2 * before
    checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert not torch.equal(checkpoint["net"]["0.weight"], checkpoint["average"]["0.weight"])
    torch.testing.assert_close(checkpoint["average"]["0.weight"], average[0].weight.data)


def test_a_checkpoint_never_runs_code(tmp_path):
    class Harmful:
        def __reduce__(self):
            return Path.touch, (tmp_path / "harm",)

    torch.save({"net": Harmful()}, tmp_path / "checkpoint.pt")
    with pytest.raises(pickle.UnpicklingError):
        trained(tmp_path, batches())
    assert not (tmp_path / "harm").exists()


def test_log_and_learning_curves(tmp_path):
    trained(tmp_path, batches(), Recipe(120, 4, 1e-2, checkpoint_every=40))
    assert [step for step, _ in rows(tmp_path, "loss")] == [50, 100]
    assert [step for step, _ in rows(tmp_path, "error")] == [40, 80, 120]
    assert all(math.isfinite(value) and value > 0 for _, value in rows(tmp_path, "loss"))
    with Image.open(tmp_path / "learning_curves.png") as picture:
        assert picture.width > picture.height > 100
    assert not list(tmp_path.glob("*.tmp"))


def test_curves_are_drawn_of_nothing_and_of_values_without_logarithm(tmp_path):
    (tmp_path / "log.csv").write_text("")
    draw_learning_curves(tmp_path)
    assert not (tmp_path / "learning_curves.png").exists()
    (tmp_path / "log.csv").write_text("50,recall,0.0\n100,recall,0.9\n100,height error mm,nan\n")
    draw_learning_curves(tmp_path)
    Image.open(tmp_path / "learning_curves.png").verify()


def test_16_bit_arithmetic_learns_too(tmp_path):
    before = validate(small_net().eval())["error"]
    average = trained(tmp_path, batches(), Recipe(150, 4, 2e-2, 0.9, 150), low_precision=True)
    assert validate(average)["error"] < 0.3 * before
    assert average[0].weight.dtype == torch.float32


def test_a_gradient_that_is_not_finite_stops_the_training(tmp_path):
    def diverging():
        yield from islice(batches(), 3)
        yield next(batches()) * float("inf")

    with pytest.raises(FloatingPointError, match="step 4: the gradient is not finite"):
        trained(tmp_path, diverging())
    assert not (tmp_path / "checkpoint.pt").exists()


def test_weights_that_fit_are_taken_from_another_training(tmp_path):
    average = trained(tmp_path, batches())
    wider = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
    before = wider[2].weight.detach().clone()
    take_weights(wider, tmp_path / "checkpoint.pt")
    torch.testing.assert_close(wider[0].weight, average[0].weight)
    torch.testing.assert_close(wider[2].weight, before)


def test_weight_files_are_taken_as_a_start(tmp_path):
    average = trained(tmp_path, batches())
    save_weights(average, tmp_path / "weights.npz")
    other = nn.Sequential(*(type(part)(3, 8) if isinstance(part, nn.Linear) else part for part in average[:2]))
    take_weights(other, tmp_path / "weights.npz")
    torch.testing.assert_close(other[0].weight, average[0].weight, atol=1e-2, rtol=1e-2)


def test_the_data_may_be_endless(tmp_path):
    data = batches()
    trained(tmp_path, data)
    expected = next(islice(batches(), 60, None))
    torch.testing.assert_close(next(data), expected)


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (19, 1), (40, 2), (100, 5)])
def test_a_twentieth_is_held_out_and_never_drawn(count: int, expected: int) -> None:
    samples = list(range(count))
    drawn, held_out = split_patients(samples)
    assert len(held_out) == expected
    assert sorted([*drawn, *held_out]) == samples


def test_randomness_repeats_with_its_seed() -> None:
    assert worker_rng(3).integers(1000, size=5).tolist() == worker_rng(3).integers(1000, size=5).tolist()
    assert worker_rng(3).integers(1000, size=5).tolist() != worker_rng(4).integers(1000, size=5).tolist()
