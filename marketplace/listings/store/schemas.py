from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.assets.languages import Language
from marketplace.assets.models import RightKind
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Currency, Input, LongText, Output, example
from marketplace.listings.schemas import AskingPrice, Teaser
from marketplace.listings.store.lifecycle import StoreState
from marketplace.listings.store.models import Outcome


class StoreEnter(Input):
    model_config = example(
        right_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a",
        teaser="젖은 우산을 9분 안에 말리는 선반",
        language="ko",
        asking_price_minor=50_000_000,
        currency="KRW",
        rounds=4,
    )

    right_id: UUID = Field(description="your application, filed lately and not published")
    teaser: Teaser
    language: Language
    asking_price_minor: AskingPrice | None = Field(
        default=None, description="minor units; left out, it is open to offers"
    )
    currency: Currency
    rounds: Annotated[int, Field(ge=1, le=100, strict=True)] | None = Field(
        default=None, description="windows at most, earlier ones included; left out: all allowed"
    )


class StoreApply(Input):
    model_config = example(price_minor=45_000_000, message="우산 보관함에 쓰려 합니다.")

    price_minor: Annotated[int, Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)] = Field(
        description="what you would pay, in the entry's currency"
    )
    message: LongText = Field(description="what for; the author alone reads it")


class WindowRead(Output):
    round: int
    opens_at: datetime
    closes_at: datetime = Field(description="the first moment after it")
    outcome: Outcome | None = Field(description="null until it is known")


class StoreEntryRead(Output):
    """What everybody learns: the teaser and the windows, not what was filed."""

    id: UUID
    kind: RightKind
    title: str
    teaser: str
    language: str
    asking_price: Amount | None
    currency: str
    filed_on: date
    last_opening_on: date = Field(description="the last day on which a window may open")
    rounds: int
    windows: list[WindowRead]
    state: StoreState
    version: int


class OwnStoreEntryRead(StoreEntryRead):
    right_id: UUID
    due_at: datetime | None = Field(description="when the clock moves it, if nobody does")


class StoreApplicationRead(Output):
    id: UUID
    entry_id: UUID
    round: int
    organisation_id: UUID
    price: Amount
    message: str
    applied_at: datetime
    withdrawn_at: datetime | None


class StoreRuleRead(Output):
    right_kind: RightKind
    months: int = Field(description="after the day of filing, within which a window may open")
    window_days: int
    windows_max: int
    valid_from: date
    valid_until: date | None
    source: str
