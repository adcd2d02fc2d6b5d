"""What every API type shares: strict fields, and text that PostgreSQL and JSON can both carry."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from marketplace.kernel.money import AMOUNT_MINOR_MAX, Money, minor_digits

UNSTORABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
"""NUL and other controls, and halves of surrogate pairs, which no UTF-8 text contains."""

REORDERING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of what follows, so that a name can be shown as another."""

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their category that are drawn as nothing."""

_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _storable(text: str) -> str:
    if UNSTORABLE.search(text):
        raise ValueError("text contains a control character or broken Unicode")
    return text


def _known_currency(code: str) -> str:
    minor_digits(code)
    return code


def _one_line(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise ValueError("this must be a single line")
    return text


def _visible(text: str) -> str:
    """A name or a title is shown publicly, so it has to look like what it is."""
    if REORDERING.search(text):
        raise ValueError("text contains a mark that turns the direction of writing")
    if not any(unicodedata.category(c)[0] in "LNPS" and c not in _FILLERS for c in text):
        raise ValueError("text contains nothing that can be seen")
    return text


Storable = AfterValidator(_storable)
ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    Storable,
    AfterValidator(_one_line),
    AfterValidator(_visible),
]
LongText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000), Storable
]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(_known_currency),
    Field(description="ISO 4217 code", examples=["KRW"]),
]
CountryCode = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}$"),
    Field(description="ISO 3166-1 alpha-2", examples=["KR"]),
]
RegionCode = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$"),
    Field(description="ISO 3166-2", examples=["KR-11"]),
]


def _iso_day(given: Any) -> Any:
    """A bare number would else be read as seconds since 1970."""
    if (isinstance(given, str) and not _ISO_DAY.fullmatch(given)) or isinstance(given, int | float):
        raise ValueError("write a day as 2026-01-31")
    return given


Day = Annotated[date, BeforeValidator(_iso_day), Field(examples=["2026-01-31"])]


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC, which at the ends of the calendar does not exist."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment has no date in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class Input(BaseModel):
    """A request body: unknown fields are refused, so a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid")


def example(**fields: Any) -> ConfigDict:
    """The `model_config` of a request body that documents it with one right body."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Output(BaseModel):
    """An answer, read from a row."""

    model_config = ConfigDict(from_attributes=True)


class Price(Input):
    """Money in minor units: 12000 KRW is twelve thousand won, 1234 USD is 12.34 dollars."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"amount_minor": 100000000, "currency": "KRW"}]},
    )

    amount_minor: int = Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)
    currency: Currency

    def money(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Amount(Output):
    """An amount in an answer; it may be zero or negative where a balance is meant."""

    amount_minor: int
    currency: str


T = TypeVar("T")


class Page(Output, Generic[T]):
    """One keyset page; `next` is the cursor of the following page, or null at the end."""

    items: list[T]
    next: str | None = None


class HistoryEntry(Output):
    """One event of a subject's history, as the parties see it."""

    at: datetime
    type: str
    actor: str
    data: dict[str, Any]
