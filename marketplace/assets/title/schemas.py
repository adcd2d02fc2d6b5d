from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.assets.schemas import OwnerRead, TitleShare
from marketplace.assets.title.models import Conveyance, ConveyanceKind
from marketplace.assets.title.recordal import Recordal
from marketplace.assets.title.rules import Chain, Shares
from marketplace.kernel.schemas import Day, Input, Output, ShortText, example

ReceiptOrder = Annotated[int, Field(ge=1, le=10**9, strict=True)]


class RecordalDates(Input):
    """The five dates of a transfer. A register has all of them, a contract only the first two."""

    contract_on: Day | None = None
    effective_on: Day | None = None
    received_on: Day | None = Field(default=None, description="when the office got the filing")
    receipt_order: ReceiptOrder | None = Field(
        default=None, description="its place among what the office got that day"
    )
    recorded_on: Day | None = None
    gazetted_on: Day | None = None
    recordal_number: ShortText | None = Field(default=None, description="the office's")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [d for d in (self.received_on, self.recorded_on, self.gazetted_on) if d]
        if days != sorted(days):
            raise ValueError("an office receives, then records, then gazettes")
        if self.receipt_order is not None and self.received_on is None:
            raise ValueError("the order of receipt is of a day")
        return self

    def recordal(self) -> Recordal:
        return Recordal(**{name: getattr(self, name) for name in RecordalDates.model_fields})


class ConveyanceRecord(RecordalDates):
    model_config = example(
        kind="assignment",
        from_organisation_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        to_organisation_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1b",
        share={"numerator": 1, "denominator": 3},
        contract_on="2026-10-01",
        received_on="2026-10-20",
        recorded_on="2026-10-27",
        recordal_number="1-1-2026-0123456",
        source="KR register extract 2026-11-20",
    )

    kind: ConveyanceKind
    from_organisation_id: UUID | None = Field(
        default=None, description="left out for a grant, which comes from nobody"
    )
    to_organisation_id: UUID
    share: TitleShare = Field(description="of the whole right")
    source: ShortText = Field(description="where it can be looked up")


class FactRetract(Input):
    model_config = example(source="correction in gazette 2026-47")

    source: ShortText = Field(description="why it is known to be wrong")


class ConveyanceRead(Output):
    id: UUID
    kind: ConveyanceKind
    from_organisation_id: UUID | None
    to_organisation_id: UUID
    share: TitleShare
    contract_on: date | None
    effective_on: date | None
    received_on: date | None
    receipt_order: int | None
    recorded_on: date | None
    gazetted_on: date | None
    recordal_number: str | None
    passed_at: datetime = Field(description="when title passed, by the rule of the jurisdiction")
    basis: str
    source: str
    created_at: datetime = Field(description="when it was learned here")
    is_void: bool = Field(default=False, description="an earlier receipt took the share")


class OwnershipRead(OwnerRead):
    owned_from: datetime
    owned_until: datetime | None
    basis: str


class TitleRead(Output):
    at: datetime
    known_at: datetime
    owners: list[OwnerRead] = Field(description="at that moment")
    periods: list[OwnershipRead] = Field(description="every ownership, oldest first")
    chain: list[ConveyanceRead] = Field(description="the links that make it")


def owner_list(shares: Shares) -> list[OwnerRead]:
    return [
        OwnerRead(organisation_id=owner, share=TitleShare.model_validate(share))
        for owner, share in shares.items()
    ]


def read_title(
    chain: Chain, links: Iterable[Conveyance], *, at: datetime, known_at: datetime
) -> TitleRead:
    periods = sorted(chain.periods, key=lambda period: period.owned_from)
    return TitleRead(
        at=at,
        known_at=known_at,
        owners=owner_list(chain.owners_at(at)),
        periods=[OwnershipRead.model_validate(period) for period in periods],
        chain=[_link(link, is_void=link.id in chain.void) for link in links],
    )


def _link(link: Conveyance, *, is_void: bool) -> ConveyanceRead:
    return ConveyanceRead.model_validate(link).model_copy(update={"is_void": is_void})
