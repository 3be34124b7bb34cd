"""JSON documents in which one value is of the wrong kind or size."""

import copy
from typing import Any

from hypothesis import strategies as st

WRONG_VALUES = (
    None, True, -1, 0, 10**400, -(10**18), 1e308, -1e308, float("nan"), float("inf"), "", "x", "\x1b[2J", "\udce9",
    [], {}, [[]], [None], [[1, 2], [3]], {"a": 1}, [10**400], [1e308] * 6, ["a"] * 6,
)  # fmt: skip
"""What a value is replaced by."""


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The keys and indices that lead to every value in a document; of long lists to the first and the last."""
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = [(index, value[index]) for index in sorted({0, len(value) - 1}) if value]
    else:
        inner = []
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def replaced(document: Any, place: tuple, value: Any) -> Any:
    """A copy of a document with another value at a place."""
    if not place:
        return copy.deepcopy(value)
    result = copy.deepcopy(document)
    holder = result
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = copy.deepcopy(value)
    return result


def damaged(document: Any) -> st.SearchStrategy[Any]:
    """Copies of a document in which one or two values are others."""
    change = st.tuples(st.sampled_from(places(document)), st.sampled_from(WRONG_VALUES))
    return st.lists(change, min_size=1, max_size=2).map(lambda changes: _changed(document, changes))


def _changed(document: Any, changes: list[tuple[tuple, Any]]) -> Any:
    for place, value in changes:
        try:
            document = replaced(document, place, value)
        except (KeyError, IndexError, TypeError):  # the first change took the second one's place away
            continue
    return document
