"""Bar charts as SVG: geometry only. Colours and fonts come from the style sheet.

Places across are in percent and heights in pixels, so that a chart is as wide as the page lets it
be while its letters stay as large as all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from marketplace.statistics.units import Unit, read_unit

HEIGHT: Final = 232
_TOP, _BOTTOM = 30, 32
_LINE_HEIGHT: Final = 46
_BAR_HEIGHT: Final = 14
_BAR_SHARE: Final = 0.62
_WIDEST: Final = 16.0
_LEAST_STEPS: Final = 4
_LEAST_DRAWN: Final = 2.0
"""Pixels: what is not nothing is seen."""
_WHOLE: Final = 100.0
_LABELLED: Final = {
    "KRW": ("100000000KRW", "10000KRW", "KRW"),
    "CNY": ("100000000CNY", "10000CNY", "CNY"),
    "JPY": ("100000000JPY", "10000JPY", "JPY"),
}
_READABLE: Final = 10
"""A unit is large enough for a chart when the largest bar is still this many of it …"""
_VISIBLE: Final = Fraction(1, 100)
"""… and small enough when the smallest bar is still this part of it …"""
_WIDE: Final = 10_000_000
"""… and the largest is less than this many."""


@dataclass(frozen=True, slots=True)
class Point:
    """One bar: what it stands for, its value, what is written on it, and in full beside it.

    `look` is how it is drawn: `printed`, `running` (not ended yet), `withheld`, or as all others.
    Without a value nothing is known, and nothing is drawn.
    """

    label: str
    value: int | None
    text: str
    full: str = ""
    look: str = ""

    @property
    def told(self) -> str:
        return f"{self.label}: {self.full or self.text}"


@dataclass(frozen=True, slots=True)
class Bar:
    point: Point
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Chart:
    height: int
    baseline: float
    bars: Sequence[Bar]

    @property
    def looks(self) -> set[str]:
        """The ways of drawing that need a word of explanation."""
        return {bar.point.look for bar in self.bars} - {""}


def columns(points: Sequence[Point]) -> Chart:
    """Upright bars over time; values below zero, as after reversals, hang from the line."""
    room = HEIGHT - _TOP - _BOTTOM
    values = [point.value or 0 for point in points]
    high, low = max([0, *values]), min([0, *values])
    scale = room / ((high - low) or 1)
    baseline = _TOP + high * scale if high - low else HEIGHT - _BOTTOM
    step = _WHOLE / max(len(points), _LEAST_STEPS)
    width = min(step * _BAR_SHARE, _WIDEST)
    left = (_WHOLE - step * len(points)) / 2
    bars = []
    for place, (point, value) in enumerate(zip(points, values, strict=True)):
        height = max(abs(value) * scale, _LEAST_DRAWN if value else 0)
        x = left + step * place + (step - width) / 2
        y = baseline - height if value >= 0 else baseline
        bars.append(Bar(point, round(x, 2), round(y, 1), round(width, 2), round(height, 1)))
    return Chart(HEIGHT, round(baseline, 1), bars)


def lines(points: Sequence[Point]) -> Chart:
    """Lying bars, one under the other, with their names above them."""
    most = max([1, *(point.value or 0 for point in points)])
    bars = [
        Bar(
            point,
            0,
            place * _LINE_HEIGHT + 24,
            round(max(point.value or 0, 0) / most * _WHOLE, 2),
            _BAR_HEIGHT,
        )
        for place, point in enumerate(points)
    ]
    return Chart(max(len(points), 1) * _LINE_HEIGHT, 0, bars)


def readable_unit(currency: str, amounts_minor: Sequence[int]) -> Unit:
    """The largest named unit in which no bar vanishes and the largest has two to seven digits.

    Where the bars are too unlike for any, the largest unit that fits the largest bar.
    """
    units = [read_unit(code) for code in _LABELLED.get(currency, (f"1000{currency}", currency))]
    sizes = [abs(amount) for amount in amounts_minor if amount] or [0]
    most, least = max(sizes), min(sizes)
    large = [unit for unit in units if most >= _READABLE * unit.minor] or units[-1:]
    fitting = (u for u in large if least >= _VISIBLE * u.minor and most < _WIDE * u.minor)
    return next(fitting, large[0])


def significant(amount_minor: int, unit: Unit) -> str:
    """An amount in a unit with three digits that count, or all of a whole number; never a bare 0.

    Rounded half away from zero. What is more than nothing is not written as nothing.
    """
    exact = Fraction(abs(amount_minor), unit.minor)
    decimals = 0 if exact >= 100 or exact.denominator == 1 else 1 if exact >= 10 else 2  # noqa: PLR2004
    shown = int(exact * 10**decimals + Fraction(1, 2))
    if exact and not shown:
        return ">−0.01" if amount_minor < 0 else "<0.01"
    whole, rest = divmod(shown, 10**decimals)
    digits = f"{whole:,}" + (f".{rest:0{decimals}}" if decimals else "")
    return f"−{digits}" if amount_minor < 0 else digits
