"""Money between the platform's own accounts: from its Stripe balance to its bank."""

from marketplace.payments.errands.desk import Desk
from marketplace.payments.ledger.addresses import BETWEEN, STRIPE
from marketplace.payments.ledger.service import Posting
from marketplace.payments.providers.stripe.booking import book, is_booked
from marketplace.payments.providers.stripe.errors import StripeUnknownError


async def look_at_own_payout(desk: Desk, payout_id: str) -> None:
    """Book what left the Stripe balance for the bank, and what came back when the bank refused."""
    try:
        seen = await desk.stripe.own_payout(payout_id)
    except StripeUnknownError:
        return
    async with desk.sessions.begin() as session:
        for transaction in filter(None, (seen.transaction, seen.failure_transaction)):
            if await is_booked(session, transaction):
                continue
            amount_minor = transaction.amount_minor
            ends = (BETWEEN, STRIPE) if amount_minor < 0 else (STRIPE, BETWEEN)
            posting = Posting(*ends, abs(amount_minor))
            subject = f"stripe_payout:{payout_id}"
            await book(session, transaction, [posting], kind="own_payout", subject=subject)
