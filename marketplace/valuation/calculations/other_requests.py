"""Calculations of the market and cost approaches, of options, and putting approaches together."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from marketplace.kernel.schemas import Input, ShortText
from marketplace.valuation.calculations.inputs import (
    Fraction,
    Minor,
    MinorGiven,
    MinorPaid,
    MoneyCalculation,
    Number,
    OneOf,
    Rate,
    Sourced,
)
from marketplace.valuation.library import cost, market, options
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.library.working import Array, Worked
from marketplace.valuation.registry.contents import Method

Positive = Annotated[float, Field(strict=True, gt=0, le=1_000, allow_inf_nan=False)]


class Comparable(Sourced):
    """What a similar right was sold for. Who excludes one says why."""

    price_minor: MinorPaid
    relative_quality: Positive = Field(description="1.2 is 20 % better than the subject")


class Comparables(MoneyCalculation):
    """Market approach: the median of comparable prices, each adjusted for its quality."""

    method: Literal[Method.COMPARABLES]
    comparables: Annotated[list[Comparable], Field(min_length=1, max_length=100)]

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        counted = [one for one in self.comparables if one.excluded_because is None]
        return market.adjusted_comparables(
            [one.price_minor for one in counted], [one.relative_quality for one in counted]
        )


class Approach(Input):
    label: ShortText
    value_minor: Minor
    weight: Fraction


class Reconciliation(MoneyCalculation):
    """Several approaches, with weights that somebody answers for; never a silent average."""

    method: Literal[Method.RECONCILIATION]
    approaches: Annotated[list[Approach], Field(min_length=1, max_length=20)]

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        values = [one.value_minor for one in self.approaches]
        return market.reconciled(values, [one.weight for one in self.approaches])


class Spent(Input):
    """What was spent at once, and the price index then and now."""

    cost_minor: MinorGiven
    index_then: Positive
    index_now: Positive


class ReplacementCost(MoneyCalculation, OneOf):
    """Cost approach: a new one, or the same again at today's prices, less obsolescence."""

    varies: ClassVar[tuple[str, ...]] = (
        "cost_minor",
        "functional",
        "technological",
        "economic",
    )
    either: ClassVar[tuple[str, str]] = ("cost_minor", "spent")

    method: Literal[Method.REPLACEMENT_COST]
    cost_minor: MinorGiven | None = None
    spent: Annotated[list[Spent], Field(min_length=1, max_length=40)] | None = Field(
        default=None, description="in place of the cost: what it historically took"
    )
    functional: Fraction = 0.0
    technological: Fraction = 0.0
    economic: Fraction = 0.0

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        rates = self.taken(drawn, "functional", "technological", "economic")
        if self.spent is None:
            given = self.taken(drawn, "cost_minor")
            return cost.replacement_cost(given["cost_minor"], **rates)
        reproduced = cost.indexed_cost(
            [one.cost_minor for one in self.spent],
            [one.index_then for one in self.spent],
            [one.index_now for one in self.spent],
        )
        found = cost.replacement_cost(reproduced.value, **rates)
        return Worked(found.value, found.unit, (*reproduced.lines, *found.lines))


class AdjustedReproduction(MoneyCalculation):
    """KIBO: reproduction cost and the return on it, less what was lost since completion."""

    varies: ClassVar[tuple[str, ...]] = ("return_on_capital",)

    method: Literal[Method.ADJUSTED_REPRODUCTION]
    cost_minor: MinorGiven
    return_on_capital: Rate = Field(description="the industry's median, of total capital")
    obsolescence_minor: MinorGiven

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        return cost.adjusted_reproduction(
            self.cost_minor,
            obsolescence=self.obsolescence_minor,
            **self.taken(drawn, "return_on_capital"),
        )


class RealOption(MoneyCalculation):
    """Real option (Black, Scholes, Merton): the right to invest later, or never."""

    varies: ClassVar[tuple[str, ...]] = (
        "asset_minor",
        "investment_minor",
        "volatility",
        "risk_free",
        "dividend_yield",
    )

    method: Literal[Method.REAL_OPTION]
    asset_minor: MinorPaid = Field(description="present value of what the investment would bring")
    investment_minor: MinorPaid
    risk_free: Annotated[Number, Field(ge=-1, le=1)] = Field(description="continuous, a year")
    option_years: Annotated[Number, Field(gt=0, le=50)]
    volatility: Annotated[Number, Field(gt=0, le=10)] = Field(description="of the asset, a year")
    dividend_yield: Annotated[Number, Field(ge=-1, le=1)] = Field(
        default=0.0, description="what waiting costs, continuous, a year"
    )

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        given = self.taken(drawn, *self.varies)
        return options.real_option(
            given.pop("asset_minor"),
            given.pop("investment_minor"),
            years=self.option_years,
            **given,
        )
