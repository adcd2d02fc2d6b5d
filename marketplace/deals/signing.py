"""The agreement phase: amend, sign, countersign, cancel."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.encumbrances.checking import require_free
from marketplace.assets.encumbrances.kinds import Deed
from marketplace.assets.service import end_reservation
from marketplace.deals.agreement import draw_up
from marketplace.deals.auctions.deposits import deposit_minor
from marketplace.deals.brokers.consenting import require_consents
from marketplace.deals.bundles.service import amounts_of
from marketplace.deals.burdens import require_told
from marketplace.deals.claims.service import has_claims
from marketplace.deals.co_owners.service import require_owners
from marketplace.deals.licences import service as licences
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for, require_other_people
from marketplace.deals.parts import service as parts
from marketplace.documents.signatures import sign
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, move
from marketplace.kernel.money import Money
from marketplace.listings.deal_types import DealType
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from marketplace.listings.service import reopen_listing
from marketplace.payments.funding.service import cancel_request, request_payment


async def amend(
    session: AsyncSession,
    keyring: Keyring,
    deal_id: UUID,
    additional_terms: str | None,
    *,
    actor: Actor,
) -> Deal:
    """Change the additional terms. The text gets another hash, so nobody has signed it yet."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "amend", role=role, actor=actor)
    deal.additional_terms = additional_terms
    await draw_up(session, keyring, deal)
    return deal


async def sign_agreement(
    session: AsyncSession, deal_id: UUID, sha256: str, *, actor: Actor
) -> Deal:
    """Sign the present text; with the second signature the buyer is asked to pay.

    Raises:
        TextChangedError: `sha256` is not the present text.
        AlreadySignedError: by the database, for the same side twice.
        BurdensChangedError: something burdens the right that the text does not name.
        SamePeopleError: since the offer somebody has come to stand for both sides.
        ConsentsMissingError: another owner has not consented to this text.
        DualAgencyConsentError, SplitConsentError: what its brokers do lacks a consent to this text.
        ConsentMissingError: whoever has a pledge of the right has not consented to this sale.
        EncumberedError, TrusteeOnlyError, NotTradableError: the right cannot be sold.
    """
    deal, role = await lock_for(session, deal_id, actor)
    seller, buyer = deal.seller_organisation_id, deal.buyer_organisation_id
    await require_other_people(session, seller=seller, buyer=buyer, actor=actor)
    if deal.brokered:
        await require_consents(session, deal, sha256, actor=actor)
    await require_sellable(session, deal)
    name = "countersign" if deal.state is DealState.PARTLY_SIGNED else "sign"
    move(session, deal, name, role=role, actor=actor, sha256=sha256)
    await sign(session, subject=deal.subject, sha256=sha256, actor=actor)
    await require_owners(session, deal, use=name == "countersign")
    if deal.state is DealState.SIGNED:
        await session.flush()  # which uses up the consents
        deal.pledged = await has_claims(session, deal.subject)
        await ask_for_payment(session, deal)
    return deal


async def require_sellable(session: AsyncSession, deal: Deal) -> None:
    """Refuse what nobody may sign now.

    Raises:
        ConsentMissingError: whoever has a pledge of the right has not consented to this sale.
        EncumberedError, TrusteeOnlyError: the right cannot be sold.
    """
    if deal.type is not DealType.SALE:
        return  # a licence is checked when it is drafted, and again when it is granted
    for right_id, amount_minor in (await amounts_of(session, deal)).items():
        await require_free(
            session,
            right_id,
            Deed.SELL,
            subject=deal.subject,
            by=deal.seller_organisation_id,
            price=Money(amount_minor, deal.currency),
        )
    await require_told(session, deal)


async def ask_for_payment(session: AsyncSession, deal: Deal) -> None:
    """Both are bound: ask the buyer for the price, or for the parts of it that are due."""
    if deal.in_parts:
        await parts.start(session, deal)
        return
    if not deal.price_minor:
        return  # nothing is due before the royalties: `licences.handlers.on_signed` goes on
    await request_payment(
        session,
        subject=deal.subject,
        payer=deal.buyer_organisation_id,
        amount_minor=deal.price_minor + deal.vat_minor - await deposit_minor(session, deal),
        currency=deal.currency,
    )


async def cancel(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """End a deal that is not paid; what was paid in part goes back, the right is free again.

    Raises:
        RequestNotOpenError: the whole payment has arrived in the meantime.
    """
    was_signed = deal.state is DealState.SIGNED
    move(session, deal, "cancel", role=role, actor=actor)
    await parts.end_rest(session, deal, role=role, actor=actor)
    if was_signed and not deal.in_parts:
        await cancel_request(session, deal.subject, actor=actor)
    await free_right(session, deal)


async def free_right(session: AsyncSession, deal: Deal) -> None:
    """End the reservation or the draft of a licence, and show the listing to the market again."""
    await licences.undo(session, deal, actor=BY_SYSTEM)
    await end_reservation(session, subject=deal.subject)
    listing = await lock(session, Listing, deal.listing_id)
    if listing.state is ListingState.RESERVED:
        await reopen_listing(session, listing, role=SYSTEM, actor=BY_SYSTEM)
