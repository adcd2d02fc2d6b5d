from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.assets.languages import Language
from marketplace.deals.licences.schemas import TERMS
from marketplace.deals.payees.schemas import Share, ShareRead
from marketplace.deals.pools.lifecycle import PoolState
from marketplace.kernel.schemas import Currency, Input, Output, ShortText, example
from marketplace.listings.bundles.schemas import RIGHTS_MAX
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.schemas import AskingPrice, Teaser

MEMBERS_MAX = 30
_SOMEBODY = "019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a"


class PoolMemberInput(Input):
    organisation_id: UUID
    share: Share = Field(description="of what is left after the fee")
    right_ids: list[UUID] = Field(min_length=1, max_length=RIGHTS_MAX)


class PoolFound(Input):
    model_config = example(
        name="Umbrella dryers",
        fee_basis_points=300,
        members=[
            {
                "organisation_id": _SOMEBODY,
                "share": {"numerator": 1, "denominator": 3},
                "right_ids": [_SOMEBODY],
            },
            {
                "organisation_id": "019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1b",
                "share": {"numerator": 2, "denominator": 3},
                "right_ids": ["019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1b"],
            },
        ],
    )

    name: ShortText
    fee_basis_points: Annotated[int, Field(ge=0, le=5_000, strict=True)] = Field(
        description="what the administrator keeps of a price or royalty after the commission"
    )
    members: list[PoolMemberInput] = Field(min_length=2, max_length=MEMBERS_MAX)


class PoolOffer(Input):
    model_config = example(
        title="Umbrella dryers: the whole pool",
        teaser="All patents of the pool under one licence",
        language="en",
        asking_price_minor=30_000_000,
        currency="KRW",
        terms=TERMS,
    )

    title: ShortText
    teaser: Teaser
    language: Language
    asking_price_minor: AskingPrice | None = None
    currency: Currency
    terms: LicenceTerms


class PoolMemberRead(Output):
    organisation_id: UUID
    share: ShareRead
    right_ids: list[UUID]
    agreed_at: datetime | None


class PoolRead(Output):
    id: UUID
    name: str
    state: PoolState
    version: int
    administrator_organisation_id: UUID
    fee_basis_points: int
    members: list[PoolMemberRead]
    your_role: str | None
    your_moves: list[str]
    created_at: datetime
