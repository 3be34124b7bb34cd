"""A history of states to go back and forth in."""

from typing import Generic, TypeVar

State = TypeVar("State")


class UndoHistory(Generic[State]):
    """The states before and after the present one.

    :param present: the state to begin with; states are immutable and compare equal where nothing changed.
    """

    def __init__(self, present: State) -> None:
        self._past: list[State] = []
        self._present = present
        self._future: list[State] = []

    @property
    def present(self) -> State:
        """The state that was recorded last, or that was returned to."""
        return self._present

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier state."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a state that was undone."""
        return bool(self._future)

    def record(self, state: State) -> None:
        """Make a state the present one, which ends the redoing; nothing happens where it equals the present one."""
        if state != self._present:
            self._past.append(self._present)
            self._present = state
            self._future.clear()

    def undo(self) -> State:
        """Go back by one state and return it; the present one where there is no earlier."""
        if self._past:
            self._future.append(self._present)
            self._present = self._past.pop()
        return self._present

    def redo(self) -> State:
        """Go forth by one state and return it; the present one where nothing was undone."""
        if self._future:
            self._past.append(self._present)
            self._present = self._future.pop()
        return self._present
