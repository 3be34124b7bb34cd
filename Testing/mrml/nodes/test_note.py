"""Notes as attributes of nodes."""

import pytest
import slicer
from VertebralFracturesLib.core.note import Note
from VertebralFracturesLib.mrml.nodes.note import NOTE, note_from_node, write_note


def test_a_note_comes_back_and_can_be_taken_away() -> None:
    node, note = (
        slicer.vtkMRMLTextNode(),
        Note('Schmorl node, "old" & < 5 mm; ©', "Ä. Leser", "2026-12-01T14:05:00+01:00"),
    )
    assert note_from_node(node) is None
    write_note(node, note)
    assert note_from_node(node) == note
    write_note(node, None)
    assert note_from_node(node) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"text": ""}', '{"text": 1}', '{"further": "x", "text": "y"}'])
def test_an_attribute_that_is_no_note_is_named(text: str) -> None:
    node = slicer.vtkMRMLTextNode()
    node.SetName("L1")
    node.SetAttribute(NOTE, text)
    with pytest.raises(ValueError, match="the note of 'L1'"):
        note_from_node(node)
