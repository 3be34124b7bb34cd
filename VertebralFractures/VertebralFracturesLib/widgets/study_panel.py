"""The part of the panel that shows one study, walks through its vertebrae and corrects it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import translate

from ..core.levels import ALL_LEVEL_NAMES
from ..core.report import NOT_EVALUABLE, NOT_REVIEWED, VERIFIED, SpineReport
from ..core.review import first_to_review, next_to_review, order_by_need, verified_count
from ..radiograph.record import RadiographReport
from ..report.columns.patient import ANGLE_COLUMNS
from .display_panel import DisplayPanel
from .notes_panel import NotesPanel
from .table.results_table import ResultsTable
from .words import order_words, verified_words

if TYPE_CHECKING:
    from ..mrml.live.study import LiveStudy
    from ..mrml.study.study import Study

_ORDER_SETTING = "VertebralFractures/TableOrder"

_NEED_SELECTION = (
    "verifyButton",
    "notEvaluableButton",
    "deleteButton",
    "levelBox",
    "shiftUpButton",
    "shiftDownButton",
    "resetButton",
)
_NEED_STUDY = (
    "previousButton",
    "nextButton",
    "viewsButton",
    "resetAllButton",
    "exportButton",
    "copyButton",
    "copyTextButton",
    "addOneClickButton",
    "addSixClicksButton",
)


class StudyPanel:
    """Connects the widgets below "Vertebrae" to a study.

    :param ui: the widgets of VertebralFractures.ui by name.
    :ivar followers: called with the study, or None, after every change and whenever another one is shown.
    """

    def __init__(self, ui: Any) -> None:
        self.ui = ui
        self.live: LiveStudy | None = None
        self.followers: list[Callable[[LiveStudy | None], None]] = []
        self._order: list[int] = []
        self._table = ResultsTable(ui.vertebraTable, ui.columnsButton, self._select)
        self._notes, self._display = NotesPanel(ui), DisplayPanel(ui)
        ui.levelBox.addItems(list(ALL_LEVEL_NAMES))
        ui.levelBox.connect("activated(int)", lambda level: self._change_selected(self._relabel, level))
        for name, action in {
            "previousButton": lambda live: live.previous_vertebra(),
            "nextButton": lambda live: live.next_vertebra(),
            "shiftUpButton": lambda live: live.shift_levels(-1),
            "shiftDownButton": lambda live: live.shift_levels(1),
            "undoButton": lambda live: live.undo(),
            "redoButton": lambda live: live.redo(),
            "resetAllButton": lambda live: live.reset_to_model(),
        }.items():
            getattr(ui, name).connect("clicked()", lambda action=action: self._change(action))
        for name, action_of_one in {
            "verifyButton": self._verify,
            "notEvaluableButton": lambda live, index: _toggle_status(live, index, NOT_EVALUABLE),
            "deleteButton": lambda live, index: live.delete_vertebra(index),
            "resetButton": lambda live, index: live.reset_to_model(index),
        }.items():
            getattr(ui, name).connect("clicked()", lambda action=action_of_one: self._change_selected(action))
        self._orders = list(order_words())
        ui.orderBox.addItems(list(order_words().values()))
        kept = str(qt.QSettings().value(_ORDER_SETTING, "") or "")
        ui.orderBox.setCurrentIndex(self._orders.index(kept) if kept in self._orders else 0)
        ui.orderBox.connect("activated(int)", self._change_order)
        self.show(None)

    def show(self, live: "LiveStudy | None") -> None:
        """Show another study, or none; the one before is closed."""
        self._notes.commit()
        if self.live is not None and self.live is not live:
            self.live.close()
        self.live = live
        self._order = []
        self.refresh()

    def begin_review(self) -> None:
        """Select the vertebra that the reader should see first, unless one is selected or all were reviewed."""
        if self.live is not None and self.live.selected is None:
            first = first_to_review(self.live.report)
            if first is not None:
                self._select(first)

    def refresh(self) -> None:
        """Bring every widget up to the study as it is now."""
        report = self._report()
        selected = self.live.selected if report is not None and self.live is not None else None
        if report is None or len(self._order) != len(report.vertebrae):
            self._set_order(report)
        self._table.show(report, self._order)
        self._table.select(selected)
        self._notes.show(self.live, report, selected)
        self._display.show(self.live, selected)
        self._show_words(report)
        self._enable(report, selected)
        for follow in self.followers:
            follow(self.live)

    def _set_order(self, report: SpineReport | None) -> None:
        """Order the rows. It holds until vertebrae come or go: rows must not jump while a point is dragged."""
        is_by_need = self._orders[max(self.ui.orderBox.currentIndex, 0)] == "need"
        if report is None:
            self._order = []
        else:
            self._order = order_by_need(report) if is_by_need else list(range(len(report.vertebrae)))

    def _change_order(self, place: int) -> None:
        """Order the rows as the reader has chosen, and in every study from now on."""
        qt.QSettings().setValue(_ORDER_SETTING, self._orders[place])
        self._set_order(self._report())
        self._table.select(None)
        self.refresh()

    def _verify(self, live: "LiveStudy", index: int) -> None:
        """Verify a vertebra and go to the next that was not reviewed, or take the verification back."""
        _toggle_status(live, index, VERIFIED)
        if live.report.vertebrae[index].status == VERIFIED:
            following = next_to_review(live.report, self._order, index)
            if following is not None:
                live.select(following)

    def restore_layout(self, show: "Callable[[Study], None]") -> None:
        """Open the layout of the study anew, and look at it as is chosen.

        :param show: opens the layout with a study.
        """
        if self.live is not None:
            show(self.live.study)
            self._display.apply()

    def commit_notes(self) -> None:
        """Keep a note that is still being written, as for an export."""
        self._notes.commit()

    def _report(self) -> SpineReport | None:
        return self.live.report if self.live is not None else None

    def _show_words(self, report: SpineReport | None) -> None:
        """The patient's summary, and what the reader has to know."""
        problem = self.live.problem if self.live is not None else None
        messages = [problem] if problem else []
        if report is not None:
            messages += report.warnings
        self.ui.summaryLabel.setText(
            translate("VertebralFractures", "No study yet: choose a CT and click Apply.")
            if report is None
            else "\n\n".join(filter(None, [report.summary.headline, report.summary.statement, _angles(report)]))
        )
        self.ui.reviewLabel.setText(
            ""
            if report is None
            else verified_words().format(verified=verified_count(report), count=len(report.vertebrae))
        )
        self.ui.studyMessageLabel.setText("\n".join(f"• {text[:1].upper()}{text[1:]}" for text in messages))
        self.ui.studyMessageLabel.setVisible(bool(messages))

    def _enable(self, report: SpineReport | None, selected: int | None) -> None:
        for name in _NEED_STUDY:
            getattr(self.ui, name).setEnabled(report is not None)
        for name in _NEED_SELECTION:
            getattr(self.ui, name).setEnabled(selected is not None)
        self.ui.undoButton.setEnabled(self.live is not None and self.live.can_undo)
        self.ui.redoButton.setEnabled(self.live is not None and self.live.can_redo)
        vertebra = report.vertebrae[selected] if report is not None and selected is not None else None
        self.ui.levelBox.setCurrentIndex(
            ALL_LEVEL_NAMES.index(vertebra.level) if vertebra is not None and vertebra.level is not None else -1
        )
        self.ui.verifyButton.setChecked(vertebra is not None and vertebra.status == VERIFIED)
        self.ui.notEvaluableButton.setChecked(vertebra is not None and vertebra.status == NOT_EVALUABLE)

    def _select(self, index: int) -> None:
        self._change(lambda live: live.select(index))

    def _change_selected(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Do something to the selected vertebra."""
        if self.live is not None and self.live.selected is not None:
            self._change(action, self.live.selected, *arguments)

    def _change(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Do something to the study; what cannot be done is told in a message."""
        if self.live is None:
            return
        self._notes.commit()
        try:
            action(self.live, *arguments)
        except ValueError as error:
            slicer.util.errorDisplay(str(error))
        self.refresh()

    def _relabel(self, live: "LiveStudy", index: int, level: int) -> None:
        live.relabel(index, ALL_LEVEL_NAMES[level], others_follow=self.ui.othersFollowBox.checked)


def _angles(report: SpineReport) -> str:
    """The angles of the spine in a radiograph, one after the other; those of a CT, taken supine, are in the exports."""
    if not isinstance(report, RadiographReport):
        return ""
    values = [(column, report.angles_deg[column.name]) for column in ANGLE_COLUMNS]
    return "; ".join(f"{column.title} {column.text(value)}°" for column, value in values if value is not None)


def _toggle_status(live: "LiveStudy", index: int, status: str) -> None:
    """Give a vertebra a status; one that has it goes back to "to review"."""
    is_set = live.report.vertebrae[index].status == status
    live.set_status(index, NOT_REVIEWED if is_set else status)
