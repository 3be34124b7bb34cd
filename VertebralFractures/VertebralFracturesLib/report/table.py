"""The report as a table: one row per vertebra, with the name, unit and meaning of every column."""

import csv
import io
from dataclasses import dataclass

from ..core.alignment.discs import Disc
from ..core.attenuation.record import Attenuation
from ..core.heights.genant import PLAIN_PRESETS
from ..core.heights.genant import grade as genant_grade
from ..core.image_classification import CombinedProbability
from ..core.keypoints import KEYPOINT_NAMES
from ..core.levels import is_certain
from ..core.measures import Measures
from ..core.report import SpineReport, Vertebra
from ..radiograph.record import RadiographReport

Value = str | int | float | bool | None

CSV_ENCODING = "utf-8-sig"
"""Encoding in which spreadsheet programs recognise the text of a CSV file."""


@dataclass(frozen=True)
class Column:
    """One column of the table.

    :param name: key of the value in a row, in measurements.json and in the CSV header.
    :param title: short heading for readers.
    :param unit: unit of the values, empty for text, "1" for ratios.
    :param description: what the values mean.
    :param decimals: decimals that mean something, for floating-point values.
    """

    name: str
    title: str
    unit: str
    description: str
    decimals: int = 0


COLUMNS = (
    Column("number", "No.", "", "number of the vertebra among those detected, 1 is the most cranial"),
    Column(
        "level_shown", "Level", "", "vertebral level as every output shows it; a question mark where it is uncertain"
    ),
    Column("level", "Level name", "", "vertebral level without a mark; empty where it has no name"),
    Column("level_confidence", "Level confidence", "1", "probability that the level is right", 2),
    Column("level_is_certain", "Level certain", "", "the level is shown without a question mark"),
    Column("grade", "Grade", "", "grade 0 to 3 under the preset; empty where the vertebra is measured but not graded"),
    Column("grade_name", "Severity", "", "the grade in words, or why there is none"),
    Column(
        "height_loss_percent",
        "Height loss",
        "%",
        "height loss that the grade is about; it includes the normal concavity of the endplates, about 15 %",
        1,
    ),
    Column("height_loss_low_percent", "Loss from", "%", "lower end of the 95 % interval of the height loss", 1),
    Column("height_loss_high_percent", "Loss to", "%", "upper end of the 95 % interval of the height loss", 1),
    Column("height_ratio", "G", "1", "smallest divided by largest of the three heights (Pisov 2020, eq. 1)", 3),
    Column("genant_grade", "Grade by G", "", "grade 0 to 3 of the height ratio G alone (Genant: 0.80, 0.75, 0.60)"),
    Column(
        "borderline", "Borderline", "", "by the uncertainty of the landmarks, another grade is at least 33 % likely"
    ),
    Column(
        "physiological", "Physiological", "", "mild height reduction within the norm of the level and the neighbours"
    ),
    Column("shape", "Shape", "", "shape of the deformity: wedge, biconcave, crush or none"),
    Column("height_anterior_mm", "Ha", "mm", "anterior height", 2),
    Column("height_middle_mm", "Hm", "mm", "middle height", 2),
    Column("height_posterior_mm", "Hp", "mm", "posterior height", 2),
    Column("height_anterior_sd_mm", "SD Ha", "mm", "standard deviation of the anterior height", 2),
    Column("height_middle_sd_mm", "SD Hm", "mm", "standard deviation of the middle height", 2),
    Column("height_posterior_sd_mm", "SD Hp", "mm", "standard deviation of the posterior height", 2),
    Column("posterior_loss_percent", "Loss vs posterior", "%", "height loss relative to the own posterior height", 1),
    Column(
        "neighbour_loss_percent",
        "Loss vs adjacent",
        "%",
        "largest height loss relative to the median of up to six non-deformed vertebrae nearby, scaled to this level",
        1,
    ),
    Column("neighbour_references", "Adjacent levels", "", "the vertebrae that neighbour_loss_percent compares with"),
    Column(
        "crush_loss_percent",
        "Posterior height loss",
        "%",
        "posterior height loss relative to the same vertebrae",
        1,
    ),
    Column("wedge_angle_deg", "Wedge angle", "deg", "vertebral wedge angle, positive for anterior wedging", 1),
    Column("z_anterior_posterior", "z Ha/Hp", "SD", "z-score of anterior over posterior height for the level", 1),
    Column("z_middle_posterior", "z Hm/Hp", "SD", "z-score of middle over posterior height for the level", 1),
    Column("z_height_anterior", "z Ha", "SD", "z-score of the anterior height for the level", 1),
    Column("z_height_middle", "z Hm", "SD", "z-score of the middle height for the level", 1),
    Column("z_height_posterior", "z Hp", "SD", "z-score of the posterior height for the level", 1),
    Column(
        "outside_norm",
        "Outside reference range",
        "",
        "a height ratio is more than 3 SD below the norm of the level",
    ),
    Column("depth_superior_mm", "Depth sup.", "mm", "depth of the superior endplate", 1),
    Column("depth_inferior_mm", "Depth inf.", "mm", "depth of the inferior endplate", 1),
    Column("score", "Score", "1", "score of the detection", 2),
    Column(
        "largest_uncertainty_mm",
        "Uncertainty",
        "mm",
        "largest uncertainty of the six landmarks, each a 68 % confidence radius",
        2,
    ),
    Column("source", "Source", "", "who placed the landmarks: model, edited or added"),
    Column("status", "Status", "", "not reviewed, verified or not evaluable"),
    Column("image_probability", "P(image)", "1", "image-based probability of a moderate or severe fracture", 2),
    Column("image_grade", "Image grade", "", "most probable grade 0 to 3 by image appearance"),
    Column("height_probability", "P(heights)", "1", "height-based probability of a moderate or severe fracture", 2),
    Column("combined_probability", "P(combined)", "1", "both probabilities averaged", 2),
    Column(
        "discordant", "Discordant", "", "height- and image-based probability differ by more than 0.5; please review"
    ),
    Column(
        "attenuation_median_hu",
        "Attenuation",
        "HU",
        "trabecular attenuation: median of an ellipsoid in the anterior half of the body; none for fractured bodies",
    ),
    Column("attenuation_sd_hu", "Attenuation SD", "HU", "standard deviation of the attenuation in that ellipsoid"),
    Column("attenuation_note", "Attenuation note", "", "why a body has no trabecular attenuation"),
    Column("disc_height_anterior_mm", "Disc anterior", "mm", "anterior height of the disc below", 1),
    Column("disc_height_middle_mm", "Disc middle", "mm", "middle height of the disc below", 1),
    Column("disc_height_posterior_mm", "Disc posterior", "mm", "posterior height of the disc below", 1),
    Column(
        "intervertebral_angle_deg",
        "Intervertebral angle",
        "deg",
        "angle between the endplates that face the disc below, positive where the disc is open anteriorly; on CT "
        "the patient lies supine and the endplates are projected onto the patient's sagittal plane",
        1,
    ),
)
"""The columns of :func:`table_rows`, in order."""

ANGLE_COLUMNS = (
    Column(
        "lordosis_l1_l5_deg",
        "L1-L5 lordosis",
        "deg",
        "between the superior endplate of L1 and the inferior endplate of L5",
        1,
    ),
    Column("lordosis_l1_s1_deg", "L1-S1 lordosis", "deg", "between the superior endplates of L1 and S1", 1),
    Column(
        "sacral_slope_deg",
        "Sacral slope",
        "deg",
        "between the superior endplate of S1 and the horizontal of the image",
        1,
    ),
    Column(
        "kyphosis_t4_t12_deg",
        "T4-T12 kyphosis",
        "deg",
        "between the superior endplate of T4 and the inferior endplate of T12",
        1,
    ),
    Column(
        "thoracolumbar_t10_l2_deg",
        "Thoracolumbar angle",
        "deg",
        "between the superior endplate of T10 and the inferior endplate of L2, positive in kyphosis",
        1,
    ),
)
"""What a radiograph's CSV has beside :data:`COLUMNS`: the angles of the spine, see core/alignment."""

_BY_NAME = {column.name: column for column in COLUMNS}


def column(name: str) -> Column:
    """The column of a name."""
    return _BY_NAME[name]


def measured_values(report: SpineReport) -> list[dict[str, Value]]:
    """What follows from the keypoints of each vertebra, by column name; all None where it is not evaluable."""
    return [
        dict.fromkeys(_MEASURED) if measures is None else _measured_values(measures, _neighbour_names(report, measures))
        for measures in report.measures
    ]


def _neighbour_names(report: SpineReport, measures: Measures) -> str | None:
    """Names of the vertebrae that a height loss compares with."""
    if measures.neighbour_loss is None:
        return None
    return " ".join(report.shown_levels[index] for index in sorted(measures.neighbour_loss.references))


def _measured_values(measures: Measures, references: str | None) -> dict[str, Value]:
    """The measures of one vertebra by column name.

    :param references: names of the neighbours it was compared with.
    """
    grading, scores, by_neighbours = measures.grading, measures.scores, measures.neighbour_loss
    values: tuple[Value, ...] = (
        grading.grade,
        grading.name,
        *(100 * loss for loss in (grading.height_loss, *grading.interval)),
        measures.genant_index,
        int(genant_grade(measures.genant_index, PLAIN_PRESETS["genant"])),
        grading.is_borderline,
        grading.is_physiological,
        measures.shape,
        *measures.heights_mm,
        *measures.heights_sd_mm,
        100 * measures.posterior_loss,
        None if by_neighbours is None else 100 * by_neighbours.greatest,
        references,
        None if by_neighbours is None else 100 * by_neighbours.posterior,
        measures.wedge_angle_deg,
        scores.anterior_posterior,
        scores.middle_posterior,
        *(scores.heights or (None, None, None)),
        scores.is_deformed,
        *measures.depths_mm,
    )
    return dict(zip(_MEASURED, values, strict=True))


_NAMES = tuple(_BY_NAME)
_MEASURED = _NAMES[_NAMES.index("grade") : _NAMES.index("score")]
_PROBABILITIES = _NAMES[_NAMES.index("image_probability") : _NAMES.index("attenuation_median_hu")]
_ATTENUATION = _NAMES[_NAMES.index("attenuation_median_hu") : _NAMES.index("disc_height_anterior_mm")]
_DISC = _NAMES[_NAMES.index("disc_height_anterior_mm") :]


def probability_values(given: CombinedProbability | None) -> dict[str, Value]:
    """Probabilities of a fracture of one vertebra by column name; all None where there are none."""
    if given is None:
        return dict.fromkeys(_PROBABILITIES)
    values = (given.image_based, given.image_based_grade, given.height_based, given.combined, given.is_discordant)
    return dict(zip(_PROBABILITIES, values, strict=True))


def attenuation_values(given: Attenuation | None) -> dict[str, Value]:
    """Trabecular attenuation of one vertebra by column name; all None where it was not measured."""
    values = (None, None, None) if given is None else (given.median_hu, given.sd_hu, given.exclusion)
    return dict(zip(_ATTENUATION, values, strict=True))


def disc_values(given: Disc | None) -> dict[str, Value]:
    """The disc below one vertebra by column name; all None where it cannot be measured."""
    values = (None,) * len(_DISC) if given is None else (*given.heights_mm, given.angle_deg)
    return dict(zip(_DISC, values, strict=True))


def table_rows(report: SpineReport) -> list[dict[str, Value]]:
    """One row per vertebra, cranial to caudal: the values of :data:`COLUMNS` by name, None where there is none."""
    rows = []
    given = zip(
        report.vertebrae, report.shown_levels, measured_values(report), report.fracture_probabilities, strict=True
    )
    for number, (vertebra, shown, values, combined) in enumerate(given, 1):
        recorded = {"number": number, "level_shown": shown, **_recorded_values(vertebra)}
        row = {**values, **recorded, **probability_values(combined)}
        row |= attenuation_values(report.attenuations[number - 1]) | disc_values(report.discs[number - 1])
        rows.append({c.name: row[c.name] for c in COLUMNS})
    return rows


def _recorded_values(vertebra: Vertebra) -> dict[str, Value]:
    return {
        "level": vertebra.level,
        "level_confidence": vertebra.level_confidence,
        "level_is_certain": vertebra.level is not None and is_certain(vertebra.level_confidence),
        "score": vertebra.score,
        "largest_uncertainty_mm": float(vertebra.uncertainty_mm.max()),
        "source": vertebra.source,
        "status": vertebra.status,
    }


def format_value(name: str, value: Value) -> str:
    """A value of a column as text, with the decimals that mean something; empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.{_BY_NAME[name].decimals}f}"
        return text.lstrip("-") if float(text) == 0 else text
    return str(value)


def report_csv(report: SpineReport, delimiter: str = ",") -> str:
    """The report as CSV: a header, then one row per vertebra.

    After the table's columns come the keypoints in RAS mm and, the same in every row, what the rows need to be read on
    their own: preset, detector, software, input and warnings; for a radiograph also the angles of the spine in degrees.
    Write it as :data:`CSV_ENCODING`.

    :param delimiter: between the values; a tab makes it TSV.
    """
    points = [f"{name.replace(' ', '_')}_{axis}_mm" for name in KEYPOINT_NAMES for axis in "ras"]
    whole = {
        "preset": report.preset,
        "detector": report.detector,
        "software": report.software,
        "input": str(report.input.get("path", "")),
        "warnings": " | ".join(report.warnings),
    }
    angles = report.angles_deg if isinstance(report, RadiographReport) else {}
    angle_texts = ["" if angle is None else f"{angle:.1f}" for angle in angles.values()]
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*_BY_NAME, *points, *whole, *angles])
    for vertebra, row in zip(report.vertebrae, table_rows(report), strict=True):
        values = [stored_text(name, value) for name, value in row.items()]
        coordinates = [f"{coordinate:.3f}" for coordinate in vertebra.keypoints_ras.ravel()]
        writer.writerow([*values, *coordinates, *(no_formula(text) for text in whole.values()), *angle_texts])
    return buffer.getvalue()


def stored_text(name: str, value: Value) -> str:
    """A value of a column as files and table nodes hold it: as :func:`format_value`, but true or false."""
    return str(value).lower() if isinstance(value, bool) else format_value(name, value)


def no_formula(text: str) -> str:
    """Keep a spreadsheet program from running text that came with the input as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
