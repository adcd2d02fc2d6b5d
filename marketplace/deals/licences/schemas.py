from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.assets.languages import Language
from marketplace.deals.licences.lifecycle import LicenceState
from marketplace.deals.licences.models import EffectiveBy
from marketplace.kernel.schemas import Currency, Input, LongText, Output, ShortText, example
from marketplace.listings.bundles.schemas import RIGHTS_MAX
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.terms import LicenceTerms
from marketplace.listings.schemas import AskingPrice, Teaser

TERMS = {
    "kind": "non_exclusive",
    "territories": ["KR"],
    "fields": ["G06Q 50/18"],
    "acts": ["make", "use", "sell"],
    "term_months": 60,
    "royalty": {
        "base": "net_sales",
        "deductions": ["returns"],
        "tiers": [
            {"up_to": 1_000_000_000, "rate": {"numerator": 5, "denominator": 100}},
            {"rate": {"numerator": 4, "denominator": 100}},
        ],
    },
}


class GrantBack(Input):
    """What the licensee grants the licensor in a cross-licence."""

    right_ids: list[UUID] = Field(min_length=1, max_length=RIGHTS_MAX)
    terms: LicenceTerms


class LicenceTermsSet(Input):
    model_config = example(terms=TERMS)

    terms: LicenceTerms
    grants_back: GrantBack | None = Field(
        default=None, description="makes it a cross-licence; the price balances both"
    )


class OpenLicenceTake(Input):
    model_config = example(terms_sha256="0f3c" * 16)

    terms_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="`licence_sha256` of the public page of the listing"
    )


class BreachNotice(Input):
    model_config = example(reason="two periods were neither reported nor paid")

    reason: LongText


class SublicenceOffer(Input):
    model_config = example(
        title="이중 양도를 막는 권리 확인 방법",
        teaser="국내 결제 분야의 재실시권",
        language="ko",
        asking_price_minor=10_000_000,
        currency="KRW",
        terms=TERMS,
    )

    title: ShortText
    teaser: Teaser
    language: Language
    asking_price_minor: AskingPrice | None = None
    currency: Currency
    terms: LicenceTerms = Field(description="within the scope of the head licence")


class LicenceRead(Output):
    id: UUID
    deal_id: UUID
    state: LicenceState
    version: int
    kind: LicenceKind
    licensor_organisation_id: UUID
    licensee_organisation_id: UUID
    head_licence_id: UUID | None
    right_ids: list[UUID]
    terms: LicenceTerms
    currency: str
    starts_on: date | None
    ends_on: date | None = Field(description="the first day after the term")
    ended_on: date | None
    notice_reason: str | None
    due_at: datetime | None = Field(description="when the clock moves it, if nobody does")
    your_role: str | None
    your_moves: list[str]
    created_at: datetime


class LicenceRuleRead(Output):
    jurisdiction: str
    right_kind: str
    kind: LicenceKind
    effective_by: EffectiveBy
    valid_from: date
    valid_until: date | None
    source: str
