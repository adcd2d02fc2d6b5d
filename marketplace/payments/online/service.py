"""A payment through a provider: chosen by the payer, opened outside, and captured when it is paid.

Rows are always locked in one order: request, payment, ledger accounts.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.payments.errands.models import ErrandKind
from marketplace.payments.errands.service import ask
from marketplace.payments.errors import RequestNotOpenError
from marketplace.payments.funding.models import PaymentRequest, Provider
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.payments.online.errors import (
    NoClientSecretError,
    PaymentExistsError,
    ProviderNotPossibleError,
)
from marketplace.payments.online.lifecycle import PAYER, UNPAID, OnlinePaymentState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.providers.port import Option

OPENED = frozenset({OnlinePaymentState.CREATED, OnlinePaymentState.PENDING})


async def request_for(
    session: AsyncSession, request_id: UUID, actor: Actor, *, for_update: bool = False
) -> PaymentRequest:
    """A payment request that the actor's organisation pays, or that an operator looks at.

    Raises:
        NotFoundError: no such request, or none of the actor's.
    """
    query = select(PaymentRequest).where(col(PaymentRequest.id) == request_id)
    if not actor.is_operator:
        query = query.where(col(PaymentRequest.payer_organisation_id) == actor.organisation_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    request = (await session.execute(query)).scalar_one_or_none()
    if request is None:
        raise NotFoundError("no such payment request")
    if for_update:
        mark_locked(session, request)
    return request


async def payments_of(
    session: AsyncSession, subjects: Sequence[str], *, for_update: bool = False
) -> Sequence[OnlinePayment]:
    """The online payments for some subjects, oldest first."""
    query = select(OnlinePayment).where(col(OnlinePayment.subject).in_(subjects))
    query = query.order_by(col(OnlinePayment.id)).limit(1_000)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = (await session.execute(query)).scalars().all()
    if for_update:
        for payment in found:
            mark_locked(session, payment)
    return found


async def lock_payments(
    session: AsyncSession, payment_ids: Sequence[UUID]
) -> Sequence[OnlinePayment]:
    """Hold some payments, always in the order of their ids."""
    query = select(OnlinePayment).where(col(OnlinePayment.id).in_(payment_ids))
    query = query.order_by(col(OnlinePayment.id)).with_for_update()
    found = (await session.execute(query.execution_options(populate_existing=True))).scalars().all()
    for payment in found:
        mark_locked(session, payment)
    return found


async def newest_payments(
    session: AsyncSession, request_ids: Sequence[UUID]
) -> Mapping[UUID, OnlinePayment]:
    """The newest payment of each request that has one."""
    request_id = col(OnlinePayment.payment_request_id)
    query = (
        select(OnlinePayment)
        .where(request_id.in_(request_ids))
        .ext(distinct_on(request_id))
        .order_by(request_id, col(OnlinePayment.id).desc())
    )
    found = (await session.execute(query)).scalars()
    return {payment.payment_request_id: payment for payment in found}


async def newest_payment(
    session: AsyncSession, request_id: UUID, *, for_update: bool = False
) -> OnlinePayment | None:
    """The payment of a request that was begun last; every one before it is over."""
    query = select(OnlinePayment).where(col(OnlinePayment.payment_request_id) == request_id)
    query = query.order_by(col(OnlinePayment.id).desc()).limit(1)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    payment = (await session.execute(query)).scalar_one_or_none()
    if payment and for_update:
        mark_locked(session, payment)
    return payment


async def choose_provider(
    session: AsyncSession, request: PaymentRequest, option: Option, *, actor: Actor
) -> OnlinePayment | None:
    """Pay a locked request this way from now on; a payment begun another way is cancelled.

    Raises:
        RequestNotOpenError, ProviderNotPossibleError, PaymentExistsError: nothing changed.
    """
    if request.state is not PaymentRequestState.OPEN:
        raise RequestNotOpenError(f"it is {request.state}")
    if not option.possible:
        raise ProviderNotPossibleError("; ".join(option.reasons))
    payment = await newest_payment(session, request.id, for_update=True)
    if option.provider is Provider.BANK:
        if payment and payment.state in OPENED:
            await cancel_payment(session, payment, role=PAYER, actor=actor)
    else:
        payment = await _begun(session, request, payment, option.provider, actor)
    if request.provider is not option.provider:
        before, request.provider = request.provider, option.provider
        data = {"from": before, "to": option.provider}
        subject = f"payment_request:{request.id}"
        type_ = "payment_request.choose_provider"
        publish(session, type_, subject=subject, actor=actor.label, data=data)
    await session.flush()
    return payment


async def _begun(
    session: AsyncSession,
    request: PaymentRequest,
    newest: OnlinePayment | None,
    provider: Provider,
    actor: Actor,
) -> OnlinePayment:
    """The payment that is open, or a new one for what is still due."""
    if newest and newest.state in OPENED:
        return newest
    if newest and newest.state is OnlinePaymentState.CANCELLING:
        raise PaymentExistsError
    payment = OnlinePayment(
        created_at=now(session),
        payment_request_id=request.id,
        subject=request.subject,
        payer_organisation_id=request.payer_organisation_id,
        provider=provider,
        amount_minor=request.amount_minor - request.received_minor,
        currency=request.currency,
    )
    amount_minor = payment.amount_minor
    begin(session, payment, actor, subject=payment.subject, amount_minor=amount_minor)
    await session.flush()
    await ask(session, ErrandKind.OPEN_PAYMENT, payment.id)
    return payment


async def cancel_payment(
    session: AsyncSession, payment: OnlinePayment, *, role: str, actor: Identity
) -> None:
    """Stop a payment; should the provider have taken the money already, it counts or goes back."""
    move(session, payment, "cancel", role=role, actor=actor)
    await ask(session, ErrandKind.CANCEL_PAYMENT, payment.id)


async def cancel_payments_of(session: AsyncSession, request_id: UUID) -> None:
    """Nobody waits for this request any more: stop the payment that is open for it."""
    payment = await newest_payment(session, request_id, for_update=True)
    if payment and payment.state in OPENED:
        await cancel_payment(session, payment, role=SYSTEM, actor=BY_SYSTEM)


async def look_again(session: AsyncSession, request: PaymentRequest) -> OnlinePayment:
    """Ask the provider soon, because the payer says that they have paid.

    Raises:
        NotFoundError: nothing was begun.
    """
    payment = await newest_payment(session, request.id)
    if payment is None:
        raise NotFoundError("no online payment was begun; choose a provider first")
    if payment.external_id and payment.state in UNPAID:
        await ask(session, ErrandKind.LOOK_AT_PAYMENT, payment.external_id)
    return payment


def seal_secret(keyring: Keyring, payment: OnlinePayment, client_secret: str) -> None:
    sealed = keyring.seal(client_secret.encode(), context=f"client_secret:{payment.id}")
    payment.key_id, payment.wrapped_key = sealed.key_id, sealed.wrapped_key
    payment.ciphertext = sealed.ciphertext


def client_secret_of(keyring: Keyring, payment: OnlinePayment | None) -> str:
    """What the payer's browser needs to confirm the payment with the provider itself.

    Raises:
        NoClientSecretError: not opened yet, or nothing is to be confirmed any more.
    """
    if payment is None or payment.state is not OnlinePaymentState.PENDING:
        raise NoClientSecretError
    if payment.key_id is None or payment.wrapped_key is None or payment.ciphertext is None:
        raise NoClientSecretError
    sealed = Sealed(payment.key_id, payment.wrapped_key, payment.ciphertext)
    return keyring.open(sealed, context=f"client_secret:{payment.id}").decode()


def forget_secret(payment: OnlinePayment) -> None:
    """A secret that confirms nothing any more is not kept."""
    payment.key_id = payment.wrapped_key = payment.ciphertext = None


async def lock_payment(session: AsyncSession, payment_id: UUID) -> OnlinePayment:
    """Hold a payment and, before it, its request."""
    query = select(col(OnlinePayment.payment_request_id)).where(col(OnlinePayment.id) == payment_id)
    request_id = (await session.execute(query)).scalar_one_or_none()
    if request_id is None:
        raise NotFoundError("no such online payment")
    await lock(session, PaymentRequest, request_id)
    return await lock(session, OnlinePayment, payment_id)
