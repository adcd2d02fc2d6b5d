from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from marketplace.kernel.money import AMOUNT_MINOR_MAX, BASIS_POINTS
from marketplace.kernel.schemas import (
    Amount,
    CountryCode,
    Currency,
    Input,
    Moment,
    Output,
    ShortText,
    Storable,
    example,
)
from marketplace.payments.taxes.models import IncomeKind, PartyKind, TaxKind

BasisPoints = Annotated[int, Field(ge=0, le=BASIS_POINTS, strict=True)]
Relief = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX, strict=True)]


class TaxRateCreate(Input):
    model_config = example(
        jurisdiction="KR",
        kind="withholding",
        party="individual",
        income="ip_transfer",
        residence="KR",
        taxable_basis_points=4000,
        rate_basis_points=2000,
        surtax_basis_points=1000,
        exempt_up_to_minor=50000,
        currency="KRW",
        valid_from="2027-01-01T00:00:00+09:00",
        source="Income Tax Act 21, 129; Enforcement Decree 87",
    )

    jurisdiction: CountryCode = Field(description="whose tax it is")
    kind: TaxKind
    party: PartyKind = Field(description="who is taxed")
    income: IncomeKind
    residence: CountryCode = Field(description="where the taxed party is resident")
    taxable_basis_points: BasisPoints = Field(
        default=BASIS_POINTS, description="the share that is taxed: 4000 where 60 % are expenses"
    )
    rate_basis_points: BasisPoints = Field(description="2000 is 20 %")
    surtax_basis_points: BasisPoints = Field(
        default=0, description="a further tax on the tax, such as a local one: 1000 is 10 % of it"
    )
    allowance_minor: Relief = Field(default=0, description="what is not taxed of any amount")
    exempt_up_to_minor: Relief = Field(
        default=0, description="no tax where the taxable amount is not over this"
    )
    currency: Currency | None = Field(default=None, description="of the allowance and exemption")
    valid_from: Moment | None = Field(default=None, description="left out: from now")
    source: ShortText = Field(description="the law")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        reliefs = self.allowance_minor + self.exempt_up_to_minor
        if reliefs and self.currency is None:
            raise ValueError("an allowance and an exemption need a currency")
        plain = self.taxable_basis_points == BASIS_POINTS and not self.surtax_basis_points
        if self.kind is TaxKind.VAT and (reliefs or not plain):
            raise ValueError("VAT has one rate on the whole amount")
        if self.rate_basis_points * (BASIS_POINTS + self.surtax_basis_points) > BASIS_POINTS**2:
            raise ValueError("rate and surtax together take more than there is")
        return self


class TaxRateRead(Output):
    id: UUID
    jurisdiction: str
    kind: TaxKind
    party: PartyKind
    income: IncomeKind
    residence: str
    taxable_basis_points: int
    rate_basis_points: int
    surtax_basis_points: int
    allowance_minor: int
    exempt_up_to_minor: int
    currency: str | None
    valid_from: datetime
    valid_until: datetime | None
    source: str


class AssessmentRead(Output):
    """`net` and the taxes together are always `gross`, to the minor unit."""

    rate: TaxRateRead
    gross: Amount
    tax: Amount
    surtax: Amount
    net: Amount


class TaxProfileWrite(Input):
    model_config = example(residence="KR", party="business", vat_number="123-45-67890")

    residence: CountryCode = Field(description="where you are resident for taxes")
    party: PartyKind = Field(description="an individual's income may be subject to withholding")
    vat_number: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9 .-]{4,32}$"),
            Storable,
        ]
        | None
    ) = Field(default=None, description="registered for VAT under this number: VAT is added")


class TaxProfileRead(Output):
    organisation_id: UUID
    residence: str
    party: PartyKind
    vat_number: str | None


class WithholdingRead(Output):
    id: UUID
    subject: str
    tax_rate_id: UUID
    gross_minor: int
    tax_minor: int
    surtax_minor: int
    currency: str
    created_at: datetime
