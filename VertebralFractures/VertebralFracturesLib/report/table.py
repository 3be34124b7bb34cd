"""The report as a table: one row per vertebra, with the name, unit and meaning of every column."""

import csv
import io
from dataclasses import dataclass

from ..core.alignment.discs import Disc
from ..core.attenuation.record import Attenuation
from ..core.genant import GRADE_NAMES
from ..core.image_classification import CombinedProbability
from ..core.keypoints import KEYPOINT_NAMES
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
    Column("place", "No.", "", "place of the vertebra among those found, 1 is the most cranial"),
    Column("level", "Level", "", "vertebral level"),
    Column("level_confidence", "Level confidence", "1", "probability that the level is right", 2),
    Column("grade", "Grade", "", "grade 0 to 3 of the index G under the preset"),
    Column("grade_name", "Severity", "", "the grade in words"),
    Column("genant_index", "G", "1", "least over greatest of the three heights (Pisov 2020, eq. 1)", 3),
    Column("borderline", "Borderline", "", "the index G lies within 0.05 of a cut-off of the preset"),
    Column("shape", "Shape", "", "shape of the deformity: wedge, biconcave, crush or none"),
    Column("height_anterior_mm", "Ha", "mm", "anterior height", 2),
    Column("height_middle_mm", "Hm", "mm", "middle height", 2),
    Column("height_posterior_mm", "Hp", "mm", "posterior height", 2),
    Column("posterior_loss_percent", "Loss own", "%", "height lost against the body's own posterior height", 1),
    Column(
        "neighbour_loss_percent",
        "Loss neighbour",
        "%",
        "greatest height loss against the nearest vertebra without deformity, grown to this level",
        1,
    ),
    Column("neighbour_reference", "Neighbour", "", "the vertebra that neighbour_loss_percent compares with"),
    Column("crush_loss_percent", "Loss Hp", "%", "posterior height lost against the median of up to six neighbours", 1),
    Column("wedge_angle_deg", "Wedge", "deg", "angle between the endplates, positive where lower in front", 1),
    Column("z_anterior_posterior", "z Ha/Hp", "SD", "anterior over posterior height against the norm of the level", 1),
    Column("z_middle_posterior", "z Hm/Hp", "SD", "middle over posterior height against the norm of the level", 1),
    Column("z_height_anterior", "z Ha", "SD", "anterior height against the norm of the level", 1),
    Column("z_height_middle", "z Hm", "SD", "middle height against the norm of the level", 1),
    Column("z_height_posterior", "z Hp", "SD", "posterior height against the norm of the level", 1),
    Column("outside_norm", "Outside norm", "", "a height ratio is more than 3 SD below the norm of the level"),
    Column("depth_superior_mm", "Depth sup.", "mm", "depth of the superior endplate", 1),
    Column("depth_inferior_mm", "Depth inf.", "mm", "depth of the inferior endplate", 1),
    Column("score", "Score", "1", "score of the detection", 2),
    Column(
        "largest_uncertainty_mm",
        "Uncertainty",
        "mm",
        "largest uncertainty of the six keypoints, each the radius that holds 68 % of such points",
        2,
    ),
    Column("source", "Source", "", "who placed the keypoints: model, edited or added"),
    Column("status", "Status", "", "to review, verified or not evaluable"),
    Column("seen_probability", "Seen", "1", "probability of an at least moderate fracture, as the picture looks", 2),
    Column("seen_grade", "Seen grade", "", "grade 0 to 3 that the picture looks like most"),
    Column("measured_probability", "Measured", "1", "probability of an at least moderate fracture, as G says", 2),
    Column("together_probability", "Together", "1", "both probabilities averaged", 2),
    Column("opinions_differ", "Differ", "", "measured and seen differ by more than 0.5: look again"),
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
    return [_measured_values(measures, _neighbour_name(report, measures)) for measures in report.measures]


def _neighbour_name(report: SpineReport, measures: Measures | None) -> str | None:
    """Name of the vertebra that a height loss compares with."""
    if measures is None or measures.neighbour_loss is None:
        return None
    index = measures.neighbour_loss.reference
    return report.levels[index] or f"No. {index + 1}"


def _measured_values(measures: Measures | None, reference: str | None) -> dict[str, Value]:
    """The measures of one vertebra by column name.

    :param reference: name of the neighbour it was compared with.
    """
    if measures is None:
        return dict.fromkeys(_MEASURED)
    scores, by_neighbour = measures.scores, measures.neighbour_loss
    values: tuple[Value, ...] = (
        measures.grade,
        GRADE_NAMES[measures.grade],
        measures.genant_index,
        measures.is_borderline,
        measures.shape,
        *measures.heights_mm,
        100 * measures.posterior_loss,
        None if by_neighbour is None else 100 * by_neighbour.loss,
        reference,
        None if measures.crush_loss is None else 100 * measures.crush_loss,
        measures.wedge_angle_deg,
        scores.anterior_posterior,
        scores.middle_posterior,
        *(scores.heights or (None, None, None)),
        scores.is_deformed,
        *measures.depths_mm,
    )
    return dict(zip(_MEASURED, values, strict=True))


_NAMES = tuple(_BY_NAME)
_MEASURED = _NAMES[3 : _NAMES.index("score")]
_PROBABILITIES = _NAMES[_NAMES.index("seen_probability") : _NAMES.index("attenuation_median_hu")]
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
    given = zip(report.vertebrae, measured_values(report), report.fracture_probabilities, strict=True)
    for i, (vertebra, values, combined) in enumerate(given):
        row = {"place": i + 1, **values, **_recorded_values(vertebra), **probability_values(combined)}
        row |= attenuation_values(report.attenuations[i]) | disc_values(report.discs[i])
        rows.append({c.name: row[c.name] for c in COLUMNS})
    return rows


def _recorded_values(vertebra: Vertebra) -> dict[str, Value]:
    return {
        "level": vertebra.level,
        "level_confidence": vertebra.level_confidence,
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
        values = [format_value(name, value) for name, value in row.items()]
        coordinates = [f"{coordinate:.3f}" for coordinate in vertebra.keypoints_ras.ravel()]
        writer.writerow([*values, *coordinates, *(_no_formula(text) for text in whole.values()), *angle_texts])
    return buffer.getvalue()


def _no_formula(text: str) -> str:
    """Keep a spreadsheet program from running text that came with the input as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
