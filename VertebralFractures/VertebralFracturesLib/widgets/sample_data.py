"""The synthetic patient as sample data, made on the spot without any download."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import translate

from ..errors import Cancelled

if TYPE_CHECKING:
    from ..mrml.study.study import Study

SAMPLE_NAME = "Synthetic spine CT"


def register_sample_data(icon: Path) -> None:
    """Offer the synthetic patient in the module Sample Data.

    :param icon: its picture there.
    """
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataCategory(
        "VertebralFractures", title=translate("VertebralFractures", "Vertebral Fractures")
    )
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="VertebralFractures",
        sampleName=SAMPLE_NAME,
        thumbnailFileName=str(icon),
        uris=[],
        fileNames=[],
        customDownloader=add_synthetic_patient,
    )


def add_synthetic_patient(source: Any = None) -> slicer.vtkMRMLScalarVolumeNode | None:
    """Make the CT of a synthetic patient with three fractures and show it; None if the user cancels.

    :param source: the sample data source that was clicked.
    """
    from ..mrml.nodes.volume import add_volume_node
    from ..simulation.demo_patient import sample_ct

    dialog = slicer.util.createProgressDialog(
        labelText=translate("VertebralFractures", "Making a synthetic patient..."),
        windowTitle=translate("VertebralFractures", "Vertebral Fractures"),
    )

    def progressed(share: float) -> None:
        dialog.setValue(int(100 * share))
        slicer.app.processEvents()
        if dialog.wasCanceled:
            raise Cancelled("cancelled")

    try:
        volume = sample_ct(progressed)
    except Cancelled:
        return None
    finally:
        dialog.close()
        dialog.deleteLater()
    node = add_volume_node(slicer.mrmlScene, volume, slicer.mrmlScene.GenerateUniqueName(SAMPLE_NAME))
    _show(node)
    return node


def fracture_count() -> int:
    """How many vertebrae of the synthetic patient are fractured."""
    from ..simulation.demo_patient import FRACTURES

    return len(FRACTURES)


def add_true_study() -> "Study":
    """Add the study of a synthetic patient with its true keypoints, in a volume without an image."""
    from ..mrml.nodes.volume import add_volume_node
    from ..mrml.study.creation import create_study
    from ..simulation.demo_patient import demo_patient
    from ..simulation.truth import blank_ct, true_report

    report = true_report(demo_patient(1), ("T11", "T12", "L1", "L2", "L3"))
    return create_study(
        slicer.mrmlScene, add_volume_node(slicer.mrmlScene, blank_ct(report.curve), "Synthetic"), report
    )


def _show(node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show a volume as Slicer does after loading one: views of the straightened space keep theirs."""
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
    logic.PropagateVolumeSelection()
