"""The layout of a study as Slicer describes layouts, and nothing else: the application learns it while it starts."""

import slicer

LAYOUT_ID = 24301
"""Number of the layout, unlike those of Slicer and of other modules."""

COLUMN_SHARES = (400, 300, 300)
LAST_COLUMN_SHARES = (500, 500)
"""How the views share the width, and those of the last column its height."""

_LAYOUT = f"""
<layout type="vertical" split="true">
 <item splitSize="700">
  <layout type="horizontal" split="true">
   <item splitSize="{COLUMN_SHARES[0]}">
    <view class="vtkMRMLSliceNode" singletontag="Yellow+">
     <property name="orientation" action="default">Sagittal</property>
     <property name="viewlabel" action="default">Y+</property>
     <property name="viewcolor" action="default">#f6e9a2</property>
     <property name="viewgroup" action="default">1</property>
    </view>
   </item>
   <item splitSize="{COLUMN_SHARES[1]}">
    <view class="vtkMRMLSliceNode" singletontag="Yellow">
     <property name="orientation" action="default">Sagittal</property>
     <property name="viewlabel" action="default">Y</property>
     <property name="viewcolor" action="default">#EDD54C</property>
    </view>
   </item>
   <item splitSize="{COLUMN_SHARES[2]}">
    <layout type="vertical" split="true">
     <item splitSize="{LAST_COLUMN_SHARES[0]}">
      <view class="vtkMRMLSliceNode" singletontag="Red">
       <property name="orientation" action="default">Axial</property>
       <property name="viewlabel" action="default">R</property>
       <property name="viewcolor" action="default">#F34A33</property>
      </view>
     </item>
     <item splitSize="{LAST_COLUMN_SHARES[1]}">
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


def register_layout(layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Make the layout known to a layout node, such as that of the application's layout logic; again does no harm."""
    if layout_node.IsLayoutDescription(LAYOUT_ID):
        layout_node.SetLayoutDescription(LAYOUT_ID, _LAYOUT)
    else:
        layout_node.AddLayoutDescription(LAYOUT_ID, _LAYOUT)
