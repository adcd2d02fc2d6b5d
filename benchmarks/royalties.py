"""How well the check of royalty reports tells who reports too little, on a seeded population.

Licensees declare what they expect, differ from it by luck and by the market, and a part of them
reports less than they sold from some quarter on. The check sees reports only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp
from random import Random
from typing import Final

from benchmarks.place import Place
from benchmarks.report import Bar
from benchmarks.scale import Scale
from marketplace.deals.royalty_checks.rules import Figures, Reason, check

SEED: Final = 20_261_122
LICENSEES: Final = 400
QUARTERS: Final = 12
CHEATS: Final = 0.1
BEGIN: Final = 4
YEAR_AFTER: Final = 4
DETECTION: Final = Bar(0.8, 0.9)
FALSE_ALARMS: Final = Bar(0.05, 0.03, at_most=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds that the product begins with, as the migration has them."""

    declared_shortfall_basis_points: int = 4_500
    earlier_drop_basis_points: int = 3_000
    peer_distance_hundredths: int = 250
    peers_min: int = 8


@dataclass(frozen=True, slots=True)
class Licensee:
    """One licensee's reports, and the share of the truth that each tells."""

    figures: Sequence[Figures]
    told: Sequence[float]

    @property
    def is_honest(self) -> bool:
        return min(self.told) == 1


def population() -> list[Licensee]:
    """Sales scatter by 15 % from quarter to quarter; who cheats tells 35 to 75 % of them."""
    random = Random(SEED)
    market = [exp(random.gauss(0, 0.08)) for _ in range(QUARTERS)]
    return [_licensee(random, market) for _ in range(LICENSEES)]


def _licensee(random: Random, market: Sequence[float]) -> Licensee:
    expected = int(exp(random.gauss(18, 1)))
    luck = exp(random.gauss(0, 0.12))
    share = random.uniform(0.35, 0.75) if random.random() < CHEATS else 1.0
    told = [1.0 if quarter < BEGIN else share for quarter in range(QUARTERS)]
    sold = [expected * luck * of * exp(random.gauss(0, 0.15)) for of in market]
    figures = [
        Figures(int(true * part), Fraction(expected)) for true, part in zip(sold, told, strict=True)
    ]
    return Licensee(figures, told)


def flagged(found: Sequence[Licensee]) -> Iterator[tuple[Licensee, int, frozenset[Reason]]]:
    """Every report of the population with the reasons to look at it."""
    limits = Limits()
    for quarter in range(QUARTERS):
        present = [licensee.figures[quarter] for licensee in found]
        for number, licensee in enumerate(found):
            others = present[max(0, number - 15) : number] + present[number + 1 : number + 16]
            earlier = licensee.figures[:quarter]
            flags = check(present[number], earlier, others, limits)
            yield licensee, quarter, frozenset(flag.reason for flag in flags)


def measure_royalties(_: Place, __: Scale) -> None:
    """Print how many under-reporters are found by when, and how often honest ones are flagged."""
    for line in measured():
        print(line, flush=True)


def measured() -> Iterator[str]:
    """Each line is a rate, its bar and the verdict."""
    found = population()
    told = list(flagged(found))
    cheats = {id(licensee) for licensee in found if not licensee.is_honest}
    yield f"  {len(found)} licensees, {len(cheats)} report too little from quarter {BEGIN + 1}"
    honest = [reasons for licensee, quarter, reasons in told if licensee.told[quarter] == 1]
    alarms = sum(map(bool, honest)) / len(honest)
    caught = _caught(told)
    for within in (1, 2, YEAR_AFTER):
        rate = sum(1 for quarter in caught.values() if quarter < BEGIN + within) / len(cheats)
        verdict = DETECTION.verdict(rate) if within == YEAR_AFTER else ""
        bar = f" {DETECTION} {verdict}" if verdict else ""
        yield f"  found within {within} quarters: {rate:.3f}{bar}"
    yield f"  false alarms a report: {alarms:.4f} {FALSE_ALARMS} {FALSE_ALARMS.verdict(alarms)}"
    for reason in Reason:
        rate = sum(reason in reasons for reasons in honest) / len(honest)
        yield f"    of them {reason}: {rate:.4f}"


def _caught(told: Sequence[tuple[Licensee, int, frozenset[Reason]]]) -> dict[int, int]:
    """The first quarter in which each under-reporter was flagged for a report that was too low."""
    caught: dict[int, int] = {}
    for licensee, quarter, reasons in told:
        if licensee.told[quarter] < 1 and reasons:
            caught.setdefault(id(licensee), quarter)
    return caught
