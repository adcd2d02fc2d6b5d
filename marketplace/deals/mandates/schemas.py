from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from marketplace.assets.encumbrances.territories import Territory
from marketplace.deals.mandates.lifecycle import MandateState
from marketplace.deals.mandates.models import COMMISSION_PPM_MAX, Side
from marketplace.kernel.schemas import Input, Output, example

SCOPE_MAX = 100
Ids = Annotated[list[UUID], Field(max_length=SCOPE_MAX)]


class MandateOffer(Input):
    model_config = example(
        broker_organisation_id="01890a5d-0000-7000-8000-00000000000b",
        side="sell",
        right_ids=[],
        listing_ids=[],
        exclusive=False,
        territories=["KR", "JP"],
        commission_ppm=50_000,
        ends_at="2099-12-31T00:00:00Z",
    )

    broker_organisation_id: UUID
    side: Side = Field(description="`sell`: you own what is offered; `buy`: you look for it")
    right_ids: Ids = Field(default=[], description="own rights; with no listing either, all")
    listing_ids: Ids = Field(default=[], description="own listings, or those you want to buy")
    exclusive: bool = Field(
        default=False, description="no other broker meanwhile; you may still act yourself"
    )
    territories: list[Territory] = Field(
        default=[], max_length=50, description="where the other side is; none is everywhere"
    )
    commission_ppm: int = Field(
        ge=1,
        le=COMMISSION_PPM_MAX,
        strict=True,
        description="parts per million of the released price: 50000 is 5 %",
    )
    starts_at: AwareDatetime | None = Field(default=None, description="left out: now")
    ends_at: AwareDatetime = Field(description="at most five years later")


class MandateRead(Output):
    id: UUID
    principal_organisation_id: UUID
    broker_organisation_id: UUID
    side: Side
    exclusive: bool
    everything: bool = Field(description="it is limited to no right and to no listing")
    right_ids: list[UUID]
    listing_ids: list[UUID]
    territories: list[str]
    commission_ppm: int
    starts_at: datetime
    ends_at: datetime
    state: MandateState
    version: int
    due_at: datetime | None
    your_role: str | None
    your_moves: list[str]
    created_at: datetime
