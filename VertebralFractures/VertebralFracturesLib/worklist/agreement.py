"""How far readers agree: heights, the height ratio and the grade of vertebrae that two of them measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..core.keypoints import body_centre, depths_mm
from ..core.report import SpineReport
from ..core.statistics import bland_altman, confusion, weighted_kappa
from ..report.columns.column import Column, Value, csv_text
from .cases import CaseList
from .reading import Reading, readings_of

VERTEBRA_COLUMNS = (
    Column("case", "Case", "", "name of the case in the work list"),
    Column("reader_1", "Reader 1", "", "name of the first reader"),
    Column("reader_2", "Reader 2", "", "name of the second reader"),
    Column("level_1", "Level 1", "", "level of the vertebra by the first reader"),
    Column("level_2", "Level 2", "", "level of the vertebra by the second reader"),
    Column("grade_1", "Grade 1", "", "grade by the first reader"),
    Column("grade_2", "Grade 2", "", "grade by the second reader"),
    Column("height_ratio_1", "G 1", "1", "height ratio G by the first reader", 3),
    Column("height_ratio_2", "G 2", "1", "height ratio G by the second reader", 3),
    Column("height_anterior_difference_mm", "Ha difference", "mm", "anterior height, second minus first reader", 2),
    Column("height_middle_difference_mm", "Hm difference", "mm", "middle height, second minus first reader", 2),
    Column("height_posterior_difference_mm", "Hp difference", "mm", "posterior height, second minus first reader", 2),
)
"""One row for every vertebra that two readers measured."""

SUMMARY_COLUMNS = (
    Column("reader_1", "Reader 1", "", "name of the first reader"),
    Column("reader_2", "Reader 2", "", "name of the second reader"),
    Column("cases", "Cases", "", "number of cases that both read"),
    Column("vertebrae", "Vertebrae", "", "number of vertebrae that both measured"),
    Column("only_1", "Only 1", "", "vertebrae in these cases that only the first reader measured"),
    Column("only_2", "Only 2", "", "vertebrae in these cases that only the second reader measured"),
    Column("same_level", "Same level", "1", "share of the vertebrae with the same level", 3),
    Column("same_grade", "Same grade", "1", "share of the graded vertebrae with the same grade", 3),
    Column("weighted_kappa", "Weighted kappa", "1", "Cohen's kappa of the grades 0 to 3, quadratic weights", 3),
    Column("height_difference_mm", "Height difference", "mm", "mean of the height differences (bias)", 2),
    Column("height_limits_mm", "Limits of agreement", "mm", "1.96 SD of the height differences (Bland-Altman)", 2),
    Column("height_ratio_difference", "G difference", "1", "mean of the differences of the height ratio", 3),
    Column("height_ratio_limits", "G limits", "1", "1.96 SD of the differences of the height ratio", 3),
)
"""One row for every pair of readers."""

_GRADES, _QUADRATIC = 4, 2
"""How many grades there are, and the power of the weights of kappa."""

_SAME_BODY = 0.5
"""Distance of the centres of one body by two readers in depths of it; chosen: neighbours are a body apart."""

Row = dict[str, Value]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement between readers.

    :param vertebrae: rows of :data:`VERTEBRA_COLUMNS`.
    :param summary: rows of :data:`SUMMARY_COLUMNS`.
    """

    vertebrae: tuple[Row, ...]
    summary: tuple[Row, ...]

    def csv_files(self) -> dict[str, str]:
        """The two tables as CSV by the names of their files."""
        return {
            "agreement.csv": _csv(SUMMARY_COLUMNS, self.summary),
            "agreement_vertebrae.csv": _csv(VERTEBRA_COLUMNS, self.vertebrae),
        }


def readers_agreement(listed: CaseList) -> Agreement:
    """Compare all pairs of readers over the cases of a list that both of them read."""
    pairs: dict[tuple[str, str], list[tuple[str, Reading, Reading]]] = {}
    for case in listed.cases:
        for first, second in combinations(readings_of(listed.readings, case.name), 2):
            pairs.setdefault((first.reader, second.reader), []).append((case.name, first, second))
    vertebrae, summary = [], []
    for readers, cases in sorted(pairs.items()):
        rows, counts = [], np.zeros(2, dtype=int)
        for name, first, second in cases:
            matches = _same_bodies(first.report, second.report)
            rows += [_row(name, first, second, i, j) for i, j in matches]
            counts += np.array([_measured(first.report), _measured(second.report)]) - len(matches)
        vertebrae += rows
        summary.append(_summary(readers, len(cases), rows, counts))
    return Agreement(tuple(vertebrae), tuple(summary))


def _measured(report: SpineReport) -> int:
    return sum(one is not None for one in report.measures)


def _same_bodies(first: SpineReport, second: SpineReport) -> list[tuple[int, int]]:
    """Places of the vertebrae that both measured, by where they lie."""
    ours = [i for i, one in enumerate(first.measures) if one is not None]
    others = [j for j, one in enumerate(second.measures) if one is not None]
    if not ours or not others:
        return []
    points = np.array([second.vertebrae[j].keypoints_ras for j in others])
    matches = []
    for i in ours:
        own = first.vertebrae[i].keypoints_ras
        distances = np.linalg.norm(body_centre(points) - body_centre(own), axis=-1)
        nearest = int(distances.argmin())
        if distances[nearest] < _SAME_BODY * depths_mm(own).mean():
            matches.append((i, others[nearest]))
    return matches


def _row(case: str, first: Reading, second: Reading, i: int, j: int) -> Row:
    one, other = first.report.measures[i], second.report.measures[j]
    assert one is not None
    assert other is not None
    differences = np.subtract(other.heights_mm, one.heights_mm).tolist()
    values: tuple[Value, ...] = (
        case,
        first.reader,
        second.reader,
        first.report.shown_levels[i],
        second.report.shown_levels[j],
        one.grade,
        other.grade,
        one.genant_index,
        other.genant_index,
        *differences,
    )
    return {column.name: value for column, value in zip(VERTEBRA_COLUMNS, values, strict=True)}


def _summary(readers: tuple[str, str], cases: int, rows: Sequence[Row], only: np.ndarray) -> Row:
    graded = [(row["grade_1"], row["grade_2"]) for row in rows if None not in (row["grade_1"], row["grade_2"])]
    grades = np.array(graded, dtype=int).reshape(-1, 2)
    heights = [float(str(row[name])) for row in rows for name in row if name.endswith("_difference_mm")]
    ratios = np.array([(row["height_ratio_1"], row["height_ratio_2"]) for row in rows], dtype=float).reshape(-1, 2)
    by_height = bland_altman(heights, np.zeros(len(heights)))
    by_ratio = bland_altman(ratios[:, 1], ratios[:, 0])
    values: tuple[Value, ...] = (
        *readers,
        cases,
        len(rows),
        int(only[0]),
        int(only[1]),
        _share([row["level_1"] == row["level_2"] for row in rows]),
        _share((grades[:, 0] == grades[:, 1]).tolist()),
        _known(weighted_kappa(confusion(grades[:, 0], grades[:, 1], _GRADES), _QUADRATIC)),
        *map(_known, (by_height.bias, by_height.half_width, by_ratio.bias, by_ratio.half_width)),
    )
    return {column.name: value for column, value in zip(SUMMARY_COLUMNS, values, strict=True)}


def _share(are_true: Sequence[bool]) -> float | None:
    return float(np.mean(are_true)) if are_true else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _csv(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    return csv_text([one.name for one in columns], [[one.cell(row[one.name]) for one in columns] for row in rows])
