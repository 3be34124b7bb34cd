"""A reader's note as an attribute of a node, saved with the scene."""

import json
from dataclasses import asdict

import slicer

from ...core.note import Note

NOTE = "VertebralFractures.Note"
"""Attribute of a keypoint node or of a report node: what a reader wrote on the vertebra or on the patient."""


def write_note(node: slicer.vtkMRMLNode, note: Note | None) -> None:
    """Write a note; None takes it away."""
    node.SetAttribute(NOTE, None if note is None else json.dumps(asdict(note)))


def note_from_node(node: slicer.vtkMRMLNode) -> Note | None:
    """The note that :func:`write_note` wrote; None for none.

    :raises ValueError: an attribute that is not a note.
    """
    text = node.GetAttribute(NOTE)
    try:
        return None if text is None else Note(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the note of {node.GetName()!r} cannot be read: {error}") from error
