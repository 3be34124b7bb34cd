"""Arguments that commands for research share: what is refused, what is handed on, where results go."""

import argparse
from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.cli.research.arguments import (
    GOES_ON,
    add_fold_options,
    add_training_options,
    add_without_fracture,
    check_count_and_seed,
    check_folds_and_seed,
    folder_if_asked,
    named_without_fracture,
)
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.reference_case import ReferenceCase


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_fold_options(parser, folds=5)
    add_training_options(parser, "curve", "--steps 6000")
    return parser.parse_args(words)


def test_folds_go_on_where_they_stood() -> None:
    args = parsed("-o", "out", "--curve-options", "--steps 3 --cases 'a folder'")
    assert (args.folds, args.seed, args.output) == (5, 1, Path("out"))
    assert args.curve_options == ["--steps", "3", "--cases", "a folder"]
    assert args.if_cancelled == GOES_ON
    assert GOES_ON.format(**vars(args)).startswith("cancelled: finished parts are in out")


@pytest.mark.parametrize("words", [("--folds", "1"), ("--seed", "-1")])
def test_what_cannot_be_split_is_refused(words: tuple[str, ...]) -> None:
    check_folds_and_seed(parsed("-o", "out"))
    with pytest.raises(UnusableInput, match="--folds has to be 2 or more and --seed 0 or more"):
        check_folds_and_seed(parsed("-o", "out", *words))


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (1, -1)])
def test_what_cannot_be_made_is_refused(count: int, seed: int) -> None:
    check_count_and_seed(argparse.Namespace(count=1, seed=0))
    with pytest.raises(UnusableInput, match="--count has to be 1 or more and --seed 0 or more"):
        check_count_and_seed(argparse.Namespace(count=count, seed=seed))


def test_results_go_into_a_folder_only_where_one_is_named(tmp_path: Path) -> None:
    with folder_if_asked(argparse.Namespace(output=None, overwrite=False)) as folder:
        assert folder is None
    target = tmp_path / "out"
    with folder_if_asked(argparse.Namespace(output=target, overwrite=False)) as folder:
        assert folder is not None
        (folder / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "a"
    with pytest.raises(UnusableInput, match="exists"), folder_if_asked(argparse.Namespace(output=target, overwrite=0)):
        pytest.fail("the work has begun")


def test_patients_without_a_fracture_are_named_or_all() -> None:
    curve = SpineCurve(np.array([[0.0, 0, -z] for z in range(4)]), np.ones(4))
    cases = [ReferenceCase(name, Path(name), ("T8",), np.zeros((1, 6, 3)), curve) for name in ("a", "b")]

    def fractures(*words: str) -> list[tuple[str | None, ...] | None]:
        parser = argparse.ArgumentParser()
        add_without_fracture(parser)
        return [case.fractures for case in named_without_fracture(parser.parse_args(words), cases)]

    assert fractures() == [None, None]
    assert fractures("--without-fracture") == [(None,), (None,)]
    assert fractures("--without-fracture", "b") == [None, (None,)]
    with pytest.raises(UnusableInput, match="there is no case 'c'"):
        fractures("--without-fracture", "c")
