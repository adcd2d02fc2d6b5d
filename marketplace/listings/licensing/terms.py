"""The terms of a licence: what may be done, where and how long, and what is paid for it later.

They are values, frozen where they are agreed; the price that is paid at once is the deal's own.
"""

from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from marketplace.assets.schemas import Symbol
from marketplace.kernel.money import AMOUNT_MINOR_MAX, BASIS_POINTS
from marketplace.kernel.schemas import CountryCode, Input, ShortText
from marketplace.listings.deal_types import LicenceKind

MONTHS_MAX: Final = 600
TIERS_MAX: Final = 20
RATE_PART_MAX: Final = 10**9

Minor = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)]
Quantity = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)]
BasisPoints = Annotated[int, Field(ge=0, le=BASIS_POINTS, strict=True)]


class Act(StrEnum):
    MAKE = "make"
    USE = "use"
    SELL = "sell"
    OFFER = "offer"
    IMPORT = "import"
    EXPORT = "export"


class BaseKind(StrEnum):
    """What a running royalty is a rate of."""

    NET_SALES = "net_sales"
    GROSS_SALES = "gross_sales"
    PROFIT = "profit"
    UNITS = "units"
    MINUTES = "minutes"


COUNTED: Final = frozenset((BaseKind.UNITS, BaseKind.MINUTES))
"""Bases that are a number of things, not an amount of money."""


class Deduction(StrEnum):
    RETURNS = "returns"
    FREIGHT = "freight"
    TAXES = "taxes"


class ProductBasis(StrEnum):
    ENTIRE_PRODUCT = "entire_product"
    SMALLEST_UNIT = "smallest_unit"


class TierMode(StrEnum):
    MARGINAL = "marginal"
    CLIFF = "cliff"


class Rate(Input):
    """An exact rate: minor units of royalty for one of the base; 5 % is 1/20."""

    numerator: int = Field(ge=0, le=RATE_PART_MAX, strict=True)
    denominator: int = Field(gt=0, le=RATE_PART_MAX, strict=True)

    def exact(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class Tier(Input):
    """The rate up to an amount of the base in a royalty year; the last tier has no end."""

    up_to: Quantity | None = None
    rate: Rate


class Stacking(Input):
    """What the licensee pays to others for the same product lowers the rate, down to a floor."""

    offset_basis_points: BasisPoints = Field(description="of the third parties' rates together")
    floor: Rate


class RoyaltyTerms(Input):
    """A running royalty: a rate of a typed base, reported and paid period by period."""

    base: BaseKind
    product_basis: ProductBasis = ProductBasis.ENTIRE_PRODUCT
    deductions: list[Deduction] = Field(
        default_factory=list, max_length=3, description="what net sales are net of"
    )
    tiers: list[Tier] = Field(min_length=1, max_length=TIERS_MAX)
    tier_mode: TierMode = TierMode.MARGINAL
    minimum_annual_minor: Minor = Field(default=0, description="in proportion in a partial year")
    annual_cap_minor: Quantity | None = None
    total_cap_minor: Quantity | None = None
    stacking: Stacking | None = None
    advance_creditable: bool = Field(
        default=False, description="the price paid at once is credited against royalties"
    )
    period_months: Annotated[int, Field(strict=True)] = Field(
        default=3, json_schema_extra={"enum": [1, 3, 6, 12]}
    )
    due_days: Annotated[int, Field(ge=1, le=180, strict=True)] = Field(
        default=30, description="after a period's end, both the report and the payment"
    )
    audit_threshold_basis_points: BasisPoints = Field(
        default=500, description="an under-report above it makes the licensee bear the audit"
    )
    expected_base_per_year: Quantity | None = Field(
        default=None, description="what the licensee declared when the licence was agreed"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.period_months not in {1, 3, 6, 12}:
            raise ValueError("a period has 1, 3, 6 or 12 months")
        if self.deductions and self.base is not BaseKind.NET_SALES:
            raise ValueError("only net sales are net of something")
        if len(set(self.deductions)) != len(self.deductions):
            raise ValueError("name each deduction once")
        self._require_tiers()
        self._require_limits()
        return self

    def _require_tiers(self) -> None:
        ends = [tier.up_to for tier in self.tiers]
        bounds = [end for end in ends[:-1] if end is not None]
        if ends[-1] is not None or len(bounds) != len(ends) - 1:
            raise ValueError("every tier but the last says up to where it goes")
        if any(low >= high for low, high in pairwise(bounds)):
            raise ValueError("tiers go upwards")
        if self.base not in COUNTED and any(tier.rate.exact() > 1 for tier in self.tiers):
            raise ValueError("no rate is more than the whole base")

    def _require_limits(self) -> None:
        cap = self.annual_cap_minor
        if cap is not None and cap < self.minimum_annual_minor:
            raise ValueError("the annual cap is below the annual minimum")
        if self.stacking is None:
            return
        if self.base in COUNTED:
            raise ValueError("stacking needs rates of an amount of money")
        if self.stacking.floor.exact() > min(tier.rate.exact() for tier in self.tiers):
            raise ValueError("the floor is above a tier's own rate")


class LicenceTerms(Input):
    """The scope of a licence: what may be done with the right, where, for what, and how long."""

    kind: LicenceKind
    claims: list[Annotated[int, Field(ge=1, le=10_000, strict=True)]] = Field(
        default_factory=list, max_length=500, description="of a patent; none is all of them"
    )
    territories: list[CountryCode] = Field(
        min_length=1, max_length=250, description="a patent covers its own office's territory only"
    )
    fields: list[Symbol] = Field(
        default_factory=list, max_length=30, description="IPC symbols of the use; none is any use"
    )
    field_text: ShortText | None = Field(default=None, description="the field of use in words")
    acts: list[Act] = Field(min_length=1, max_length=6)
    term_months: Annotated[int, Field(ge=1, le=MONTHS_MAX, strict=True)]
    quantity_cap: Quantity | None = Field(default=None, description="pieces in all")
    sublicensable: bool = False
    royalty: RoyaltyTerms | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for named in (self.claims, self.territories, self.fields, self.acts):
            if len(set(named)) != len(named):
                raise ValueError("name each claim, territory, field and act once")
        return self
