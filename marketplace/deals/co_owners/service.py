"""The other owners' consents to the sale or the licence of rights that several own.

Each consents to the very text that both sides sign, so a change of the text voids it. Of an open
licence it is the published text, as nobody signs another.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.consents.models import Consent
from marketplace.assets.consents.rules import Deed
from marketplace.assets.consents.service import (
    agreed_to,
    ask_all,
    missing_for,
    require_consents,
    require_used,
)
from marketplace.assets.legal_rules.terms import Act
from marketplace.assets.title.queries import conveyances_known, owners_of
from marketplace.deals.bundles.service import amounts_of, rights_of
from marketplace.deals.licences.queries import licences_of, rights_in
from marketplace.deals.models import Deal
from marketplace.documents.models import Document
from marketplace.documents.signatures import newest
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.money import Money
from marketplace.listings import consenting
from marketplace.listings.deal_types import BY_LICENSEES, DealType
from marketplace.listings.licensing.service import is_pooled
from marketplace.listings.models import Listing


async def deeds_of(session: AsyncSession, deal: Deal) -> list[Deed]:
    """What the owners who are parties to a deal do by it, right by right.

    A sub-licence is within what they consented to before, and so are the licences of a pool.
    """
    listing = await session.get_one(Listing, deal.listing_id)
    if deal.type in BY_LICENSEES or await is_pooled(session, listing):
        return []
    if deal.type is DealType.OPEN:
        return await consenting.deeds_of(session, listing)
    text = await newest(session, deal.subject)
    return await (_sale if deal.type is DealType.SALE else _licences)(session, deal, text)


async def _sale(session: AsyncSession, deal: Deal, text: Document) -> list[Deed]:
    return [
        Deed(
            right_id,
            Act.SELL,
            deal.seller_organisation_id,
            text.sha256,
            deal.buyer_organisation_id,
            Money(amount_minor, deal.currency),
            deal.subject,
        )
        for right_id, amount_minor in (await amounts_of(session, deal)).items()
    ]


async def _licences(session: AsyncSession, deal: Deal, text: Document) -> list[Deed]:
    amounts = await amounts_of(session, deal)
    return [
        Deed(
            right_id,
            consenting.LICENSING[licence.kind],
            licence.licensor_organisation_id,
            text.sha256,
            licence.licensee_organisation_id,
            Money(amounts.get(right_id, 0), deal.currency),
            deal.subject,
        )
        for licence in await licences_of(session, deal.id)
        for right_id in await rights_in(session, licence.id)
    ]


async def ask_owners(session: AsyncSession, deal: Deal, *, actor: Actor) -> Sequence[Consent]:
    """Ask the other owners of the actor's rights to consent to the agreement as it is.

    Raises:
        NotYourMoveError: the deal takes no right of the actor's.
        ConsentNotNeededError: there are no others, or the law lets the actor act alone.
    """
    deeds = [deed for deed in await deeds_of(session, deal) if deed.by == actor.organisation_id]
    if not deeds:
        raise NotYourMoveError("who gives a right or a licence of it asks its other owners")
    text = await newest(session, deal.subject)
    return await ask_all(session, deeds, text.content, actor=actor)


async def require_owners(session: AsyncSession, deal: Deal, *, use: bool) -> None:
    """Refuse to sign what another owner has not consented to; the last signature uses it up.

    Raises:
        ConsentsMissingError: nothing changed.
    """
    deeds = await _shared(session, deal)
    deal.co_owned = bool(deeds)
    for deed in deeds:
        await require_consents(session, deed, use=use)


async def require_owners_of_now(session: AsyncSession, deal: Deal) -> None:
    """Refuse to pass a title, or to grant a licence, that somebody shares who never consented.

    Raises:
        ConsentsMissingError: a share went to somebody since the signatures.
    """
    deeds = await _shared(session, deal)
    deal.co_owned = deal.co_owned or bool(deeds)
    for deed in deeds:
        await require_used(session, deed)


async def _shared(session: AsyncSession, deal: Deal) -> list[Deed]:
    """What is done to rights of several owners; most rights have one, and are not looked into."""
    right_ids = set(await rights_of(session, deal))
    for licence in await licences_of(session, deal.id) if deal.type is DealType.CROSS else ():
        right_ids.update(await rights_in(session, licence.id))
    for right_id in right_ids:
        if len(await owners_of(session, right_id)) > 1:
            return await deeds_of(session, deal)
    return []


async def owners_missing(session: AsyncSession, deal: Deal) -> Sequence[UUID]:
    """The owners whose consent the deal lacks at its stage."""
    if deal.title_passed:
        return await _gave_without(session, deal)
    missing: set[UUID] = set()
    for deed in await deeds_of(session, deal):
        missing.update(await missing_for(session, deed))
    return sorted(missing)


async def require_consents_used(session: AsyncSession, deal: Deal) -> None:
    """Refuse to pay for a sale in which an owner who gave up a share never consented to it.

    Raises:
        ConsentsMissingError: as when the chain of title was corrected since.
    """
    missing = await _gave_without(session, deal)
    if missing:
        raise ConsentsMissingError(owners=[str(owner) for owner in missing])


async def _gave_without(session: AsyncSession, deal: Deal) -> list[UUID]:
    """Of a licence nobody gives up a share."""
    parties = {deal.seller_organisation_id, deal.buyer_organisation_id}
    missing: set[UUID] = set()
    for deed in await deeds_of(session, deal) if deal.type is DealType.SALE else ():
        links = await conveyances_known(session, deed.right_id)
        gave = {link.from_organisation_id for link in links if link.basis == deal.subject}
        others = {owner for owner in gave if owner} - parties
        missing |= others - (await agreed_to(session, deed) if others else set())
    return sorted(missing)
