"""The folder of results of a cohort: what is where, and which cases are done.

::

    DIR/cases/NAME/    results of a case, with case.json; the folder appears by one rename when all of it is written
    DIR/failed/        NAME.json: why a case has no results
    DIR/runs/          a file for each run: command line, settings, versions, start, duration and how cases ended
    DIR/cohort.json    settings, version and number of the cohort
    DIR/*.csv          tables of all cases that were analyzed so far
    DIR/index.html     page for looking through them
"""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import UnusableInput
from ...files import write_text
from ...publishing.drafts import draft_folder, remove_left_drafts
from .cases import Case
from .settings import Settings

CASE_FILE = "case.json"
"""What the tables and the page take of a case."""

DONE, NO_SPINE, FAILED, LEFT_OUT = STATUSES = ("done", "no spine", "failed", "left out")
"""How a case ended: with results; without, since its CT shows no spine; without, for another reason; not analyzed."""

_COHORT_FILE = "cohort.json"

Record = dict[str, Any]
"""What is kept of a case that ended: name, id, status, reason, seconds and more, see :mod:`.worker`."""


class Store:
    """The folder of results.

    :param folder: the folder; it is made by :meth:`open`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases_folder = folder / "cases"
        self._failed = folder / "failed"

    def open(self, settings: Settings) -> str:
        """Make the folder, or go on in it; drafts of killed runs are removed.

        :return: the number of the cohort, by which a browser keeps verdicts apart.
        :raises UnusableInput: it holds results of other settings or something else, or it cannot be written.
        """
        try:
            self._make(settings)
            kept = json.loads((self.folder / _COHORT_FILE).read_text(encoding="utf-8"))
            number, of_results = str(kept["cohort"]), dict(kept["settings"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, UnusableInput):
                raise
            reason = getattr(error, "strerror", None) or error
            raise UnusableInput(f"cannot use {self.folder} for results ({reason}): choose another with -o") from error
        self._check(of_results, settings)
        return number

    def _make(self, settings: Settings) -> None:
        """Make what is missing; of several shards that begin at once, one writes the file of the cohort."""
        self.folder.mkdir(parents=True, exist_ok=True)
        entries = [path for path in self.folder.iterdir() if path.name[0] != "."]
        file = self.folder / _COHORT_FILE
        if entries and not file.exists():
            raise UnusableInput(
                f"{self.folder} exists and does not hold the results of a cohort: choose another folder with -o"
            )
        if not file.exists():
            first = {"cohort": uuid.uuid4().hex, "software": __version__, "settings": settings.of_results}
            with draft_folder(self.folder) as draft, suppress(FileExistsError):
                new = draft / _COHORT_FILE
                new.write_text(json.dumps(first, indent=1) + "\n", encoding="utf-8")
                os.link(new, file)
        for folder in (self.cases_folder, self._failed):
            folder.mkdir(exist_ok=True)
            remove_left_drafts(folder)
        remove_left_drafts(self.folder)

    def _check(self, kept: dict[str, Any], settings: Settings) -> None:
        other = [name for name, value in settings.of_results.items() if kept.get(name) != value]
        if other:
            names = " and ".join(f"{name.replace('_', ' ')} {kept.get(name)}" for name in other)
            raise UnusableInput(
                f"{self.folder} holds results with {names}: use the same settings, or another folder with -o"
            )

    def case_folder(self, name: str) -> Path:
        """The folder of results of a case."""
        return self.cases_folder / name

    def record(self, name: str) -> Record | None:
        """What is kept of a case; None where it has not ended, or its file cannot be read."""
        for file in (self.case_folder(name) / CASE_FILE, self._failed / f"{name}.json"):
            try:
                return json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
        return None

    def records(self) -> Iterator[Record]:
        """What is kept of every case that ended, by name."""
        done = {file.parent.name for file in self.cases_folder.glob(f"*/{CASE_FILE}") if file.parent.name[0] != "."}
        names = done | {file.stem for file in self._failed.glob("*.json")}
        for name in sorted(names):
            record = self.record(name)
            if record is not None:
                yield record

    def keep_failure(self, case: Case, status: str, reason: str, **more: Any) -> Record:
        """Keep why a case has no results; one that has results by now keeps them.

        :param status: :data:`NO_SPINE` or :data:`FAILED`.
        :param reason: one sentence.
        :param more: further entries of the record.
        :return: the record of the case.
        """
        kept = self.record(case.name)
        if kept is not None and kept["status"] == DONE:
            return kept
        record = {**asdict(case), "status": status, "reason": reason, "software": __version__, **more}
        write_text(self._failed / f"{case.name}.json", json.dumps(record, indent=1) + "\n")
        return record

    def keep_run(self, run: dict[str, Any]) -> None:
        """Keep what a run was, see :mod:`..manifest`; runs that end at the same time have files of their own.

        :raises OSError: it cannot be written.
        """
        folder = self.folder / "runs"
        folder.mkdir(exist_ok=True)
        name = "".join(character for character in run["started"][:19] if character.isalnum())
        write_text(folder / f"{name}-{uuid.uuid4().hex[:8]}.json", json.dumps(run, indent=1) + "\n")

    def forget_failure(self, name: str) -> None:
        """Forget that a case failed, so that it is analyzed again."""
        (self._failed / f"{name}.json").unlink(missing_ok=True)
