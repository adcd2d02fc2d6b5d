from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator, model_validator

from marketplace.assets.languages import Language
from marketplace.assets.models import RightKind
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Currency, Input, Output, ShortText, Storable, example
from marketplace.listings.bundles.schemas import RIGHTS_MAX, BundleItem, BundleItemRead
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.video.schemas import VideoRead

Teaser = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    Storable,
    Field(description="public: say what it is good for, not how it works"),
]
AskingPrice = Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)]


class ListingCreate(Input):
    model_config = example(
        right_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        title="이중 양도를 막는 권리 확인 방법",
        teaser="거래 직전에 등록 상태를 확인한다.",
        language="ko",
        asking_price_minor=100_000_000,
        currency="KRW",
    )

    right_id: UUID
    title: ShortText
    teaser: Teaser
    language: Language
    asking_price_minor: AskingPrice | None = Field(
        default=None, description="minor units; left out, the listing is open to offers"
    )
    currency: Currency
    licence: LicenceTerms | None = Field(
        default=None, description="the terms of a licence; left out, the right is for sale"
    )
    items: list[BundleItem] = Field(
        default_factory=list,
        max_length=RIGHTS_MAX,
        description="all rights of a bundle, `right_id` the first; left out, it is the only one",
    )

    @model_validator(mode="after")
    def _one_bundle(self) -> Self:
        named = [item.right_id for item in self.items]
        several = len(named) > 1 and len(set(named)) == len(named)
        if named and not (several and named[0] == self.right_id):
            raise ValueError("a bundle names two rights or more, each once, `right_id` the first")
        return self


class ListingEdit(Input):
    model_config = example(
        teaser="거래 직전과 직후에 등록 상태를 확인한다.", asking_price_minor=95_000_000
    )

    title: ShortText | None = None
    teaser: Teaser | None = None
    asking_price_minor: AskingPrice | None = None

    @field_validator("title", "teaser")
    @classmethod
    def _given(cls, value: str | None) -> str:
        if value is None:
            raise ValueError("leave it out to keep it")
        return value


class ListingRead(Output):
    id: UUID
    right_id: UUID
    deal_type: DealType
    bundled: bool
    organisation_id: UUID
    title: str
    teaser: str
    language: str
    asking_price_minor: int | None
    currency: str
    region: str
    state: ListingState
    version: int
    published_at: datetime | None
    created_at: datetime


class ListingCardRead(Output):
    """What the catalogue shows of a listing."""

    id: UUID
    title: str
    excerpt: str
    deal_type: DealType
    kind: RightKind
    office: str | None
    classifications: list[str]
    region: str
    language: str
    asking_price: Amount | None
    currency: str
    published_at: datetime


class PublicIdentifier(Output):
    office: str
    display: str


class ListingDetailRead(ListingCardRead):
    """The public page of a listing."""

    teaser: str
    abstract: str | None
    legal_status: str
    identifiers: list[PublicIdentifier]
    licence: LicenceTerms | None = Field(description="the terms on which it is licensed")
    licence_sha256: str | None = Field(description="of the terms; name it to take an open licence")
    items: list[BundleItemRead] = Field(description="the rights of a bundle")
    seller: str
    video: VideoRead | None = Field(description="the seller's video pitch")
    state: ListingState
