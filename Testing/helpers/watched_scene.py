"""What an operation costs the views and widgets of a scene: the events that reach them, and the drawings asked for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import vtk
from VertebralFracturesLib.mrml.layout.rendered import RenderedLayout


@dataclass
class Counts:
    """Counts while a scene is watched.

    :param events: of the scene and of its nodes outside of batch processing, in which views and widgets do not answer.
    :param drawings: that views asked for while they were neither paused nor in batch processing.
    """

    events: int = 0
    drawings: int = 0


@contextmanager
def watched(scene, views: RenderedLayout, draws: Callable[[], bool]) -> Iterator[Counts]:
    """Count the events of a scene and of its nodes, those that are added included, and what they make views draw.

    :param views: of the scene, open.
    :param draws: whether views draw at present when they are asked to.
    """
    counts = Counts()

    def happened(*_: object) -> None:
        counts.events += not scene.IsBatchProcessing()

    def asked(*_: object) -> None:
        counts.drawings += draws()

    with ExitStack() as observed:

        def observe(observed_object, event, callback) -> None:
            tag = observed_object.AddObserver(event, callback)
            observed.callback(observed_object.RemoveObserver, tag)

        @vtk.calldata_type(vtk.VTK_OBJECT)
        def added(_scene, _event, node) -> None:
            observe(node, vtk.vtkCommand.AnyEvent, happened)

        observe(scene, vtk.vtkCommand.AnyEvent, happened)
        observe(scene, scene.NodeAddedEvent, added)
        for index in range(scene.GetNumberOfNodes()):
            observe(scene.GetNthNode(index), vtk.vtkCommand.AnyEvent, happened)
        for view in views.views.values():
            observe(view.managers, vtk.vtkCommand.UpdateEvent, asked)
        yield counts
