"""Observers of VTK objects that are removed together."""

from collections.abc import Callable

import vtk


class Observers:
    """Observers that one owner adds to objects, and removes when it is done with an object or altogether."""

    def __init__(self) -> None:
        self._tags: dict[vtk.vtkObject, list[int]] = {}

    def add(self, observed: vtk.vtkObject, event: int, callback: Callable[..., None], priority: float = 0.0) -> None:
        """Call back at an event of an object, before observers of lower priority."""
        self._tags.setdefault(observed, []).append(observed.AddObserver(event, callback, priority))

    def __contains__(self, observed: vtk.vtkObject) -> bool:
        return observed in self._tags

    def leave(self, observed: vtk.vtkObject) -> None:
        """Remove all observers of one object, if there are any."""
        for tag in self._tags.pop(observed, ()):
            observed.RemoveObserver(tag)

    def leave_all(self) -> None:
        """Remove all observers."""
        for observed in tuple(self._tags):
            self.leave(observed)
