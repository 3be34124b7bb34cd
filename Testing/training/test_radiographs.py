"""The networks for radiographs learn, from examples of which each is used a few times."""

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.training_samples import (
    projection,
)
from torch.utils.data import DataLoader
from VertebralFracturesLib.core.keypoints import depths_mm
from VertebralFracturesLib.core.spine_curve import curve_through_bodies
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.radiograph import views as radiograph_cache
from VertebralFracturesLib.simulation.radiograph.camera import Camera
from VertebralFracturesLib.simulation.radiograph.projection import densities
from VertebralFracturesLib.simulation.radiograph.views import (
    PIXEL_MM,
    SACRUM,
    Projection,
    flat_projections,
    projected_patient,
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


def case(name: str = "flat") -> TrainingCase:
    voxels = np.full((60, 50, 40), -1000, np.int16)
    voxels[:, 10:40, 10:30] = 0
    voxels[20:40, 20:30, 15:25] = 500
    matrix = np.array([[2.0, 0, 0, -40], [0, 2, 0, -50], [0, 0, 2, -60], [0, 0, 0, 1]])
    body = np.array([[0.0, y, z] for y, z in ((9, 19), (9, -19), (0, 18), (0, -18), (-9, 19), (-9, -19))])
    points = np.array([body + [0, 0, 20], body - [0, 0, 20]])
    return TrainingCase(name, lambda: Volume(voxels, matrix), points, np.array([20, 21]),
                        curve_through_bodies(points.mean(1)))  # fmt: skip


def shifted(slices: int) -> np.ndarray:
    matrix = np.eye(4)
    matrix[2, 3] = slices
    return matrix


def test_real_cts_are_projected_once(tmp_path: Path) -> None:
    made = real_projections(tmp_path, [case("a")], [case("a")], 2)
    assert len(made) == 2
    again = real_projections(tmp_path, [], [], 2)
    assert again == []
    broken = TrainingCase("a", lambda: pytest.fail("read again"), case().keypoints_ras, case().levels, case().curve)
    kept = real_projections(tmp_path, [broken], [broken], 2)
    np.testing.assert_array_equal(kept[0].integrals, made[0].integrals)
    assert made[0].integrals[1].max() > 0.5
    assert made[0].known_rows.shape == (1, 2)


def test_every_second_view_of_thin_slices_is_coarsened(tmp_path: Path) -> None:
    """Slices of 2 mm lose the edges of bone, and landmarks move by less than 1 mm; those of 3 mm stay as they are."""
    thin = case("thin")
    volume = thin.volume()
    stretched = np.diag([1.0, 1.0, 1.5, 1.0])
    thick = replace(
        thin,
        name="thick",
        volume=lambda: Volume(volume.voxels, stretched @ volume.ijk_to_ras),
        keypoints_ras=thin.keypoints_ras @ stretched[:3, :3],
    )
    for one, is_coarsened in ((thin, True), (thick, False)):
        made = real_projections(tmp_path, [one], [one], 4)
        plain = radiograph_cache._projections(radiograph_cache._real_views(one, one, 4, lambda view, rng: None))
        for number, (seen, known) in enumerate(zip(made, plain, strict=True)):
            moved_mm = np.abs(seen.keypoints_pixels - known.keypoints_pixels).max() * PIXEL_MM
            assert moved_mm < 1.0 if is_coarsened and number % 2 == 1 else moved_mm == 0.0
            differs = np.abs(seen.integrals.astype(float) - known.integrals.astype(float)).max() > 0.05
            assert differs == (is_coarsened and number % 2 == 1)


def test_a_patient_goes_on_where_a_ct_ends(tmp_path: Path) -> None:
    """Water 48 cm wide absorbs alike up to the edges of the picture, with a finer CT of its middle and without."""
    water = np.zeros((60, 50, 40), np.int16)
    matrix = np.diag([12.0, 8.0, 2.0, 1.0])
    matrix[:3, 3] = -234, -196, -60
    whole = replace(case("water"), volume=lambda: Volume(water, matrix))
    part = replace(case("part"), volume=lambda: Volume(water[15:45], matrix @ shifted(15)))
    for fine in (whole, part):
        (view,) = real_projections(tmp_path, [fine], [whole], 1)
        inner = view.integrals[0, :, 20:-20].astype(float)
        assert inner.min() > 0.9 * inner.max()


def test_cases_to_hold_out_are_not_drawn_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(radiographs, "synthetic_projections", lambda *_: ([projection()] * 6, []))
    monkeypatch.setattr(radiographs, "reference_cases", lambda *_: [case("a"), case("b")])
    args = argparse.Namespace(cache=tmp_path, phantoms=3, views=2, phantom_seed=1, cases=tmp_path,
                              hold_out=["b"], real_views=2, flat_cases=None)  # fmt: skip
    pools, held_out, _ = radiographs.projection_pools(args)
    assert [len(pool) for pool in pools] == [2, 2]
    assert {source: len(pool) for source, pool in held_out.items()} == {"synthetic": 4, "real": 2}
    kept = real_projections(tmp_path, [case("b")], [case("b")], 2)
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


def test_flat_images_are_taken_as_they_are() -> None:
    (one,) = flat_projections([case()])
    column, row = np.rint(one.keypoints_pixels[0].mean(0)).astype(int)
    volume = case().volume()
    top, front = volume.corners_ras()[:, 2].max(), volume.corners_ras()[:, 1].max()
    hu = volume.sample(np.array([0.0, front - column * PIXEL_MM, top - row * PIXEL_MM]))
    np.testing.assert_allclose(one.integrals[:, row, column], densities(hu[None])[:, 0] * 18.0, rtol=0.02)


def test_a_synthetic_patient_is_projected_with_its_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    slices = []

    class Clear:
        """Absorbs nothing."""

        def __init__(self, *_: object) -> None:
            pass

        def on_ct_grid(self, protocol: Protocol, rng: np.random.Generator) -> "Clear":
            slices.append((protocol.slice_spacing_mm, protocol.slice_thickness_mm))
            return self

        def integrals(self, camera: Camera) -> np.ndarray:
            return np.zeros((2, *camera.shape), np.float32)

        def frontal_integrals(self) -> np.ndarray:
            return np.zeros((2, 4, 4), np.float32)

    monkeypatch.setattr(radiograph_cache, "Absorber", Clear)
    (one,) = projected_patient(3, 1)
    assert one.levels[-1] == SACRUM
    assert np.isnan(one.keypoints_pixels[-1, 1::2]).all()
    assert (one.keypoints_pixels[:-1, 0, 0] < one.keypoints_pixels[:-1, 4, 0]).all()
    lumbar = one.keypoints_pixels[one.levels >= 17]
    assert (np.diff(np.nanmean(lumbar, 1)[:, 1]) > 0).all()
    assert ((lumbar[:-1] > 0) & (lumbar[:-1] < np.array(one.integrals.shape[:0:-1]))).all()
    assert not slices
    (read,) = projected_patient(3, 1, slices_mm=5.0)
    assert slices == [(5.0, 5.0)]
    depths, read_depths = (depths_mm(each.keypoints_pixels[:-1]) for each in (one, read))
    assert (read_depths > depths).all()
