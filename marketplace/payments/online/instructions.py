from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.schemas import BankAccountOutput
from marketplace.payments.online.queries import due_minor, read_asked
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.payments.online.service import newest_payments
from marketplace.payments.providers.options import read_rules
from marketplace.payments.providers.port import WaysToPay


async def instructions(
    session: AsyncSession,
    requests: Collection[PaymentRequest],
    ways: WaysToPay,
    payees: Sequence[UUID],
) -> Mapping[UUID, PaymentInstructions]:
    """How requests are paid, from which the same payees will be paid; by the request's id."""
    if not requests:
        return {}
    rules = await read_rules(session, ways.providers, payees)
    newest = await newest_payments(session, [request.id for request in requests])
    account = BankAccountOutput(**asdict(ways.account))
    return {
        request.id: PaymentInstructions(
            **read_asked(
                request, newest.get(request.id), rules.options(due_minor(request), request.currency)
            ).model_dump(exclude={"subject"}),
            reference=request.reference,
            pay_to=account,
        )
        for request in requests
    }
