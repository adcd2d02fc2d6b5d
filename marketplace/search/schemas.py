from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from marketplace.assets.models import RightKind
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.pagination import PAGE_MAX
from marketplace.kernel.schemas import Input, Storable

PriceBound = Annotated[int | None, Field(ge=0, le=AMOUNT_MINOR_MAX, description="minor units")]


class Sort(StrEnum):
    NEWEST = "newest"
    BEST = "best"


class CatalogueParameters(Input):
    """The query string of the catalogue; an unknown parameter is refused, not ignored."""

    q: Annotated[str | None, Field(max_length=200), Storable] = Field(
        default=None, description="words in Korean, Chinese, Japanese or English; all must match"
    )
    kind: RightKind | None = None
    ipc: str | None = Field(
        default=None, max_length=32, description="IPC or CPC at any level: `G`, `G06`, `G06Q 50/18`"
    )
    office: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="WIPO ST.3 code"
    )
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = (
        Field(default=None, description="the seller's ISO 3166-2 code, or the country alone")
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    price_min: PriceBound = None
    price_max: PriceBound = None
    sort: Sort | None = Field(default=None, description="left out: `best` with words, else newest")
    cursor: str | None = Field(
        default=None, max_length=200, description="`next` of the page before"
    )
    limit: int = Field(default=20, ge=1, le=PAGE_MAX)

    @model_validator(mode="after")
    def _prices_in_order(self) -> Self:
        low, high = self.price_min, self.price_max
        if low is not None and high is not None and low > high:
            raise ValueError("price_min is above price_max")
        return self

    @property
    def is_plain(self) -> bool:
        """Whether it asks for the newest listings of all."""
        paging = {"sort", "cursor", "limit"}
        return all(value is None for name, value in self if name not in paging)

    @property
    def has_words(self) -> bool:
        return bool(self.q and self.q.strip())

    @property
    def order(self) -> Sort:
        return self.sort or (Sort.BEST if self.has_words else Sort.NEWEST)
