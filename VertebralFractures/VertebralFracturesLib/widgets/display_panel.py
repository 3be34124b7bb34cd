"""The section of the panel that says how a study is looked at."""

from typing import TYPE_CHECKING, Any

import qt

from ..mrml.layout.view_options import LARGEST_SLAB_MM, set_slab, show_bone, tilt_axial

if TYPE_CHECKING:
    from ..mrml.live.study import LiveStudy

_SLAB, _TILT, _BONE = (f"VertebralFractures/{name}" for name in ("SlabMm", "TiltAxial", "BoneIn3D"))
_YES, _NO = "yes", "no"


class DisplayPanel:
    """Connects the widgets below "Display"; what is chosen is remembered.

    :param ui: the widgets of VertebralFractures.ui by name.
    """

    def __init__(self, ui: Any) -> None:
        self._slab, self._tilt, self._bone = ui.slabBox, ui.tiltBox, ui.boneBox
        self._live: LiveStudy | None = None
        self._selected: int | None = None
        self._is_tilted = False
        settings = qt.QSettings()
        self._slab.maximum = LARGEST_SLAB_MM
        self._slab.value = float(settings.value(_SLAB, 0.0) or 0.0)
        self._tilt.setChecked(str(settings.value(_TILT, _NO)) == _YES)
        self._bone.setChecked(str(settings.value(_BONE, _YES)) == _YES)
        self._slab.connect("valueChanged(double)", lambda value: self._changed(_SLAB, str(value)))
        self._tilt.connect("toggled(bool)", lambda is_on: self._changed(_TILT, _YES if is_on else _NO))
        self._bone.connect("toggled(bool)", lambda is_on: self._changed(_BONE, _YES if is_on else _NO))

    def show(self, live: "LiveStudy | None", selected: int | None) -> None:
        """Look at another study, or at another vertebra of it; points that are dragged move no view."""
        is_other_study, is_other_vertebra = live is not self._live, selected != self._selected
        self._live, self._selected = live, selected
        if is_other_study:
            self.apply()
        elif is_other_vertebra:
            self._apply_tilt()

    def apply(self) -> None:
        """Bring the views of the shown study to what is chosen, as after the layout was opened anew."""
        if self._live is not None:
            set_slab(self._live.study.scene, self._slab.value)
            show_bone(self._live.study, self._bone.checked)
            self._apply_tilt()

    def _apply_tilt(self) -> None:
        """Lay the axial view into the selected body, or back where it was laid into one."""
        if self._live is None:
            return
        place = self._selected if self._tilt.checked else None
        if place is not None or self._is_tilted:
            tilt_axial(
                self._live.study.scene,
                None if place is None else self._live.report.vertebrae[place].keypoints_ras,
            )
        self._is_tilted = place is not None

    def _changed(self, setting: str, value: str) -> None:
        qt.QSettings().setValue(setting, value)
        self.apply()
