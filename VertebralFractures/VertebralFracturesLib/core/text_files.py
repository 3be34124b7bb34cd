"""Writing a text file whole or not at all."""

import os
from pathlib import Path


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text file; one of that name is replaced only once the new one is complete.

    :param path: the file.
    :param text: its content; line ends are written as they are.
    :param encoding: its encoding.
    """
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(text.encode(encoding))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
