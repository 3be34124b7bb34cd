"""The report page in a real browser: nothing is cut on a screen; it is printed on few sheets, and no picture is split.

The reports are made up: no CT is needed, and each has as much to show as a page can hold.
"""

from collections.abc import Sequence
from functools import lru_cache

import pytest
from helpers import full_report
from helpers.browser import Sheet, laid_out, needs_browser, printed
from helpers.full_report import levels_up_to_l5
from helpers.small_radiograph import report as radiograph_report
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.page import INTENDED_USE, report_page
from VertebralFracturesLib.report.table import column

pytestmark = [pytest.mark.slow, needs_browser]

WEDGE = (0.45, 0.2, 0.0)
CASES = {
    "normal": (14, {}, 3),
    "some fractures": (14, {"T8": (0.24, 0.1, 0.0), "T12": WEDGE, "L1": (0.3, 0.3, 0.25), "L3": (0, 0.35, 0)}, 3),
    "all fractured": (14, dict.fromkeys(levels_up_to_l5(14), WEDGE), 3),
    "22 normal": (22, {}, 3),
    "22 fractured": (22, dict.fromkeys(levels_up_to_l5(22), WEDGE), 4),
}
"""How many vertebrae there are, what they lost, and how many sheets they may take."""

COLUMNS = (
    "level_shown", "grade_name", "height_loss_percent", "shape", "height_ratio", "height_anterior_mm",
    "height_middle_mm", "height_posterior_mm", "neighbour_loss_percent", "wedge_angle_deg", "image_probability",
    "attenuation_median_hu",
)  # fmt: skip

PAPERS = {"A4": (595, 842), "letter": (612, 792)}
"""Width and height in points."""

MARGIN = 28.3
"""Points in the 10 mm that the page leaves at its edges."""


@lru_cache
def page(name: str) -> str:
    count, losses, _ = CASES[name]
    report = full_report.report(count, losses)
    return report_page(report, full_report.volume(report))


@lru_cache
def film_page() -> str:
    return report_page(radiograph_report(), Radiograph(full_report.noise(900, 400)))


@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_cut_on_a_screen(name: str, width: int) -> None:
    told = laid_out(page(name), width)
    assert told["width"] == width
    assert told["cut"] == []
    assert len(told["boxes"]["figures"]) == CASES[name][0]


@pytest.mark.parametrize("width", [1280, 1920])
def test_a_radiograph_is_as_wide_as_the_page(width: int) -> None:
    told = laid_out(film_page(), width)
    assert told["cut"] == []
    (film,), (wide,) = told["boxes"]["film"], told["boxes"]["wide"]
    assert wide[2] > 0.95 * film[2]
    assert film[2] > 0.95 * (told["boxes"]["main"][0][2] - 56)


def test_what_is_cut_is_noticed() -> None:
    """The measurement itself: a table that is wider than its box is told."""
    wide = page("normal").replace("</style>", ".vertebrae { width:2000px !important }</style>")
    assert any("wider than its box" in text for text in laid_out(wide, 1280)["cut"])


def assert_no_picture_is_cut(sheets: Sequence[Sheet], count: int) -> None:
    """Every image is drawn once, between the margins of its sheet; one that is split is drawn on two, beyond both."""
    for sheet in sheets:
        for left, bottom, right, top in sheet.images:
            assert MARGIN - 1 < left < right < sheet.width - MARGIN + 1
            assert MARGIN - 1 < bottom < top < sheet.height - MARGIN + 1
    assert sum(len(sheet.images) for sheet in sheets) == count


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", CASES)
def test_the_page_is_printed_on_few_sheets_and_no_picture_is_split(name: str, paper: str) -> None:
    count, losses, most = CASES[name]
    sheets = printed(page(name), paper)
    assert {(round(one.width), round(one.height)) for one in sheets} == {PAPERS[paper]}
    assert len(sheets) <= most
    large = page(name).count('<figure class="large')
    assert large == sum(not level.startswith("C") for level in losses)
    assert_no_picture_is_cut(sheets, 1 + 2 * large + count - large)
    assert INTENDED_USE.split(";")[0] in sheets[-1].text
    for sheet in sheets[1:]:
        assert len(sheet.images) > 0 or "Images and definitions" in sheet.text or sheet is sheets[-1]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("name", ["some fractures", "22 normal", "22 fractured"])
def test_conclusion_study_image_and_table_share_the_first_sheet(name: str, paper: str) -> None:
    count, losses, _ = CASES[name]
    report = full_report.report(count, losses)
    first = printed(page(name), paper)[0]
    assert len(first.images) == 1
    for text in (report.summary.headline, "study 12", "Thorax & abdomen 2.0 B70f", *report.warnings, "Alignment"):
        assert " ".join(text.split()) in first.text
    heading = first.text[first.text.index(" Vertebrae ") :]
    for title in (column(name).title for name in COLUMNS):
        assert title.replace(" ", "") in heading[:400].replace(" ", "")
    for vertebra in report.vertebrae:
        assert f" {vertebra.level} " in heading


@pytest.mark.parametrize("paper", PAPERS)
def test_the_facts_of_a_large_body_stand_on_the_sheet_of_its_picture(paper: str) -> None:
    sheets = printed(page("all fractured"), paper)[1:]
    for sheet in sheets:
        figures = len(sheet.images) // 2
        assert sheet.text.count("Height loss vs posterior") - sheet.text.count("Height loss vs posterior:") == figures
        assert sheet.text.count("not reviewed") - sheet.text.count("not reviewed,") == figures


@pytest.mark.parametrize("paper", PAPERS)
def test_a_radiograph_is_printed_once_small_and_once_wide(paper: str) -> None:
    sheets = printed(film_page(), paper)
    assert len(sheets) <= 3
    assert_no_picture_is_cut(sheets, 2 + 2 + 4)
    widths = sorted(right - left for sheet in sheets for left, _, right, _ in sheet.images)
    assert widths[-1] > 2 * widths[-2]
