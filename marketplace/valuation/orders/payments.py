"""The fees of an order: asked for from each payer, held, and paid out or given back exactly.

Each payer's money is held under a subject of its own. A fee is taken from all of them in the
proportion of what is left of each, so that nobody's money pays for more than their share.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.lifecycle import Identity
from marketplace.kernel.money import split
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.queries import balances
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.orders.models import ValuationOrder, ValuationPayer


async def payers_of(session: AsyncSession, order: ValuationOrder) -> Sequence[ValuationPayer]:
    query = select(ValuationPayer).where(col(ValuationPayer.order_id) == order.id)
    query = query.order_by(col(ValuationPayer.position))
    return (await session.execute(query)).scalars().all()


async def ask(
    session: AsyncSession, order: ValuationOrder, payers: Sequence[ValuationPayer]
) -> None:
    """Ask each payer for their share."""
    for payer in payers:
        await request_payment(
            session,
            subject=payer.subject,
            payer=payer.organisation_id,
            amount_minor=payer.amount_minor,
            currency=order.currency,
        )


async def requests_of(
    session: AsyncSession, payers: Sequence[ValuationPayer]
) -> dict[str, PaymentRequest]:
    """The payment request of each payer, by the subject."""
    subjects = [payer.subject for payer in payers]
    query = select(PaymentRequest).where(col(PaymentRequest.subject).in_(subjects))
    return {found.subject: found for found in (await session.execute(query)).scalars()}


async def all_paid(session: AsyncSession, order: ValuationOrder) -> bool:
    payers = await payers_of(session, order)
    found = (await requests_of(session, payers)).values()
    return sum(one.state is PaymentRequestState.PAID for one in found) == len(payers)


async def pay_fee(
    session: AsyncSession, order: ValuationOrder, assignment: ValuationAssignment
) -> None:
    """Release one fee to the institution that earned it.

    Raises:
        AlreadyPostedError, InsufficientFundsError: by the database.
    """
    payers = await payers_of(session, order)
    left = await _left(session, order, payers)
    parts = split(assignment.fee_minor, [left[payer.subject] for payer in payers])
    destination = payable(assignment.institution_id)
    postings = [
        Posting(held(payer.subject), destination, part)
        for payer, part in zip(payers, parts, strict=True)
        if part
    ]
    await _post(session, order, f"release:{assignment.subject}", "release", postings)
    order.released_minor += assignment.fee_minor


async def give_back(session: AsyncSession, order: ValuationOrder) -> None:
    """Return to each payer what is left of their money."""
    payers = await payers_of(session, order)
    left = await _left(session, order, payers)
    postings = [
        Posting(held(payer.subject), payable(payer.organisation_id), left[payer.subject])
        for payer in payers
        if left[payer.subject]
    ]
    if postings:
        await _post(session, order, f"refund:{order.subject}", "refund", postings)
    order.refunded_minor += sum(left.values())


async def stop_asking(session: AsyncSession, order: ValuationOrder, *, actor: Identity) -> None:
    """Wait for nobody's money any more; what has come of it goes back."""
    payers = await payers_of(session, order)
    for subject, request in (await requests_of(session, payers)).items():
        if request.state is PaymentRequestState.OPEN:
            await cancel_request(session, subject, actor=actor)
    await give_back(session, order)


async def _left(
    session: AsyncSession, order: ValuationOrder, payers: Sequence[ValuationPayer]
) -> dict[str, int]:
    """What is held of each payer's money; the order's row lock keeps others from it."""
    found = await balances(session, [held(payer.subject) for payer in payers])
    by_address = {one.address: one.balance_minor for one in found if one.currency == order.currency}
    return {payer.subject: by_address.get(held(payer.subject), 0) for payer in payers}


async def _post(
    session: AsyncSession, order: ValuationOrder, key: str, kind: str, postings: Sequence[Posting]
) -> None:
    booking = Booking(
        key=key, kind=kind, subject=order.subject, currency=order.currency, postings=postings
    )
    await post(session, booking)
