"""Who bears what a chargeback took, when the seller is paid all the same: the platform.

The charge backs nothing any more, so the seller is paid only from money that nobody else waits for.
What the buyer keeps is written off as a loss, until the buyer is due something of the deal again.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.errors import ChargedBackError
from marketplace.deals.models import Deal
from marketplace.deals.parts.queries import subjects_of
from marketplace.payments.chargebacks.queries import Standing, standing_of
from marketplace.payments.ledger.addresses import DISPUTE_LOSS, payable
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.transfers.service import due_minor

KIND: Final = "chargeback_loss"

_BORNE: Final = text(
    """
    SELECT coalesce(sum(CASE p.source WHEN :loss THEN p.amount_minor ELSE -p.amount_minor END), 0)
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.subject = :subject AND t.kind = :kind
    """
)


async def chargebacks_of(session: AsyncSession, deal: Deal) -> Standing:
    """What chargebacks took of a deal's payments, and may keep."""
    return await standing_of(session, await subjects_of(session, deal))


async def require_backed(session: AsyncSession, deal: Deal, *, bear_loss: bool = False) -> None:
    """Refuse to pay the seller what the buyer's bank took back, unless the platform bears it.

    Raises:
        ChargedBackError: nothing changed.
    """
    standing = await chargebacks_of(session, deal)
    if standing.undecided:
        raise ChargedBackError("the card network has not decided; contest or accept the chargeback")
    if standing.lost_minor and not bear_loss:
        raise ChargedBackError("refund the buyer, or have the platform bear it with `bear_loss`")


async def bear(session: AsyncSession, deal: Deal) -> None:
    """Book as a loss what the buyer keeps of a chargeback, after the seller was paid."""
    subjects = await subjects_of(session, deal)
    standing = await standing_of(session, subjects)
    due = await due_minor(session, deal.buyer_organisation_id, subjects, deal.currency)
    amount_minor = min(standing.lost_minor, -due)
    if amount_minor > 0:
        buyer = payable(deal.buyer_organisation_id)
        await _book(session, deal, "bear", Posting(DISPUTE_LOSS, buyer, amount_minor))


async def make_good(session: AsyncSession, deal: Deal) -> None:
    """What the buyer is due after all first makes good the loss: they have that money already."""
    names = {"loss": DISPUTE_LOSS, "subject": deal.subject, "kind": KIND}
    borne_minor = int((await session.execute(_BORNE, names)).scalar_one())
    if not borne_minor:
        return
    subjects = await subjects_of(session, deal)
    due = await due_minor(session, deal.buyer_organisation_id, subjects, deal.currency)
    amount_minor = min(borne_minor, due)
    if amount_minor > 0:
        buyer = payable(deal.buyer_organisation_id)
        await _book(session, deal, "make_good", Posting(buyer, DISPUTE_LOSS, amount_minor))


async def _book(session: AsyncSession, deal: Deal, what: str, posting: Posting) -> None:
    key = f"{what}:{deal.subject}:{deal.version}"
    await post(session, Booking(key, KIND, deal.subject, deal.currency, [posting]))
