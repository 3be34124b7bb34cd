"""The group level: the tables of all CTs as one, and how each CT ended."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import UnusableInput
from ...files import write_text
from ..cohort.store import DONE
from .layout import PATIENT, VERTEBRAE, BidsImage
from .participant import is_done
from .tables import COLUMNS, IMAGE_COLUMNS, NO_VALUE, STATUS_COLUMNS, read_tsv, tsv, write_descriptions

GROUP_TABLES = {VERTEBRAE: "group_vertebrae.tsv", PATIENT: "group_patients.tsv"}
"""The tables of the group level by those that they collect."""

IMAGES_TABLE = "group_images.tsv"
"""The table of how each CT ended."""

_NOT_ANALYZED = "not analyzed"


def write_group(images: Sequence[BidsImage], derivatives: Path) -> dict[str, int]:
    """Write the tables of the group level from the results of the participants.

    :param images: the CTs of the data set.
    :param derivatives: holds the results.
    :return: how many CTs ended in which way.
    :raises UnusableInput: no CT has results yet, or a table of another version.
    """
    done = [image for image in images if is_done(image, derivatives)]
    if not done:
        raise UnusableInput(f"{derivatives} holds no results yet: run the level participant first")
    for kind, name in GROUP_TABLES.items():
        columns = (*IMAGE_COLUMNS, *COLUMNS[kind])
        lines = [[column.name for column in columns]]
        for image in done:
            header, *rows = read_tsv(image.file(derivatives, kind))
            if header != lines[0][len(IMAGE_COLUMNS) :]:
                raise UnusableInput(
                    f"{image.file(derivatives, kind)} was written by another version of the program: remove it and "
                    "run the level "
                    "participant again"
                )
            lines += [[*_identity(image).values(), *row] for row in rows]
        write_text(derivatives / name, "".join("\t".join(line) + "\n" for line in lines))
        write_descriptions((derivatives / name).with_suffix(".json"), columns)
    ended = [_identity(image) | _ending(image, derivatives) for image in images]
    write_text(derivatives / IMAGES_TABLE, tsv(STATUS_COLUMNS, ended))
    write_descriptions((derivatives / IMAGES_TABLE).with_suffix(".json"), STATUS_COLUMNS)
    statuses = [one["status"] for one in ended]
    return {status: statuses.count(status) for status in dict.fromkeys(statuses)}


def _identity(image: BidsImage) -> dict[str, str]:
    session = f"ses-{image.session}" if image.session else NO_VALUE
    return {"participant_id": f"sub-{image.subject}", "session_id": session, "image": image.entities}


def _ending(image: BidsImage, derivatives: Path) -> dict[str, Any]:
    """How a CT ended."""
    if is_done(image, derivatives):
        return {"status": DONE, "reason": None}
    try:
        log = json.loads(image.log(derivatives).read_text(encoding="utf-8"))
        return {"status": str(log["status"]), "reason": str(log["reason"])}
    except (OSError, ValueError, LookupError, TypeError):
        return {"status": _NOT_ANALYZED, "reason": None}
