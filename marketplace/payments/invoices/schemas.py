from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints

from marketplace.kernel.schemas import (
    Amount,
    CountryCode,
    Input,
    Moment,
    Output,
    ShortText,
    Storable,
    example,
)
from marketplace.payments.invoices.models import InvoiceKind


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write for example Asia/Seoul") from error
    return name


RegisteredNumber = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9 .-]{4,32}$"),
    Storable,
]


class SellerCreate(Input):
    model_config = example(
        series="IPM",
        name="주식회사 아이디어마켓",
        address="서울특별시 강남구 테헤란로 131",
        country="KR",
        registration_number="124-81-00998",
        vat_number="124-81-00998",
        valid_from="2027-01-01T00:00:00+09:00",
    )

    series: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,12}$")] = Field(
        description="what every number of this seller's begins with"
    )
    name: ShortText
    address: ShortText | None = None
    country: CountryCode
    registration_number: RegisteredNumber = Field(description="in the register of companies")
    vat_number: RegisteredNumber | None = None
    time_zone: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[A-Za-z_/+-]{1,60}$"),
            AfterValidator(_known_zone),
        ]
        | None
    ) = Field(default=None, description="whose calendar numbers the years; left out: the reports'")
    valid_from: Moment | None = Field(default=None, description="left out: from now")


class SellerRead(Output):
    id: UUID
    series: str
    name: str
    address: str | None
    country: str
    registration_number: str | None
    vat_number: str | None
    time_zone: str
    valid_from: datetime
    valid_until: datetime | None


class BuyerRead(Output):
    organisation_id: UUID
    name: str
    country: str
    vat_number: str | None


class InvoiceRead(Output):
    """`net` and `vat` are together `gross`; a credit note gives so much of its invoice back."""

    id: UUID
    kind: InvoiceKind
    number: str = Field(examples=["IPM-2026-000017"])
    issued_on: date
    supplied_on: date
    seller: SellerRead
    buyer: BuyerRead
    subject: str
    net: Amount
    vat: Amount
    gross: Amount
    vat_basis_points: int
    tax_rate_id: UUID | None
    credits: UUID | None = Field(description="the invoice that a credit note is about")
