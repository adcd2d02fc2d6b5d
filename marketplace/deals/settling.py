"""Where held funds go: release, refund, dispute and its resolution, reversal."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.knowing import learn
from marketplace.assets.models import Right
from marketplace.assets.service import end_reservation, is_reserved
from marketplace.assets.standing.service import Footing, reproject
from marketplace.assets.title.queries import current_owner
from marketplace.deals.bearing import bear, make_good, require_backed
from marketplace.deals.brokers.service import keep_payments
from marketplace.deals.bundles.service import rights_of
from marketplace.deals.claims.service import pay_claims, require_unburdened
from marketplace.deals.co_owners.service import require_consents_used
from marketplace.deals.deductions import deductions_of
from marketplace.deals.errors import (
    InvalidSplitError,
    RefundTooLargeError,
    TitleNotReturnableError,
)
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.parts import service as parts
from marketplace.deals.rules import divide, proportion
from marketplace.deals.settlement import fact, require_footing, settle, whole
from marketplace.deals.signing import free_right
from marketplace.deals.taxation import keep_record, payees_at
from marketplace.deals.transferring import give_back_title, pass_title
from marketplace.documents.service import revoke_disclosures
from marketplace.kernel.db import driver_connection, lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, Identity, move, require_locked
from marketplace.listings.deal_types import DealType
from marketplace.payments.funding.distribution import Return, take_back
from marketplace.payments.ledger.addresses import payable
from marketplace.payments.ledger.service import post


async def release(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Pay the seller: price less commission becomes payable. The right must still be in force.

    Raises:
        NotTradableError, RightRestrainedError: it lapsed, expired, was invalidated or is held.
        RegisterCheckStaleError: nobody looked it up lately.
        TitleLostError: the register tells of another owner than the buyer.
        EncumberedError: something came to burden it before it was the buyer's.
        ConsentsMissingError: an owner never consented.
        ChargedBackError: the buyer's bank took the payment back. Nothing changed.
    """
    deal.lifecycle.step(deal.state, "release_parts" if deal.in_parts else "release", role=role)
    await require_backed(session, deal)
    await _require_sure(session, deal)
    await require_unburdened(session, deal)
    if deal.in_parts:
        move(session, deal, "release_parts", role=role, actor=actor)
        await end_reservation(session, subject=deal.subject)
        await parts.release_held(session, deal, role=role, actor=actor)
    else:
        await _settle(session, deal, "release", deal.price_minor, role=role, actor=actor)


async def _require_sure(session: AsyncSession, deal: Deal) -> None:
    """The same as the plain release asks of the rows that it locks, and the owners' consents.

    Of a licence the rights stay the licensor's, and their owners consented before it took effect.
    Where nothing is paid but royalties, which stop by themselves, nothing is to be sure of.
    """
    if not deal.price_minor:
        return
    sold = deal.type is DealType.SALE
    for right_id in sorted(await rights_of(session, deal)):
        right = await session.get_one(Right, right_id)
        if Footing.of(right.model_dump()).has_turned(now(session)):
            right, _ = await learn(session, right_id)
            await reproject(session, right, actor=BY_SYSTEM)
        owner = await current_owner(session, right_id) if sold else None
        holds_title = not sold or owner == deal.buyer_organisation_id
        require_footing(Footing.of(right.model_dump()), now(session), holds_title=holds_title)
    if sold and deal.co_owned:
        await require_consents_used(session, deal)


async def refund(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Give the buyer everything that is held back, and the seller the right."""
    move(session, deal, "refund", role=role, actor=actor)
    await _unwind(session, deal, role=role, actor=actor)


async def dispute(session: AsyncSession, deal_id: UUID, reason: str, *, actor: Actor) -> Deal:
    """Freeze the held funds until the operator decides."""
    deal, role = await lock_for(session, deal_id, actor)
    move(session, deal, "dispute", role=role, actor=actor)
    deal.dispute_reason = reason
    await parts.freeze(session, deal)
    return deal


async def escalate(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Nobody proved the recordal in time: the operator has to decide."""
    move(session, deal, "escalate", role=role, actor=actor)


async def resolve_release(
    session: AsyncSession,
    deal: Deal,
    *,
    role: str,
    actor: Identity,
    bear_loss: bool = False,
) -> None:
    """Decide a dispute for the seller: what is held is released and the title is the buyer's.

    With `bear_loss`, the platform bears what the buyer keeps of a chargeback.

    Raises:
        ChargedBackError: the buyer's bank took the payment back. Nothing changed.
    """
    name = "resolve_release_parts" if deal.in_parts else "resolve_release"
    deal.lifecycle.step(deal.state, name, role=role)
    await require_backed(session, deal, bear_loss=bear_loss)
    if deal.in_parts:
        move(session, deal, name, role=role, actor=actor)
        deal.frozen_from = None
        await end_reservation(session, subject=deal.subject)
        await _pass_title_now(session, deal, actor=actor)
        await parts.release_held(session, deal, role=role, actor=actor)
    else:
        await _settle(session, deal, name, deal.price_minor, role=role, actor=actor)
    if bear_loss:
        await bear(session, deal)


async def resolve_refund(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Decide a dispute for the buyer: the price goes back and the title is the seller's.

    Raises:
        TitleNotReturnableError: the buyer of a deal in parts has sold the right already.
    """
    deal.lifecycle.step(deal.state, "resolve_refund", role=role)
    if deal.released_minor:
        await _take_all_back(session, deal, "unwind", role=role, actor=actor)
        return
    move(session, deal, "resolve_refund", role=role, actor=actor)
    await _unwind(session, deal, role=role, actor=actor)


async def resolve_split(
    session: AsyncSession,
    deal: Deal,
    to_seller_minor: int,
    *,
    role: str,
    actor: Identity,
    bear_loss: bool = False,
) -> None:
    """Decide a dispute between the sides: a part of what is held is released, the rest refunded.

    The buyer keeps or gets the title: a split is a price reduction. Of a price in parts, nothing
    more is due. With `bear_loss`, the platform bears what the buyer keeps of a chargeback.

    Raises:
        InvalidSplitError, ChargedBackError: nothing changed.
    """
    deal.lifecycle.step(deal.state, "resolve_split", role=role)
    held = await parts.held_of_parts(session, deal) if deal.in_parts else deal.price_minor
    if not 0 < to_seller_minor < held:
        raise InvalidSplitError(f"to_seller_minor is more than 0 and less than {held}")
    await require_backed(session, deal, bear_loss=bear_loss)
    if deal.in_parts:
        move(session, deal, "resolve_split", role=role, actor=actor, **fact(deal, 0))
        await end_reservation(session, subject=deal.subject)
        await _pass_title_now(session, deal, actor=actor)
        await parts.divide_held(session, deal, to_seller_minor, role=role, actor=actor)
    else:
        await _settle(session, deal, "resolve_split", to_seller_minor, role=role, actor=actor)
    if bear_loss:
        await bear(session, deal)


async def refund_released(
    session: AsyncSession, deal: Deal, amount_minor: int, *, role: str, actor: Identity
) -> None:
    """Give the buyer a part of a released price back; the title stays. It may be repeated.

    The commission, its VAT and the taxes kept back go back in proportion, and so does the VAT on
    the price. Statistics count the amount negative in the month in which this happens.

    Raises:
        RefundTooLargeError: more than is left of what was released; nothing changed.
    """
    due_at = deal.due_at
    told = fact(deal, amount_minor)
    move(session, deal, "refund_released", role=role, actor=actor, due_at=due_at, **told)
    left = deal.released_minor - deal.returned_minor
    if amount_minor > left:
        raise RefundTooLargeError(f"{left} are left of what was released")
    vat_left = deal.released_vat_minor - deal.returned_vat_minor
    vat_minor = proportion(vat_left, amount_minor, left)
    deal.returned_minor += amount_minor
    deal.returned_vat_minor += vat_minor
    await take_back(session, _return(deal, "refund_released"), amount_minor + vat_minor)
    await make_good(session, deal)


async def reverse(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    """Undo a settled deal: money, commission, taxes and title go back.

    The seller may come to owe the platform; the next payables are set off against it.

    Raises:
        TitleNotReturnableError: the buyer has sold the right, or is selling it.
    """
    name = "unwind" if deal.state == DealState.PARTLY_RELEASED else "reverse"
    await _take_all_back(session, deal, name, role=role, actor=actor)


async def _take_all_back(
    session: AsyncSession, deal: Deal, name: str, *, role: str, actor: Identity
) -> None:
    left = deal.released_minor - deal.returned_minor
    move(session, deal, name, role=role, actor=actor, **fact(deal, left))
    await _require_returnable(session, deal)
    deal.returned_minor = deal.released_minor
    deal.returned_vat_minor = deal.released_vat_minor
    await take_back(session, _return(deal, "reverse"))
    await parts.end_rest(session, deal, role=role, actor=actor)
    await make_good(session, deal)
    await give_back_title(session, deal, actor=actor)
    await revoke_disclosures(session, purpose=deal.subject)


def _return(deal: Deal, kind: str) -> Return:
    return Return(
        subject=deal.subject,
        currency=deal.currency,
        kind=kind,
        key=f"{kind}:{deal.subject}:{deal.version}",
        payer=payable(deal.buyer_organisation_id),
    )


async def _require_returnable(session: AsyncSession, deal: Deal) -> None:
    """The lock on the right makes this exact: who opens a deal over it takes the same lock."""
    if deal.type is not DealType.SALE:
        return  # a licence is ended, whoever owns the right
    for right_id in sorted(await rights_of(session, deal)):
        await lock(session, Right, right_id)
        owner = await current_owner(session, right_id)
        if owner != deal.buyer_organisation_id or await is_reserved(session, right_id):
            raise TitleNotReturnableError


async def _settle(
    session: AsyncSession,
    deal: Deal,
    name: str,
    to_seller_minor: int,
    *,
    role: str,
    actor: Identity,
) -> None:
    """Distribute what is held. The event carries the fact that statistics count."""
    require_locked(session, deal)
    if not deal.price_minor:
        move(session, deal, name, role=role, actor=actor, **fact(deal, 0))
        await _pass_title_now(session, deal, actor=actor)
        return
    payees = () if deal.is_plain else await payees_at(session, deal)
    connection = await driver_connection(session)
    _, division = await settle(
        connection,
        deal,
        name,
        to_seller_minor,
        role=role,
        actor=actor,
        at=now(session),
        payees=payees,
        deductions=await deductions_of(session, deal),
    )
    keep_record(session, division)
    keep_payments(session, deal, division)
    await pay_claims(session, division)
    await session.refresh(deal)
    await _pass_title_now(session, deal, actor=actor)


async def _pass_title_now(session: AsyncSession, deal: Deal, *, actor: Identity) -> None:
    """A decision for the seller completes the sale, recorded or not."""
    if not deal.title_passed:
        await pass_title(session, deal, actor=actor)


async def _unwind(session: AsyncSession, deal: Deal, *, role: str, actor: Identity) -> None:
    if deal.in_parts:
        await parts.end_rest(session, deal, role=role, actor=actor)
    elif deal.price_minor:
        division = divide(deal, whole(deal), 0)
        division.sums.apply_to(deal)
        await post(session, division.booking())
    if deal.title_passed:
        await give_back_title(session, deal, actor=actor)
    await revoke_disclosures(session, purpose=deal.subject)
    await free_right(session, deal)
