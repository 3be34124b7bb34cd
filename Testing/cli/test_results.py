"""One way from an image that was read to the result files, whatever kind it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.command import oracle
from helpers.small_ct import body_hu
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.cli.results import RESULT_FILES, analyze_read_image, write_results
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import NoSpineFound, UnusableInput
from VertebralFracturesLib.io.read_image import ReadImage
from VertebralFracturesLib.radiograph.record import Radiograph, RadiographReport
from VertebralFracturesLib.report.document import read_report

VOLUME = Volume(body_hu(), np.diag([3.0, 3, 3, 1]))


def silent(stage: str, fraction: float) -> None:
    """Progress that nobody sees."""


def test_a_ct_and_a_radiograph_give_the_same_files(tmp_path: Path) -> None:
    radiograph = Radiograph(np.random.default_rng(1).random((200, 150)).astype(np.float32), 1.0, "left")
    of_ct, of_radiograph = tmp_path / "ct", tmp_path / "radiograph"
    for folder, image, report in (
        (of_ct, VOLUME, oracle(VOLUME, None, preset="genant")),
        (of_radiograph, radiograph, radiograph_report()),
    ):
        folder.mkdir()
        told: list[float] = []
        write_results(folder, image, report, "image", lambda stage, share, told=told: told.append(share))
        assert sorted(path.name for path in folder.iterdir()) == sorted(RESULT_FILES)
        assert told[0] == 0.0
        assert told == sorted(told)
        assert told[-1] == 1.0
        read = read_report((folder / "measurements.json").read_text(encoding="utf-8"))
        assert isinstance(read, RadiographReport) == (folder == of_radiograph)


def test_warnings_of_reading_come_first_and_once(an_oracle: Any) -> None:
    read = ReadImage(VOLUME, {"path": "ct.nii"}, ("read with care", "a warning"))
    report = analyze_read_image(read, preset="pisov", progress=silent)
    assert report.warnings == ("read with care", "a warning")
    assert report.preset == "pisov"
    assert report.input == {"path": "ct.nii"}


@pytest.mark.parametrize("kind", [NoSpineFound, UnusableInput])
def test_what_is_wrong_is_told_of_the_file_and_with_other_series(an_oracle: Any, kind: type[Exception]) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise kind("no good")

    an_oracle(fail)
    read = ReadImage(VOLUME, {"path": "folder"}, series=("1: CT, 30 slices", "7: CT, 20 slices"))
    with pytest.raises(kind) as raised:
        analyze_read_image(read, progress=silent)
    assert str(raised.value) == "folder: no good; this was series 1: CT, 30 slices: try --series with 7: CT, 20 slices"
