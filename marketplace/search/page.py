"""What one asks of the catalogue, and the page one gets."""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from marketplace.kernel.errors import UnprocessableError

PAGE_LIMIT = 100

# Where a page ended. By newest: microseconds since 1970; by best: the score; then the listing.
Position: TypeAlias = tuple[int | float, UUID]

_LARGEST_INTEGER = (1 << 63) - 1


class BadSearchError(UnprocessableError):
    code = "search_query_invalid"
    title = "This search cannot be carried out"


@dataclass(frozen=True, slots=True)
class CatalogueQuery:
    """One search. `after` is the `next` of the page before, under the same words, filters and sort.

    All words of `text` must match; blank text is no condition, and text without a letter or digit
    finds nothing. `classification` is any level that the listing was indexed under. Prices are
    minor units of `currency`, both ends included; listings open to offers are not among them.
    Without text, `best` means `newest`.

    Raises:
        BadSearchError: when no index could answer it.
    """

    text: str | None = None
    kind: str | None = None
    office: str | None = None
    region: str | None = None
    classification: str | None = None
    currency: str | None = None
    price_minor_min: int | None = None
    price_minor_max: int | None = None
    sort: Literal["newest", "best"] = "newest"
    after: Position | None = None
    limit: int = 20

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= PAGE_LIMIT:
            raise BadSearchError(f"ask for 1 to {PAGE_LIMIT} listings a page")
        if self.has_price and self.currency is None:
            raise BadSearchError("name the currency of the price bounds")
        if not all(
            bound is None or 0 <= bound <= _LARGEST_INTEGER
            for bound in (self.price_minor_min, self.price_minor_max)
        ):
            raise BadSearchError("a price bound is negative or too large")
        if self.after and not self.is_ranked and not _is_moment(self.after[0]):
            raise BadSearchError("the position does not belong to this search")

    @property
    def has_text(self) -> bool:
        """Whether the text is a condition at all."""
        return bool(self.text and self.text.strip())

    @property
    def has_price(self) -> bool:
        """Whether the price is bounded on either side."""
        return self.price_minor_min is not None or self.price_minor_max is not None

    @property
    def is_ranked(self) -> bool:
        """Whether matches are ordered by score, not by time."""
        return self.sort == "best" and self.has_text


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Listing ids in order, and the position that the next page goes on from: None at the end."""

    listing_ids: tuple[UUID, ...]
    next: Position | None


EMPTY_PAGE = SearchPage((), None)


def _is_moment(value: float) -> bool:
    return isinstance(value, int) and 0 <= value <= _LARGEST_INTEGER
