"""Adding a vertebra by clicks in the straightened view."""

from collections.abc import Callable
from typing import Any

import numpy as np
import qt
import slicer
from numpy.typing import NDArray
from slicer.i18n import translate

from ..core.keypoints import KEYPOINT_NAMES, ordered_keypoints
from ..errors import UnusableInput
from ..mrml.live.point_placement import PointPlacement
from .study_panel import StudyPanel


class AddPanel:
    """Connects the two buttons that add a vertebra: while one is down, clicks in the straightened view are awaited.

    One click says where the vertebra is, and the network places its points; six clicks are its points. Esc, a right
    click and the button itself give up.

    :param ui: the widgets of VertebralFractures.ui by name.
    :param panel: shows the study that gets the vertebra.
    :param propose: called with the point (3,) in RAS mm of the one click.
    """

    def __init__(self, ui: Any, panel: StudyPanel, propose: Callable[[NDArray[np.float64]], None]) -> None:
        self.ui, self._panel = ui, panel
        self._placement: PointPlacement | None = None
        ui.addOneClickButton.connect(
            "clicked(bool)", lambda is_down: self._clicked(is_down, 1, lambda points_ras: propose(points_ras[0]))
        )
        ui.addSixClicksButton.connect(
            "clicked(bool)", lambda is_down: self._clicked(is_down, len(KEYPOINT_NAMES), self._add)
        )
        self._escape = qt.QShortcut(qt.QKeySequence(qt.Qt.Key_Escape), slicer.util.mainWindow() or ui.addOneClickButton)
        self._escape.connect("activated()", self.close)
        self.close()

    def close(self) -> None:
        """Stop waiting for clicks."""
        if self._placement is not None:
            self._placement.close()
            self._placement = None
        self._escape.setEnabled(False)
        self.ui.addOneClickButton.setChecked(False)
        self.ui.addSixClicksButton.setChecked(False)
        self.ui.addPromptLabel.setVisible(False)

    def destroy(self) -> None:
        """Stop waiting for clicks, and let go of the main window."""
        self.close()
        self._escape.deleteLater()

    def _clicked(self, is_down: bool, count: int, finish: Callable[[NDArray[np.float64]], None]) -> None:
        self.close()
        live = self._panel.live
        if not is_down or live is None:
            return

        def placed(points_ras: NDArray[np.float64]) -> None:
            """The point list must not go before Slicer has done with the click."""
            qt.QTimer.singleShot(0, lambda: self._finish(placement, lambda: finish(points_ras)))

        def given_up() -> None:
            qt.QTimer.singleShot(0, lambda: self._finish(placement, lambda: None))

        try:
            placement = PointPlacement(live.study, count, self._prompt, placed, given_up)
        except UnusableInput as error:
            slicer.util.errorDisplay(str(error))
            return
        self._placement = placement
        (self.ui.addOneClickButton if count == 1 else self.ui.addSixClicksButton).setChecked(True)
        self._escape.setEnabled(True)
        self.ui.addPromptLabel.setVisible(True)
        self._prompt(count)

    def _prompt(self, left: int) -> None:
        if self.ui.addOneClickButton.checked:
            what = translate("VertebralFractures", "Click the middle of the vertebra in the straightened view.")
        else:
            what = translate(
                "VertebralFractures",
                "Click front, middle and back of both endplates in the straightened view, in any order: {left} left.",
            ).format(left=left)
        self.ui.addPromptLabel.setText(
            translate("VertebralFractures", "{what} Esc or a right click gives up.").format(what=what)
        )

    def _finish(self, placement: PointPlacement, action: Callable[[], None]) -> None:
        """End a placement, unless another one or none is under way by now."""
        if placement is self._placement:
            self.close()
            action()

    def _add(self, points_ras: NDArray[np.float64]) -> None:
        live = self._panel.live
        if live is None:
            return
        curve = live.report.curve
        try:
            keypoints_straight = ordered_keypoints(curve.ras_to_straight(points_ras))
            live.add_vertebra(curve.straight_to_ras(keypoints_straight))
        except ValueError as error:
            slicer.util.errorDisplay(str(error))
        self._panel.refresh()
