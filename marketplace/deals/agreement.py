"""The agreement: one plain text in the listing's language, rendered from the frozen terms."""

from importlib.resources import files
from string import Template
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.models import Right
from marketplace.assets.queries import identifiers_of
from marketplace.deals.models import Deal
from marketplace.documents.models import Document
from marketplace.documents.service import body_sha256
from marketplace.documents.signatures import keep
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.money import major_text, share_of
from marketplace.listings.models import Listing

LANGUAGES: Final = frozenset({"en", "ko", "zh"})


async def draw_up(session: AsyncSession, keyring: Keyring, deal: Deal) -> Document:
    """Render and keep the text that both sides sign.

    Of an idea it names the hash of the confidential text, which is frozen while the deal runs: so
    the buyer can prove what was sold, and whether it is what was disclosed.

    The deal's version is part of it: a text that was amended and amended back is another text, so
    signatures under the first never carry over.
    """
    document = keep(session, subject=deal.subject, content=await _render(session, keyring, deal))
    await session.flush()
    return document


async def _render(session: AsyncSession, keyring: Keyring, deal: Deal) -> str:
    listing = await session.get_one(Listing, deal.listing_id)
    right = await session.get_one(Right, deal.right_id)
    numbers = [row.display for row in await identifiers_of(session, right.id)]
    sha256 = await body_sha256(session, keyring, right.id)
    commission_minor = share_of(deal.price_minor, deal.commission_basis_points)
    return _template(listing.language).substitute(
        deal=deal.id,
        revision=deal.version,
        date=deal.created_at.date().isoformat(),
        seller=(await get_organisation(session, deal.seller_organisation_id)).name,
        buyer=(await get_organisation(session, deal.buyer_organisation_id)).name,
        title=right.title,
        kind=right.kind,
        numbers=", ".join(numbers) or "-",
        confidential=f"SHA-256 {sha256}" if sha256 else "-",
        price=f"{major_text(deal.price_minor, deal.currency)} {deal.currency}",
        commission=f"{major_text(commission_minor, deal.currency)} {deal.currency}",
        rate=f"{deal.commission_basis_points // 100}.{deal.commission_basis_points % 100:02} %",
        terms=deal.additional_terms or "-",
    )


def _template(language: str) -> Template:
    """The listing's language where there is a text in it, else English."""
    name = f"agreement.{language if language in LANGUAGES else 'en'}.txt"
    return Template(files("marketplace.deals").joinpath("templates", name).read_text("utf-8"))
