"""How well two studies of a patient are compared, from evaluations that were written before.

Each case of an evaluation holds its vertebrae twice: as the reference has them and as they were measured. One serves as
the prior study and the other as the current one, so that both have errors of their own. Cases of simulated fractures
are compared with the case that they were made from as well.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.comparison.change import LEAST_LOSS, LEAST_LOSS_MM, NEW, NOT_COMPARABLE, PROGRESSIVE, compare_spines
from ...core.comparison.matching import SpineRow, StudiesDoNotMatch, match_spines
from ...core.heights.genant import DEFAULT_PRESET, heights_mm
from ...core.levels import LEVEL_NAMES
from ...core.report import SpineReport, Vertebra
from ...core.spine_curve import SpineCurve
from ...errors import UnusableInput
from ...report.text import text_table

SHARED = (3, 4, 5, 6, 8, 12)
"""How many vertebrae the pairs of partial rows share."""

_PAIRS = 8
"""Pairs of partial rows for each case and number of shared vertebrae. Chosen: the results are counts of hundreds."""

_LONGEST_END = 4
"""Vertebrae that only one of a pair shows, at most. Chosen: about a third of a field of view."""

_STEPS = (0, 0, 0, 1, -1, 2)
"""By how many levels the current study is named aside: half of the pairs. Chosen."""

_CONFIDENCE = 0.6
"""Confidence of the levels in partial rows: that of rows without a landmark for counting."""

_UNCHANGED_LOSS = 0.05
"""A body that lost less by the reference is unchanged. Chosen: a simulated fracture does less to its neighbours."""


@dataclass(frozen=True, eq=False)
class Case:
    """One case of an evaluation, cranial to caudal.

    :param name: its name.
    :param reference_ras: (n, 6, 3) keypoints by the reference.
    :param found_ras: (n, 6, 3) keypoints as measured.
    :param uncertainty_mm: (n, 6) their uncertainty.
    :param levels: by the reference.
    :param confidences: of the levels as measured.
    """

    name: str
    reference_ras: NDArray[np.float64]
    found_ras: NDArray[np.float64]
    uncertainty_mm: NDArray[np.float64]
    levels: tuple[str, ...]
    confidences: tuple[float, ...]

    def row(self, of_reference: bool, part: slice, steps: int = 0) -> SpineRow:
        """Some of its vertebrae, named some levels aside."""
        points = self.reference_ras if of_reference else self.found_ras
        names = [_aside(level, steps) for level in self.levels[part]]
        return SpineRow(points[part], self.uncertainty_mm[part], names, [_CONFIDENCE] * len(names))

    def report(self, of_reference: bool) -> SpineReport:
        """All its vertebrae as a study."""
        points = self.reference_ras if of_reference else self.found_ras
        parts = zip(points, self.uncertainty_mm, self.levels, self.confidences, strict=True)
        vertebrae = tuple(Vertebra(one, 1.0, sd_mm, level, sure) for one, sd_mm, level, sure in parts)
        curve = SpineCurve(points.mean(1), np.ones(len(points)))
        return SpineReport("", {"case_id": self.name}, "anchor-free", DEFAULT_PRESET, curve, vertebrae)


def read_evaluation(file: Path) -> list[Case]:
    """The cases of an ``evaluation.json`` with four vertebrae or more.

    :raises UnusableInput: not such a file.
    """
    try:
        cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
        return [_case(case) for case in cases if len(case["matched"]) > 3]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableInput(f"{file}: not a result of 'research evaluate' ({error})") from error


def _case(document: Mapping[str, Any]) -> Case:
    bodies = sorted(
        document["matched"], key=lambda body: -float(np.mean([point[2] for point in body["keypoints_ras"]]))
    )
    reference, found, uncertainty = (
        np.array([body[key] for body in bodies], dtype=np.float64)
        for key in ("keypoints_ras", "found_keypoints_ras", "uncertainty_mm")
    )
    levels = tuple(str(body["level"]) for body in bodies)
    confidences = tuple(float(body["level_confidence"]) for body in bodies)
    return Case(str(document["name"]), reference, found, uncertainty, levels, confidences)


def _aside(level: str, steps: int) -> str | None:
    if level not in LEVEL_NAMES:
        return None
    place = LEVEL_NAMES.index(level) + steps
    return LEVEL_NAMES[place] if 0 <= place < len(LEVEL_NAMES) else None


def follow_up_text(files: Sequence[Path], seed: int) -> str:
    """Tables of how partial rows, other patients, and changed and unchanged vertebrae come out.

    :param files: ``evaluation.json`` of one set of cases each.
    :param seed: of the parts that are drawn.
    :raises UnusableInput: a file that is no evaluation.
    """
    rng = np.random.default_rng(seed)
    sets = {file.parent.name: read_evaluation(file) for file in files}
    parts = [(name, *row) for name, cases in sets.items() for row in _partial_rows(cases, rng)]
    others = [(name, *_other_patients(cases)) for name, cases in sets.items()]
    changes = [(f"{first}, {second}", *row) for first, second, row in _changes(sets)]
    return "\n\n".join((
        text_table(("set", "shared vertebrae", "pairs", "matched right", "matched wrong", "refused"), parts),
        text_table(("set", "pairs of two patients", "not recognized"), others),
        text_table(("prior, current", "unchanged", "called changed", "changed", "found", "pairs refused"), changes),
    )) + "\n"  # fmt: skip


def _partial_rows(cases: Sequence[Case], rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    for shared in SHARED:
        outcomes = [
            _partial_pair(case, shared, rng) for case in cases if len(case.levels) >= shared for _ in range(_PAIRS)
        ]
        counts = (outcomes.count("right"), outcomes.count("wrong"), outcomes.count("refused"))
        yield str(shared), str(len(outcomes)), *map(str, counts)


def _partial_pair(case: Case, shared: int, rng: np.random.Generator) -> str:
    """Match two parts of a case that share so many vertebrae: "right", "wrong" or "refused"."""
    first = int(rng.integers(0, len(case.levels) - shared + 1))
    above, below = (int(count) for count in rng.integers(0, _LONGEST_END + 1, 2))
    longer = slice(max(0, first - above), first + shared)
    lower = slice(first, min(len(case.levels), first + shared + below))
    is_prior_upper = bool(rng.integers(0, 2))
    before, after = (longer, lower) if is_prior_upper else (lower, longer)
    truth = {(place - before.start, place - after.start) for place in range(first, first + shared)}
    try:
        match = match_spines(case.row(False, before), case.row(True, after, int(rng.choice(_STEPS))))
    except StudiesDoNotMatch:
        return "refused"
    return "right" if set(match.pairs) == truth else "wrong"


def _other_patients(cases: Sequence[Case]) -> tuple[str, str]:
    """Pairs of two patients, and how many of them are matched all the same."""
    pairs = [(one, two) for one in cases for two in cases if _patient(one.name) != _patient(two.name)]
    whole = slice(None)
    accepted = sum(_is_matched(one.row(False, whole), two.row(True, whole)) for one, two in pairs)
    return str(len(pairs)), str(accepted)


def _is_matched(prior: SpineRow, current: SpineRow) -> bool:
    try:
        match_spines(prior, current)
    except StudiesDoNotMatch:
        return False
    return True


def _patient(name: str) -> str:
    """The case that a case of simulated fractures was made from."""
    return name.split("_fractured_")[0]


def _changes(sets: Mapping[str, Sequence[Case]]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Names of the sets that are compared, each with itself and priors with their simulated fractures, and counts."""
    for name, cases in sets.items():
        yield f"{name} reference", f"{name} measured", _counts([(one, True, one) for one in cases])
        for other, earlier in sets.items():
            priors = {case.name: case for case in earlier}
            pairs = [
                (priors[_patient(one.name)], False, one)
                for one in cases
                if _patient(one.name) in priors and one.name not in priors
            ]
            if pairs:
                yield f"{other} measured", f"{name} measured", _counts(pairs)


def _counts(pairs: Sequence[tuple[Case, bool, Case]]) -> tuple[str, ...]:
    """Unchanged vertebrae, those of them that are called changed, changed ones, those that are found, pairs refused."""
    unchanged = false = changed = found = refused = 0
    for prior, is_reference, current in pairs:
        try:
            comparison = compare_spines(prior.report(is_reference), current.report(False))
        except StudiesDoNotMatch:
            refused += 1
            continue
        for one in comparison.vertebrae:
            before, after = heights_mm(prior.reference_ras[one.prior]), heights_mm(current.reference_ras[one.current])
            loss, lost_mm = 1 - after / before, before - after
            is_called = one.verdict in (NEW, PROGRESSIVE)
            if one.verdict == NOT_COMPARABLE:
                continue
            if ((loss >= LEAST_LOSS) & (lost_mm >= LEAST_LOSS_MM)).any():
                changed, found = changed + 1, found + is_called
            elif loss.max() < _UNCHANGED_LOSS:
                unchanged, false = unchanged + 1, false + is_called
    return str(unchanged), str(false), str(changed), str(found), f"{refused} of {len(pairs)}"
