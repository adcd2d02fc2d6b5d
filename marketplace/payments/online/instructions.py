from collections.abc import Iterable, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.schemas import BankAccountOutput
from marketplace.payments.online.queries import options_of, read_request
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.payments.providers.bank.bank_account import BankAccount
from marketplace.payments.providers.port import PaymentProvider


async def instructions(
    session: AsyncSession,
    request: PaymentRequest,
    pay_to: BankAccount,
    providers: Iterable[PaymentProvider],
    payees: Sequence[UUID],
) -> PaymentInstructions:
    """How a request is paid, for the parties of what it is for."""
    found = await options_of(session, request, providers, payees)
    own = await read_request(session, request, found)
    return PaymentInstructions(
        **own.model_dump(exclude={"subject"}),
        reference=request.reference,
        pay_to=BankAccountOutput(**asdict(pay_to)),
    )
