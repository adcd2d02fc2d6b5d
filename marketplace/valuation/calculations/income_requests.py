"""Calculations of the income approach."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from marketplace.kernel.schemas import Input, ShortText
from marketplace.valuation.calculations.inputs import (
    AMOUNTS,
    YEARS_MAX,
    Fraction,
    IncomeCalculation,
    MinorGiven,
    OneOf,
    Rate,
    Yearly,
    YearlyGiven,
)
from marketplace.valuation.library import income
from marketplace.valuation.library.cash_flows import free_cash_flows
from marketplace.valuation.library.discount_rates import PremiumTable
from marketplace.valuation.library.working import Array, Worked
from marketplace.valuation.registry.contents import Convention, Method

INCOME: tuple[str, ...] = ("discount_rate", "terminal_growth", AMOUNTS)


class RoyaltyRelief(IncomeCalculation):
    """Relief from royalty: the royalties that an owner does not have to pay, after tax."""

    varies: ClassVar[tuple[str, ...]] = (*INCOME, "royalty_rate", "tax_rate")

    method: Literal[Method.RELIEF_FROM_ROYALTY]
    revenues_minor: YearlyGiven = Field(description="that the right supports, year by year")
    royalty_rate: Fraction
    tax_rate: Fraction
    amortisation_years: Annotated[int, Field(strict=True, ge=1, le=YEARS_MAX)] | None = Field(
        default=None, description="adds the tax amortisation benefit over as many years"
    )

    def conventions(self) -> set[Convention]:
        used = super().conventions()
        if self.amortisation_years is not None:
            used.add(Convention.TAX_AMORTISATION_BENEFIT)
        return used

    def years(self) -> int:
        return len(self.revenues_minor)

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        return income.relief_from_royalty(
            self.scaled(self.revenues_minor, drawn),
            amortisation_years=self.amortisation_years,
            **self.taken(drawn, "royalty_rate", "tax_rate"),
            **self.brought(drawn),
        )


class Business(Input):
    """What free cash flows come from; each series has one amount a year."""

    earnings_minor: Yearly = Field(description="before interest and tax")
    tax_rate: Fraction
    depreciation_minor: YearlyGiven
    capital_expenditure_minor: YearlyGiven
    working_capital_increase_minor: Yearly
    working_capital_recovered_minor: MinorGiven = Field(
        default=0, description="comes with the last year's flow, and is discounted as it is"
    )

    def flows(self) -> Array:
        """Raises LengthsDifferError: not one amount a year of each."""
        return free_cash_flows(
            self.earnings_minor,
            self.tax_rate,
            depreciation=self.depreciation_minor,
            capital_expenditure=self.capital_expenditure_minor,
            working_capital_increase=self.working_capital_increase_minor,
            working_capital_recovered=self.working_capital_recovered_minor,
        )


class TechnologyShare(IncomeCalculation, OneOf):
    """Technology factor: the part of a business that its technology makes."""

    varies: ClassVar[tuple[str, ...]] = (
        *INCOME,
        "industry_share",
        "technology_weight",
        "strength",
    )
    either: ClassVar[tuple[str, str]] = ("free_cash_flows_minor", "business")

    method: Literal[Method.TECHNOLOGY_FACTOR]
    free_cash_flows_minor: Yearly | None = None
    business: Business | None = Field(default=None, description="in place of free cash flows")
    industry_share: Fraction = Field(description="of technology in the industry's value")
    technology_weight: Fraction = Field(description="of the subject among technologies used")
    strength: Fraction = Field(description="of the subject itself")

    @model_validator(mode="after")
    def _recovers_once(self) -> Self:
        recovered = self.business.working_capital_recovered_minor if self.business else 0
        if recovered and self.terminal_growth is not None:
            raise ValueError("what goes on for ever recovers no working capital")
        return self

    def years(self) -> int:
        flows = self.free_cash_flows_minor
        return len(flows or (self.business.earnings_minor if self.business else ()))

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        flows = self.business.flows() if self.business else self.free_cash_flows_minor
        return income.value_by_technology_factor(
            self.scaled(flows, drawn),  # type: ignore[arg-type] # one of both is there
            **self.taken(drawn, "industry_share", "technology_weight", "strength"),
            **self.brought(drawn),
        )


class Charge(Input):
    """What one contributory asset is owed, over revenue."""

    asset: ShortText
    rate: Fraction


class ExcessEarnings(IncomeCalculation):
    """Multi-period excess earnings: what is left when every other asset has had its return."""

    varies: ClassVar[tuple[str, ...]] = (*INCOME, "margin", "tax_rate")

    method: Literal[Method.EXCESS_EARNINGS]
    revenues_minor: YearlyGiven
    margin: Annotated[Rate, Field(le=1)] = Field(description="EBIT over revenue")
    tax_rate: Fraction
    charges: Annotated[list[Charge], Field(max_length=20)]

    def years(self) -> int:
        return len(self.revenues_minor)

    def worked(self, drawn: Mapping[str, Array], premiums: PremiumTable | None) -> Worked:
        return income.excess_earnings(
            self.scaled(self.revenues_minor, drawn),
            charge_rate=sum(charge.rate for charge in self.charges),
            **self.taken(drawn, "margin", "tax_rate"),
            **self.brought(drawn),
        )
