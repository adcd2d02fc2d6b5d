"""Who else has a pledge of a right, in the order of receipt, and what each may claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.financing.errors import ProceedsOutstandingError
from marketplace.financing.loans.lifecycle import ACCRUING, LoanState
from marketplace.financing.loans.models import Loan
from marketplace.financing.loans.repaying import whole_debt
from marketplace.financing.recovery.rules import Claim, Debt
from marketplace.financing.recovery.sharing import unrecovered_debt
from marketplace.kernel.db import lock

_PLEDGES: Final = text(
    """
    SELECT e.id AS encumbrance_id, e.holder_organisation_id AS organisation_id, e.secured_minor,
        e.currency, p.loan_id, p.pledgor_organisation_id
    FROM encumbrance e LEFT JOIN loan_pledge p ON p.encumbrance_id = e.id
    WHERE e.right_id = :right_id AND e.kind = 'pledge' AND e.state = 'active'
    ORDER BY e.received_on, e.receipt_order
    """
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Another creditor's pledge, and the loan that it secures, where that is one of here."""

    encumbrance_id: UUID
    organisation_id: UUID | None
    secured_minor: int
    currency: str
    loan_id: UUID | None
    pledgor_organisation_id: UUID | None

    def is_payable_in(self, currency: str) -> bool:
        return self.organisation_id is not None and self.currency == currency


@dataclass(frozen=True, slots=True)
class Ranks:
    """The pledges before one's own, and those after it."""

    before: Sequence[Ranked] = ()
    after: Sequence[Ranked] = ()


async def ranks_around(
    session: AsyncSession, right_id: UUID, own: UUID | None, currency: str
) -> Ranks:
    """The other pledges of a right around one's own encumbrance that can be paid in a currency.

    One that cannot came to the register after the way of enforcement was taken: see
    `require_payable`.
    """
    rows = [Ranked(*row) for row in await session.execute(_PLEDGES, {"right_id": right_id})]
    place = next((at for at, row in enumerate(rows) if row.encumbrance_id == own), len(rows))
    return Ranks(
        [row for row in rows[:place] if row.is_payable_in(currency)],
        [row for row in rows[place + 1 :] if row.is_payable_in(currency)],
    )


async def require_payable(
    session: AsyncSession, right_id: UUID, own: UUID | None, currency: str
) -> None:
    """Refuse a way of enforcement before anybody pays, if its money could not be given out.

    Raises:
        ProceedsOutstandingError: of another pledge nobody knows here what is owed, or its holder
            is not of this marketplace: an operator settles it by hand before.
    """
    rows = [Ranked(*row) for row in await session.execute(_PLEDGES, {"right_id": right_id})]
    others = [row for row in rows if row.encumbrance_id != own]
    if any(row.loan_id is None or not row.is_payable_in(currency) for row in others):
        raise ProceedsOutstandingError("another pledge of the right cannot be paid from here")


async def lock_ranks(session: AsyncSession, loan_id: UUID, right_id: UUID | None) -> Loan:
    """Hold a loan and all that a right secures beside it, in one order; the loan itself."""
    rows = [Ranked(*row) for row in await session.execute(_PLEDGES, {"right_id": right_id})]
    ids = {loan_id, *(row.loan_id for row in rows if row.loan_id)}
    return {one: await lock(session, Loan, one) for one in sorted(ids)}[loan_id]


async def claim_of(session: AsyncSession, ranked: Ranked, on: date) -> Claim:
    """What another creditor may claim: what is owed, as far as the pledge secures it.

    Of a pledge that secures no loan of here nobody stated less than what is registered.
    """
    if ranked.loan_id is None:
        return Claim(Debt(principal_minor=ranked.secured_minor))
    loan = await session.get_one(Loan, ranked.loan_id)
    return Claim(await _debt(session, loan, on), ranked.secured_minor)


async def _debt(session: AsyncSession, loan: Loan, on: date) -> Debt:
    if loan.state in ACCRUING:
        return await whole_debt(session, loan, on)
    if loan.state is LoanState.LOSS_SHARED:
        return await unrecovered_debt(session, loan)
    return Debt()
