"""The straightened spine of a case, small."""

from pathlib import Path

import numpy as np
from helpers.command import oracle
from helpers.small_ct import body_hu
from PIL import Image
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.report.thumbnail import thumbnail, write_thumbnail

VOLUME = Volume(body_hu(), np.diag([3.0, 3.0, 3.0, 1.0]))


def test_every_vertebra_is_outlined_in_the_colour_of_its_grade() -> None:
    image = np.asarray(thumbnail(oracle(VOLUME, None, preset="pisov"), VOLUME)).astype(int)
    assert image.shape[1:] == (128, 3)
    is_coloured = {
        grade: (np.abs(image - np.round(255 * np.array(GRADE_COLORS[grade]))).max(-1) <= 1) for grade in (0, 2, 3)
    }
    rows = {grade: np.flatnonzero(where.any(1)) for grade, where in is_coloured.items()}
    assert rows[3].size == 0
    assert rows[0].min() < rows[2].min() < rows[2].max() < rows[0].max()


def test_the_file_is_small(tmp_path: Path) -> None:
    write_thumbnail(tmp_path / "thumbnail.jpg", oracle(VOLUME, None, preset="pisov"), VOLUME)
    with Image.open(tmp_path / "thumbnail.jpg") as image:
        assert image.format == "JPEG"
    assert (tmp_path / "thumbnail.jpg").stat().st_size < 30_000
    assert [path.name for path in tmp_path.iterdir()] == ["thumbnail.jpg"]
