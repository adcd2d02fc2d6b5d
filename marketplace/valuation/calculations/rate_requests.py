"""Calculations of discount rates and of economic life."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from marketplace.valuation.calculations.inputs import Calculation, Fraction, Number, OneOf, Rate
from marketplace.valuation.errors import ImpossibleInputError
from marketplace.valuation.library import discount_rates
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.library.economic_life import (
    FACTORS,
    economic_life,
    technology_cycle_time,
)
from marketplace.valuation.library.working import Array, Line, Unit, Worked, numbers
from marketplace.valuation.registry.contents import Convention, Method

PREMIUMS = "commercialisation_premium"

Score = Annotated[Number, Field(ge=0, le=100)]
Years = Annotated[Number, Field(ge=0, le=200)]


class WeightedCost(Calculation, OneOf):
    """Discount rate of the Korean guide: weighted cost of capital, plus premiums."""

    varies: ClassVar[tuple[str, ...]] = (
        "cost_of_debt",
        "cost_of_equity",
        "equity_weight",
        "size_premium",
        "technology_premium",
    )
    either: ClassVar[tuple[str, str]] = ("technology_score", "technology_premium")

    method: Literal[Method.WEIGHTED_COST]
    cost_of_debt: Rate
    cost_of_equity: Rate
    equity_weight: Fraction
    technology_score: Score | None = Field(
        default=None, description="of commercialisation; the table in force gives the premium"
    )
    technology_premium: Rate | None = Field(default=None, description="in place of the score")
    size_premium: Rate = 0.0
    tax_rate: Fraction | None = Field(
        default=None, description="takes debt after tax, as textbooks do and the guide does not"
    )

    def model_names(self) -> list[str]:
        return [*super().model_names(), *([PREMIUMS] if self.technology_score is not None else ())]

    def conventions(self) -> set[Convention]:
        return set() if self.tax_rate is None else {Convention.DEBT_AFTER_TAX}

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        given = self.taken(drawn, "cost_of_debt", "cost_of_equity", "equity_weight", "size_premium")
        premium, lines = self._premium(drawn, premiums)
        found = discount_rates.weighted_cost(
            **given, technology_premium=premium, tax_rate=self.tax_rate
        )
        return Worked(found.value, found.unit, (*lines, *found.lines))

    def _premium(
        self, drawn: Mapping[str, Array], premiums: PremiumTable | None
    ) -> tuple[Array, tuple[Line, ...]]:
        if self.technology_score is None:
            return self.taken(drawn, "technology_premium")["technology_premium"], ()
        assert premiums is not None
        printed = numbers(premiums.premium(self.technology_score))
        lines = [Line("commercialisation premium", Unit.FRACTION, printed)]
        formula = numbers(premiums.by_formula(self.technology_score))
        lines.append(Line("the same by formula, for comparison", Unit.FRACTION, formula))
        return printed, tuple(lines)


class BuildUp(Calculation):
    """Discount rate built up: risk-free, beta times market premium, size, this right."""

    varies: ClassVar[tuple[str, ...]] = (
        "risk_free",
        "equity_risk_premium",
        "unlevered_beta",
        "size_premium",
        "specific_premium",
    )

    method: Literal[Method.BUILD_UP]
    risk_free: Rate
    equity_risk_premium: Rate
    unlevered_beta: Annotated[Number, Field(ge=-10, le=10)]
    debt_to_equity: Annotated[Number, Field(ge=0, le=1_000)] = 0.0
    tax_rate: Fraction = 0.0
    size_premium: Rate = 0.0
    specific_premium: Rate = 0.0

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        given = self.taken(drawn, *self.varies)
        return discount_rates.build_up(
            **given, debt_to_equity=self.debt_to_equity, tax_rate=self.tax_rate
        )


class EconomicLife(Calculation, OneOf):
    """How long a technology earns: cycle time, influences, and what the law leaves."""

    either: ClassVar[tuple[str, str]] = ("cited_ages_years", "cycle_time_years")

    method: Literal[Method.ECONOMIC_LIFE]
    cited_ages_years: Annotated[list[Years], Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="of the patents cited; their median is the cycle time"
    )
    cycle_time_years: Years | None = None
    factor_scores: Annotated[list[Number], Field(min_length=FACTORS, max_length=FACTORS)] = Field(
        default=[0.0] * FACTORS, description="ten influences of -2 to 2"
    )
    elapsed_years: Years = 0.0
    preparation_years: Years = 0.0
    legal_years: Annotated[Number, Field(le=200)] | None = Field(
        default=None, description="what remains of the right"
    )

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        cycle = self.cycle_time_years
        if self.cited_ages_years is not None:
            cycle = technology_cycle_time(self.cited_ages_years)
        if cycle is None:
            raise ImpossibleInputError("a technology cycle time is needed")
        found = economic_life(
            cycle,
            self.factor_scores,
            elapsed_years=self.elapsed_years,
            preparation_years=self.preparation_years,
            legal_years=self.legal_years,
        )
        line = Line("technology cycle time", Unit.YEARS, numbers(cycle))
        return Worked(found.value, found.unit, (line, *found.lines))
