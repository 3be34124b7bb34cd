"""The layout of a study: the straightened spine large, the patient beside it, the table below."""

import numpy as np
import slicer
from numpy.typing import NDArray

from .study import Study, selected_node, studies
from .study_display import set_visible
from .study_report import read_study
from .views import fit_height, focus, show_slice, slice_node

LAYOUT_ID = 24301
"""Number of the layout, unlike those of Slicer and of other modules."""

_LAYOUT = """
<layout type="vertical" split="true">
 <item splitSize="700">
  <layout type="horizontal" split="true">
   <item splitSize="400">
    <view class="vtkMRMLSliceNode" singletontag="Yellow+">
     <property name="orientation" action="default">Sagittal</property>
     <property name="viewlabel" action="default">Y+</property>
     <property name="viewcolor" action="default">#f6e9a2</property>
     <property name="viewgroup" action="default">1</property>
    </view>
   </item>
   <item splitSize="300">
    <view class="vtkMRMLSliceNode" singletontag="Yellow">
     <property name="orientation" action="default">Sagittal</property>
     <property name="viewlabel" action="default">Y</property>
     <property name="viewcolor" action="default">#EDD54C</property>
    </view>
   </item>
   <item splitSize="300">
    <layout type="vertical" split="true">
     <item splitSize="500">
      <view class="vtkMRMLSliceNode" singletontag="Red">
       <property name="orientation" action="default">Axial</property>
       <property name="viewlabel" action="default">R</property>
       <property name="viewcolor" action="default">#F34A33</property>
      </view>
     </item>
     <item splitSize="500">
      <view class="vtkMRMLViewNode" singletontag="1">
       <property name="viewlabel" action="default">1</property>
      </view>
     </item>
    </layout>
   </item>
  </layout>
 </item>
 <item splitSize="300">
  <view class="vtkMRMLTableViewNode" singletontag="TableView1">
   <property name="viewlabel" action="default">T</property>
  </view>
 </item>
</layout>
"""
_PATIENT_SLICES = {"Yellow": "Sagittal", "Red": "Axial"}
_STRAIGHTENED_SLICES = {"Yellow+": "Sagittal"}
_TABLE_VIEW = "TableView1"


def register_layout(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Make the layout known to a layout node, such as that of the application's layout logic; again does no harm."""
    if layout_node.IsLayoutDescription(LAYOUT_ID):
        layout_node.SetLayoutDescription(LAYOUT_ID, _LAYOUT)
    else:
        layout_node.AddLayoutDescription(LAYOUT_ID, _LAYOUT)


def show_study(study: Study, layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Switch to the layout and show one study in it; those of other volumes are hidden, as they would overlap.

    The views look at the selected vertebra, or at the one of the least index G; the whole straightened spine is shown.

    :param layout_node: the layout node of the study's scene.
    """
    register_layout(layout_node)
    layout_node.SetViewArrangement(LAYOUT_ID)
    for other in studies(study.scene):
        set_visible(other, other == study)
    report, nodes = read_study(study)
    selected = selected_node(study)
    focus_ras, focus_straight = focus(report, nodes.index(selected) if selected in nodes else None)
    _show_volume(study.volume_node, _PATIENT_SLICES, focus_ras)
    _show_volume(study.straightened_node, _STRAIGHTENED_SLICES, focus_straight)
    if study.straightened_node is not None:
        fit_height(slice_node(study.scene, "Yellow+", "Sagittal"), study.straightened_node)
    table_view = study.scene.GetSingletonNode(_TABLE_VIEW, "vtkMRMLTableViewNode")
    if table_view is not None and study.table_node is not None:
        table_view.SetTableNodeID(study.table_node.GetID())


def _show_volume(
    volume_node: slicer.vtkMRMLScalarVolumeNode | None, slices: dict[str, str], point: NDArray[np.float64]
) -> None:
    if volume_node is not None:
        for layout_name, orientation in slices.items():
            show_slice(volume_node.GetScene(), layout_name, orientation, volume_node, point)
