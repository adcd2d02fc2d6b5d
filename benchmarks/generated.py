"""One generated listing as the public reads it, and the rows that the product keeps of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from benchmarks.vocabulary import TEASER_WORDS, Vocabulary
from marketplace.kernel.schemas import Amount
from marketplace.listings.cards import EXCERPT_LENGTH
from marketplace.listings.deal_types import DealType
from marketplace.listings.schemas import ListingCardRead, ListingDetailRead, PublicIdentifier
from marketplace.search.text import tokens

ORGANISATIONS: Final = 1_000
BEGIN: Final = datetime(2024, 1, 1, tzinfo=UTC)
SPACING: Final = timedelta(seconds=47)
TITLE_WORDS: Final = 9
SECTIONS: Final = ("G06Q 50/18", "H01M 10/05", "A61K 31/00", "H04L 9/32", "B60L 53/10", "F24F 1/00")
PLACES: Final = {
    "ko": ("KR", "KRW", "KR-11"),
    "zh": ("CN", "CNY", "CN-31"),
    "ja": ("JP", "JPY", "JP-13"),
    "en": ("US", "USD", "US-CA"),
}
"""Office, currency and region of the listings in a language."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    number: int
    public: ListingDetailRead

    @property
    def right_id(self) -> UUID:
        return UUID(int=self.public.id.int ^ 1)

    @property
    def organisation_id(self) -> UUID:
        return UUID(int=self.number % ORGANISATIONS + 1)


def generate(number: int, vocabulary: Vocabulary, chance: random.Random) -> Generated:
    """The listing of a number; one in five is of an idea, one in four open to offers."""
    language = vocabulary.language
    office, currency, region = PLACES[language]
    words = TEASER_WORDS[language]
    teaser = vocabulary.text(chance, words)
    at = BEGIN + SPACING * number
    patent, price_minor = number % 5 > 0, chance.randrange(1, 10_000) * 10_000
    public = ListingDetailRead(
        id=_id(at, chance),
        title=vocabulary.text(chance, TITLE_WORDS),
        excerpt=teaser[:EXCERPT_LENGTH],
        kind="patent" if patent else "idea",
        office=office if patent else None,
        classifications=chance.sample(SECTIONS, k=2),
        region=region,
        language=language,
        asking_price=Amount(amount_minor=price_minor, currency=currency) if number % 4 else None,
        currency=currency,
        published_at=at,
        teaser=teaser,
        abstract=vocabulary.text(chance, words // 2),
        legal_status="in_force" if patent else "unregistered",
        identifiers=[PublicIdentifier(office=office, display=f"{number:07}")] if patent else [],
        deal_type=DealType.SALE,
        licence=None,
        licence_sha256=None,
        items=[],
        video=None,
        seller=f"Organisation {number % ORGANISATIONS + 1}",
        state="published",
    )
    return Generated(number, public)


def _id(at: datetime, chance: random.Random) -> UUID:
    """A time-ordered id, as the product makes them."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | chance.getrandbits(61) << 1)


def _right(it: Generated) -> Row:
    p = it.public
    about = (p.kind, p.title, p.abstract, p.language, p.office, p.classifications, p.legal_status)
    return (it.right_id, p.published_at, *about, it.organisation_id)


def _identifier(it: Generated) -> Row | None:
    p = it.public
    if not p.identifiers:
        return None
    display = p.identifiers[0].display
    names = (p.office, "application", str(it.number), display, display)
    return (p.id, p.published_at, it.right_id, *names)


def _listing(it: Generated) -> Row:
    p = it.public
    price_minor = p.asking_price.amount_minor if p.asking_price else None
    about = (
        p.title,
        p.teaser,
        p.language,
        price_minor,
        p.currency,
        p.region,
        p.deal_type,
        False,
        p.state,
    )
    return (p.id, p.published_at, 2, it.right_id, it.organisation_id, *about, p.published_at)


def _card(it: Generated) -> Row:
    p = it.public
    card = ListingCardRead.model_validate(p.model_dump(include=set(ListingCardRead.model_fields)))
    return (p.id, p.published_at, True, card.model_dump_json(), p.model_dump_json())


def _floor_text(it: Generated) -> Row:
    """The words that the floor of searching finds it by, which are those of the product."""
    p = it.public
    texts = (p.title, p.teaser, p.title, p.abstract or "")
    return (p.id, " ".join(chain.from_iterable(map(tokens, texts))))


RIGHT_COLUMNS: Final = """
    id created_at kind title abstract language office classifications legal_status registered_by
"""
IDENTIFIER_COLUMNS: Final = "id created_at right_id office document_class normalized display raw"
LISTING_COLUMNS: Final = """
    id created_at version right_id organisation_id title teaser language asking_price_minor
    currency region deal_type bundled state published_at
"""
CARD_COLUMNS: Final = "listing_id published_at listed card detail"

TABLES: Final[dict[str, tuple[str, Callable[[Generated], Row | None]]]] = {
    "ip_right": (RIGHT_COLUMNS, _right),
    "right_identifier": (IDENTIFIER_COLUMNS, _identifier),
    "listing": (LISTING_COLUMNS, _listing),
    "listing_card": (CARD_COLUMNS, _card),
    "floor_text": ("listing_id words", _floor_text),
}
"""Of each table its columns, and a listing's row of them."""
