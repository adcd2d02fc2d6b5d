"""Bar charts as SVG: geometry only. Colours and fonts come from the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.statistics.units import Unit, read_unit

WIDTH: Final = 460
HEIGHT: Final = 260
_TOP, _BOTTOM, _SIDE = 34, 34, 8
_LINE_HEIGHT: Final = 46
_BAR_HEIGHT: Final = 16
_LABELLED: Final = {
    "KRW": ("100000000KRW", "10000KRW", "KRW"),
    "CNY": ("100000000CNY", "10000CNY", "CNY"),
    "JPY": ("100000000JPY", "10000JPY", "JPY"),
}
_READABLE: Final = 10
"""A unit is large enough for a chart when the largest bar is still this many of it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One bar: what it stands for, its value, and what is written on it."""

    label: str
    value: int
    text: str
    is_printed: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    point: Point
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    baseline: float
    bars: Sequence[Bar]


def columns(points: Sequence[Point]) -> Chart:
    """Upright bars over time; values below zero, as after reversals, hang from the line."""
    room = HEIGHT - _TOP - _BOTTOM
    high = max([0, *(point.value for point in points)])
    low = min([0, *(point.value for point in points)])
    scale = room / ((high - low) or 1)
    baseline = _TOP + high * scale
    step = (WIDTH - 2 * _SIDE) / max(len(points), 3)
    width = min(step * 0.62, 72)
    bars = []
    for place, point in enumerate(points):
        height = abs(point.value) * scale
        x = _SIDE + step * place + (step - width) / 2
        y = baseline - height if point.value >= 0 else baseline
        bars.append(Bar(point, round(x, 1), round(y, 1), round(width, 1), round(height, 1)))
    return Chart(WIDTH, HEIGHT, round(baseline, 1), bars)


def lines(points: Sequence[Point]) -> Chart:
    """Lying bars, one under the other, with their names above them."""
    most = max([1, *(point.value for point in points)])
    bars = [
        Bar(
            point,
            0,
            place * _LINE_HEIGHT + 22,
            round(max(point.value, 0) / most * WIDTH, 1),
            _BAR_HEIGHT,
        )
        for place, point in enumerate(points)
    ]
    return Chart(WIDTH, max(len(points), 1) * _LINE_HEIGHT, 0, bars)


def readable_unit(currency: str, most_minor: int) -> Unit:
    """The largest unit with a name of its own in which the largest bar has two digits."""
    units = [read_unit(code) for code in _LABELLED.get(currency, (f"1000{currency}", currency))]
    return next((unit for unit in units if most_minor >= _READABLE * unit.minor), units[-1])
