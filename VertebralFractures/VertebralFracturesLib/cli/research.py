"""The commands that measure the product itself: comparisons with references, hard cases, and the cases for them."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import UnusableInput
from .arguments import PROGRAM, add_device, add_models, add_output, add_run_options

MAIN_PARTS = {"curve": "step 1, the spine curve", "vertebrae": "step 2, vertebrae and keypoints"}
"""Trainings that a cross-validation repeats."""


def add_research_commands(commands: Any) -> None:
    """Declare these commands.

    :param commands: what ``add_subparsers`` of the program's parser returned.
    """
    _add_evaluate(commands.add_parser("evaluate", help="compare with reference cases"))
    _add_second_opinion(commands.add_parser("second-opinion", help="compare measured and seen with reference cases"))
    _add_cross_validate(commands.add_parser("cross-validate", help="train both networks and evaluate, fold by fold"))
    _add_compare_detectors(commands.add_parser("compare-detectors", help="train and measure both detectors alike"))
    _add_hard_cases(commands.add_parser("hard-cases", help="run the suite of hard cases, with a figure of each"))
    text = "project CTs and synthetic patients to radiographs and compare"
    _add_evaluate_radiographs(commands.add_parser("evaluate-radiographs", help=text))
    _add_experts(commands.add_parser("experts", help="compare the readers of published annotations with one another"))
    _add_phantom(commands.add_parser("phantom", help="write synthetic patients as reference cases"))
    _add_fracture(commands.add_parser("fracture", help="write reference cases with bodies pressed into fractures"))


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of reference cases")
    add_output(parser, "tables are printed only")
    add_run_options(parser)
    parser.set_defaults(command=_evaluate)


def _evaluate(args: argparse.Namespace) -> None:
    from contextlib import nullcontext

    from ..ct.pipeline import analyze
    from ..evaluation.evaluate import evaluate_cases, summarized
    from ..evaluation.pages.files import write_evaluation
    from ..evaluation.pages.tables import evaluation_text
    from ..files import output_folder
    from ..io.ct import read_volume
    from ..io.reference_case import find_cases
    from ..networks.weights import load_models
    from .terminal import ProgressLine

    with output_folder(args.output, args.overwrite) if args.output else nullcontext() as folder, ProgressLine() as line:
        models = load_models(args.device, args.detector)
        cases = find_cases(args.data)
        results = evaluate_cases(
            cases, lambda volume, case: analyze(volume, models, preset=args.preset), read_volume, line
        )
        facts = {"cases": args.data.resolve().name, "detector": args.detector, "software": f"{PROGRAM} {__version__}"}
        evaluation = summarized(results, facts)
        if folder is not None:
            write_evaluation(folder, evaluation, cases, read_volume)
    print(evaluation_text(evaluation), end="")


def _add_second_opinion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", type=Path, nargs="+", help="folders of reference cases")
    text = 'read every CT under these conditions of the hard cases as well, as in "5 mm slices"'
    parser.add_argument("--conditions", nargs="+", default=[], metavar="NAME", help=text)
    add_output(parser, "the tables are printed only")
    add_run_options(parser)
    parser.set_defaults(command=_second_opinion)


def _second_opinion(args: argparse.Namespace) -> None:
    from contextlib import nullcontext

    from ..ct.pipeline import analyze
    from ..evaluation.stress_tests.conditions import named_conditions
    from ..evaluation.studies.image_classifier import compare_readings, read_cases, readings_text, write_readings
    from ..files import output_folder
    from ..io.ct import read_volume
    from ..io.reference_case import find_cases
    from ..networks.weights import load_models
    from .terminal import ProgressLine

    conditions = named_conditions(args.conditions)
    with output_folder(args.output, args.overwrite) if args.output else nullcontext() as folder, ProgressLine() as line:
        models = load_models(args.device, args.detector, second_opinion=True)
        cases = [case for data in args.data for case in find_cases(data)]
        found = read_cases(
            cases, lambda volume: analyze(volume, models, preset=args.preset), read_volume, conditions, line
        )
        comparisons = compare_readings(found)
        if folder is not None:
            write_readings(folder, found, comparisons)
    print(readings_text(found, comparisons), end="")


def _add_evaluate_radiographs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", type=Path, nargs="?", help="folder of reference cases to project")
    parser.add_argument("--phantoms", type=int, default=0, metavar="N", help="synthetic patients to project as well")
    parser.add_argument("--seed", type=int, default=900000, help="of the first of them (default: 900000)")
    parser.add_argument("--views", type=int, default=3, help="projections of each (default: 3)")
    text = "how they are exposed: as in practice, or as widely as the networks learn from (default: usual)"
    parser.add_argument("--exposures", choices=("usual", "any"), default="usual", help=text)
    text = "see synthetic patients as a CT with slices of MM keeps them, to tell what the slices of real CTs cost"
    parser.add_argument("--slices", type=float, metavar="MM", help=text)
    add_output(parser, "the table is printed only")
    add_device(parser)
    add_models(parser)
    parser.set_defaults(command=_evaluate_radiographs)


def _evaluate_radiographs(args: argparse.Namespace) -> None:
    from contextlib import nullcontext

    from ..evaluation.studies.radiographs import evaluate_radiographs, radiographs_text, summary, write_radiographs
    from ..files import output_folder
    from ..networks.weights import WEIGHTS_FOLDER, load_radiograph_models
    from .terminal import ProgressLine

    if args.data is None and args.phantoms < 1:
        raise UnusableInput("nothing to evaluate: name a folder of reference cases, or --phantoms N")
    if args.slices is not None and not 0.5 <= args.slices <= 10:
        raise UnusableInput(f"slices of {args.slices:g} mm: 0.5 to 10 mm are possible")
    with output_folder(args.output, args.overwrite) if args.output else nullcontext() as folder, ProgressLine() as line:
        models = load_radiograph_models(args.device, args.models or WEIGHTS_FOLDER)
        results = evaluate_radiographs(
            models, args.data, args.phantoms, args.seed, args.views, args.exposures, args.slices, line
        )
        rows = summary(results)
        if folder is not None:
            write_radiographs(folder, results, rows)
    print(radiographs_text(rows), end="")


def _add_cross_validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR", help="folder of reference cases")
    parser.add_argument("--folds", type=int, default=5, help="number of folds (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the split and the trainings (default: 1)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the folds; a broken run goes on in it",
    )
    for part in MAIN_PARTS:
        text = f'further arguments of "train {part}" in one word, as in --{part}-options="--steps 6000 --phantoms 200"'
        parser.add_argument(f"--{part}-options", type=shlex.split, default=[], metavar="WORDS", help=text)
    add_run_options(parser)
    parser.set_defaults(command=_cross_validate)


def _cross_validate(args: argparse.Namespace) -> None:
    if args.folds < 2 or args.seed < 0:
        raise UnusableInput("--folds has to be 2 or more and --seed 0 or more")

    from ..evaluation.pages.files import write_evaluation
    from ..evaluation.pages.tables import evaluation_text
    from ..evaluation.studies.cross_validation import Settings, cross_validate
    from ..io.ct import read_volume
    from ..io.reference_case import find_cases

    settings = Settings(
        cases=str(args.cases.resolve()),
        folds=args.folds,
        detector=args.detector,
        preset=args.preset,
        seed=args.seed,
        device=args.device,
        curve_options=tuple(args.curve_options),
        vertebrae_options=tuple(args.vertebrae_options),
    )
    facts = {
        "cases": args.cases.resolve().name,
        "detector": args.detector,
        "validation": f"{args.folds} folds, split by case",
        "software": f"{PROGRAM} {__version__}",
    }
    evaluation = cross_validate(settings, args.output, facts)
    write_evaluation(args.output, evaluation, find_cases(args.cases), read_volume)
    print(evaluation_text(evaluation), end="")


def _add_compare_detectors(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR", help="reference cases to train on")
    parser.add_argument("--data", type=Path, nargs="*", default=[], metavar="DIR", help="further ones to measure on")
    parser.add_argument("--folds", type=int, default=3, help="number of folds (default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="of the split and the trainings (default: 1)")
    text = 'further arguments of "train vertebrae" in one word, as in --vertebrae-options="--steps 6000"'
    parser.add_argument("--vertebrae-options", type=shlex.split, default=[], metavar="WORDS", help=text)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks run")
    text = "folder of the folds; a broken run goes on in it"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help=text)
    parser.set_defaults(command=_compare_detectors)


def _compare_detectors(args: argparse.Namespace) -> None:
    if args.folds < 2 or args.seed < 0:
        raise UnusableInput("--folds has to be 2 or more and --seed 0 or more")

    from ..evaluation.studies.detector_comparison import (
        ComparisonSettings,
        compare_detectors,
        comparison_tables,
        write_comparison,
    )
    from ..report.text import text_table

    settings = ComparisonSettings(
        cases=str(args.cases.resolve()),
        data=tuple(str(data.resolve()) for data in args.data),
        folds=args.folds,
        seed=args.seed,
        device=args.device,
        vertebrae_options=tuple(args.vertebrae_options),
    )
    results = compare_detectors(settings, args.output)
    write_comparison(args.output, settings, results)
    for table in comparison_tables(results):
        print(f"{table.title} ({table.note})\n{text_table(table.header, table.rows)}\n")


def _add_hard_cases(parser: argparse.ArgumentParser) -> None:
    add_output(parser, "", required=True)
    text = "folder of reference cases; real CTs are then changed into hard cases as well"
    parser.add_argument("--cases", type=Path, metavar="DATA", help=text)
    parser.add_argument(
        "--only", default="", metavar="WORDS", help='conditions with these words, as in "scoliosis: 60"'
    )
    add_run_options(parser)
    parser.set_defaults(command=_hard_cases)


def _hard_cases(args: argparse.Namespace) -> None:
    from ..ct.pipeline import analyze
    from ..evaluation.stress_tests.page import FILES, hard_case_text, write_hard_cases
    from ..evaluation.stress_tests.suite import run_hard_cases
    from ..files import output_folder
    from ..io.ct import read_volume
    from ..io.reference_case import find_cases
    from ..networks.weights import load_models
    from .terminal import ProgressLine

    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        models = load_models(args.device, args.detector)
        cases = find_cases(args.cases) if args.cases else []
        results = run_hard_cases(
            lambda volume: analyze(volume, models, preset=args.preset), cases, read_volume, args.only, progress
        )
        real = args.cases.resolve().name if args.cases else "none"
        networks = ", ".join(f"{name} {version[:24]}" for name, version in models.versions.items())
        facts = {"real cases": real, "networks": networks, "software": f"{PROGRAM} {__version__}"}
        write_hard_cases(folder, results, facts)
    print(f"{hard_case_text(results)}\n{args.output}: {', '.join(FILES)}")


def _add_experts(parser: argparse.ArgumentParser) -> None:
    text = "folder of the releases of Pisov 2020 and Zakharov 2023, or of one of them"
    parser.add_argument("annotations", metavar="ANNOTATIONS", type=Path, help=text)
    add_output(parser, "tables are printed only")
    parser.set_defaults(command=_experts)


def _experts(args: argparse.Namespace) -> None:
    from contextlib import nullcontext

    from ..evaluation.annotations import read_releases
    from ..evaluation.studies.inter_reader_agreement import compare_readers, readers_text, write_readers
    from ..files import output_folder
    from .terminal import ProgressLine

    with output_folder(args.output, args.overwrite) if args.output else nullcontext() as folder, ProgressLine() as line:
        releases = [compare_readers(name, studies, line) for name, studies in read_releases(args.annotations).items()]
        if folder is not None:
            write_readers(folder, releases)
    print(readers_text(releases), end="")


def _add_phantom(parser: argparse.ArgumentParser) -> None:
    add_output(parser, "", required=True)
    parser.add_argument("--count", type=int, default=1, help="number of patients (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="of the first patient (default: 1)")
    parser.set_defaults(command=_phantom)


def _phantom(args: argparse.Namespace) -> None:
    _check_count_and_seed(args)

    from ..files import output_folder
    from ..simulation.case import write_random_cases
    from .terminal import ProgressLine

    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        write_random_cases(folder, args.count, args.seed, progress)
    print(f"{args.output}: {args.count} synthetic patients as reference cases")


def _add_fracture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of reference cases")
    add_output(parser, "", required=True)
    parser.add_argument("--count", type=int, default=1, help="variants of each case (default: 1)")
    parser.add_argument("--share", type=float, default=0.3, help="of the bodies that are pressed (default: 0.3)")
    parser.add_argument("--seed", type=int, default=1, help="of the randomness (default: 1)")
    parser.set_defaults(command=_fracture)


def _fracture(args: argparse.Namespace) -> None:
    _check_count_and_seed(args)
    if not 0 <= args.share <= 1:
        raise UnusableInput("--share has to lie between 0 and 1")

    from ..files import output_folder
    from ..simulation.fractures.cases import write_fractured_cases
    from .terminal import ProgressLine

    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        written = write_fractured_cases(args.data, folder, args.count, args.seed, progress, args.share)
    print(f"{args.output}: {written} fractured cases")


def _check_count_and_seed(args: argparse.Namespace) -> None:
    if args.count < 1 or args.seed < 0:
        raise UnusableInput("--count has to be 1 or more and --seed 0 or more")
