"""What a report says of a volume that was loaded in Slicer."""

from typing import Any

import slicer

from ..core.volume import Volume


def input_description(node: slicer.vtkMRMLScalarVolumeNode, volume: Volume) -> dict[str, Any]:
    """The same facts as for a file that the command line reads.

    :param node: a volume node; its file is named if it has one, else its own name.
    :param volume: what was read from it.
    """
    storage = node.GetStorageNode()
    return {
        "path": (storage.GetFileName() if storage is not None else None) or node.GetName(),
        "format": "Slicer volume node",
        "shape": list(volume.shape[::-1]),
        "spacing_mm": [round(float(value), 6) for value in volume.spacing_mm],
    }
