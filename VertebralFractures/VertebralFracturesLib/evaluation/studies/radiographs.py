"""Accuracy in radiographs that are projected from CTs and synthetic patients, measured as in Cina 2021.

The landmarks of a projection are those of its patient in three dimensions, projected by the same rays as the tissue.
Every projection has an exposure of its own.
Errors along the rows are relative to the depth of the body, errors along the columns to its height.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...core.alignment.spinal_angles import ANGLES, endplates, spinal_angles_deg
from ...core.heights.genant import PRESETS, genant_index, heights_mm
from ...core.keypoints import SUPERIOR, body_centre, depths_mm
from ...core.levels import ALL_LEVEL_NAMES, LEVEL_NUMBERS
from ...errors import NoSpineFound, UnusableInput
from ...files import write_text
from ...io.ct import read_volume
from ...io.reference_case import find_cases
from ...radiograph.record import FIRST_LEVEL, Radiograph, RadiographReport
from ...report.text import text_table
from ..bootstrap import estimated, resampled_patients
from ..classification import Answers, sensitivity, specificity

if TYPE_CHECKING:
    from ...radiograph.networks import RadiographNetworks
    from ...simulation.radiograph.views import Projection

STEPS = ("step 1", "both steps")
SYNTHETIC, REAL = "synthetic", "real CT"

_SAME_BODY_MM = 12.0
_RESAMPLES = 200
_SPARSE, _FEWEST_LUMBAR = 4, 3
_NAMES = {LEVEL_NUMBERS[name]: name for name in ALL_LEVEL_NAMES}

Progress = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class RadiographResult:
    """One projection, analyzed with some steps.

    :param patient: name of the case.
    :param view: number of the projection among those of the patient, from 1.
    :param source: :data:`SYNTHETIC` or :data:`REAL`.
    :param steps: one of :data:`STEPS`.
    :param bodies: true bodies, T1 to L5.
    :param found: of them, those found.
    :param spurious: found bodies where everything is annotated and none is true.
    :param errors: (found, 6, 2) errors along rows and columns relative to depth and height.
    :param are_within: (found, 6), whether the true landmark lies within the uncertainty that is reported.
    :param height_errors_mm: (found, 3) measured less true.
    :param indices: (found,) true G.
    :param index_errors: (found,) of G, measured less true.
    :param levels_right: of the found ones, those with their true name.
    :param angle_errors_deg: by name, measured less true; only where both ends were found.
    :param seconds: that the analysis took.
    """

    patient: str
    view: int
    source: str
    steps: str
    bodies: int
    found: int
    spurious: int
    errors: NDArray[np.float64]
    are_within: NDArray[np.bool_]
    height_errors_mm: NDArray[np.float64]
    indices: NDArray[np.float64]
    index_errors: NDArray[np.float64]
    levels_right: int
    angle_errors_deg: dict[str, float]
    seconds: float


def evaluate_radiographs(
    networks: "RadiographNetworks",
    data: Path | None,
    patients: int,
    seed: int,
    views: int,
    exposures: str = "usual",
    slices_mm: float | None = None,
    progress: Progress = lambda stage, fraction: None,
) -> list[RadiographResult]:
    """Project patients, analyze the projections with step 1 alone and with both, and compare.

    :param data: folder of reference cases; None for none.
    :param patients: number of synthetic patients.
    :param seed: of the first of them, and of the exposures.
    :param views: projections of each patient.
    :param exposures: one of :data:`~...simulation.radiograph.exposure.EXPOSURES`.
    :param slices_mm: see synthetic patients as a CT with slices of this thickness keeps them, as projections of real
        CTs do; None projects the patients themselves.
    :raises UnusableInput: a folder without cases.
    """
    results = []
    count = patients + (len(find_cases(data)) if data is not None else 0)
    for number, (name, source, projections) in enumerate(_patients(data, patients, seed, views, slices_mm)):
        progress(name, number / count)
        for view, projection in enumerate(projections):
            image = _exposed(projection, exposures, np.random.default_rng([seed, view, *name.encode()]))
            results += _both_steps(name, view + 1, source, projection, image, networks)
    return results


def _patients(
    data: Path | None, patients: int, seed: int, views: int, slices_mm: float | None
) -> Iterator[tuple[str, str, list["Projection"]]]:
    from ...simulation.radiograph.views import projected_case, projected_patient

    for number in range(patients):
        yield f"patient {seed + number}", SYNTHETIC, projected_patient(seed + number, views, slices_mm)
    for case in find_cases(data) if data is not None else ():
        yield case.name, REAL, projected_case(case, read_volume(case.image), views)


def _exposed(projection: "Projection", exposures: str, rng: np.random.Generator) -> NDArray[np.float32]:
    from ...simulation.radiograph.exposure import EXPOSURES, expose

    exposure = EXPOSURES[exposures](share_behind_spine(projection), rng)
    return expose(projection.integrals.astype(np.float32), projection.pixel_mm, exposure, rng)


def share_behind_spine(projection: "Projection") -> float:
    """Share of the picture that absorbs more than the spine at its lumbar bodies, or at all where they are few."""
    absorbed = projection.integrals[:, ::_SPARSE, ::_SPARSE].astype(np.float32).sum(0)
    is_lumbar = projection.levels >= LEVEL_NUMBERS["L1"]
    chosen = is_lumbar if is_lumbar.sum() >= _FEWEST_LUMBAR else np.ones_like(is_lumbar)
    columns, rows = np.rint(np.nanmean(projection.keypoints_pixels[chosen], 1) / _SPARSE).astype(int).T
    inside = (columns >= 0) & (columns < absorbed.shape[1]) & (rows >= 0) & (rows < absorbed.shape[0])
    return float((absorbed > np.median(absorbed[rows[inside], columns[inside]])).mean())


def _both_steps(
    patient: str,
    view: int,
    source: str,
    projection: "Projection",
    image: NDArray[np.float32],
    networks: "RadiographNetworks",
) -> list[RadiographResult]:
    from ...radiograph.pipeline import analyze_radiograph

    radiograph = Radiograph(image, projection.pixel_mm, "left")
    results = []
    for steps in STEPS:
        started = time.perf_counter()
        try:
            report = analyze_radiograph(radiograph, networks, refine=steps == STEPS[-1])
        except (NoSpineFound, UnusableInput):
            report = None
        seconds = time.perf_counter() - started
        results.append(compared(patient, view, source, steps, projection, report, seconds))
    return results


def compared(
    patient: str,
    view: int,
    source: str,
    steps: str,
    projection: "Projection",
    report: RadiographReport | None,
    seconds: float,
) -> RadiographResult:
    """Compare what was found in a projection with what is known of it."""
    true_mm, levels = _true_bodies(projection)
    found_mm, found_levels, radius_mm = _found_bodies(report)
    pairs = _matched(true_mm, found_mm)
    of_true, of_found = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    true, found = true_mm[of_true], found_mm[of_found]
    sizes = np.stack([depths_mm(true).mean(-1), heights_mm(true).mean(-1)], -1)
    indices = genant_index(heights_mm(true))
    return RadiographResult(
        patient,
        view,
        source,
        steps,
        len(true_mm),
        len(pairs),
        _spurious(found_mm, set(of_found), projection),
        (found - true) / sizes[:, None],
        np.linalg.norm(found - true, axis=-1) <= radius_mm[of_found],
        heights_mm(found) - heights_mm(true),
        indices,
        genant_index(heights_mm(found)) - indices,
        sum(levels[i] == found_levels[j] for i, j in pairs),
        _angle_errors(projection, report, [levels[i] for i in of_true], true, found),
        seconds,
    )


def _true_bodies(projection: "Projection") -> tuple[NDArray[np.float64], list[str]]:
    """Bodies (n, 6, 2) in mm from T1 down that lie wholly in the picture, and their names."""
    ends = np.array(projection.integrals.shape[:0:-1]) - 1
    points = projection.keypoints_pixels
    inside = ((points >= 0) & (points <= ends)).all((1, 2))
    chosen = inside & (projection.levels >= FIRST_LEVEL)
    return points[chosen] * projection.pixel_mm, [_NAMES[level] for level in projection.levels[chosen]]


def _found_bodies(
    report: RadiographReport | None,
) -> tuple[NDArray[np.float64], list[str | None], NDArray[np.float64]]:
    """Bodies (n, 6, 2) in mm that were found, their names, and the uncertainty (n, 6) of their landmarks in mm."""
    if report is None:
        return np.zeros((0, 6, 2)), [], np.zeros((0, 6))
    points_ras = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae])
    radius_mm = np.array([vertebra.uncertainty_mm for vertebra in report.vertebrae])
    return -points_ras[..., 1:], report.levels, radius_mm


def _matched(true_mm: NDArray[np.float64], found_mm: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of a true and a found body, each the other's nearest and close."""
    if not len(true_mm) or not len(found_mm):
        return []
    apart = np.linalg.norm(body_centre(true_mm)[:, None] - body_centre(found_mm)[None], axis=-1)
    nearest = apart.argmin(1)
    return [(i, int(j)) for i, j in enumerate(nearest) if apart[i, j] < _SAME_BODY_MM and apart[:, j].argmin() == i]


def _spurious(found_mm: NDArray[np.float64], matched: set[int], projection: "Projection") -> int:
    """Found bodies that are none: those in the stretches where every body is annotated, and not above T1."""
    rows = projection.known_rows * projection.pixel_mm
    marked = np.array([np.nanmean(points, 0) for points in projection.keypoints_pixels]) * projection.pixel_mm
    count = 0
    for place, centre in enumerate(body_centre(found_mm) if len(found_mm) else ()):
        is_judged = any(top <= centre[1] <= bottom for top, bottom in rows)
        is_near = np.linalg.norm(marked - centre, axis=-1).min() < _SAME_BODY_MM
        count += place not in matched and is_judged and not is_near
    return count


def _angle_errors(
    projection: "Projection",
    report: RadiographReport | None,
    levels: Sequence[str],
    true_mm: NDArray[np.float64],
    found_mm: NDArray[np.float64],
) -> dict[str, float]:
    """Errors of the angles between matched bodies, which go by their true names."""
    if report is None:
        return {}
    sacrum = projection.keypoints_pixels[projection.levels == 25.0] * projection.pixel_mm
    true_plate = -sacrum[0][list(SUPERIOR)] if len(sacrum) else None
    plate = report.sacral_endplate_ras
    if true_plate is None or plate is None or np.linalg.norm(plate[1, 1:] - true_plate[1]) > _SAME_BODY_MM:
        plate = true_plate = None
    true = spinal_angles_deg(endplates(levels, -true_mm, true_plate))
    found = spinal_angles_deg(endplates(levels, -found_mm, None if plate is None else plate[:, 1:]))
    pairs = {name: (measured, true[name]) for name, measured in found.items()}
    return {name: a - b for name, (a, b) in pairs.items() if a is not None and b is not None}


@dataclass(frozen=True)
class Summary:
    """The figures of a source with some steps: medians of absolute errors unless their names differ.

    :param source: :data:`SYNTHETIC` or :data:`REAL`.
    :param steps: one of :data:`STEPS`.
    :param figures: by name; None where there is nothing to measure.
    :param standard_errors: of the figures that are measured, by a bootstrap over patients (Efron 1979); none of a
        single patient.
    """

    source: str
    steps: str
    figures: dict[str, float | None]
    standard_errors: dict[str, float]


def summary(results: Sequence[RadiographResult]) -> list[Summary]:
    """Sum up each source with each of :data:`STEPS`, those that there are."""
    rows = []
    for source in (SYNTHETIC, REAL):
        for steps in STEPS:
            own = [one for one in results if (one.source, one.steps) == (source, steps)]
            if own:
                figures = _figures(own)
                drawn = [_figures(draw) for draw in resampled_patients(own, lambda one: one.patient, _RESAMPLES, 0)]
                rows.append(Summary(source, steps, figures, _standard_errors(figures, drawn)))
    return rows


def _standard_errors(figures: dict[str, float | None], drawn: Sequence[dict[str, float | None]]) -> dict[str, float]:
    """Of the figures that are measured, not of counts."""
    estimates = {
        name: estimated(value, np.array([draw[name] for draw in drawn], dtype=np.float64))
        for name, value in figures.items()
        if isinstance(value, float)
    }
    return {name: estimate.error for name, estimate in estimates.items() if estimate.error is not None}


def _figures(results: Sequence[RadiographResult]) -> dict[str, float | None]:
    errors = np.abs(np.concatenate([one.errors.reshape(-1, 2) for one in results]))
    bodies, found = sum(one.bodies for one in results), sum(one.found for one in results)
    spurious = sum(one.spurious for one in results)
    true = np.concatenate([one.indices for one in results])
    measured = true + np.concatenate([one.index_errors for one in results])
    moderate = PRESETS["genant"].moderate
    answers = Answers(true <= moderate, measured, moderate)
    angles = {
        angle.name: [abs(one.angle_errors_deg[angle.name]) for one in results if angle.name in one.angle_errors_deg]
        for angle in ANGLES
    }
    return {
        "projections": len(results),
        "bodies": bodies,
        "recall": found / bodies if bodies else None,
        "precision": found / (found + spurious) if found else None,
        "error_x_percent": _median(100 * errors[:, 0]),
        "error_y_percent": _median(100 * errors[:, 1]),
        "error_x_p95_percent": _percentile(100 * errors[:, 0]),
        "error_y_p95_percent": _percentile(100 * errors[:, 1]),
        "within_uncertainty": _mean(np.concatenate([one.are_within.ravel() for one in results])),
        "height_error_mm": _mean(np.abs(np.concatenate([one.height_errors_mm.ravel() for one in results]))),
        "index_error": _mean(np.abs(np.concatenate([one.index_errors for one in results]))),
        "fractured": answers.positives,
        "sensitivity": sensitivity(answers) if answers.positives else None,
        "specificity": specificity(answers) if answers.negatives else None,
        "levels_right": sum(one.levels_right for one in results) / found if found else None,
        **{name: _median(np.array(values)) for name, values in angles.items()},
        **{f"{name}_count": len(values) for name, values in angles.items()},
        "seconds": _median(np.array([one.seconds for one in results])),
    }


def _median(values: NDArray[np.float64]) -> float | None:
    return float(np.median(values)) if len(values) else None


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _percentile(values: NDArray[np.float64]) -> float | None:
    return float(np.percentile(values, 95)) if len(values) else None


def radiographs_text(rows: Sequence[Summary]) -> str:
    """The figures as a table, real and synthetic apart."""
    header = ["", *(f"{row.source}, {row.steps}" for row in rows)]
    body = [[name, *(_text(row, name) for row in rows)] for name in (rows[0].figures if rows else ())]
    title = "Projected radiographs (median absolute errors; heights and G: means; in brackets standard errors)"
    return f"{title}\n{text_table(header, body)}\n"


def _text(row: Summary, name: str) -> str:
    value, error = row.figures[name], row.standard_errors.get(name)
    if value is None:
        return "-"
    shown = f"{value:.3g}" if isinstance(value, float) else str(value)
    return shown if error is None else f"{shown} ({error:.1g})"


def write_radiographs(folder: Path, results: Sequence[RadiographResult], rows: Sequence[Summary]) -> None:
    """Write the projections and their figures as radiographs.json, the figures as radiographs.txt."""
    names = ("patient", "view", "source", "steps", "bodies", "found", "spurious", "levels_right", "angle_errors_deg",
             "seconds")  # fmt: skip
    cases = [{name: getattr(one, name) for name in names} for one in results]
    document = {"summary": [asdict(row) for row in rows], "projections": cases}
    write_text(folder / "radiographs.json", json.dumps(document, indent=1) + "\n")
    write_text(folder / "radiographs.txt", radiographs_text(rows))
