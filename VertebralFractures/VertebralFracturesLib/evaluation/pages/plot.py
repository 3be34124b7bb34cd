"""Plots as SVG text: axes with ticks, and points, lines and words in the units of the data.

The page that holds them gives the classes their colours: ``axis``, ``grid``, ``dot``, ``line`` and ``rule``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 14.0, 12.0, 44.0
_TICK_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """One axis.

    :param title: what it shows, with its unit.
    :param low: data value at its start.
    :param high: data value at its end.
    :param ticks: values and words of its marks.
    """

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def number_axis(title: str, values: Iterable[float], include: Sequence[float] = (), count: int = 5) -> Axis:
    """An axis around finite values, with round marks.

    :param title: what it shows, with its unit.
    :param values: the data.
    :param include: values that have to lie on the axis too.
    :param count: about how many marks.
    """
    known = np.array([value for value in (*values, *include) if np.isfinite(value)] or [0.0, 1.0])
    low, high = float(known.min()), float(known.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / count
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * factor for factor in _TICK_STEPS if power * factor >= raw * (1 - 1e-9))
    first, last = int(np.floor(low / step + 1e-9)), int(np.ceil(high / step - 1e-9))
    decimals = max(0, -int(np.floor(np.log10(step) + 1e-9))) + (round(step / power, 1) == 2.5)
    ticks = tuple((i * step, f"{i * step:.{decimals}f}") for i in range(first, last + 1))
    return Axis(title, first * step, last * step, ticks)


class Plot:
    """A plot that is drawn upon in the units of its axes.

    :param x: axis from left to right.
    :param y: axis from below to above.
    :param width: of the whole plot in its own units.
    :param height: of the whole plot.
    """

    def __init__(self, x: Axis, y: Axis, width: float = 340.0, height: float = 270.0) -> None:
        self.x, self.y, self.width, self.height = x, y, width, height
        self._parts = [*self._grid()]

    def across(self, value: float) -> float:
        """Place of a value of the x axis."""
        share = (value - self.x.low) / (self.x.high - self.x.low)
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        """Place of a value of the y axis."""
        share = (value - self.y.low) / (self.y.high - self.y.low)
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)

    def dot(self, x: float, y: float, hint: str = "", kind: str = "dot", radius: float = 3.0) -> None:
        """Draw a point; the hint shows under the mouse."""
        title = f"<title>{escape(hint)}</title>" if hint else ""
        place = f'cx="{self.across(x):.1f}" cy="{self.up(y):.1f}"'
        self._parts.append(f'<circle class="{kind}" {place} r="{radius}">{title}</circle>')

    def line(self, x: Iterable[float], y: Iterable[float], kind: str = "line") -> None:
        """Draw a line through points."""
        points = " ".join(f"{self.across(a):.1f},{self.up(b):.1f}" for a, b in zip(x, y, strict=True))
        self._parts.append(f'<polyline class="{kind}" points="{points}"/>')

    def rule(self, y: float, words: str, kind: str = "rule") -> None:
        """Draw a level across the plot, with words above its right end."""
        self.line((self.x.low, self.x.high), (y, y), kind)
        place = f'x="{self.width - _RIGHT - 2:.1f}" y="{self.up(y) - 3:.1f}"'
        self._parts.append(f'<text class="words" {place} text-anchor="end">{escape(words)}</text>')

    def svg(self, label: str) -> str:
        """The plot.

        :param label: what it shows, for those who cannot see it.
        """
        return (
            f'<svg class="plot" viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" '
            f'aria-label="{escape(label)}">{"".join(self._parts)}</svg>'
        )

    def _grid(self) -> Iterable[str]:
        left, right, top, bottom = _LEFT, self.width - _RIGHT, _TOP, self.height - _BOTTOM
        for value, words in self.x.ticks:
            place = self.across(value)
            yield f'<line class="grid" x1="{place:.1f}" y1="{top}" x2="{place:.1f}" y2="{bottom}"/>'
            yield f'<text x="{place:.1f}" y="{bottom + 14:.1f}" text-anchor="middle">{escape(words)}</text>'
        for value, words in self.y.ticks:
            place = self.up(value)
            yield f'<line class="grid" x1="{left}" y1="{place:.1f}" x2="{right}" y2="{place:.1f}"/>'
            yield f'<text x="{left - 5:.1f}" y="{place + 3.5:.1f}" text-anchor="end">{escape(words)}</text>'
        yield f'<path class="axis" d="M{left} {top}V{bottom}H{right}"/>'
        middle = (top + bottom) / 2
        turned = f'x="13" y="{middle}" transform="rotate(-90 13 {middle})"'
        yield f'<text class="title" x="{(left + right) / 2}" y="{self.height - 10}">{escape(self.x.title)}</text>'
        yield f'<text class="title" {turned}>{escape(self.y.title)}</text>'
