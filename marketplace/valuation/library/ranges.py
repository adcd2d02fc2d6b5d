"""How far a value moves when its inputs do: one at a time, or all at random."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from marketplace.valuation.library.working import Array, numbers, require

Value = Callable[[Mapping[str, Array]], Array]
"""The value for other inputs, by their names; one a draw."""
CHUNK: Final = 4_096
LOW, MIDDLE, HIGH = 5, 50, 95


@dataclass(frozen=True, slots=True)
class Spread:
    """Where an input lies, never beyond its ends: triangular with a mode, else uniform."""

    low: float
    high: float
    mode: float | None = None

    def quantiles(self, shares: Array) -> Array:
        """The inputs below which these shares of the draws lie."""
        width = self.high - self.low
        if self.mode is None or width == 0:
            return self.low + width * shares
        peak = (self.mode - self.low) / width
        rising = self.low + np.sqrt(shares * width * (self.mode - self.low))
        falling = self.high - np.sqrt((1 - shares) * width * (self.high - self.mode))
        return np.where(shares < peak, rising, falling)


@dataclass(frozen=True, slots=True)
class Swing:
    """The value at the ends of one input, all others as they are."""

    name: str
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What the draws gave: percentiles, mean, and how sure the mean is."""

    low: float
    median: float
    high: float
    mean: float
    standard_error: float


def checked(spreads: Mapping[str, Spread]) -> None:
    """Refuse spreads that are none.

    Raises:
        ImpossibleInputError: low above high, or a mode outside.
    """
    for name, spread in spreads.items():
        require(spread.low <= spread.high, f"the range of {name} begins at or below its end")
        mode = spread.low if spread.mode is None else spread.mode
        require(spread.low <= mode <= spread.high, f"the mode of {name} lies in its range")


def sensitivity(value: Value, spreads: Mapping[str, Spread]) -> list[Swing]:
    """Each input at its ends, the widest swing first.

    Raises:
        ImpossibleInputError: a spread that is none, or ends that make no sense to the formula.
    """
    checked(spreads)
    swings = []
    for name, spread in spreads.items():
        ends = np.broadcast_to(value({name: numbers([spread.low, spread.high])}), 2)
        swings.append(Swing(name, float(ends[0]), float(ends[1])))
    return sorted(swings, key=lambda swing: -swing.width)


def monte_carlo(
    value: Value, spreads: Mapping[str, Spread], *, draws: int, seed: int
) -> Distribution:
    """Draw all inputs independently, and value each draw.

    Before, every corner of the inputs is valued: what is impossible is refused whatever the seed
    draws. The same seed gives the same draws (PCG64, and inverse distribution functions).

    Raises:
        ImpossibleInputError: a spread that is none, or a corner that makes no sense.
    """
    checked(spreads)
    require(draws > 1, "a range takes at least two draws")
    value(_corners(spreads))
    drawn = np.concatenate([value(inputs) for inputs in _draws(spreads, draws, seed)])
    low, median, high = np.percentile(drawn, [LOW, MIDDLE, HIGH])
    error = drawn.std(ddof=1) / np.sqrt(draws)
    return Distribution(float(low), float(median), float(high), float(drawn.mean()), float(error))


def _corners(spreads: Mapping[str, Spread]) -> dict[str, Array]:
    ends = product(*((spread.low, spread.high) for spread in spreads.values()))
    return dict(zip(spreads, numbers(list(ends)).T, strict=True))


def _draws(spreads: Mapping[str, Spread], draws: int, seed: int) -> Iterator[dict[str, Array]]:
    """Chunks of draws, so that memory does not grow with their number."""
    generator = np.random.Generator(np.random.PCG64(seed))
    for done in range(0, draws, CHUNK):
        shares = generator.random((min(CHUNK, draws - done), len(spreads)))
        yield {name: s.quantiles(shares[:, at]) for at, (name, s) in enumerate(spreads.items())}
