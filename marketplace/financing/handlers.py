"""What financing does when payments, the register and valuations tell news."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.financing.covenants import service as covenants
from marketplace.financing.demands import closing as demands_closing
from marketplace.financing.loans.disbursing import disburse, try_again
from marketplace.financing.loans.repaying import on_repaid, on_request_ended
from marketplace.financing.recovery.distributing import realise
from marketplace.financing.recovery.sharing import on_compensated, on_recovered
from marketplace.financing.schemes.service import on_topped_up
from marketplace.financing.securitisation import service as securitisation
from marketplace.kernel.events import Fact
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import request_payment

Told = Callable[[AsyncSession, UUID], Awaitable[None]]

AFTER_PAYMENT: Final[Mapping[str, Told]] = {
    "loan": disburse,
    "loan_repayment": on_repaid,
    "enforcement": realise,
    "loss_share": on_compensated,
    "loan_recovery": on_recovered,
    "fund_top_up": on_topped_up,
    "demand": demands_closing.on_paid,
    "pool_collection": securitisation.on_paid,
}

ASKED_ANEW: Final = frozenset({"loan", "loss_share", "pool_collection"})
"""What is owed all the same when a payment did not come in time."""


async def on_paid(session: AsyncSession, fact: Fact) -> None:
    """Money that financing asked for is held."""
    kind, _, paid_for = str(fact.data["subject"]).partition(":")
    if kind in AFTER_PAYMENT:
        await AFTER_PAYMENT[kind](session, UUID(paid_for))


async def on_request_expired(session: AsyncSession, fact: Fact) -> None:
    """A payment did not come in time: an instalment can be asked for anew, what is owed is."""
    request_id = UUID(fact.subject.removeprefix("payment_request:"))
    request = await session.get_one(PaymentRequest, request_id)
    kind, _, asked_for = request.subject.partition(":")
    if kind == "loan_repayment":
        await on_request_ended(session, UUID(asked_for))
    elif kind in ASKED_ANEW:
        await request_payment(
            session,
            subject=request.subject,
            payer=request.payer_organisation_id,
            amount_minor=request.amount_minor,
            currency=request.currency,
        )


async def on_standing(session: AsyncSession, fact: Fact) -> None:
    """A right's standing changed: loans that it secures are looked at, and what waits for it."""
    await covenants.on_standing(session, fact)
    await try_again(session, UUID(fact.subject.removeprefix("right:")))
