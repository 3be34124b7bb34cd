"""The thresholds, the device and the image-based check that the user chose last, for studies that follow."""

from typing import Any

import qt

from ..choices import Device, Grading

_PRESET, _DEVICE, _CHECK = (f"VertebralFractures/{name}" for name in ("Preset", "Device", "ImageBasedCheck"))
_TAKEN = "VertebralFractures.LastChoicesTaken"
"""Attribute of a parameter node, saved with the scene: what a scene holds is never replaced by the last choices."""


class LastChoices:
    """Remembers what the user chooses in the panel; what a script or a loaded scene sets is not remembered.

    :param ui: the widgets of VertebralFractures.ui by name.
    """

    def __init__(self, ui: Any) -> None:
        self._settings = qt.QSettings()
        ui.presetBox.connect("activated(int)", lambda place: self._keep(_PRESET, list(Grading)[place].value))
        ui.deviceBox.connect("activated(int)", lambda place: self._keep(_DEVICE, list(Device)[place].value))
        ui.secondOpinionBox.connect("clicked(bool)", lambda is_on: self._keep(_CHECK, "yes" if is_on else "no"))

    def given_to(self, parameters: Any) -> Any:
        """Write the last choices into the parameters of a new scene.

        :param parameters: the module's parameter node in its wrapper.
        :return: the same.
        """
        node = parameters.parameterNode
        if node.GetAttribute(_TAKEN):
            return parameters
        node.SetAttribute(_TAKEN, "yes")
        preset, device, check = (str(self._settings.value(name, "") or "") for name in (_PRESET, _DEVICE, _CHECK))
        if preset in [one.value for one in Grading]:
            parameters.preset = Grading(preset)
        if device in [one.value for one in Device]:
            parameters.device = Device(device)
        if check:
            parameters.secondOpinion = check == "yes"
        return parameters

    def _keep(self, name: str, value: str) -> None:
        self._settings.setValue(name, value)
