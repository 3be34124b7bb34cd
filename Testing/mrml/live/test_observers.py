"""Observers that are removed together."""

import vtk
from VertebralFracturesLib.mrml.live.observers import Observers


def test_observers_leave_one_object_or_all() -> None:
    first, second = vtk.vtkObject(), vtk.vtkObject()
    observers, calls = Observers(), []
    observers.add(first, vtk.vtkCommand.ModifiedEvent, lambda *_: calls.append("modified"))
    observers.add(first, vtk.vtkCommand.UserEvent, lambda *_: calls.append("user"))
    observers.add(second, vtk.vtkCommand.ModifiedEvent, lambda *_: calls.append("second"))
    first.Modified()
    first.InvokeEvent(vtk.vtkCommand.UserEvent)
    assert calls == ["modified", "user"]
    observers.leave(first)
    assert first not in observers
    assert second in observers
    first.Modified()
    second.Modified()
    assert calls == ["modified", "user", "second"]
    observers.leave_all()
    observers.leave(first)
    second.Modified()
    assert calls == ["modified", "user", "second"]
    assert not second.HasObserver(vtk.vtkCommand.ModifiedEvent)
