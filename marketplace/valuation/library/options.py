"""A right as an option: whoever holds it may invest later, or never."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from marketplace.valuation.library.working import Line, Unit, Worked, numbers, require_positive


def real_option(
    asset: ArrayLike,
    investment: ArrayLike,
    *,
    risk_free: ArrayLike,
    years: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Worked:
    """A European call by Black, Scholes and Merton: S·e^(-qT)·N(d1) - K·e^(-rT)·N(d2).

    Args:
        asset: S, the present value of what the investment would bring.
        investment: K, what it takes to bring it to market.
        risk_free: r, continuously compounded, a year.
        years: T, until the choice ends.
        volatility: σ of the asset, a year.
        dividend_yield: q, what waiting costs a year, such as the protection that runs out.

    Raises:
        ImpossibleInputError: an asset, investment, time or volatility that is not above zero.
    """
    asset = require_positive("the asset's value", asset)
    investment = require_positive("the investment", investment)
    years = require_positive("the time to decide", years)
    spread = require_positive("volatility", volatility) * np.sqrt(years)
    rate, leak = numbers(risk_free), numbers(dividend_yield)
    drift = (rate - leak) * years
    first = (np.log(asset / investment) + drift) / spread + spread / 2
    second = first - spread
    received = asset * np.exp(-leak * years) * ndtr(first)
    paid = investment * np.exp(-rate * years) * ndtr(second)
    lines = (
        Line("d1", Unit.FACTOR, first),
        Line("d2", Unit.FACTOR, second),
        Line("asset that is expected", Unit.MONEY, received),
        Line("investment that is expected", Unit.MONEY, paid),
    )
    return Worked(received - paid, Unit.MONEY, lines)
