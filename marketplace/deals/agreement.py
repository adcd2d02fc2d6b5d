"""The agreement: one plain text in the listing's language, or English, of the frozen terms."""

from importlib.resources import files
from string import Template

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.models import Right
from marketplace.assets.queries import identifiers_of
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import parts_of
from marketplace.deals.payees.queries import read_payees
from marketplace.deals.taxation import freeze_taxes
from marketplace.deals.wording import (
    NOTHING,
    WORDINGS,
    money,
    part_lines,
    payee_lines,
    percent,
    vat_line,
)
from marketplace.documents.models import Document
from marketplace.documents.service import body_sha256
from marketplace.documents.signatures import keep
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.money import share_of
from marketplace.listings.models import Listing


async def draw_up(session: AsyncSession, keyring: Keyring, deal: Deal) -> Document:
    """Render and keep the text that both sides sign.

    Of an idea it names the hash of the confidential text, which is frozen while the deal runs: so
    the buyer can prove what was sold, and whether it is what was disclosed.

    The deal's version is part of it: a text that was amended and amended back is another text, so
    signatures under the first never carry over. So are its taxes, as they are at this moment.
    """
    await freeze_taxes(session, deal)
    document = keep(session, subject=deal.subject, content=await _render(session, keyring, deal))
    await session.flush()
    return document


async def _render(session: AsyncSession, keyring: Keyring, deal: Deal) -> str:
    listing = await session.get_one(Listing, deal.listing_id)
    right = await session.get_one(Right, deal.right_id)
    numbers = [row.display for row in await identifiers_of(session, right.id)]
    sha256 = await body_sha256(session, keyring, right.id)
    commission_minor = share_of(deal.price_minor, deal.commission_basis_points)
    language = listing.language if listing.language in WORDINGS else "en"
    words = WORDINGS[language]
    commission_vat = words.commission_vat.format(rate=percent(deal.commission_vat_basis_points))
    payees = await read_payees(session, deal) if deal.shared else ()
    return _template(language).substitute(
        deal=deal.id,
        revision=deal.version,
        date=deal.created_at.date().isoformat(),
        seller=(await get_organisation(session, deal.seller_organisation_id)).name,
        buyer=(await get_organisation(session, deal.buyer_organisation_id)).name,
        title=right.title,
        kind=right.kind,
        numbers=", ".join(numbers) or NOTHING,
        confidential=f"SHA-256 {sha256}" if sha256 else NOTHING,
        price=money(deal.price_minor, deal.currency),
        vat=vat_line(words, deal.price_minor, deal.vat_minor, deal.currency),
        payees=payee_lines(words, payees, withholds=deal.withholds),
        parts=part_lines(words, await parts_of(session, deal)),
        commission=money(commission_minor, deal.currency),
        commission_vat=commission_vat if deal.commission_vat_basis_points else "",
        rate=percent(deal.commission_basis_points),
        terms=deal.additional_terms or NOTHING,
    )


def _template(language: str) -> Template:
    name = f"agreement.{language}.txt"
    return Template(files("marketplace.deals").joinpath("templates", name).read_text("utf-8"))
