"""Payment requests, and money held for them until a deal says where it goes."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import mark_locked, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.payments.errors import RequestNotOpenError
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.queries import balances
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
    source, payer = held(request.subject), payable(request.payer_organisation_id)
    await post(
        session,
        Booking(
            key=f"give_back:payment_request:{request.id}",
            kind="refund",
            subject=request.subject,
            currency=request.currency,
            postings=[Posting(source, payer, request.received_minor)],
        ),
    )


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


async def held_minor(session: AsyncSession, subjects: Sequence[str], currency: str) -> int:
    """What is held for some subjects together at this moment, in one currency."""
    found = await balances(session, [held(subject) for subject in subjects])
    return sum(row.balance_minor for row in found if row.currency == currency)
