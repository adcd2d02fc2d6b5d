"""What burdens the rights of a deal, as its agreement names it: the buyer knows it by signing.

Of each only what conflicts tell as well: its kind, number and scope, never its holder or terms.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.encumbrances.kinds import EVERY_USE, EncumbranceKind
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.queries import living_of
from marketplace.assets.encumbrances.scope import names_of
from marketplace.assets.models import Right
from marketplace.deals.bundles.service import rights_of
from marketplace.deals.errors import BurdensChangedError
from marketplace.deals.licences.wording import WORDS
from marketplace.deals.models import Deal
from marketplace.deals.wording import INDENT, NOTHING, language_of
from marketplace.documents.signatures import newest
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.terms import Act
from marketplace.listings.models import Listing

K = EncumbranceKind


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words for burdens that are no licences, and for what limits any of them."""

    kinds: Mapping[EncumbranceKind, str]
    whole: str
    claims: str
    until: str


LABELS: Final = {"en": "Burdens    ", "ko": "부담       ", "zh": "负担       "}
_INDENTED: Final = re.compile(r"[^\n]*(?:\n [^\n]*)*")
"""A line, and those under it."""
PHRASES: Final = {
    "en": Phrases(
        kinds={
            K.PLEDGE: "pledge",
            K.OPTION: "option",
            K.ATTACHMENT: "attachment",
            K.TRUST: "trust",
        },
        whole="the whole right",
        claims="claims {claims}",
        until="until {day}",
    ),
    "ko": Phrases(
        kinds={K.PLEDGE: "질권", K.OPTION: "선택권", K.ATTACHMENT: "압류", K.TRUST: "신탁"},
        whole="권리 전부",
        claims="청구항 {claims}",
        until="{day}까지",
    ),
    "zh": Phrases(
        kinds={K.PLEDGE: "质押", K.OPTION: "选择权", K.ATTACHMENT: "查封", K.TRUST: "信托"},
        whole="全部权利",
        claims="权利要求 {claims}",
        until="至 {day}",
    ),
}


async def burdens_of(session: AsyncSession, deal: Deal, language: str) -> list[str]:
    """What burdens each right at this moment, as registered first; not what the deal itself grants.

    In a deal over several rights, each is named with its right.
    """
    lines = []
    for right_id in await rights_of(session, deal):
        found = [one for one in await living_of(session, right_id) if one.subject != deal.subject]
        of = f"{(await session.get_one(Right, right_id)).title}: " if deal.bundled else ""
        lines += [of + _line(one, language) for one in sorted(found, key=_order)]
    return lines


def section(burdens: Sequence[str], language: str) -> str:
    """The lines of an agreement that name burdens, or say that there are none."""
    return LABELS[language] + (INDENT.join(burdens) or NOTHING)


def _order(one: Encumbrance) -> tuple[date, int, str]:
    return one.received_on or date.max, one.receipt_order or 0, str(one.id)


def _line(one: Encumbrance, language: str) -> str:
    number = [one.registration_number] if one.registration_number else []
    return f"{_kind(one.kind, language)} ({'; '.join([*number, *_scope(one, language)])})"


def _kind(kind: EncumbranceKind, language: str) -> str:
    if kind in PHRASES[language].kinds:
        return PHRASES[language].kinds[kind]
    licence = LicenceKind.OPEN if kind is K.OPEN_LICENCE else LicenceKind(kind)
    return WORDS[language].kinds[licence]


def _scope(one: Encumbrance, language: str) -> Iterator[str]:
    phrases = PHRASES[language]
    if one.scope.is_whole:
        yield phrases.whole
    if one.claims:
        yield phrases.claims.format(claims=", ".join(map(str, one.claims)))
    for codes in (one.territories, one.fields_of_use):
        if codes:
            yield ", ".join(codes)
    if one.uses != EVERY_USE:
        yield ", ".join(WORDS[language].acts[Act(name)] for name in names_of(one.uses))
    if one.ends_at:
        yield phrases.until.format(day=one.ends_at.date().isoformat())


async def require_told(session: AsyncSession, deal: Deal) -> None:
    """Refuse to sign a text that does not name all that burdens the rights; what ended may stay.

    Raises:
        BurdensChangedError: something was entered or changed since it was drawn up.
    """
    listing = await session.get_one(Listing, deal.listing_id)
    language = language_of(listing)
    if burdens := await burdens_of(session, deal, language):
        text = (await newest(session, deal.subject)).content
        told = _INDENTED.match(text.partition(f"\n{LABELS[language]}")[2])
        if set(burdens).difference(told[0].split(INDENT) if told else ()):
            raise BurdensChangedError
