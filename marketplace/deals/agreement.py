"""The agreement: one plain text in the listing's language, or English, of the frozen terms."""

from collections.abc import Sequence
from importlib.resources import files
from string import Template
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.consents.service import void_consents
from marketplace.assets.models import Right
from marketplace.assets.queries import identifiers_of
from marketplace.deals.brokers.queries import read_named
from marketplace.deals.brokers.service import disclose
from marketplace.deals.bundles.models import DealItem
from marketplace.deals.bundles.service import items_of
from marketplace.deals.burdens import burdens_of, section
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.queries import licences_of, rights_in
from marketplace.deals.licences.wording import licence_lines
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import parts_of
from marketplace.deals.payees.queries import read_payees
from marketplace.deals.taxation import freeze_taxes
from marketplace.deals.wording import (
    INDENT,
    NOTHING,
    WORDINGS,
    broker_lines,
    language_of,
    money,
    part_lines,
    payee_lines,
    percent,
    vat_line,
)
from marketplace.documents.models import Document
from marketplace.documents.service import body_sha256
from marketplace.documents.signatures import keep, texts_before
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.money import share_of
from marketplace.listings.deal_types import DealType
from marketplace.listings.models import Listing


async def draw_up(session: AsyncSession, keyring: Keyring, deal: Deal) -> Document:
    """Render and keep the text that both sides sign.

    Of an idea it names the hash of the confidential text, which is frozen while the deal runs: so
    the buyer can prove what was sold, and whether it is what was disclosed.

    The deal's version is part of it: a text that was amended and amended back is another text, so
    signatures under the first never carry over, and owners' consents to it are void. So are its
    taxes, as they are at this moment.
    """
    await freeze_taxes(session, deal)
    await disclose(session, deal)
    document = keep(session, subject=deal.subject, content=await _render(session, keyring, deal))
    await session.flush()
    if deal.co_owned:
        await void_consents(session, await texts_before(session, document))
    return document


async def _render(session: AsyncSession, keyring: Keyring, deal: Deal) -> str:
    listing = await session.get_one(Listing, deal.listing_id)
    items = await items_of(session, deal)
    right = await session.get_one(Right, deal.right_id)
    numbers = [row.display for row in await identifiers_of(session, right.id)]
    sha256 = await body_sha256(session, keyring, right.id)
    commission_minor = share_of(deal.price_minor, deal.commission_basis_points)
    language = language_of(listing)
    words = WORDINGS[language]
    commission_vat = words.commission_vat.format(rate=percent(deal.commission_vat_basis_points))
    payees = await read_payees(session, deal) if deal.shared else ()
    brokers = broker_lines(words, await read_named(session, deal), dual_agency=deal.dual_agency)
    licences = {one.position: one for one in await licences_of(session, deal.id)}
    texts = {
        position: licence_lines(language, one.agreed, deal.currency)
        for position, one in licences.items()
    }
    return _template(deal, language).substitute(
        deal=deal.id,
        revision=deal.version,
        date=deal.created_at.date().isoformat(),
        seller=(await get_organisation(session, deal.seller_organisation_id)).name,
        buyer=(await get_organisation(session, deal.buyer_organisation_id)).name,
        title=right.title,
        kind=right.kind,
        numbers=", ".join(numbers) or NOTHING,
        rights=await _rights(session, keyring, deal, items),
        licence=texts.get(1, NOTHING),
        back=await _back(session, licences.get(2), texts.get(2)),
        confidential=f"SHA-256 {sha256}" if sha256 else NOTHING,
        burdens=section(await burdens_of(session, deal, language), language),
        price=money(deal.price_minor, deal.currency),
        vat=vat_line(words, deal.price_minor, deal.vat_minor, deal.currency),
        payees=payee_lines(words, payees, brokers, withholds=deal.withholds),
        parts=part_lines(words, await parts_of(session, deal)),
        commission=money(commission_minor, deal.currency),
        commission_vat=commission_vat if deal.commission_vat_basis_points else "",
        rate=percent(deal.commission_basis_points),
        terms=deal.additional_terms or NOTHING,
    )


async def _rights(
    session: AsyncSession, keyring: Keyring, deal: Deal, items: Sequence[DealItem]
) -> str:
    """Each right with its numbers; of a bundle, with its part of the price."""
    if not items:
        return await _right_line(session, keyring, deal.right_id)
    lines = [
        f"{item.position}. {await _right_line(session, keyring, item.right_id)}:"
        f" {money(item.amount_minor, deal.currency)}"
        for item in items
    ]
    return INDENT.join(lines)


async def _right_line(session: AsyncSession, keyring: Keyring, right_id: UUID) -> str:
    right = await session.get_one(Right, right_id)
    numbers = ", ".join(row.display for row in await identifiers_of(session, right_id))
    sha256 = await body_sha256(session, keyring, right_id)
    told = numbers or (f"SHA-256 {sha256}" if sha256 else NOTHING)
    return f"{right.title} ({right.kind}, {told})"


async def _back(session: AsyncSession, licence: Licence | None, text: str | None) -> str:
    if licence is None or text is None:
        return NOTHING
    rights = [
        await session.get_one(Right, right_id) for right_id in await rights_in(session, licence.id)
    ]
    named = ", ".join(f"{right.title} ({right.kind}, {right.id})" for right in rights)
    return f"  {named}\n{text}"


def _template(deal: Deal, language: str) -> Template:
    kind = "licence" if deal.type is not DealType.SALE else "agreement"
    kind = "bundle" if kind == "agreement" and deal.bundled else kind
    name = f"{kind}.{language}.txt"
    return Template(files("marketplace.deals").joinpath("templates", name).read_text("utf-8"))
