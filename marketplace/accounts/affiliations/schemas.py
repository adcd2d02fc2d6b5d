from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.accounts.affiliations.lifecycle import ProposalState
from marketplace.kernel.schemas import Day, Input, LongText, Output, example

Share = Annotated[
    int, Field(ge=1, le=10_000, strict=True, description="basis points: 10000 is all of it")
]


class Side(StrEnum):
    PARENT = "parent"
    AFFILIATE = "affiliate"


class Terms(Input):
    share_basis_points: Share
    valid_from: Day
    valid_until: Day | None = Field(default=None, description="the first day that it is over")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("it ends after it begins")
        return self


class AffiliationPropose(Terms):
    model_config = example(
        counterpart_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        own_side="parent",
        share_basis_points=10_000,
        valid_from="2026-01-01",
    )

    counterpart_id: UUID
    own_side: Side = Field(description="what your organisation is to the other one")


class AffiliationRecord(Terms):
    model_config = example(
        parent_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        affiliate_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1b",
        share_basis_points=5_100,
        valid_from="2026-01-01",
        evidence="annual report 2025, note 17",
    )

    parent_id: UUID
    affiliate_id: UUID
    evidence: LongText


class AffiliationEnd(Input):
    model_config = example(valid_until="2026-06-30")

    valid_until: Day = Field(description="the first day that it is over")


class ProposalRead(Output):
    id: UUID
    proposer_id: UUID
    parent_id: UUID
    affiliate_id: UUID
    share_basis_points: int
    valid_from: date
    valid_until: date | None
    state: ProposalState
    version: int
    created_at: datetime


class AffiliationRead(Output):
    id: UUID
    parent_id: UUID
    affiliate_id: UUID
    share_basis_points: int
    valid_from: date
    valid_until: date | None
    evidence: str | None = Field(description="of the operator; null when both sides agreed")


class GroupMember(Output):
    organisation_id: UUID
    name: str
    parent_id: UUID | None = Field(description="null for the one at the top")
    share_basis_points: int | None = Field(description="what its parent holds of it")


class Group(Output):
    """Everyone who belongs together on a day, from the top downwards; at most a thousand."""

    as_of: date
    members: list[GroupMember]
