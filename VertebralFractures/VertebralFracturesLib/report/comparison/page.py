"""The comparison of two studies as one self-contained page, with both spines side by side at the same scale."""

from dataclasses import dataclass

from ...core.comparison.change import NEW, PROGRESSIVE, Comparison, VertebraChange
from ...core.heights.genant import GRADE_COLORS
from ...core.report import SpineReport
from ...radiograph.record import Image
from ..columns.comparison import COMPARISON_COLUMNS
from ..page_vertebra import PageVertebra
from ..rendering import render
from ..report_text import INTENDED_USE
from ..spine_image import SpineImage, spine_image
from ..study import study_values
from ..table import table_rows
from .document import angle_texts, comparison_rows

_SHOWN = (
    "level",
    "verdict",
    "height_loss_since_prior_percent",
    "prior_grade",
    "current_grade",
    "prior_height_ratio",
    "current_height_ratio",
    "change_anterior_mm",
    "change_middle_mm",
    "change_posterior_mm",
    "attenuation_change_hu",
)
_PIXELS_PER_MM = 2.0
"""Of both overviews. Chosen: two of 100 mm fit on a page, and a spine of 600 mm is 1200 pixels high."""

_LABEL_MM = 22.0
"""Room for the levels in front of an overview. Chosen: that of "T12?"."""


@dataclass(frozen=True, eq=False)
class ShownStudy:
    """One study on the page.

    :param title: "Prior study" or "Current study".
    :param case: the name of its case.
    :param image: its spine; None where its image is not at hand.
    :param vertebrae: its vertebrae by their index.
    """

    title: str
    case: str
    image: SpineImage | None
    vertebrae: tuple[PageVertebra, ...]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the overview in pixels of the page."""
        assert self.image is not None
        return (self.image.width_mm + _LABEL_MM) * _PIXELS_PER_MM, self.image.height_mm * _PIXELS_PER_MM


def comparison_page(
    comparison: Comparison,
    prior: SpineReport,
    current: SpineReport,
    prior_image: Image | None,
    current_image: Image | None,
) -> str:
    """The page as HTML text.

    :param prior_image: the image of the prior study; None where it is not at hand, and nothing is drawn of it.
    :param current_image: the image of the current study.
    """
    studies = _shown("Prior study", prior, prior_image), _shown("Current study", current, current_image)
    changed = [one for one in comparison.vertebrae if one.verdict in (NEW, PROGRESSIVE)]
    rows = comparison_rows(comparison, prior, current)
    columns = [one for one in COMPARISON_COLUMNS if one.name in _SHOWN]
    return render(
        "comparison.html",
        title=f"{studies[0].case} and {studies[1].case}",
        facts={one.title: one.case for one in studies},
        comparison=comparison,
        columns=columns,
        rows=[(one, row, _color(one)) for one, row in zip(comparison.vertebrae, rows, strict=True)],
        levels=[
            {one.prior: one.level for one in comparison.vertebrae},
            {one.current: one.level for one in comparison.vertebrae},
        ],
        colors=[
            {one.prior: _color(one) for one in comparison.vertebrae},
            {one.current: _color(one) for one in comparison.vertebrae},
        ],
        studies=studies,
        label_mm=_LABEL_MM,
        changed=changed,
        angles=angle_texts(comparison),
        intended_use=INTENDED_USE,
        software=current.software,
    )


def _shown(title: str, report: SpineReport, image: Image | None) -> ShownStudy:
    case = study_values(report.input)["case_id"] or title
    if image is None:
        return ShownStudy(title, case, None, ())
    drawn = spine_image(report, image)
    rows = zip(report.vertebrae, table_rows(report), drawn.bodies, strict=True)
    return ShownStudy(title, case, drawn, tuple(PageVertebra(number, *one) for number, one in enumerate(rows, 1)))


def _color(one: VertebraChange) -> str:
    """The color of a verdict: that of a severe grade for new, of a moderate one for progressive fractures."""
    grade = {NEW: 3, PROGRESSIVE: 2}.get(one.verdict)
    if grade is None:
        return "#7d8893"
    return "#" + "".join(f"{round(255 * part):02x}" for part in GRADE_COLORS[grade])
