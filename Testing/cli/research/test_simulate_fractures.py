"""Cases with simulated fractures can be evaluated; impossible numbers are refused."""

import json

import numpy as np
import pytest
from helpers.small_patients import write_boxes
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import ReferenceCase, find_cases


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> ReferenceCase:
    """Eight bright boxes along a scoliotic curve, on disk."""
    return write_boxes(tmp_path_factory.mktemp("cases"))


def test_the_command_writes_cases_that_can_be_evaluated(case, tmp_path, capsys):
    out = tmp_path / "out"
    assert (
        main(
            [
                "research",
                "simulate-fractures",
                str(case.image.parent.parent),
                "-o",
                str(out),
                "--count",
                "2",
                "--seed",
                "4",
                "--without-fracture",
            ]
        )
        == 0
    )
    cases = find_cases(out)
    assert [one.name for one in cases] == ["boxes_fractured_0", "boxes_fractured_1"]
    for one in cases:
        assert one.levels == case.levels
        assert read_volume(one.image).shape == read_volume(case.image).shape
        document = json.loads((one.image.parent / "reference.json").read_text())
        assert [entry["G"] for entry in document["vertebrae"]] == pytest.approx(
            genant_index(heights_mm(one.keypoints_ras)), abs=1e-3
        )
        assert set(one.fractures or ()) <= {None, "pressed"}
    assert "pressed" in {kind for one in cases for kind in one.fractures}
    assert not np.array_equal(cases[0].keypoints_ras, cases[1].keypoints_ras)
    assert "2 fractured cases" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--count", "0"], ["--seed", "-1"]])
def test_impossible_numbers_are_refused_in_one_line(case, tmp_path, capsys, wrong):
    assert (
        main(["research", "simulate-fractures", str(case.image.parent.parent), "-o", str(tmp_path / "out"), *wrong])
        == 2
    )
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
