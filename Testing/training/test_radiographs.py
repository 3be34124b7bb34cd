"""The networks for radiographs learn, from examples of which each is used a few times."""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.training_samples import (
    boxes_case,
    projection,
)
from torch.utils.data import DataLoader
from VertebralFracturesLib.simulation.radiograph.views import (
    SACRUM,
    Projection,
    real_projections,
)
from VertebralFracturesLib.training import radiographs


@pytest.mark.parametrize("network", ["step-one", "refiner"])
def test_the_networks_learn(network: str) -> None:
    torch.manual_seed(1)
    draw, loss, figures = {
        "step-one": (radiographs.image_example, radiographs.step_one_loss, radiographs.step_one_figures),
        "refiner": (radiographs.crop_examples, radiographs.refiner_loss, radiographs.refiner_figures),
    }[network]
    frontal = [np.full((2, 110, 90), 15, np.float16)]
    batches = iter(DataLoader(radiographs.ExampleStream([[projection()]], frontal, draw, 1), 4))
    batch = next(batches)
    net = radiographs.NETWORKS[network]()
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3)
    values = []
    for _ in range(7):
        optimiser.zero_grad()
        torch.manual_seed(2)
        value = loss(net, batch)
        value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        values.append(float(value.detach()))
    assert values[-1] < 0.9 * values[0]
    with torch.inference_mode():
        assert all(np.isfinite(figure) for figure in figures(net, next(batches)).values())


@pytest.mark.parametrize("uses", [1, 4])
def test_examples_are_mixed_and_used_a_few_times_each(uses: int) -> None:
    def draw(projection: Projection, frontal: list, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
        yield {"number": next(numbers)}

    numbers = itertools.count()
    stream = radiographs.ExampleStream([[projection()]], [], draw, 1, room=50, uses=uses)
    drawn = np.array([example["number"] for example in itertools.islice(stream, 4000)])
    assert len(drawn) / (drawn.max() + 1) == pytest.approx(uses, rel=0.1)
    assert np.mean(np.diff(drawn) == 0) < 0.05
    assert np.mean(np.abs(np.diff(drawn)) <= 1) < 0.1
    assert len(np.unique(drawn)) > 0.9 * len(drawn) / uses


def test_frontal_turned_and_spineless_images_ask_for_no_bodies() -> None:
    rng, frontal = np.random.default_rng(5), [np.full((2, 110, 90), 15, np.float16)]
    examples = [next(radiographs.image_example(projection(), frontal, rng)) for _ in range(60)]
    nothing = [one for one in examples if (one["view"] == 0.5).all()]
    assert 0 < len(nothing) < 15
    assert all(one["count"] == 0 and one["judged"].all() for one in nothing)
    special = [one for one in examples if one["view"].max() == 1]
    assert 5 < len(special) < 30
    assert all(one["count"] == 0 for one in special)
    assert {int(one["view"].argmax()) for one in special} == {0, 1, 2}
    assert np.mean([one["count"] > 0 for one in examples if not one["view"].any()]) > 0.95


def test_levels_between_classes_are_shared() -> None:
    shares = radiographs._level_shares(np.array([8.0, 19.6, 24.0, 24.6, SACRUM]))
    assert shares[0, 7] == 1
    np.testing.assert_allclose(shares[1, [18, 19]], [0.4, 0.6])
    assert shares[2, 23] == shares[3, 24] == shares[4, 25] == 1
    np.testing.assert_allclose(shares.sum(1), 1)


def test_cases_to_hold_out_are_not_drawn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radiographs, "synthetic_projections", lambda *_: ([projection()] * 6, []))
    monkeypatch.setattr(radiographs, "reference_cases", lambda *_: [boxes_case("a"), boxes_case("b")])
    args = argparse.Namespace(cache=tmp_path, phantoms=3, views=2, phantom_seed=1, cases=tmp_path,
                              hold_out=["b"], real_views=2, flat_cases=None)  # fmt: skip
    pools, held_out, _ = radiographs.projection_pools(args)
    assert [len(pool) for pool in pools] == [2, 2]
    assert {source: len(pool) for source, pool in held_out.items()} == {"synthetic": 4, "real": 2}
    kept = real_projections(tmp_path, [boxes_case("b")], [boxes_case("b")], 2)
    np.testing.assert_array_equal(held_out["real"][0].integrals, kept[0].integrals)


def test_another_seed_learns_from_the_same_patients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def phantoms(cache: Path, count: int, views: int, seed: int) -> tuple[list[Projection], list[np.ndarray]]:
        asked.append(seed)
        return [projection()] * 6, []

    monkeypatch.setattr(radiographs, "synthetic_projections", phantoms)
    parser = argparse.ArgumentParser()
    radiographs.add_arguments(parser)
    common = ["--network", "refiner", "-o", str(tmp_path), "--phantoms", "3"]
    for more in ((), ("--seed", "5"), ("--phantom-seed", "2")):
        radiographs.projection_pools(parser.parse_args([*common, *more]))
    assert asked == [1000, 1000, 2000]
