"""Interleaved rounds, ratios of the same round, and a line with the bar for each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.load import Measured

WARMING: Final = 1

Run = Callable[[], Measured]
Rounds = Mapping[str, Sequence[Measured]]


@dataclass(frozen=True, slots=True)
class Bar:
    """What must be reached, and what is aimed at. With `at_most`, less is better."""

    must: float
    aim: float | None = None
    at_most: bool = False

    def verdict(self, value: float) -> str:
        if not self._holds(value, self.must):
            return "FAIL"
        return "pass" if self.aim is None or not self._holds(value, self.aim) else "pass, aim"

    def _holds(self, value: float, bar: float) -> bool:
        return value <= bar if self.at_most else value >= bar

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{sign} {self.must:g}" + (f" (aim {self.aim:g})" if self.aim else "")


def interleave(contenders: Mapping[str, Run], rounds: int) -> Rounds:
    """Run each contender in turn, again and again: the machine's moods then strike all alike.

    A first round is not counted: in it pools fill and statements are prepared.
    """
    found: dict[str, list[Measured]] = {name: [] for name in contenders}
    for _ in range(WARMING + rounds):
        for name, run in contenders.items():
            found[name].append(run())
    counted = {name: measured[WARMING:] for name, measured in found.items()}
    for name, measured in counted.items():
        _show(name, measured)
    return counted


def _show(name: str, measured: Sequence[Measured]) -> None:
    rate = median(m.per_second for m in measured)
    line = f"    {name:<34} {rate:>10,.1f}/s   typical {_typical(measured):8.2f} ms"
    if all(m.p99_ms is not None for m in measured):
        line += f"   p99 {median(m.p99_ms or 0 for m in measured):8.2f} ms"
    if failures := sum(m.failures for m in measured):
        line += f"   {failures} FAILED"
    print(line, flush=True)


def _typical(measured: Sequence[Measured]) -> float:
    return median(m.typical_ms for m in measured)


def rates(found: Rounds, product: str, floor: str) -> list[float]:
    """The product's rate over the floor's, round by round."""
    pairs = zip(found[product], found[floor], strict=True)
    return [mine.per_second / theirs.per_second for mine, theirs in pairs]


def costs(found: Rounds, product: str, floor: str) -> list[float]:
    """What one costs over what the other costs, round by round."""
    return [1 / ratio for ratio in rates(found, product, floor)]


def tails(found: Rounds, name: str) -> list[float]:
    """How much longer the slowest hundredth takes than the median."""
    return [(m.p99_ms or 0) / m.typical_ms for m in found[name]]


def judge(what: str, ratios: Sequence[float], bar: Bar) -> None:
    """Print the median ratio, its range, the bar and whether it is reached."""
    middle = median(ratios)
    spread = f"({min(ratios):.2f}..{max(ratios):.2f})"
    print(f"  {what:<58} {middle:6.2f} {spread:<15} {bar!s:<18} {bar.verdict(middle)}", flush=True)
