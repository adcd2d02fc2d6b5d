"""Reports, payments and the running account as the sides see them."""

from collections.abc import Sequence
from itertools import accumulate

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.parties import role_in
from marketplace.deals.parts.queries import requests_of
from marketplace.deals.royalties.accrual import accrues_until, licensed_rights
from marketplace.deals.royalties.lifecycle import OPEN, PaymentState
from marketplace.deals.royalties.models import RoyaltyCharge, RoyaltyPayment, RoyaltyReport
from marketplace.deals.royalties.paying import paid_from
from marketplace.deals.royalties.queries import charges_of, filings_of, lines_of, payments_under
from marketplace.deals.royalties.schemas import (
    Accrual,
    ChargeRead,
    FilingRead,
    LineDue,
    LineRead,
    ReportDetail,
    ReportRead,
    RoyaltyPaymentRead,
    StatementRead,
)
from marketplace.kernel.money import split
from marketplace.kernel.schemas import Amount
from marketplace.payments.online.instructions import instructions
from marketplace.payments.online.schemas import PaymentInstructions
from marketplace.payments.providers.port import WaysToPay

_OWN = ReportRead.model_fields.keys() & RoyaltyReport.model_fields.keys()
_PAID = RoyaltyPaymentRead.model_fields.keys() & RoyaltyPayment.model_fields.keys()


def read_report(licence: Licence, report: RoyaltyReport, actor: Actor) -> ReportRead:
    """A report with what it comes to and the moves that are open to the actor."""
    role = role_in(licence, actor)
    amounts = {
        name: Amount(amount_minor=getattr(report, f"{name}_minor"), currency=report.currency)
        for name in ("earned", "shortfall", "credited", "due")
    }
    own = {name: getattr(report, name) for name in _OWN}
    moves = report.lifecycle.open_to(report.state, role) if role else []
    return ReportRead(**own, **amounts, your_moves=list(dict.fromkeys(moves)))


async def read_report_detail(
    session: AsyncSession, licence: Licence, report: RoyaltyReport, actor: Actor
) -> ReportDetail:
    """A report with all its figures, and until when royalties accrue in each territory."""
    filings = await filings_of(session, report.id)
    lines = (await lines_of(session, [filings[-1].id]))[filings[-1].id] if filings else []
    bases = [line.base for line in lines]
    dues = split(max(0, report.due_minor), bases) if any(bases) else [0] * len(bases)
    rights = await licensed_rights(session, licence.id)
    return ReportDetail(
        **read_report(licence, report, actor).model_dump(),
        lines=[
            LineDue(**LineRead.model_validate(line).model_dump(), due_minor=due_minor)
            for line, due_minor in zip(lines, dues, strict=True)
        ],
        filings=[FilingRead.model_validate(filing) for filing in filings],
        accruals=[
            Accrual(territory=territory, until=accrues_until(rights, territory))
            for territory in licence.agreed.territories
        ],
    )


async def read_payments(
    session: AsyncSession,
    licence: Licence,
    payments: Sequence[RoyaltyPayment],
    actor: Actor,
    ways: WaysToPay,
) -> list[RoyaltyPaymentRead]:
    """Payments under one licence, with how to pay those that are asked for."""
    asked = [payment for payment in payments if payment.state is PaymentState.REQUESTED]
    requests = await requests_of(session, [payment.subject for payment in asked])
    payees = await paid_from(session, asked[0].subject) if asked else ()
    told = await instructions(session, requests.values(), ways, payees)
    by_subject = {subject: told[request.id] for subject, request in requests.items()}
    role = role_in(licence, actor)
    return [_payment(payment, by_subject.get(payment.subject), role) for payment in payments]


def _payment(
    payment: RoyaltyPayment, told: PaymentInstructions | None, role: str | None
) -> RoyaltyPaymentRead:
    amounts = {
        name: Amount(amount_minor=getattr(payment, f"{name}_minor"), currency=payment.currency)
        for name in ("amount", "vat", "commission", "withheld")
    }
    own = {name: getattr(payment, name) for name in _PAID}
    moves = payment.lifecycle.open_to(payment.state, role) if role else []
    return RoyaltyPaymentRead(**own, **amounts, payment=told, your_moves=moves)


async def read_statement(
    session: AsyncSession, licence: Licence, actor: Actor, ways: WaysToPay
) -> StatementRead:
    """The running account: what was charged, what was paid for it, and what is open."""
    charges = await charges_of(session, licence.id)
    payments = await payments_under(session, licence.id)

    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=licence.currency)

    def total(*states: PaymentState) -> int:
        return sum(payment.amount_minor for payment in payments if payment.state in states)

    charged = sum(charge.amount_minor for charge in charges)
    paid, waived = total(PaymentState.RELEASED), total(PaymentState.WAIVED)
    asked = total(*OPEN)
    return StatementRead(
        licence_id=licence.id,
        currency=licence.currency,
        charged=amount(charged),
        paid=amount(paid),
        waived=amount(waived),
        asked=amount(asked),
        credit=amount(paid + waived + asked - charged),
        charges=_charges(charges),
        payments=await read_payments(session, licence, payments, actor, ways),
    )


def _charges(charges: Sequence[RoyaltyCharge]) -> list[ChargeRead]:
    balances = accumulate(charge.amount_minor for charge in charges)
    return [
        ChargeRead(
            **{
                name: getattr(charge, name)
                for name in ChargeRead.model_fields.keys() & RoyaltyCharge.model_fields.keys()
            },
            amount=Amount(amount_minor=charge.amount_minor, currency=charge.currency),
            balance=Amount(amount_minor=balance, currency=charge.currency),
        )
        for charge, balance in zip(charges, balances, strict=True)
    ]
