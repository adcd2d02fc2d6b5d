from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.assets.models import LegalEventKind, LegalStatus
from marketplace.assets.standing.service import OPERATOR, Told
from marketplace.kernel.schemas import Day, Input, Output, ShortText, example

Claim = Annotated[int, Field(ge=1, le=10_000, strict=True)]


class LegalFact(Input):
    """What can be said of one legal event, whoever says it."""

    kind: LegalEventKind
    occurred_on: Day
    effective_on: Day | None = Field(
        default=None, description="when its effect begins, where that is another day"
    )
    claims: Annotated[list[Claim], Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="of an invalidation: only these claims"
    )
    fee_year: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        default=None, description="of a fee: the last year of protection that it pays for"
    )
    extension_days: Annotated[int, Field(ge=1, le=10_000, strict=True)] | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        kind = LegalEventKind
        if (self.kind is kind.FEE_PAID) != (self.fee_year is not None):
            raise ValueError("fee_year belongs to fee_paid")
        if (self.kind is kind.EXTENDED) != (self.extension_days is not None):
            raise ValueError("extension_days belongs to extended")
        if self.claims is not None and self.kind is not kind.INVALIDATED:
            raise ValueError("claims belong to invalidated")
        return self


class LegalEventRecord(LegalFact):
    model_config = example(
        kind="granted", occurred_on="2026-01-05", source="patent gazette 2026-01, page 17"
    )

    source: ShortText = Field(description="where it can be looked up: gazette, register extract")
    origin: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] = Field(
        default=OPERATOR, description="the register that tells it; registers may contradict"
    )
    event_key: ShortText | None = Field(
        default=None,
        description="the register's own number of the fact, by which two alike are told apart",
    )

    def told(self) -> Told:
        return Told(**{name: getattr(self, name) for name in type(self).model_fields})


class LegalEventRead(Output):
    id: UUID
    kind: LegalEventKind
    occurred_on: date
    effective_on: date | None
    claims: list[int] | None
    fee_year: int | None
    extension_days: int | None
    source: str
    origin: str
    event_key: str
    code: str | None
    created_at: datetime


class RegisterCheckNote(Input):
    model_config = example(as_of="2026-11-20", source="KR register extract 2026-11-20")

    as_of: Day = Field(description="the day on which the register was looked at")
    source: ShortText
    origin: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] = OPERATOR


class NoEffect(Output):
    begins: date
    ends: date = Field(description="the first day of effect again")


class StandingRead(Output):
    """What the facts make of a right by the rules of its jurisdiction; nobody typed it in."""

    on: date
    known_at: datetime
    status: LegalStatus
    filed_on: date | None
    granted_on: date | None
    last_day: date | None = Field(description="the last day of the term, inclusive")
    fees_paid_until: date | None
    fees_grace_until: date | None
    restrained_since: date | None = Field(description="attached: nobody may dispose of it")
    challenged_since: date | None
    invalid_claims: list[int]
    no_effect: list[NoEffect] = Field(description="between a lapse and its restoration")
    origins: list[str] = Field(description="the registers that this goes by")
    checked: dict[str, date] = Field(description="when each register was looked at last")
