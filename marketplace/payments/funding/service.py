"""Payment requests, and money held for them until a deal says where it goes."""

import secrets
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import mark_locked, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.payments.errors import RequestNotOpenError
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.ledger.addresses import commission, held, payable
from marketplace.payments.ledger.queries import balance_minor
from marketplace.payments.ledger.service import Booking, Posting, post
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.payments.providers.bank.reference import REFERENCE_RANDOM_BYTES, new_reference


async def request_payment(
    session: AsyncSession, *, subject: str, payer: UUID, amount_minor: int, currency: str
) -> PaymentRequest:
    """Ask a payer for money to be held for a subject, by bank transfer under a new reference."""
    request = PaymentRequest(
        created_at=now(session),
        subject=subject,
        payer_organisation_id=payer,
        amount_minor=amount_minor,
        currency=currency,
        reference=new_reference(secrets.token_bytes(REFERENCE_RANDOM_BYTES)),
    )
    begin(session, request, BY_SYSTEM, subject=subject, amount_minor=amount_minor)
    await session.flush()
    return request


async def request_of(session: AsyncSession, subject: str) -> PaymentRequest | None:
    """The newest payment request of a subject."""
    query = (
        select(PaymentRequest)
        .where(col(PaymentRequest.subject) == subject)
        .order_by(col(PaymentRequest.id).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def is_paid(session: AsyncSession, subject: str) -> bool:
    """Whether all that was asked for a subject (`deal:<id>`) has come; a part does not count."""
    request = await request_of(session, subject)
    return request is not None and request.state is PaymentRequestState.PAID


async def lock_open_request(session: AsyncSession, subject: str) -> PaymentRequest | None:
    """Hold the request that still waits for money; None when it is paid, cancelled or not there."""
    query = (
        select(PaymentRequest)
        .where(col(PaymentRequest.subject) == subject)
        .where(col(PaymentRequest.state) == PaymentRequestState.OPEN)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    request = (await session.execute(query)).scalar_one_or_none()
    if request:
        mark_locked(session, request)
    return request


async def cancel_request(session: AsyncSession, subject: str, *, actor: Identity) -> None:
    """Stop waiting for a payment; a part that came already goes back to the payer.

    Raises:
        RequestNotOpenError: the whole payment has arrived in the meantime.
    """
    request = await lock_open_request(session, subject)
    if request is None:
        if await is_paid(session, subject):
            raise RequestNotOpenError("the payment has arrived; ask for a refund instead")
        return
    move(session, request, "cancel", role=SYSTEM, actor=actor)
    await _give_part_back(session, request)


async def expire_request(
    session: AsyncSession, request: PaymentRequest, *, role: str, actor: Identity
) -> None:
    """Stop waiting for a payment that did not come in time; a part that came goes back."""
    move(session, request, "expire", role=role, actor=actor)
    await _give_part_back(session, request)


async def _give_part_back(session: AsyncSession, request: PaymentRequest) -> None:
    if not request.received_minor:
        return
    given_back = distribution(
        subject=request.subject,
        currency=request.currency,
        seller=request.payer_organisation_id,
        buyer=request.payer_organisation_id,
        to_seller_minor=0,
        to_buyer_minor=request.received_minor,
        commission_minor=0,
    )
    await post(session, given_back)


async def receive(
    session: AsyncSession,
    request: PaymentRequest,
    *,
    source: str,
    amount_minor: int,
    key: str,
    role: str,
    actor: Identity,
) -> None:
    """Hold money for a locked, open request; the request is paid once it has all of it.

    What exceeds the request is owed back to the payer.
    """
    due_minor = request.amount_minor - request.received_minor
    kept_minor = min(amount_minor, due_minor)
    postings = [Posting(source, held(request.subject), kept_minor)]
    if amount_minor > kept_minor:
        excess = Posting(source, payable(request.payer_organisation_id), amount_minor - kept_minor)
        postings.append(excess)
    await post(
        session,
        Booking(
            key=key,
            kind="fund",
            subject=request.subject,
            currency=request.currency,
            postings=postings,
        ),
    )
    request.received_minor += kept_minor
    if request.received_minor == request.amount_minor:
        move(session, request, "pay", role=role, actor=actor, subject=request.subject)


def distribution(
    *,
    subject: str,
    currency: str,
    seller: UUID,
    buyer: UUID,
    to_seller_minor: int,
    to_buyer_minor: int,
    commission_minor: int,
) -> Booking:
    """What empties the held funds of a subject: to the seller less commission, and to the buyer.

    Together the two parts are all that is held. It happens once per subject: the key and the
    overdraft check of the database both refuse a second time. The commission is a part of what
    goes to the seller.
    """
    wanted = (
        Posting(held(subject), payable(seller), to_seller_minor - commission_minor),
        Posting(held(subject), commission(subject), commission_minor),
        Posting(held(subject), payable(buyer), to_buyer_minor),
    )
    return Booking(
        key=f"distribute:{subject}",
        kind="release" if not to_buyer_minor else "split" if to_seller_minor else "refund",
        subject=subject,
        currency=currency,
        postings=[posting for posting in wanted if posting.amount_minor],
    )


async def reverse(
    session: AsyncSession,
    *,
    subject: str,
    currency: str,
    seller: UUID,
    buyer: UUID,
    released_minor: int,
    commission_minor: int,
) -> None:
    """Give a released price back to the buyer, with exactly the commission that was taken.

    The seller's part comes from what the platform owes the seller, which may turn negative.
    """
    wanted = (
        Posting(payable(seller), payable(buyer), released_minor - commission_minor),
        Posting(commission(subject), payable(buyer), commission_minor),
    )
    await post(
        session,
        Booking(
            key=f"reverse:{subject}",
            kind="reverse",
            subject=subject,
            currency=currency,
            postings=[posting for posting in wanted if posting.amount_minor],
        ),
    )


async def held_minor(session: AsyncSession, subject: str, currency: str) -> int:
    """What is held for a subject at this moment."""
    return await balance_minor(session, held(subject), currency)
