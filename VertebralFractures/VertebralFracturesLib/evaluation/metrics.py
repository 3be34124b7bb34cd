"""The measures of error: name, unit, formula and source of each, in the order of the tables."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.heights.genant import GRADE_NAMES, PLAIN_PRESETS, Preset, grade
from ..core.levels import CONFIDENT_LEVEL
from ..core.statistics import bland_altman, confusion, weighted_kappa
from ..simulation.matching import MATCH_MM
from .classification import (
    STATED_SPECIFICITY,
    TASKS,
    Answers,
    Task,
    answers,
    area_under_roc,
    sensitivity,
    sensitivity_at_stated_specificity,
    specificity,
)
from .coverage import (
    LARGE_ERROR_MM,
    NORMAL_95,
    UNCERTAINTY_COVERAGE,
    height_coverage,
    index_coverage,
    keypoint_coverage,
    large_errors_foreseen,
    uncertainty_factor,
)
from .results import Pool

PISOV_CUTOFF = PLAIN_PRESETS["pisov"].moderate
"""At or below this index G, Pisov 2020 reports the localisation of fractured vertebrae apart (table 1)."""

SAME_BODY_OVERLAP = 0.5
"""Overlap of two boxes in the sagittal plane from which they show the same body, as with the anchors of Pisov 2020."""

SURE_LEVEL = 0.9
"""Confidence above which a level name must not be wrong."""

HEIGHT_NAMES = ("anterior", "middle", "posterior")


@dataclass(frozen=True)
class Metric:
    """One measure of error.

    :param group: the table it belongs to.
    :param name: key in files.
    :param title: name for readers.
    :param unit: unit, "1" for ratios.
    :param decimals: decimals that mean something.
    :param of: computes it; NaN where it is undefined.
    :param meaning: formula and source.
    """

    group: str
    name: str
    title: str
    unit: str
    decimals: int
    of: Callable[[Pool], float]
    meaning: str


def recall(pool: Pool) -> float:
    """Found share of the reference vertebrae: TP / (TP + FN)."""
    return _share(len(pool.indices), len(pool.indices) + len(pool.missed_indices))


def precision(pool: Pool) -> float:
    """Share of the detections in the annotated range that are reference vertebrae: TP / (TP + FP)."""
    return _share(len(pool.indices), len(pool.indices) + len(pool.false_indices))


def whole_precision(pool: Pool) -> float:
    """Precision with the detections beyond the annotated range counted as false: a lower bound."""
    outside = sum(case.outside_finds for case in pool.cases)
    return _share(len(pool.indices), len(pool.indices) + len(pool.false_indices) + outside)


def severe_recall(pool: Pool) -> float:
    """Recall of the reference vertebrae with G at or below :data:`PISOV_CUTOFF`."""
    found = int((pool.indices <= PISOV_CUTOFF).sum())
    return _share(found, found + int((pool.missed_indices <= PISOV_CUTOFF).sum()))


def planar_recall(pool: Pool) -> float:
    """Share of the reference vertebrae that a detection overlaps by more than :data:`SAME_BODY_OVERLAP`."""
    return _share(int((pool.overlaps > SAME_BODY_OVERLAP).sum()), len(pool.indices) + len(pool.missed_indices))


def planar_precision(pool: Pool) -> float:
    """Share of the detections that overlap a reference vertebra by more than :data:`SAME_BODY_OVERLAP`."""
    return _share(int((pool.overlaps > SAME_BODY_OVERLAP).sum()), len(pool.indices) + len(pool.false_indices))


def grade_table(pool: Pool, preset: Preset) -> NDArray[np.int_]:
    """How often (4, 4) the found vertebrae of each grade by the reference (rows) were given each grade (columns)."""
    return confusion(grade(pool.indices, preset), grade(pool.found_indices, preset), len(GRADE_NAMES))


def cases_with_right_levels(pool: Pool) -> float:
    """Share of the cases with detections in which every detection has the level of the reference."""
    named = [case.arrays["level_steps"] for case in pool.cases if case.matched and case.matched[0].level]
    return _share(sum(bool((steps == 0).all()) for steps in named), len(named))


def failure_rate(pool: Pool) -> float:
    """Share of the cases that were refused or in which no spine was found."""
    return _share(sum(case.failure is not None for case in pool.cases), len(pool.cases))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _mean(values: NDArray) -> float:
    return float(np.mean(values))


def _sd(values: NDArray) -> float:
    return float(np.std(values))


def _median(values: NDArray) -> float:
    return float(np.median(values))


def _percentile_95(values: NDArray) -> float:
    return float(np.percentile(values, 95))


def _mean_size(values: NDArray) -> float:
    return float(np.mean(np.abs(values)))


def _over(values: Callable[[Pool], NDArray], by: Callable[[NDArray], float]) -> Callable[[Pool], float]:
    """A statistic of an array of the pool; NaN where the array is empty."""

    def statistic(pool: Pool) -> float:
        array = values(pool)
        return by(array) if array.size else float("nan")

    return statistic


def _localisation_errors(pool: Pool) -> NDArray[np.float64]:
    return np.r_[pool.centre_errors_mm, pool.false_nearest_mm]


def _severe_centre_errors(pool: Pool) -> NDArray[np.float64]:
    return pool.centre_errors_mm[pool.indices <= PISOV_CUTOFF]


def _relative_height_errors(pool: Pool) -> NDArray[np.float64]:
    return 100 * np.abs(pool.height_errors_mm) / pool.heights_mm


def _patient_index_errors(pool: Pool) -> NDArray[np.float64]:
    return np.array([abs(case.found_least_index - case.least_index) for case in pool.cases])


def _level_share(of: Callable[[Pool], NDArray[np.bool_]], least_confidence: float = 0.0) -> Callable[[Pool], float]:
    """Share of the detections with a level by the reference, and at least a confidence in theirs, of which it holds."""
    return _over(lambda pool: of(pool)[(pool.has_level == 1) & (pool.level_confidence >= least_confidence)], _mean)


def _kappa(preset: Preset) -> Callable[[Pool], float]:
    return lambda pool: weighted_kappa(grade_table(pool, preset))


def _distance_metrics() -> tuple[Metric, ...]:
    group, centre = "localisation", "distance of the mean of the six keypoints from that of the reference in 3D"
    nearest = (
        "distance of every detection in the annotated range from the nearest reference centre (Pisov 2020, table 1)"
    )
    severe = f"{centre}, of vertebrae with G <= {PISOV_CUTOFF} by the reference (Pisov 2020, table 1)"
    mm = ("mm", 2)
    return (
        Metric(group, "localisation_error_mm", "to the nearest centre, mean", *mm,
               _over(_localisation_errors, _mean), nearest),
        Metric(group, "localisation_error_sd_mm", "to the nearest centre, SD", *mm,
               _over(_localisation_errors, _sd), f"standard deviation: {nearest}"),
        Metric(group, "centre_error_mm", "centre error, mean", *mm, _over(lambda p: p.centre_errors_mm, _mean),
               f"{centre}, of detected vertebrae"),
        Metric(group, "centre_error_sd_mm", "centre error, SD", *mm, _over(lambda p: p.centre_errors_mm, _sd),
               f"standard deviation: {centre}, of detected vertebrae"),
        Metric(group, "centre_error_median_mm", "centre error, median", *mm,
               _over(lambda p: p.centre_errors_mm, _median), f"median: {centre}"),
        Metric(group, "centre_error_p95_mm", "centre error, p95", *mm,
               _over(lambda p: p.centre_errors_mm, _percentile_95), f"95th percentile: {centre}"),
        Metric(group, "severe_centre_error_mm", f"centre error, G <= {PISOV_CUTOFF}, mean", *mm,
               _over(_severe_centre_errors, _mean), severe),
        Metric(group, "severe_centre_error_sd_mm", f"centre error, G <= {PISOV_CUTOFF}, SD", *mm,
               _over(_severe_centre_errors, _sd), f"standard deviation: {severe}"),
    )  # fmt: skip


def _detection_metrics() -> tuple[Metric, ...]:
    group = "detection"
    paired = f"one to one, centres within {MATCH_MM:.0f} mm; detections outside the annotated range do not count"
    plane = f"boxes around the keypoints in the sagittal plane of the spine overlap by more than {SAME_BODY_OVERLAP}"
    return (
        Metric(group, "recall", "recall", "1", 3, recall, f"TP / (TP + FN), {paired}"),
        Metric(group, "precision", "precision", "1", 3, precision, f"TP / (TP + FP), {paired}"),
        Metric(group, "whole_precision", "precision in the whole field of view", "1", 3, whole_precision,
               "TP / (TP + FP) with detections outside the annotated range as false: a lower bound"),
        Metric(group, "severe_recall", f"recall, G <= {PISOV_CUTOFF}", "1", 3, severe_recall,
               f"recall of vertebrae with G <= {PISOV_CUTOFF} by the reference"),
        Metric(group, "planar_recall", "recall in 2D", "1", 3, planar_recall,
               f"TP / (TP + FN), of which also the {plane}"),
        Metric(group, "planar_precision", "precision in 2D", "1", 3, planar_precision,
               f"TP / (TP + FP), of which also the {plane}"),
    )  # fmt: skip


def _classification_metrics(task: Task) -> tuple[Metric, ...]:
    def by(measure: Callable[[Answers], float]) -> Callable[[Pool], float]:
        return lambda pool: measure(answers(pool, task))

    group, stated = "classification", f"{STATED_SPECIFICITY:.2f}"
    of = f"positive: {task.unit} with {'least ' * (task.unit == 'patient')}G <= {task.cutoff:.2f}"
    return (
        Metric(group, f"area_under_curve_{task.key}", f"AUC, {task.title}", "1", 3, by(area_under_roc),
               f"P(G of a positive < G of a negative) + half of the ties; {of} by the reference (Pisov 2020, table 2)"),
        Metric(group, f"sensitivity_{task.key}", f"sensitivity, {task.title}", "1", 3, by(sensitivity),
               f"TP / (TP + FN) at the same cut-off of the measured G; {of}; not detected counts as negative"),
        Metric(group, f"specificity_{task.key}", f"specificity, {task.title}", "1", 3, by(specificity),
               f"TN / (TN + FP) at the same cut-off of the measured G; {of}"),
        Metric(group, f"sensitivity_at_97_{task.key}", f"sensitivity at specificity {stated}, {task.title}", "1", 3,
               by(sensitivity_at_stated_specificity), f"at the best cut-off of G with specificity {stated}; {of}"),
    )  # fmt: skip


def _agreement_metrics(
    name: str, title: str, unit: str, decimals: int, pair: Callable[[Pool], tuple[NDArray, NDArray]]
) -> tuple[Metric, ...]:
    """Bias and limits of agreement of one quantity."""
    group, source = "agreement", "Bland and Altman 1986"
    ending = "_mm" if unit == "mm" else ""
    return (
        Metric(group, f"{name}_bias{ending}", f"{title}, bias", unit, decimals, lambda p: bland_altman(*pair(p)).bias,
               f"mean of measured - reference ({source})"),
        Metric(group, f"{name}_half_width{ending}", f"{title}, limits of agreement ±", unit, decimals,
               lambda p: bland_altman(*pair(p)).half_width, f"1.96 SD of measured - reference ({source})"),
    )  # fmt: skip


def _height_agreement(place: int, name: str) -> tuple[Metric, ...]:
    return (
        Metric("agreement", f"height_{name}_error_mm", f"{name} height, mean absolute error", "mm", 2,
               _over(lambda p: p.height_errors_mm[:, place], _mean_size), "mean |measured - reference|"),
        *_agreement_metrics(f"height_{name}", f"{name} height", "mm", 2,
                            lambda p: (p.found_heights_mm[:, place], p.heights_mm[:, place])),
    )  # fmt: skip


def _measurement_metrics() -> tuple[Metric, ...]:
    group, mm = "measurement", ("mm", 2)
    distance, plane = "distance of a keypoint from that of the reference", "in the sagittal plane of the spine"
    heights = "|measured - reference| over all three heights, each a 3D distance of paired keypoints"
    weights = "1 - sum |i - j| o_ij / sum |i - j| e_ij over the four grades (Cohen 1968)"
    return (
        Metric(group, "keypoint_error_mm", "keypoint error, mean", *mm,
               _over(lambda p: p.keypoint_errors_mm, _mean), f"{distance} in 3D"),
        Metric(group, "keypoint_error_median_mm", "keypoint error, median", *mm,
               _over(lambda p: p.keypoint_errors_mm, _median), f"median {distance} in 3D"),
        Metric(group, "keypoint_error_p95_mm", "keypoint error, p95", *mm,
               _over(lambda p: p.keypoint_errors_mm, _percentile_95), f"95th percentile of the {distance} in 3D"),
        Metric(group, "sagittal_error_mm", "keypoint error in the sagittal plane, mean", *mm,
               _over(lambda p: p.sagittal_errors_mm, _mean), f"{distance} {plane}"),
        Metric(group, "height_error_mm", "height error, mean absolute", *mm,
               _over(lambda p: p.height_errors_mm, _mean_size), f"mean {heights}"),
        Metric(group, "height_error_p95_mm", "height error, absolute, p95", *mm,
               _over(lambda p: np.abs(p.height_errors_mm), _percentile_95), f"95th percentile of {heights}"),
        Metric(group, "height_error_percent", "height error, mean absolute", "%", 1,
               _over(_relative_height_errors, _mean), f"mean {heights}, over the height of the reference"),
        Metric(group, "height_bias_mm", "height bias, measured - reference", *mm,
               _over(lambda p: p.height_errors_mm, _mean), "mean of measured - reference over all three heights"),
        Metric(group, "index_error", "|dG|, mean", "1", 3, _over(lambda p: p.index_errors, _mean_size),
               "mean |measured - reference| of G = min / max of the three heights (Pisov 2020, eq. 1)"),
        Metric(group, "index_error_p95", "|dG|, p95", "1", 3,
               _over(lambda p: np.abs(p.index_errors), _percentile_95), "95th percentile of |measured - reference|"),
        Metric(group, "patient_index_error", "smallest G of a patient, mean absolute error", "1", 3,
               _over(_patient_index_errors, _mean), "mean |measured - reference| of the smallest G of a patient"),
        *(Metric(group, f"grade_kappa_{name}", f"weighted kappa of grades, {preset.title}", "1", 2, _kappa(preset),
                 f"{weights}; undefined where the reference has only one grade")
          for name, preset in PLAIN_PRESETS.items()),
    )  # fmt: skip


def _level_metrics() -> tuple[Metric, ...]:
    group = "levels"
    found = "of detected vertebrae whose level is known in the reference"
    return (
        Metric(group, "level_correctness", "correct levels", "1", 3,
               _level_share(lambda p: p.level_steps == 0), f"share {found}"),
        Metric(group, "levels_off_by_one", "levels off by one", "1", 3,
               _level_share(lambda p: np.abs(p.level_steps) == 1), f"share {found}"),
        Metric(group, "levels_undecided", "levels undecided", "1", 3,
               _level_share(lambda p: np.isnan(p.level_steps) | (p.level_confidence < CONFIDENT_LEVEL)),
               f"share {found} without a level, or with a confidence below {CONFIDENT_LEVEL}"),
        Metric(group, "levels_sure_right", f"correct levels where confidence > {SURE_LEVEL}", "1", 3,
               _level_share(lambda p: p.level_steps == 0, np.nextafter(SURE_LEVEL, 1)),
               f"share {found} and whose confidence is above {SURE_LEVEL}"),
        Metric(group, "cases_levels_right", "cases with all levels correct", "1", 3, cases_with_right_levels,
               "fraction of the cases with detections"),
    )  # fmt: skip


def _uncertainty_metrics() -> tuple[Metric, ...]:
    group, within = "uncertainty", "share of the keypoints whose error in the sagittal plane is at most"
    heights = "share of the heights whose absolute error is at most"
    indices = "share of the height ratios G whose absolute error is at most"
    return (
        Metric(group, "coverage_1", "keypoints within their uncertainty", "1", 3, lambda p: keypoint_coverage(p, 1),
               f"{within} the reported uncertainty"),
        Metric(group, "coverage_2", "keypoints within twice their uncertainty", "1", 3,
               lambda p: keypoint_coverage(p, 2), f"{within} twice the reported uncertainty"),
        Metric(group, "uncertainty_factor", f"factor for {UNCERTAINTY_COVERAGE:.0%}", "1", 2, uncertainty_factor,
               f"multiple of the reported uncertainty that contains {UNCERTAINTY_COVERAGE:.0%} of the keypoints: 1 "
               "where it is calibrated (split conformal, Vovk 2005)"),
        Metric(group, "height_coverage_1", "heights within their standard deviation", "1", 3,
               lambda p: height_coverage(p, 1), f"{heights} the standard deviation that the uncertainties of its two "
               "points give: 0.68 where it is calibrated"),
        Metric(group, "height_coverage_2", "heights within their 95 % interval", "1", 3,
               lambda p: height_coverage(p, NORMAL_95), f"{heights} {NORMAL_95} standard deviations"),
        Metric(group, "index_coverage_1", "G within its standard deviation", "1", 3, lambda p: index_coverage(p, 1),
               f"{indices} the standard deviation that those of the heights give"),
        Metric(group, "index_coverage_2", "G within its 95 % interval", "1", 3,
               lambda p: index_coverage(p, NORMAL_95), f"{indices} {NORMAL_95} standard deviations"),
        Metric(group, "large_errors_foreseen", "large height errors predicted", "1", 2, large_errors_foreseen,
               f"share of the height errors above {LARGE_ERROR_MM:.0f} mm that belong to the tenth of the heights with "
               "the largest reported standard deviations"),
    )  # fmt: skip


def _case_metrics() -> tuple[Metric, ...]:
    group = "cases"
    return (
        Metric(group, "failure_rate", "cases without a result", "1", 3, failure_rate,
               "share of the cases that were not accepted or in which no spine was detected"),
        Metric(group, "seconds", "time per case, mean", "s", 1,
               _over(lambda p: np.array([case.seconds for case in p.cases]), _mean),
               "duration of the analysis, without reading the file"),
    )  # fmt: skip


METRICS = (
    *_distance_metrics(),
    *_detection_metrics(),
    *(metric for task in TASKS for metric in _classification_metrics(task)),
    *_measurement_metrics(),
    *(metric for place, name in enumerate(HEIGHT_NAMES) for metric in _height_agreement(place, name)),
    *_agreement_metrics("index", "G", "1", 3, lambda p: (p.found_indices, p.indices)),
    *_level_metrics(),
    *_uncertainty_metrics(),
    *_case_metrics(),
)
"""All measures, in the order of the tables."""
