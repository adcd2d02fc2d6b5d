"""How a request can be paid, and how it is being paid."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.schemas import Amount
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.lifecycle import PaymentRequestState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.schemas import (
    HeldPaymentRead,
    OnlinePaymentRead,
    PaymentOption,
    PaymentRequestRead,
)
from marketplace.payments.online.service import newest_payment
from marketplace.payments.providers.options import read_rules
from marketplace.payments.providers.port import Option, PaymentProvider


async def options_of(
    session: AsyncSession,
    request: PaymentRequest,
    providers: Iterable[PaymentProvider],
    payees: Sequence[UUID],
) -> list[Option]:
    """What each provider says to what is still due of a request."""
    rules = await read_rules(session, providers, payees)
    return rules.options(due_minor(request), request.currency)


def due_minor(request: PaymentRequest) -> int:
    """What is still to be paid; of a paid request, all that was."""
    return request.amount_minor - request.received_minor or request.amount_minor


def read_options(found: Iterable[Option]) -> list[PaymentOption]:
    return [PaymentOption.model_validate(option) for option in found]


async def read_request(
    session: AsyncSession, request: PaymentRequest, found: Iterable[Option]
) -> PaymentRequestRead:
    return read_asked(request, await newest_payment(session, request.id), found)


def read_asked(
    request: PaymentRequest, payment: OnlinePayment | None, found: Iterable[Option]
) -> PaymentRequestRead:
    return PaymentRequestRead(
        id=request.id,
        subject=request.subject,
        state=PaymentRequestState(request.state),
        provider=request.provider,
        amount=_amount(request.amount_minor, request.currency),
        received=_amount(request.received_minor, request.currency),
        options=read_options(found),
        online=read_online(payment) if payment else None,
        due_at=request.due_at,
    )


def read_online(payment: OnlinePayment) -> OnlinePaymentRead:
    return OnlinePaymentRead(**_facts(payment, OnlinePaymentRead))


def read_held(payment: OnlinePayment) -> HeldPaymentRead:
    transferred = _amount(payment.transferred_minor, payment.currency)
    return HeldPaymentRead(**_facts(payment, HeldPaymentRead), transferred=transferred)


def _facts(payment: OnlinePayment, form: type[OnlinePaymentRead]) -> dict[str, Any]:
    own = form.model_fields.keys() & OnlinePayment.model_fields.keys()
    return {
        **{name: getattr(payment, name) for name in own},
        "amount": _amount(payment.amount_minor, payment.currency),
        "refunded": _amount(payment.refunded_minor, payment.currency),
    }


def _amount(minor: int, currency: str) -> Amount:
    return Amount(amount_minor=minor, currency=currency)
