"""The income approach: what the right earns, or saves."""

from numpy.typing import ArrayLike

from marketplace.valuation.library.cash_flows import (
    Timing,
    amortisation_benefit_factor,
    discounted,
)
from marketplace.valuation.library.working import (
    Array,
    Line,
    Unit,
    Worked,
    numbers,
    require,
    require_share,
    yearly,
)


def relief_from_royalty(
    revenues: ArrayLike,
    *,
    royalty_rate: ArrayLike,
    tax_rate: ArrayLike,
    discount_rate: ArrayLike,
    timing: Timing = Timing.END_YEAR,
    amortisation_years: int | None = None,
    terminal_growth: ArrayLike | None = None,
) -> Worked:
    """The royalties that an owner does not have to pay, after tax: Σ Revₜ·ρ·(1-τ)/(1+r)^t.

    Args:
        revenues: one amount a year that the right supports, in money.
        royalty_rate: ρ, of revenue.
        tax_rate: τ.
        discount_rate: r, of a year.
        timing: end-year, or mid-year (t-0.5). A report states which.
        amortisation_years: over how many the buyer writes the right off for tax; None leaves the
            tax amortisation benefit out, as Korean practice for loans does.
        terminal_growth: for ever after the last year; None where the life ends with it.

    Raises:
        GrowthNotBelowRateError, LifeNotPositiveError, ImpossibleInputError.

    Sources: IVS 210 (relief from royalty, TAB).
    """
    revenues = numbers(revenues)
    require(revenues >= 0, "a year's revenue is not negative")
    kept = require_share("royalty_rate", royalty_rate) * (1 - require_share("tax_rate", tax_rate))
    savings: Array = revenues * yearly(kept)
    value, lines = discounted(savings, discount_rate, timing, terminal_growth=terminal_growth)
    lines.insert(0, Line("royalty saved after tax", Unit.MONEY, savings))
    if amortisation_years is not None:
        factor = amortisation_benefit_factor(discount_rate, tax_rate, amortisation_years, timing)
        lines.append(Line("tax amortisation benefit factor", Unit.FACTOR, factor))
        value = value * factor
    return Worked(value, Unit.MONEY, tuple(lines))


def technology_factor(
    industry_share: ArrayLike, technology_weight: ArrayLike, strength: ArrayLike
) -> Array:
    """The part of a business that its technology is.

    The share of technology in the industry's value × the weight of the subject among the
    technologies used × its individual strength.

    Raises:
        ImpossibleInputError: one of them is not a fraction from 0 to 1.
    """
    share = require_share("industry_share", industry_share)
    weight = require_share("technology_weight", technology_weight)
    return share * weight * require_share("strength", strength)


def value_by_technology_factor(
    flows: ArrayLike,
    *,
    discount_rate: ArrayLike,
    industry_share: ArrayLike,
    technology_weight: ArrayLike,
    strength: ArrayLike,
    timing: Timing = Timing.END_YEAR,
    terminal_growth: ArrayLike | None = None,
) -> Worked:
    """PV of the business over the technology's economic life × technology factor (기술요소법).

    Args:
        flows: free cash flow of each year, in money; it may be negative.
        discount_rate: of a year.
        industry_share: see `technology_factor`, as the next two.
        technology_weight: likewise.
        strength: likewise.
        timing: when in the year.
        terminal_growth: for ever after the last year.

    Raises:
        GrowthNotBelowRateError, LifeNotPositiveError, ImpossibleInputError.

    Sources: Korean technology valuation guide.
    """
    flows = numbers(flows)
    present, lines = discounted(flows, discount_rate, timing, terminal_growth=terminal_growth)
    factor = technology_factor(industry_share, technology_weight, strength)
    head = Line("free cash flow", Unit.MONEY, flows)
    tail = Line("technology factor", Unit.FACTOR, factor)
    return Worked(present * factor, Unit.MONEY, (head, *lines, tail))


def excess_earnings(
    revenues: ArrayLike,
    *,
    margin: ArrayLike,
    tax_rate: ArrayLike,
    charge_rate: ArrayLike,
    discount_rate: ArrayLike,
    timing: Timing = Timing.END_YEAR,
    terminal_growth: ArrayLike | None = None,
) -> Worked:
    """Multi-period excess earnings: what is left when every other asset has had its return.

    Args:
        revenues: one amount a year, in money.
        margin: EBIT over revenue; it may be negative.
        tax_rate: τ.
        charge_rate: what contributory assets are charged, all together, over revenue.
        discount_rate: of a year.
        timing: when in the year.
        terminal_growth: for ever after the last year.

    Raises:
        GrowthNotBelowRateError, LifeNotPositiveError, ImpossibleInputError.

    Sources: IVS 210 (MPEEM).
    """
    revenues = numbers(revenues)
    require(revenues >= 0, "a year's revenue is not negative")
    require(numbers(margin) <= 1, "a margin is at most 1")
    earned = revenues * yearly(numbers(margin) * (1 - require_share("tax_rate", tax_rate)))
    charged = revenues * yearly(require_share("charge_rate", charge_rate))
    excess: Array = earned - charged
    value, lines = discounted(excess, discount_rate, timing, terminal_growth=terminal_growth)
    before = (
        Line("earnings after tax", Unit.MONEY, earned),
        Line("contributory asset charges", Unit.MONEY, charged),
        Line("excess earnings", Unit.MONEY, excess),
    )
    return Worked(value, Unit.MONEY, (*before, *lines))
