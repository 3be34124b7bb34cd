"""Readers against readers: the measures of the product, taken of the readers of the published annotations."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.heights.genant import GRADE_NAMES, PRESETS, genant_index, grade, heights_mm
from ...core.keypoints import body_centre
from ...core.spine_curve import curve_through_bodies
from ...files import write_text
from ...report.text import text_table
from ...simulation.matching import closest_pairs
from ..annotations import Spacing, Study
from ..bootstrap import Estimate, estimate
from ..matching import Annotations, compare
from ..metrics import METRICS
from ..pages.page import tables_page
from ..pages.tables import Table, titled, value_and_error
from ..published import PISOV_EXPERTS, PISOV_GRADES, PISOV_METHOD, PISOV_PATIENTS, with_spread
from ..results import CaseResult

SPACINGS_MM = (0.6, 0.7, 0.8, 0.9)
"""In-plane spacings that are tried; nobody published the true ones."""

RESAMPLES = 200
"""How often the patients are drawn anew."""

_LEAST_BODIES = 3
_GROUPS = ("localisation", "detection", "classification", "measurement", "agreement", "levels")
_BY_SPACING = (
    "localisation_error_mm",
    "localisation_error_sd_mm",
    "severe_centre_error_mm",
    "recall",
    "severe_recall",
    "precision",
    "area_under_curve_80",
    "area_under_curve_74",
    "area_under_curve_patient_80",
    "area_under_curve_patient_74",
    "height_error_mm",
    "index_error",
)
_COLUMNS = ("by another", "by mean of others", "by mean of all")

WHY = (
    "Pisov 2020 does not state how its readers were compared: here a reader is compared with another one, with the "
    "mean of the others, and with the mean of all, which includes the reader's own points and is optimistic; the last "
    "two where there are three readers. The in-plane spacing was not published: distances in millimetres grow with it, "
    "G and the AUC hardly do. The paper has 1268 vertebrae; those annotated by one reader only may explain it."
)
"""Why the figures are not those of the paper."""


@dataclass(frozen=True)
class Rule:
    """How one index G is made of those of a body's readers.

    :param title: for readers.
    :param of: the rule.
    :param least_readers: bodies that fewer readers annotated are left out.
    """

    title: str
    of: Callable[[NDArray[np.float64]], float]
    least_readers: int = 1


RULES = (
    Rule("mean G of the readers", lambda indices: float(indices.mean())),
    Rule("mean G, two readers or more", lambda indices: float(indices.mean()), 2),
    Rule("least G of the readers", lambda indices: float(indices.min())),
    Rule("greatest G of the readers", lambda indices: float(indices.max())),
)


@dataclass(frozen=True, eq=False)
class ReaderAgreement:
    """How the readers of one release agree.

    :param release: its name.
    :param studies: number of CTs.
    :param annotations: number of bodies annotated, each reader's counted.
    :param by_spacing: in-plane spacing in mm to the measures of one reader by another, by name.
    :param by_others: the measures of a reader by the mean of the others where there are two others at least.
    :param by_all: the same by the mean of all, the judged one included.
    :param grades: rule to numbers of bodies of each grade.
    :param patients: rule to numbers of patients by their worst grade.
    """

    release: str
    studies: int
    annotations: int
    by_spacing: dict[float, dict[str, Estimate]]
    by_others: dict[str, Estimate]
    by_all: dict[str, Estimate]
    grades: dict[str, tuple[int, ...]]
    patients: dict[str, tuple[int, ...]]

    @property
    def assumed(self) -> dict[str, Estimate]:
        """The measures of one reader by another at the spacing that is assumed."""
        return self.by_spacing[Spacing().in_plane_mm]


def compare_readers(
    release: str, studies: Sequence[Study], progress: Callable[[str, float], None] = lambda stage, fraction: None
) -> ReaderAgreement:
    """Take all measures of a release.

    :param release: its name.
    :param studies: at least one with two readers of three bodies or more.
    :param progress: called with the release and the share done.
    """
    by_spacing = {}
    for place, in_plane_mm in enumerate(SPACINGS_MM):
        progress(release, place / (len(SPACINGS_MM) + 2))
        by_spacing[in_plane_mm] = estimate(reader_by_reader(studies, Spacing(in_plane_mm)), RESAMPLES)
    progress(release, len(SPACINGS_MM) / (len(SPACINGS_MM) + 2))
    by_mean = [_estimate_or_nothing(reader_by_mean(studies, Spacing(), own)) for own in (False, True)]
    return ReaderAgreement(
        release=release,
        studies=len(studies),
        annotations=sum(len(points) for study in studies for points in study.points_voxels.values()),
        by_spacing=by_spacing,
        by_others=by_mean[0],
        by_all=by_mean[1],
        grades={rule.title: grade_counts(studies, rule, Spacing()) for rule in RULES},
        patients={rule.title: patient_counts(studies, rule, Spacing()) for rule in RULES},
    )


def _estimate_or_nothing(results: Sequence[CaseResult]) -> dict[str, Estimate]:
    """The measures, all undefined where no study has three readers."""
    if not results:
        return {metric.name: Estimate(None, None, None, None) for metric in METRICS}
    return estimate(results, RESAMPLES)


def reader_by_reader(studies: Sequence[Study], spacing: Spacing) -> list[CaseResult]:
    """Every reader of a study judged by every other one of it."""
    results = []
    for study in studies:
        for judged, reference in permutations(_readers(study), 2):
            truth = study.annotations(reference, spacing)
            curve = curve_through_bodies(body_centre(truth.keypoints_ras))
            results.append(compare(study.name, study.annotations(judged, spacing), truth, curve))
    return results


def reader_by_mean(studies: Sequence[Study], spacing: Spacing, own: bool) -> list[CaseResult]:
    """Every reader of a study judged by the mean of several, where there are two others at least.

    :param own: whether the mean holds the judged reader's own points.
    """
    results = []
    for study in studies:
        readers = _readers(study)
        for judged in readers if len(readers) > 2 else ():
            truth = mean_annotations(
                [study.annotations(reader, spacing) for reader in readers if own or reader != judged]
            )
            curve = curve_through_bodies(body_centre(truth.keypoints_ras))
            results.append(compare(study.name, study.annotations(judged, spacing), truth, curve))
    return results


def mean_annotations(readings: Sequence[Annotations]) -> Annotations:
    """What readers annotated on average: each body by all who annotated it, its level by the first of them."""
    bodies = same_bodies(readings)
    return Annotations(
        np.array([np.mean([points for points, _ in body], axis=0) for body in bodies]), [b[0][1] for b in bodies]
    )


def _readers(study: Study) -> list[str]:
    return [reader for reader, points in study.points_voxels.items() if len(points) >= _LEAST_BODIES]


def same_bodies(readings: Sequence[Annotations]) -> list[list[tuple[NDArray[np.float64], str | None]]]:
    """The bodies that readers annotated, cranial to caudal: keypoints (6, 3) and level by each reader who annotated it.

    Readers are taken one by one; each body goes to the closest one there is, as the product's detections are matched.
    """
    bodies: list[list[tuple[NDArray[np.float64], str | None]]] = []
    for marks in readings:
        centres = np.array([body_centre([points for points, _ in body]).mean(0) for body in bodies]).reshape(-1, 3)
        places = dict(closest_pairs(body_centre(marks.keypoints_ras), centres))
        for number, entry in enumerate(zip(marks.keypoints_ras, marks.levels, strict=True)):
            if number in places:
                bodies[places[number]].append(entry)
            else:
                bodies.append([entry])
    return sorted(bodies, key=lambda body: -float(body[0][0][:, 2].mean()))


def body_indices(study: Study, spacing: Spacing) -> list[NDArray[np.float64]]:
    """G of every body of a study, (readers who annotated it,) each."""
    bodies = same_bodies([study.annotations(reader, spacing) for reader in study.points_voxels])
    return [genant_index(heights_mm([points for points, _ in body])) for body in bodies]


def grade_counts(studies: Sequence[Study], rule: Rule, spacing: Spacing) -> tuple[int, ...]:
    """Numbers of bodies of the four grades of Pisov 2020."""
    return _counts([index for study in studies for index in _ruled(study, rule, spacing)])


def patient_counts(studies: Sequence[Study], rule: Rule, spacing: Spacing) -> tuple[int, ...]:
    """Numbers of patients by the grade of their least index G."""
    return _counts([min(_ruled(study, rule, spacing), default=1.0) for study in studies])


def _ruled(study: Study, rule: Rule, spacing: Spacing) -> list[float]:
    """One index G per body."""
    bodies = body_indices(study, spacing)
    return [rule.of(indices) for indices in bodies if len(indices) >= rule.least_readers]


def _counts(indices: Sequence[float]) -> tuple[int, ...]:
    grades = grade(np.array(indices), PRESETS["pisov"])
    return tuple(int((grades == value).sum()) for value in range(len(GRADE_NAMES)))


def agreement_tables(found: ReaderAgreement) -> list[Table]:
    """The tables of a release, beside what Pisov 2020 reports of its experts and of its method."""
    name = found.release
    return [
        *(_measure_table(found, group) for group in _GROUPS if _is_known(found, group)),
        _spacing_table(found),
        _count_table(f"{name}: vertebrae by grade (0.80/0.74/0.60)", found.grades, PISOV_GRADES),
        _count_table(f"{name}: patients by worst grade", found.patients, PISOV_PATIENTS),
    ]


def _is_known(found: ReaderAgreement, group: str) -> bool:
    """Whether any measure of a group is defined."""
    return any(found.assumed[metric.name].value is not None for metric in METRICS if metric.group == group)


def _measure_table(found: ReaderAgreement, group: str) -> Table:
    columns = (found.assumed, found.by_others, found.by_all)
    metrics = [metric for metric in METRICS if metric.group == group]
    paper = {"Pisov inter-reader": PISOV_EXPERTS, "Pisov method": PISOV_METHOD}
    if not any(metric.name in PISOV_EXPERTS for metric in metrics):
        paper = {}
    rows = [
        (
            titled(metric),
            *(value_and_error(column[metric.name], metric) for column in columns),
            *(with_spread(figures.get(metric.name)) for figures in paper.values()),
        )
        for metric in metrics
    ]
    header = ("a reader compared", *_COLUMNS, *paper)
    note = (
        f"value (SE of the bootstrap over patients) at {Spacing().in_plane_mm} mm in plane, an assumption, "
        f"and {Spacing().slice_mm} mm between slices; Pisov 2020: value (SD)"
    )
    return Table(f"{found.release}: {group}", header, tuple(rows), note)


def _spacing_table(found: ReaderAgreement) -> Table:
    metrics = {metric.name: metric for metric in METRICS}
    rows = [
        (
            titled(metrics[name]),
            *(value_and_error(measures[name], metrics[name]) for measures in found.by_spacing.values()),
            with_spread(PISOV_EXPERTS.get(name)),
        )
        for name in _BY_SPACING
    ]
    header = (
        "a reader compared with another, at",
        *(f"{spacing} mm" for spacing in found.by_spacing),
        "Pisov inter-reader",
    )
    note = "Effect of the assumed in-plane spacing; the true spacings were not published."
    return Table(f"{found.release}: in-plane spacing", header, tuple(rows), note)


def _count_table(title: str, counts: dict[str, tuple[int, ...]], published: tuple[int, ...]) -> Table:
    rows = [(rule, *map(str, row), str(sum(row))) for rule, row in counts.items()]
    rows.append(("Pisov 2020", *map(str, published), str(sum(published))))
    return Table(title, ("body's G", *GRADE_NAMES, "all"), tuple(rows))


def agreement_text(releases: Sequence[ReaderAgreement]) -> str:
    """All tables as text for a terminal."""
    tables = (table for found in releases for table in agreement_tables(found))
    parts = [f"{table.title}\n{text_table(table.header, table.rows)}" for table in tables]
    return "\n\n".join([*parts, fill(WHY, 110)]) + "\n"


def write_agreement(folder: Path | str, releases: Sequence[ReaderAgreement]) -> None:
    """Write experts.json and experts.html.

    :param folder: an existing folder.
    :param releases: what to write.
    """
    document = {"schema": 1, "releases": [_document(found) for found in releases]}
    write_text(Path(folder) / "experts.json", json.dumps(document, indent=1, allow_nan=False) + "\n")
    facts = {found.release: f"{found.studies} CTs, {found.annotations} annotated bodies" for found in releases}
    facts["assumed"] = f"{Spacing().in_plane_mm} mm in plane, {Spacing().slice_mm} mm between slices"
    rows: list[Sequence[Table]] = []
    for found in releases:
        *measures, grades, patients = agreement_tables(found)
        rows += [*([table] for table in measures), [grades, patients]]
    words = ("Why these are not the figures of the paper", WHY)
    write_text(Path(folder) / "experts.html", tables_page("Inter-reader agreement", facts, rows, words))


def _document(found: ReaderAgreement) -> dict[str, Any]:
    def plain(measures: dict[str, Estimate]) -> dict[str, Any]:
        return {name: asdict(value) for name, value in measures.items()}

    return {
        "release": found.release,
        "studies": found.studies,
        "annotations": found.annotations,
        "assumed_spacing_mm": asdict(Spacing()),
        "reader_by_reader": {f"{spacing}": plain(measures) for spacing, measures in found.by_spacing.items()},
        "reader_by_mean_of_others": plain(found.by_others),
        "reader_by_mean_of_all": plain(found.by_all),
        "why_not_the_figures_of_the_paper": WHY,
        "grades": found.grades,
        "patients": found.patients,
        "pisov_2020": {"experts": PISOV_EXPERTS, "grades": PISOV_GRADES, "patients": PISOV_PATIENTS},
    }
