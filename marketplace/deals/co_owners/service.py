"""The other owners' consents to the sale of a right that several own.

Each consents to the very text that both sides sign, so a change of the text voids it.
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
    ask,
    missing_for,
    require_consents,
    require_used,
)
from marketplace.assets.legal_rules.terms import Act
from marketplace.assets.title.queries import conveyances_known, owners_of
from marketplace.deals.models import Deal
from marketplace.documents.signatures import newest
from marketplace.kernel.money import Money


async def deed_of(session: AsyncSession, deal: Deal) -> tuple[Deed, str]:
    """What the seller does by signing, and the text of it."""
    document = await newest(session, deal.subject)
    deed = Deed(
        deal.right_id,
        Act.SELL,
        deal.seller_organisation_id,
        document.sha256,
        deal.buyer_organisation_id,
        Money(deal.price_minor, deal.currency),
        deal.subject,
    )
    return deed, document.content


async def ask_owners(session: AsyncSession, deal: Deal, *, actor: Actor) -> Sequence[Consent]:
    """Ask the other owners to consent to the agreement as it is.

    Raises:
        ConsentNotNeededError: there are none, or the law lets the seller act alone.
    """
    deed, text = await deed_of(session, deal)
    return await ask(session, deed, text, actor=actor)


async def require_owners(session: AsyncSession, deal: Deal, *, use: bool) -> None:
    """Refuse to sign what another owner has not consented to; the last signature uses it up.

    Raises:
        ConsentsMissingError: nothing changed.
    """
    deal.co_owned = len(await owners_of(session, deal.right_id)) > 1
    if deal.co_owned:
        deed, _ = await deed_of(session, deal)
        await require_consents(session, deed, use=use)


async def require_owners_of_now(session: AsyncSession, deal: Deal) -> None:
    """Refuse to pass a title that somebody shares who never consented.

    Raises:
        ConsentsMissingError: a share went to somebody since the signatures.
    """
    owners = await owners_of(session, deal.right_id)
    deal.co_owned = deal.co_owned or len(owners) > 1
    if len(owners) > 1:
        deed, _ = await deed_of(session, deal)
        await require_used(session, deed)


async def owners_missing(session: AsyncSession, deal: Deal) -> Sequence[UUID]:
    """The owners whose consent the deal lacks at its stage."""
    if deal.title_passed:
        return await _gave_without(session, deal)
    deed, _ = await deed_of(session, deal)
    return await missing_for(session, deed)


async def require_consents_used(session: AsyncSession, deal: Deal) -> None:
    """Refuse to pay for a sale in which an owner who gave up a share never consented to it.

    Raises:
        ConsentsMissingError: as when the chain of title was corrected since.
    """
    missing = await _gave_without(session, deal)
    if missing:
        raise ConsentsMissingError(owners=[str(owner) for owner in missing])


async def _gave_without(session: AsyncSession, deal: Deal) -> list[UUID]:
    links = await conveyances_known(session, deal.right_id)
    gave = {
        link.from_organisation_id
        for link in links
        if link.basis == deal.subject and link.from_organisation_id
    }
    parties = {deal.seller_organisation_id, deal.buyer_organisation_id}
    if gave <= parties:
        return []
    deed, _ = await deed_of(session, deal)
    return sorted(gave - parties - await agreed_to(session, deed))
