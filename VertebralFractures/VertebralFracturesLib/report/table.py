"""The report as a table: one row per vertebra."""

from ..core.alignment.discs import Disc
from ..core.attenuation.record import Attenuation
from ..core.heights.genant import PLAIN_PRESETS
from ..core.heights.genant import grade as genant_grade
from ..core.image_classification import CombinedProbability
from ..core.levels import is_certain
from ..core.measures import Measures
from ..core.note import Note
from ..core.report import SpineReport, Vertebra
from ..radiograph.record import RadiographReport
from .columns.column import Column, Value, csv_text, no_formula
from .columns.vertebra import COLUMNS, POINT_COLUMNS
from .study import study_values

_BY_NAME = {column.name: column for column in COLUMNS}


def column(name: str) -> Column:
    """The column of a name."""
    return _BY_NAME[name]


def measured_values(report: SpineReport) -> list[dict[str, Value]]:
    """What follows from the keypoints of each vertebra, by column name; all None where it is not evaluable."""
    return [
        dict.fromkeys(_MEASURED)
        if measures is None
        else reported_values(report, _measured_values(measures, _neighbour_names(report, measures)))
        for measures in report.measures
    ]


def has_lengths(report: SpineReport) -> bool:
    """Whether lengths are known; they are not in a radiograph without a scale, of which ratios and angles hold."""
    return not isinstance(report, RadiographReport) or report.is_scale_known


def reported_values(report: SpineReport, values: dict[str, Value]) -> dict[str, Value]:
    """Values by column name as a report states them: without any length where lengths are not known.

    :param report: that the values belong to.
    :param values: by names of :data:`COLUMNS`.
    """
    if has_lengths(report):
        return values
    return {name: None if name in _LENGTHS else value for name, value in values.items()}


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
_LENGTHS = {one.name for one in COLUMNS if one.unit == "mm" or one.name.startswith("z_height_")}
_MEASURED = _NAMES[_NAMES.index("grade") : _NAMES.index("score")]
_PROBABILITIES = _NAMES[_NAMES.index("image_probability") : _NAMES.index("attenuation_median_hu")]
_ATTENUATION = _NAMES[_NAMES.index("attenuation_median_hu") : _NAMES.index("disc_height_anterior_mm")]
_DISC = _NAMES[_NAMES.index("disc_height_anterior_mm") :]
_NOTE = _NAMES[_NAMES.index("reader_note") : _NAMES.index("image_probability")]


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
        rows.append(reported_values(report, {c.name: row[c.name] for c in COLUMNS}))
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
        **note_values(vertebra.note),
    }


def note_values(note: Note | None) -> dict[str, Value]:
    """A note of a reader by column name; all None where there is none."""
    values = (None,) * len(_NOTE) if note is None else (note.text, note.reader or None, note.written or None)
    return dict(zip(_NOTE, values, strict=True))


def format_value(name: str, value: Value) -> str:
    """A value of a column as text, with the decimals that mean something; empty where there is none."""
    return _BY_NAME[name].text(value)


def report_csv(report: SpineReport, delimiter: str = ",") -> str:
    """The report as CSV: a header, then one row per vertebra.

    After the table's columns come the keypoints in RAS mm and, the same in every row, what the rows need to be read on
    their own, see :func:`origin_values`. What is measured of the patient has a table of its own, see
    :func:`~.patient_values.patient_csv`. Write it as :data:`~.columns.column.CSV_ENCODING`.

    :param delimiter: between the values; a tab makes it TSV.
    """
    origin = origin_values(report)
    header = [*_BY_NAME, *(one.name for one in POINT_COLUMNS), *origin]
    rows = []
    for vertebra, row in zip(report.vertebrae, table_rows(report), strict=True):
        values = [_BY_NAME[name].cell(value) for name, value in row.items()]
        coordinates = [f"{coordinate:.3f}" if has_lengths(report) else "" for coordinate in vertebra.keypoints_ras.flat]
        rows.append([*values, *coordinates, *origin.values()])
    return csv_text(header, rows, delimiter)


def origin_values(report: SpineReport) -> dict[str, str]:
    """How the values of a report came about and whose they are, by :data:`~.columns.patient.ORIGIN_COLUMNS`."""
    values = {
        "preset": report.preset,
        "detector": report.detector,
        "software": report.software,
        **study_values(report.input),
        "warnings": " | ".join(report.warnings),
    }
    return {name: no_formula(text) for name, text in values.items()}
