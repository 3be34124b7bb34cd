"""Anchors (Pisov 2020) against no anchors (Zakharov 2023): both detectors trained and measured alike, fold by fold.

In every fold both have the same backbone, data, steps and seed, and find the spine with the same shipped first network.
They are measured on the cases of the fold, and on further data that no fold is trained on.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ...files import write_text
from ...io.reference_case import ReferenceCase, find_cases
from ..evaluate import evaluate_cases, summarized
from ..metrics import METRICS, Metric
from ..pages.files import case_document, read_case_result, write_evaluation
from ..pages.tables import NO_VALUE, Table, decimal, titled
from ..results import CaseResult, Pool
from .claimed_folder import claim_folder
from .cross_validation import split, trained_detector, training_arguments

if TYPE_CHECKING:
    from ...networks.vertebra_net import VertebraNet

_SETTINGS_FILE = "detector-comparison.json"
_RESULTS_FILE = "comparison.json"
_HELD_OUT = "cases held out"
_COMPARED = (
    "recall", "precision", "centre_error_mm", "keypoint_error_mm", "sagittal_error_mm", "height_error_mm",
    "index_error", "area_under_curve_80", "area_under_curve_74", "sensitivity_74", "specificity_74",
    "coverage_1", "coverage_2", "uncertainty_factor", "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class ComparisonSettings:
    """What a comparison is of; a folder belongs to one.

    :param cases: absolute path of the folder of reference cases to train on.
    :param data: absolute paths of folders of further reference cases to measure on.
    :param folds: number of folds.
    :param seed: of the split; the trainings of fold n have the seed plus n - 1.
    :param device: where the networks are trained and run.
    :param vertebrae_options: further arguments of ``train vertebrae``.
    """

    cases: str
    data: tuple[str, ...] = ()
    folds: int = 3
    seed: int = 1
    device: str = "auto"
    vertebrae_options: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class DetectorResults:
    """What the networks of one detector found in some data.

    :param data: name of the data.
    :param detector: its name.
    :param folds: results of each fold's network.
    """

    data: str
    detector: str
    folds: tuple[Sequence[CaseResult], ...]


def compare_detectors(settings: ComparisonSettings, folder: Path) -> list[DetectorResults]:
    """Train and measure whatever is not done yet.

    :param settings: what to compare.
    :param folder: made if it does not exist; it may hold a broken run of the same settings.
    :return: results of both detectors for the cases held out and for each folder of further data.
    :raises UnusableInput: too few cases, options that training refuses, or a folder of other settings.
    """
    from ...ct.networks import DetectorName

    cases = {case.name: case for case in find_cases(settings.cases)}
    folds = split(list(cases), settings.folds, settings.seed)
    further = {Path(data).name: find_cases(data) for data in settings.data}
    for detector in get_args(DetectorName):
        _arguments(settings, folder, 1, detector, ())
    claim_folder(folder, _SETTINGS_FILE, settings)
    found: dict[tuple[str, str], list[Sequence[CaseResult]]] = {}
    for number, names in enumerate(folds, 1):
        for detector in get_args(DetectorName):
            measured = {_HELD_OUT: [cases[name] for name in names]} | further
            for data, results in _results(settings, folder, number, detector, names, measured).items():
                found.setdefault((data, detector), []).append(results)
    compared = [DetectorResults(*key, tuple(each)) for key, each in found.items()]
    return sorted(compared, key=lambda one: [_HELD_OUT, *further].index(one.data))


def _arguments(settings: ComparisonSettings, folder: Path, number: int, detector: str, held_out: Sequence[str]) -> Any:
    """Arguments of the training of one detector in one fold."""
    from ...training import vertebrae

    fixed = ["--cases", settings.cases, "--seed", str(settings.seed + number - 1), "--device", settings.device]
    fixed += ["-o", str(folder / f"fold-{number}" / detector), "--detector", detector, "--hold-out", *held_out]
    return training_arguments(vertebrae, [*settings.vertebrae_options, *fixed])


def _results(
    settings: ComparisonSettings,
    folder: Path,
    number: int,
    detector: str,
    held_out: Sequence[str],
    measured: dict[str, list[ReferenceCase]],
) -> dict[str, list[CaseResult]]:
    """Results of one detector of one fold by the data's name: those it has, or new ones."""
    arguments = _arguments(settings, folder, number, detector, held_out)
    file = arguments.output / _RESULTS_FILE
    if not file.exists():
        print(f"fold {number}: {detector} without {', '.join(held_out)}", file=sys.stderr, flush=True)
        net = trained_detector(arguments)
        documents = {
            data: [case_document(case) for case in _measure(net, settings, cases)] for data, cases in measured.items()
        }
        write_text(file, json.dumps(documents, indent=1, allow_nan=False) + "\n")
    documents = json.loads(file.read_text(encoding="utf-8"))
    return {data: [read_case_result(document) for document in cases] for data, cases in documents.items()}


def _measure(net: "VertebraNet", settings: ComparisonSettings, cases: Sequence[ReferenceCase]) -> list[CaseResult]:
    from ...ct.pipeline import analyze_ct
    from ...io.ct import read_volume
    from ...networks.ct_networks import TrainedCtNetworks, load_ct_networks

    networks = TrainedCtNetworks(load_ct_networks(settings.device).spine_curve, net, {})
    return evaluate_cases(cases, lambda volume, case: analyze_ct(volume, networks), read_volume)


def comparison_tables(results: Sequence[DetectorResults]) -> list[Table]:
    """One table for each data: mean and standard deviation over the folds, and of the difference fold by fold.

    :param results: of :func:`compare_detectors`.
    """
    metrics = [metric for name in _COMPARED for metric in METRICS if metric.name == name]
    tables = []
    for data in dict.fromkeys(one.data for one in results):
        named = {one.detector: [Pool(fold) for fold in one.folds] for one in results if one.data == data}
        first, *others = named
        header = ("mean (SD) over folds", *named, *(f"{other} - {first}" for other in others))
        rows = tuple(_row(metric, list(named.values())) for metric in metrics)
        bodies = sum(len(fold.indices) + len(fold.missed_indices) for fold in named[first])
        note = f"{len(named[first])} folds, {bodies} bodies measured"
        tables.append(Table(f"Detectors: {data}", header, rows, note))
    return tables


def _row(metric: Metric, pools: Sequence[Sequence[Pool]]) -> tuple[str, ...]:
    values = np.array([[metric.of(pool) for pool in folds] for folds in pools])
    cells = [*values, *(values[1:] - values[0])]
    return titled(metric), *(_mean_and_deviation(cell, metric) for cell in cells)


def _mean_and_deviation(values: np.ndarray, metric: Metric) -> str:
    defined = values[~np.isnan(values)]
    if not defined.size:
        return NO_VALUE
    mean = decimal(float(defined.mean()), metric)
    return mean if defined.size < 2 else f"{mean} ({decimal(float(defined.std(ddof=1)), metric)})"


def write_comparison(folder: Path, settings: ComparisonSettings, results: Sequence[DetectorResults]) -> None:
    """Write ``tables.json``, and for each detector a folder with the evaluation of the cases held out.

    :param folder: of the comparison.
    :param settings: what was compared.
    :param results: of :func:`compare_detectors`.
    """
    from ...io.ct import read_volume

    document = {"settings": asdict(settings), "tables": [asdict(table) for table in comparison_tables(results)]}
    write_text(folder / "tables.json", json.dumps(document, indent=1) + "\n")
    cases = find_cases(settings.cases)
    for one in results:
        if one.data == _HELD_OUT:
            how = f"detector trained in {len(one.folds)} folds, split by case; shipped spine curve"
            facts = {"cases": Path(settings.cases).name, "detector": one.detector, "validation": how}
            pooled = [case for fold in one.folds for case in fold]
            page = folder / f"held-out-{one.detector}"
            page.mkdir(exist_ok=True)
            write_evaluation(page, summarized(pooled, facts, one.folds), cases, read_volume)
