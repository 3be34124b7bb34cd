"""Folders of long runs: each belongs to one run, which goes on in it where it stood."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import UnusableInput
from ...files import write_text


def claim_folder(folder: Path, name: str, settings: Any) -> None:
    """Write the settings of a run into its folder, or make sure that it has the same.

    :param folder: made if it does not exist.
    :param name: of the file with the settings.
    :param settings: a dataclass.
    :raises UnusableInput: the folder has others, or other files, or cannot be written.
    """
    text = json.dumps(asdict(settings), indent=1) + "\n"
    file = folder / name
    try:
        if file.exists():
            if file.read_text(encoding="utf-8") != text:
                raise UnusableInput(f"{folder} holds a run with other settings: choose another folder with -o")
            return
        if folder.exists() and any(folder.iterdir()):
            raise UnusableInput(f"{folder} holds other files: choose another folder with -o")
        folder.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    except OSError as error:
        raise UnusableInput(f"cannot write {folder}: {error.strerror or error}") from error
