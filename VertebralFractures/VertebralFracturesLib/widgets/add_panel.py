"""Adding a vertebra by one click."""

from collections.abc import Callable
from typing import Any

import numpy as np
import qt
import slicer
from numpy.typing import NDArray

from ..errors import UnusableInput
from ..mrml.point_placement import PointPlacement
from .study_panel import StudyPanel


class AddPanel:
    """Connects the button "Add": while it is down, one click in the straightened view says where the vertebra is.

    :param ui: the widgets of VertebralFractures.ui by name.
    :param panel: shows the study that gets the vertebra.
    :param propose: called with the point (3,) in RAS mm.
    """

    def __init__(self, ui: Any, panel: StudyPanel, propose: Callable[[NDArray[np.float64]], None]) -> None:
        self.ui, self._panel, self._propose = ui, panel, propose
        self._placement: PointPlacement | None = None
        ui.addButton.connect("clicked(bool)", self._clicked)

    def close(self) -> None:
        """Stop waiting for a click."""
        if self._placement is not None:
            self._placement.close()
            self._placement = None
        self.ui.addButton.setChecked(False)

    def _clicked(self, is_down: bool) -> None:
        self.close()
        live = self._panel.live
        if not is_down or live is None:
            return
        try:
            self._placement = PointPlacement(live.study, self._placed, lambda: qt.QTimer.singleShot(0, self.close))
        except UnusableInput as error:
            slicer.util.errorDisplay(str(error))
        else:
            self.ui.addButton.setChecked(True)

    def _placed(self, point_ras: NDArray[np.float64]) -> None:
        """The point list must not go before Slicer has done with the click."""
        qt.QTimer.singleShot(0, lambda: self._finish(point_ras))

    def _finish(self, point_ras: NDArray[np.float64]) -> None:
        if self._placement is not None:
            self.close()
            self._propose(point_ras)
