"""Cross-validation: both networks are trained on all folds but one and measured on that one, fold by fold.

Every fold is a folder of its own with what the training commands write and, once it was measured, its results: a run
that was broken goes on where it stood.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from ...core.heights.genant import DEFAULT_PRESET
from ...errors import UnusableInput
from ...files import write_text
from ...io.reference_case import ReferenceCase, find_cases
from ..evaluate import Evaluation, evaluate_cases, summarized
from ..pages.files import case_document, read_case_result
from ..results import CaseResult
from .claimed_folder import claim_folder

if TYPE_CHECKING:
    from ...networks.ct_networks import TrainedCtNetworks
    from ...networks.vertebra_net import VertebraNet

_SETTINGS_FILE = "cross-validation.json"
_RESULTS_FILE = "results.json"


@dataclass(frozen=True)
class Settings:
    """What a cross-validation is of; a folder belongs to one.

    :param cases: absolute path of the folder of reference cases.
    :param folds: number of folds.
    :param detector: which detector is trained.
    :param preset: cut-offs of the grades in the reports.
    :param seed: of the split and of the trainings.
    :param device: where the networks are trained and run.
    :param curve_options: further arguments of ``train curve``.
    :param vertebrae_options: further arguments of ``train vertebrae``.
    """

    cases: str
    folds: int = 5
    detector: Literal["anchor-free", "anchor"] = "anchor-free"
    preset: str = DEFAULT_PRESET
    seed: int = 1
    device: str = "auto"
    curve_options: tuple[str, ...] = ()
    vertebrae_options: tuple[str, ...] = ()


def cross_validate(settings: Settings, folder: Path, facts: Mapping[str, str]) -> Evaluation:
    """Train and measure every fold that is not done yet, and pool all.

    :param settings: what to do.
    :param folder: made if it does not exist; it may hold folds of the same settings.
    :param facts: what was evaluated, for readers.
    :raises UnusableInput: too few cases, options that training refuses, or a folder of other settings.
    """
    cases = {case.name: case for case in find_cases(settings.cases)}
    folds = split(list(cases), settings.folds, settings.seed)
    _training_arguments(settings, folder, ())
    claim_folder(folder, _SETTINGS_FILE, settings)
    results = []
    for number, names in enumerate(folds, 1):
        held_out = [cases[name] for name in names]
        results.append(_fold_results(settings, folder / f"fold-{number}", held_out))
    return summarized([case for fold in results for case in fold], facts, results)


def split(names: Sequence[str], folds: int, seed: int) -> list[list[str]]:
    """Split cases at random into folds whose sizes differ by one at most.

    :param names: of the cases.
    :param folds: how many folds.
    :param seed: of the randomness.
    :return: sorted names of each fold.
    :raises UnusableInput: fewer cases than folds.
    """
    if len(names) < folds:
        raise UnusableInput(f"{len(names)} cases cannot make {folds} folds: choose fewer with --folds")
    order = np.random.default_rng(seed).permutation(sorted(names))
    return [sorted(str(name) for name in order[start::folds]) for start in range(folds)]


def _fold_results(settings: Settings, folder: Path, held_out: Sequence[ReferenceCase]) -> list[CaseResult]:
    """Results of a fold: those it has, or those of networks trained without its cases."""
    file = folder / _RESULTS_FILE
    if file.exists():
        return [read_case_result(document) for document in json.loads(file.read_text(encoding="utf-8"))]
    models = train_fold(settings, folder, [case.name for case in held_out])
    results = _measure(settings, models, held_out)
    write_text(file, json.dumps([case_document(case) for case in results], indent=1, allow_nan=False) + "\n")
    return results


def train_fold(settings: Settings, folder: Path, held_out: Sequence[str]) -> "TrainedCtNetworks":
    """Train both networks on the other folds by the training commands.

    :param settings: of the cross-validation.
    :param folder: takes one folder a network; a broken training goes on.
    :param held_out: names of the cases that are not trained on.
    :return: the trained networks.
    :raises UnusableInput: arguments that the training commands refuse.
    """
    from ...networks.ct_networks import CURVE_WEIGHTS, TrainedCtNetworks
    from ...networks.devices import choose_device
    from ...networks.spine_curve_net import SpineCurveNet
    from ...networks.weights import loaded
    from ...training import curve

    print(f"{folder.name}: training without {', '.join(held_out)}", file=sys.stderr, flush=True)
    for_curve, for_vertebrae = _training_arguments(settings, folder, held_out)
    curve.run(for_curve)
    device = choose_device(settings.device)
    spine_curve = loaded(SpineCurveNet(), for_curve.output / f"{CURVE_WEIGHTS}.npz", device)
    detector = trained_detector(for_vertebrae)
    return TrainedCtNetworks(spine_curve, detector, {"fold": folder.name})


def trained_detector(arguments: argparse.Namespace) -> "VertebraNet":
    """Train the detection network by its training command.

    :param arguments: of ``train vertebrae``; a broken training in their output folder goes on.
    :return: the trained network, on their device, in evaluation mode.
    """
    from ...networks.ct_networks import VERTEBRA_WEIGHTS
    from ...networks.devices import choose_device
    from ...networks.vertebra_net import VertebraNet
    from ...networks.weights import loaded
    from ...training import vertebrae

    vertebrae.run(arguments)
    file = arguments.output / f"{VERTEBRA_WEIGHTS[arguments.detector]}.npz"
    return loaded(VertebraNet(arguments.detector), file, choose_device(arguments.device))


class _Parser(argparse.ArgumentParser):
    """Reports wrong options as unusable input."""

    def error(self, message: str) -> NoReturn:
        """Refuse, in words."""
        raise UnusableInput(f"training does not take these options: {message}")


def _training_arguments(
    settings: Settings, folder: Path, held_out: Sequence[str]
) -> tuple[argparse.Namespace, argparse.Namespace]:
    """Arguments of both training commands for one fold; what the cross-validation sets overrides the options.

    :raises UnusableInput: they do not take the options.
    """
    from ...training import curve, vertebrae

    shared = ["--cases", settings.cases, "--seed", str(settings.seed), "--device", settings.device]
    for_curve = [*settings.curve_options, *shared, "-o", str(folder / "curve")]
    for_vertebrae = [*settings.vertebrae_options, *shared, "-o", str(folder / "vertebrae")]
    for_vertebrae += ["--detector", settings.detector]
    return (
        training_arguments(curve, [*for_curve, "--hold-out", *held_out]),
        training_arguments(vertebrae, [*for_vertebrae, "--hold-out", *held_out]),
    )


def training_arguments(command: Any, words: Sequence[str]) -> argparse.Namespace:
    """Arguments of a training command.

    :param command: its module.
    :param words: as on the command line.
    :raises UnusableInput: it does not take them.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    command.add_arguments(parser)
    return parser.parse_args(list(words))


def _measure(settings: Settings, models: "TrainedCtNetworks", held_out: Sequence[ReferenceCase]) -> list[CaseResult]:
    from ...ct.pipeline import analyze_ct
    from ...io.ct import read_volume

    def announce(name: str, share: float) -> None:
        print(f"measuring {name}", file=sys.stderr, flush=True)

    return evaluate_cases(
        held_out, lambda volume, case: analyze_ct(volume, models, preset=settings.preset), read_volume, announce
    )
