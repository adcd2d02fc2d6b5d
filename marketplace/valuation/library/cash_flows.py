"""What future amounts are worth today."""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from marketplace.valuation.errors import (
    GrowthNotBelowRateError,
    LengthsDifferError,
    LifeNotPositiveError,
)
from marketplace.valuation.library.working import (
    Array,
    Line,
    Unit,
    numbers,
    require,
    require_share,
    yearly,
)


class Timing(StrEnum):
    """When in its year an amount is taken to arrive."""

    END_YEAR = "end_year"
    MID_YEAR = "mid_year"


def discount_factors(rate: ArrayLike, years: int, timing: Timing = Timing.END_YEAR) -> Array:
    """1/(1+r)^t, or ^(t-0.5) for amounts that arrive all through the year.

    Raises:
        LifeNotPositiveError: no year.
        ImpossibleInputError: a rate of -100 % or less.
    """
    if years <= 0:
        raise LifeNotPositiveError
    require(numbers(rate) > -1, "a discount rate is above -1")
    half = 0.5 if timing is Timing.MID_YEAR else 0.0
    factors: Array = (1 + yearly(rate)) ** (half - np.arange(1, years + 1))
    return factors


def annuity_factor(rate: ArrayLike, years: int, timing: Timing = Timing.END_YEAR) -> Array:
    """What one unit a year is worth: (1-(1+r)^-n)/r at the ends of years."""
    total: Array = discount_factors(rate, years, timing).sum(axis=-1)
    return total


def perpetuity(last_flow: ArrayLike, rate: ArrayLike, growth: ArrayLike) -> Array:
    """Gordon: what all years after the last are worth at its end, F·(1+g)/(r-g).

    Raises:
        GrowthNotBelowRateError: g ≥ r, in any draw.
        ImpossibleInputError: growth of -100 % or less.
    """
    growth, rate = numbers(growth), numbers(rate)
    if np.any(growth >= rate):
        raise GrowthNotBelowRateError
    require(growth > -1, "growth is above -1")
    return numbers(last_flow) * (1 + growth) / (rate - growth)


def amortisation_benefit_factor(
    rate: ArrayLike, tax_rate: ArrayLike, years: int, timing: Timing = Timing.END_YEAR
) -> Array:
    """What a buyer's straight-line amortisation for tax multiplies a value by.

    1/(1-τ·a/n), where a is the annuity factor over n years of amortisation (IVS 210). Korean
    practice for loans against IP leaves it out.
    """
    tax = require_share("tax_rate", tax_rate)
    saved = tax * annuity_factor(rate, years, timing) / years
    require(saved < 1, "amortisation cannot save more tax than the asset costs")
    return numbers(1 / (1 - saved))


def discounted(
    flows: Array,
    rate: ArrayLike,
    timing: Timing,
    *,
    terminal_growth: ArrayLike | None,
) -> tuple[Array, list[Line]]:
    """The present value of a series of years, and its lines.

    Args:
        flows: one amount a year, in money.
        rate: the discount rate of a year.
        timing: when in the year.
        terminal_growth: growth for ever after the last year; None where life ends with it.

    Raises:
        GrowthNotBelowRateError: terminal growth is not below the rate.
        LifeNotPositiveError: no year.
    """
    factors = discount_factors(rate, flows.shape[-1], timing)
    present = flows * factors
    total: Array = present.sum(axis=-1)
    lines = [
        Line("discount factor", Unit.FACTOR, factors),
        Line("present value", Unit.MONEY, present),
        Line("sum of present values", Unit.MONEY, total),
    ]
    if terminal_growth is None:
        return total, lines
    beyond = perpetuity(flows[..., -1], rate, terminal_growth) * factors[..., -1]
    lines.append(Line("present value of all later years", Unit.MONEY, beyond))
    return total + beyond, lines


def same_length(**series: Array) -> None:
    """Series of years that are combined year by year.

    Raises:
        LengthsDifferError: they have not the same number of years.
    """
    if len({values.shape[-1] for values in series.values()}) > 1:
        raise LengthsDifferError(f"{', '.join(series)} have one amount a year each")


def free_cash_flows(
    earnings: ArrayLike,
    tax_rate: ArrayLike,
    *,
    depreciation: ArrayLike,
    capital_expenditure: ArrayLike,
    working_capital_increase: ArrayLike,
    working_capital_recovered: ArrayLike = 0.0,
) -> Array:
    """EBIT·(1-τ) + depreciation - capital expenditure - increase of net working capital.

    What of the working capital is recovered at the end adds to the last year.

    Raises:
        LengthsDifferError: one amount a year of each is needed.
    """
    series = {
        "earnings": numbers(earnings),
        "depreciation": numbers(depreciation),
        "capital_expenditure": numbers(capital_expenditure),
        "working_capital_increase": numbers(working_capital_increase),
    }
    same_length(**series)
    taxed = series["earnings"] * (1 - yearly(require_share("tax_rate", tax_rate)))
    spent = series["capital_expenditure"] + series["working_capital_increase"]
    flows: Array = taxed + series["depreciation"] - spent
    flows[..., -1] += numbers(working_capital_recovered)
    return flows
