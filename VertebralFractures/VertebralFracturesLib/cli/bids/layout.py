"""The CTs of a BIDS data set, and the names of the files that are derived from them."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import UnusableInput
from ...files import write_text

DESCRIPTION_FILE = "dataset_description.json"
BIDS_VERSION = "1.10.0"
"""Version of the specification that the derivatives follow; CTs are extension proposal 24."""

CODE_URL = "https://github.com/VertebralFractures/SlicerVertebralFractures"

_CT_NAME = re.compile(
    r"sub-(?P<subject>[a-zA-Z0-9]+)(_ses-(?P<session>[a-zA-Z0-9]+))?(_[a-zA-Z0-9]+-[a-zA-Z0-9]+)*_ct\.nii(\.gz)?"
)
"""How a CT is called: participant, perhaps session, further entities, and the suffix."""

_NO_RAW_DATA = ("derivatives", "sourcedata", "code")
"""Folders of a data set that hold no raw images (BIDS, common principles)."""

MEASUREMENTS, VERTEBRAE, PATIENT, PAGE, TEXT, CENTROIDS, POINTS, RUN = (
    "desc-vertebrae_measurements.json",
    "desc-vertebrae_table.tsv",
    "desc-patient_table.tsv",
    "desc-vertebrae_report.html",
    "desc-vertebrae_report.txt",
    "seg-vert_ctd.json",
    "desc-vertebrae_poi.json",
    "desc-vertebrae_run.json",
)
"""What follows the entities of a CT in the names of the files that are derived from it."""

LOGS = "logs"
"""Folder of the derivatives with a file for each CT that gave no results."""

_README = f"""Vertebral body heights and grades of height loss, measured on the CTs of a BIDS data set by
VertebralFractures ({CODE_URL}). For research; not a medical device.

sub-*/[ses-*/]ct/ holds for each CT the measurements (JSON), one row per vertebra and one per patient (TSV), the report
page, the body centres as VerSe centroids (_ctd.json), the landmarks as TPTBox points of interest (_poi.json), and how
all of it was made (_run.json). logs/ lists the CTs without results and the reasons. group_*.tsv are the tables of all.
"""

_IGNORED = ("sub-*/**", "group_*", "desc-*", f"{LOGS}/**")
"""What the validator of BIDS does not know yet: derivatives of CTs."""


@dataclass(frozen=True)
class BidsImage:
    """A CT of a BIDS data set.

    :param path: its file.
    :param subject: label of the participant, without "sub-".
    :param session: label of the session, without "ses-"; empty where there is none.
    """

    path: Path
    subject: str
    session: str

    @property
    def entities(self) -> str:
        """Its name without the suffix: "sub-01_ses-02_acq-bone"."""
        return self.path.name.partition(".")[0].removesuffix("_ct")

    def folder(self, derivatives: Path) -> Path:
        """The folder of the files that are derived from it."""
        session = [f"ses-{self.session}"] if self.session else []
        return derivatives.joinpath(f"sub-{self.subject}", *session, "ct")

    def file(self, derivatives: Path, kind: str) -> Path:
        """A file that is derived from it.

        :param kind: one of the endings, such as :data:`MEASUREMENTS`.
        """
        return self.folder(derivatives) / f"{self.entities}_{kind}"

    def log(self, derivatives: Path) -> Path:
        """The file that tells why it gave no results."""
        return derivatives / LOGS / f"{self.entities}.json"


def find_images(dataset: Path, subjects: Collection[str] = (), sessions: Collection[str] = ()) -> tuple[BidsImage, ...]:
    """The CTs of a data set, by name.

    :param dataset: its folder.
    :param subjects: labels of participants, with or without "sub-"; all by default.
    :param sessions: labels of sessions, with or without "ses-"; all by default.
    :raises UnusableInput: no BIDS data set, or no such CT.
    """
    if not (dataset / DESCRIPTION_FILE).is_file():
        raise UnusableInput(f"{dataset} is not a BIDS data set: it holds no {DESCRIPTION_FILE}")
    found = []
    for path in sorted(dataset.rglob("sub-*_ct.nii*"), key=lambda one: one.relative_to(dataset).as_posix()):
        inner = path.relative_to(dataset).parts
        match = _CT_NAME.fullmatch(path.name)
        if match and inner[0] not in _NO_RAW_DATA and not any(part.startswith(".") for part in inner):
            found.append(BidsImage(path, match["subject"], match["session"] or ""))
    wanted = [label.removeprefix("sub-") for label in subjects]
    missing = [label for label in wanted if label not in {image.subject for image in found}]
    if missing:
        raise UnusableInput(f"{dataset} holds no CT (sub-*_ct.nii.gz) of participant {', '.join(missing)}")
    of_sessions = [label.removeprefix("ses-") for label in sessions]
    chosen = [
        image
        for image in found
        if (not wanted or image.subject in wanted) and (not of_sessions or image.session in of_sessions)
    ]
    if not chosen:
        raise UnusableInput(f"{dataset} holds no CT (sub-*_ct.nii.gz) of these participants and sessions")
    return tuple(chosen)


def write_description(dataset: Path, derivatives: Path) -> None:
    """Write what the derivatives are, unless it is there already.

    :param dataset: the BIDS data set.
    :param derivatives: the folder of the derivatives; it is made where it does not exist.
    :raises UnusableInput: the folder holds another data set, or cannot be written.
    """
    file = derivatives / DESCRIPTION_FILE
    try:
        derivatives.mkdir(parents=True, exist_ok=True)
        if file.exists():
            _check_ours(file)
            return
        if any(derivatives.iterdir()):
            raise UnusableInput(f"{derivatives} holds other files: choose an empty folder")
        write_text(derivatives / "README", _README)
        write_text(derivatives / ".bidsignore", "\n".join(_IGNORED) + "\n")
        write_text(file, json.dumps(description(_raw_description(dataset)), indent=1) + "\n")
    except OSError as error:
        raise UnusableInput(f"cannot write {derivatives} ({error.strerror or error})") from error


def _check_ours(file: Path) -> None:
    """Refuse the derivatives of another program.

    :raises UnusableInput: they are, or the file is damaged.
    """
    try:
        names = [one["Name"] for one in json.loads(file.read_text(encoding="utf-8"))["GeneratedBy"]]
    except (ValueError, LookupError, TypeError) as error:
        raise UnusableInput(f"{file} does not describe derivatives: choose another folder") from error
    if "VertebralFractures" not in names:
        raise UnusableInput(f"{file.parent} holds derivatives of {', '.join(map(str, names))}: choose another folder")


def _raw_description(dataset: Path) -> dict[str, Any]:
    try:
        found = json.loads((dataset / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnusableInput(f"{dataset / DESCRIPTION_FILE} is not valid JSON ({error})") from error
    return dict(found) if isinstance(found, dict) else {}


def description(raw: dict[str, Any]) -> dict[str, Any]:
    """The description of the derivatives of a data set.

    :param raw: that of the data set.
    """
    made: dict[str, Any] = {
        "Name": f"Vertebral body heights and fractures of: {raw.get('Name', 'a data set without a name')}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "VertebralFractures", "Version": __version__, "CodeURL": CODE_URL}],
        "HowToAcknowledge": "Cite VertebralFractures with its version, see CITATION.cff at its address.",
    }
    if isinstance(raw.get("License"), str):
        made["License"] = raw["License"]
    if isinstance(raw.get("DatasetDOI"), str):
        made["SourceDatasets"] = [{"DOI": raw["DatasetDOI"]}]
    return made
