"""``train radiographs``: the networks for lateral radiographs (Cina 2021), step by step."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from ..io.training_case import flat_cases, reference_cases
from ..networks.dsnt import dsnt_losses, expected_points, heatmaps
from ..networks.radiograph_nets import WINDOW, LandmarkRefiner, StepOne, centre_windows
from ..radiograph.network_input import (
    CELL,
    CROP_SIDE,
    LEVEL_CHANNELS,
    SACRUM_CHANNEL,
    STEP_ONE_FIRST_MM,
    STEP_ONE_INPUT_MM,
    STEP_ONE_PIXEL_MM,
)
from ..radiograph.networks import VIEW_QUESTIONS
from ..simulation.radiograph.views import (
    FRONTAL_PIXEL_MM,
    SACRUM,
    Projection,
    flat_projections,
    real_projections,
    synthetic_projections,
)
from .loop import Batch, Recipe, add_common_arguments, chosen_recipe, train_and_save, worker_rng
from .samples.radiographs import RadiographSample, random_crops, random_sample, spineless_sample, without_bodies

RECIPES = {
    "step-one": Recipe(steps=800, batch_size=8, learning_rate=3e-3, average_decay=0.99, checkpoint_every=100),
    "refiner": Recipe(steps=1600, batch_size=24, learning_rate=3e-3, average_decay=0.99, checkpoint_every=100),
}
NETWORKS: dict[str, Callable[[], nn.Module]] = {"step-one": StepOne, "refiner": LandmarkRefiner}
SHAPE = (320, 192)
"""Rows and columns of the images that step 1 learns from."""

_MOST_BODIES = 24
_SHARES = (0.65, 0.25, 0.1)
_HELD_OUT_PATIENTS = 2
_VALIDATION_BATCHES = 5
_CROPS_PER_PROJECTION = 12
_ROOM = 1000
_SPECIAL_SHARE, _SPINELESS_SHARE = 0.25, 0.08
_NOBODY_CAN_SAY = 0.5
_REGION_PIXELS = 1.5
_LEVEL_SHARE, _VIEW_SHARE, _LANDMARK_SHARE = 0.3, 0.3, 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_common_arguments(parser, RECIPES)
    parser.set_defaults(recipe=None)
    parser.add_argument("--network", choices=list(NETWORKS), required=True, help="the network to train")
    parser.add_argument("--flat-cases", type=Path, help="folder of reference cases of one sagittal image each")
    parser.add_argument("--views", type=int, default=3, help="projections of each synthetic patient")
    parser.add_argument("--uses", type=int, default=1, help="average number of times each training image is used")
    parser.add_argument("--real-views", type=int, default=8, help="projections of each real CT")


def run(args: argparse.Namespace) -> None:
    """Train, and write the weights into the output folder."""
    torch.manual_seed(args.seed)
    args.recipe = args.recipe or args.network
    recipe = chosen_recipe(args, RECIPES)
    pools, held_out, frontal = projection_pools(args)
    draw, loss, figures = {
        "step-one": (image_example, step_one_loss, step_one_figures),
        "refiner": (crop_examples, refiner_loss, refiner_figures),
    }[args.network]
    examples = ExampleStream(pools, frontal, draw, args.seed, _ROOM, args.uses)
    batches = iter(DataLoader(examples, recipe.batch_size, num_workers=args.workers))
    validation = {}
    for source, pool in held_out.items():
        stream = iter(DataLoader(ExampleStream([pool], frontal[:1], draw, args.seed + 1), recipe.batch_size))
        validation[source] = [next(stream) for _ in range(_VALIDATION_BATCHES)]
    torch.set_num_threads(args.threads)

    def validate(net: nn.Module) -> dict[str, float]:
        device = next(net.parameters()).device
        means = {}
        for source, made in validation.items():
            with torch.inference_mode():
                found = [figures(net, {key: value.to(device) for key, value in batch.items()}) for batch in made]
            means.update({f"{source} {name}": float(np.nanmean([one[name] for one in found])) for name in found[0]})
        return means

    train_and_save(
        args, NETWORKS[args.network](), batches, loss, validate, recipe, f"radiograph_{args.network.replace('-', '_')}"
    )


def projection_pools(
    args: argparse.Namespace,
) -> tuple[list[list[Projection]], dict[str, list[Projection]], list[NDArray]]:
    """Projections to draw from, a pool a source, those held out, and frontal ones.

    :return: pools of synthetic patients, real CTs and single sagittal images, those that were asked for; by source,
        projections of a few synthetic patients and of the cases named by ``--hold-out``, which are held out; frontal
        line integrals (2, rows, columns) each.
    """
    lateral, frontal = synthetic_projections(args.cache, args.phantoms, args.views, 1000 * args.phantom_seed)
    reserved = _HELD_OUT_PATIENTS * args.views
    pools, held_out = [lateral[reserved:]], {"synthetic": lateral[:reserved]}
    if args.cases:
        drawn: list[Projection] = []
        kept: list[Projection] = []
        for fine, whole in zip(reference_cases(args.cases), reference_cases(args.cases, "lowres.nii.gz"), strict=True):
            views = real_projections(args.cache, [fine], [whole], args.real_views)
            (kept if fine.name in args.hold_out else drawn).extend(views)
        pools.append(drawn)
        if kept:
            held_out["real"] = kept
    if args.flat_cases:
        pools.append(flat_projections(flat_cases(args.flat_cases)))
    return pools, held_out, frontal


Draw = Callable[[Projection, list[NDArray], np.random.Generator], Iterator[dict[str, Any]]]


class ExampleStream(IterableDataset):
    """Endless examples, sources taking turns.

    :param pools: one pool a source.
    :param frontal: frontal line integrals.
    :param draw: makes examples of a projection.
    :param seed: of the randomness.
    :param room: examples that are kept to be mixed; those of one projection are drawn one after another.
    :param uses: how often each example is used, on average.
    """

    def __init__(
        self, pools: list[list[Projection]], frontal: list[NDArray], draw: Draw, seed: int, room: int = 1, uses: int = 1
    ) -> None:
        self.pools, self.frontal, self.draw, self.seed = pools, frontal, draw, seed
        self.room, self.uses = room, uses

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rng = worker_rng(self.seed)
        return _mixed(self._drawn(rng), self.room, self.uses, rng)

    def _drawn(self, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
        shares = np.array(_SHARES[: len(self.pools)])
        while True:
            pool = self.pools[rng.choice(len(self.pools), p=shares / shares.sum())]
            yield from self.draw(pool[rng.integers(len(pool))], self.frontal, rng)


def _mixed(drawn: Iterator[dict[str, Any]], room: int, uses: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Examples in another order, which come back now and then."""
    kept = [next(drawn) for _ in range(room)]
    while True:
        place = rng.integers(room)
        yield kept[place]
        if rng.random() < 1 / uses:
            kept[place] = next(drawn)


def image_example(projection: Projection, frontal: list[NDArray], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """An image for step 1; some are mirrored, inverted, frontal or of nothing, and then ask for nothing else."""
    if rng.random() < _SPINELESS_SHARE:
        nothing = _targets(spineless_sample(SHAPE, STEP_ONE_INPUT_MM, rng))
        yield {**nothing, "view": np.full(len(VIEW_QUESTIONS), _NOBODY_CAN_SAY, np.float32)}
        return
    sample = random_sample(projection, SHAPE, STEP_ONE_INPUT_MM, rng)
    view = np.zeros(len(VIEW_QUESTIONS), np.float32)
    if rng.random() < _SPECIAL_SHARE:
        kind = int(rng.integers(3))
        view[kind] = 1
        if kind == 2:
            sample = _frontal_sample(frontal[rng.integers(len(frontal))], rng)
    example = _targets(sample)
    if view[0]:
        example["image"] = np.ascontiguousarray(example["image"][:, :, ::-1])
    if view[1]:
        example["image"] = -example["image"]
    if view.any():
        example["count"], example["judged"] = 0, np.zeros_like(example["judged"])
        if view[2]:
            example["judged"][:] = 1
    yield {**example, "view": view}


def _frontal_sample(integrals: NDArray, rng: np.random.Generator) -> RadiographSample:
    flipped = integrals[:, :, :: int(rng.choice([-1, 1]))].astype(np.float32)
    whole = Projection(flipped.astype(np.float16), FRONTAL_PIXEL_MM, _four_corners(flipped.shape), np.full(4, 10.0),
                       np.array([[-np.inf, np.inf]]))  # fmt: skip
    sample = random_sample(whole, SHAPE, STEP_ONE_INPUT_MM, rng)
    return without_bodies(sample.channels, sample.pixel_mm)


def _four_corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Places (4, 6, 2) around the middle of an image, for samples to be centred on."""
    rows = np.array([0.3, 0.45, 0.6, 0.75]) * shape[1]
    return np.repeat(np.stack([np.full(4, shape[2] / 2), rows], -1)[:, None], 6, 1)


def _targets(sample: RadiographSample) -> dict[str, Any]:
    """What both networks of step 1 learn from a sample, with room for the most bodies."""
    points, levels = sample.keypoints_mm[:_MOST_BODIES], sample.levels[:_MOST_BODIES]
    count = len(points)
    padded = np.full((_MOST_BODIES, 6, 2), np.nan, np.float32)
    padded[:count] = points
    shares = np.zeros((_MOST_BODIES, LEVEL_CHANNELS), np.float32)
    shares[:count] = _level_shares(levels)
    centres = np.zeros((_MOST_BODIES, 2), np.float32)
    centres[:count] = body_centres(points)
    return {
        "image": sample.channels,
        "judged": sample.judged[::2, ::2].astype(np.float32),
        "keypoints": padded,
        "centres": centres,
        "levels": shares,
        "count": count,
    }


def body_centres(keypoints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centres (n, 2) of bodies (n, 6, 2); of the sacrum a place below the middle of its superior endplate."""
    along = keypoints[:, 4] - keypoints[:, 0]
    below = (keypoints[:, 0] + keypoints[:, 4]) / 2 + 0.3 * np.stack([-along[:, 1], along[:, 0]], -1)
    whole = keypoints.mean(1)
    return np.where(np.isnan(whole), below, whole)


def _level_shares(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much (n, 26) of each level belongs to each class; a supernumerary one lies between two."""
    classes = np.arange(LEVEL_CHANNELS)
    regular = np.where(levels == SACRUM, SACRUM_CHANNEL, np.where(levels > 24, 24, levels - 1))
    return np.maximum(1 - np.abs(regular[:, None] - classes), 0)


def step_one_loss(net: nn.Module, batch: Batch) -> Tensor:
    """Detection, DSNT of each centre within its window, levels, how the image lies, and the landmarks."""
    logits, level_logits, view = (part.float() for part in _step_one(net).finder(batch["image"]))
    index, rows, columns, pixels = _body_pixels(batch, 1.0, logits.shape[1:])
    detection = _focal(logits, _centre_map(batch, logits), batch["judged"], len(index))
    questions = functional.binary_cross_entropy_with_logits(view, batch["view"])
    if not len(index):
        return detection + _VIEW_SHARE * questions
    windows = centre_windows(logits, index, rows, columns)
    places = (pixels - torch.stack([columns, rows], -1)) / (WINDOW + 0.5)
    wanted = batch["levels"][_present(batch)]
    named = -(level_logits[index, :, rows, columns].log_softmax(-1) * wanted).sum(-1).mean()
    placed = dsnt_losses(windows, places).mean()
    return detection + placed + _LEVEL_SHARE * named + _VIEW_SHARE * questions + _LANDMARK_SHARE * _off(net, batch)


def _step_one(net: nn.Module) -> StepOne:
    return cast(StepOne, net)


def _off(net: nn.Module, batch: Batch) -> Tensor:
    """Mean absolute error of the known landmarks in mm, at pixels about the centres of the bodies."""
    found, wanted = _offsets(net, batch)
    known = wanted.isfinite()
    return (found - wanted.nan_to_num())[known].abs().mean()


def _offsets(net: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Regressed and true offsets (n, 6, 2) in mm at pixels about the centres of the bodies."""
    output = _step_one(net).regressor(batch["image"]).float()
    index, rows, columns, _ = _body_pixels(batch, _REGION_PIXELS, output.shape[3:])
    pixels_mm = torch.stack([columns, rows], -1) * STEP_ONE_PIXEL_MM + STEP_ONE_FIRST_MM
    return output[index, :, :, rows, columns], batch["keypoints"][_present(batch)] - pixels_mm[:, None]


def _present(batch: Batch) -> Tensor:
    return torch.arange(_MOST_BODIES, device=batch["count"].device) < batch["count"][:, None]


def _body_pixels(batch: Batch, off: float, shape: torch.Size) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Image, nearest row and column up to some pixels off, and exact place (n, 2) in pixels of every body's centre."""
    index, body = _present(batch).nonzero(as_tuple=True)
    pixels = (batch["centres"][index, body] - STEP_ONE_FIRST_MM) / STEP_ONE_PIXEL_MM
    nearest = (pixels + (torch.rand_like(pixels) - 0.5) * 2 * off).round().long()
    columns, rows = (nearest[:, axis].clamp(0, shape[1 - axis] - 1) for axis in (0, 1))
    return index, rows, columns, pixels


def _centre_map(batch: Batch, logits: Tensor, sigma: float = 1.2) -> Tensor:
    """Gaussians around the centres, 1 at the pixel nearest to each."""
    present = _present(batch)
    nearest = ((batch["centres"] - STEP_ONE_FIRST_MM) / STEP_ONE_PIXEL_MM).round()
    rows = torch.arange(logits.shape[1], device=logits.device) - nearest[..., 1:]
    columns = torch.arange(logits.shape[2], device=logits.device) - nearest[..., :1]
    down, across = (torch.exp(-(distance**2) / (2 * sigma**2)) for distance in (rows, columns))
    return (down[..., None] * across[..., None, :] * present[..., None, None]).amax(1)


def _focal(logits: Tensor, target: Tensor, judged: Tensor, count: int) -> Tensor:
    """Focal loss of a map of centres (Law 2018), where the absence of a body is known."""
    probability = logits.sigmoid()
    hit = target > 0.99
    at_centres = (1 - probability[hit]) ** 2 * functional.logsigmoid(logits[hit])
    elsewhere = (1 - target) ** 4 * probability**2 * functional.logsigmoid(-logits) * judged * ~hit
    return -(at_centres.sum() + elsewhere.sum()) / max(count, 1)


def step_one_figures(net: nn.Module, batch: Batch) -> dict[str, float]:
    """Distances of centres and landmarks, share of correct levels, and of correctly answered questions on the view."""
    logits, level_logits, view = _step_one(net).finder(batch["image"])
    index, rows, columns, pixels = _body_pixels(batch, 1.0, logits.shape[1:])
    windows = centre_windows(logits, index, rows, columns)
    places = expected_points(heatmaps(windows)) * (WINDOW + 0.5) + torch.stack([columns, rows], -1)
    named = level_logits[index, :, rows, columns].argmax(-1) == batch["levels"][_present(batch)].argmax(-1)
    found, wanted = _offsets(net, batch)
    return {
        "centre mm": float((places - pixels).norm(dim=-1).median() * STEP_ONE_PIXEL_MM),
        "landmark mm": float((found - wanted).norm(dim=-1).nanmedian()),
        "level": float(named.float().mean()),
        "score": float(logits.sigmoid()[index, rows, columns].mean()),
        "view": float(((view > 0) == (batch["view"] > 0.5))[batch["view"] != _NOBODY_CAN_SAY].float().mean()),
    }


def crop_examples(projection: Projection, frontal: list[NDArray], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Crops around a few bodies of a projection."""
    crops, places = random_crops(projection, _CROPS_PER_PROJECTION, rng)
    for crop, points in zip(crops, places, strict=True):
        yield {"image": crop, "places": points.astype(np.float32)}


def refiner_loss(net: nn.Module, batch: Batch) -> Tensor:
    """DSNT loss of the landmarks that are known and within the crop."""
    logits = net(batch["image"]).float()
    known = (batch["places"].abs() < 1).all(-1)
    return dsnt_losses(logits[known], batch["places"][known], CELL).mean()


def refiner_figures(net: nn.Module, batch: Batch) -> dict[str, float]:
    """Median error along and across the endplates in percent of the longest side of the body."""
    error = (expected_points(heatmaps(net(batch["image"]))) - batch["places"]).abs() * 50 * CROP_SIDE
    known = (batch["places"].abs() < 1).all(-1)
    return {"x %": float(error[known][:, 0].median()), "y %": float(error[known][:, 1].median())}
