"""Names of nodes, from which Slicer makes the names of their files."""

from ...report.text import printable

_UNSAFE = {"%": "_", "&": "+"}
"""Characters that break a saved scene, and what stands for them: Slicer 5.12 takes a percent sign in the name of a file
for a format and ends, and writes an ampersand into the scene as it is, which then cannot be read."""

_LONGEST = 120
"""Characters of a name; chosen, as names of files have at most 255 bytes and suffixes are added."""


def safe_name(name: str) -> str:
    """A name of an image as a name of nodes that can be saved and opened again.

    :param name: any text, such as the name of a file.
    """
    safe = "".join(_UNSAFE.get(character, character) for character in printable(name))
    return safe[:_LONGEST].strip() or "image"
