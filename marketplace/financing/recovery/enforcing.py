"""A way of enforcement is taken, or given up; see `distributing` for its money."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right
from marketplace.assets.service import end_reservation, reserve
from marketplace.assets.standing.service import require_tradable
from marketplace.financing.access import kind_of
from marketplace.financing.errors import (
    InvalidLoanTermsError,
    PriceTooHighError,
)
from marketplace.financing.loans.models import Loan, LoanPledge
from marketplace.financing.loans.parties import (
    get_loan,
    lock_for,
    participants_of,
    pledges_of,
    role_in,
)
from marketplace.financing.recovery.models import ROLE_OF, Enforcement, EnforcementPath
from marketplace.financing.recovery.queries import claimed_minor, require_not_auctioned
from marketplace.financing.recovery.ranking import require_payable
from marketplace.financing.recovery.rules import recovery_price_minor
from marketplace.financing.recovery.schemas import EnforcementStart
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import Identity, begin, move
from marketplace.payments.funding.service import cancel_request, request_payment


async def start(
    session: AsyncSession, loan_id: UUID, wanted: EnforcementStart, *, actor: Actor
) -> Enforcement:
    """Take a way of enforcement; who pays is asked for the money.

    Raises:
        NotFoundError: the right does not secure the loan, or no such organisation.
        PriceTooHighError: over what a recovery organisation, or a guarantee, may pay.
        ProceedsOutstandingError: the right is in an auction, or another pledge of it could not
            be paid.
        InvalidLoanTermsError: who pays is no guarantor or insurer of the loan.
        NotTradableError, RightRestrainedError: the right cannot pass to anybody.
        RightReservedError, SoldAlreadyError: by the database, when it is sold elsewhere or was.
    """
    loan, role = await lock_for(session, loan_id, actor)
    move(session, loan, "enforce", role=role, actor=actor, path=wanted.path)
    await kind_of(session, wanted.payer_organisation_id)
    await _require_allowed(session, loan, wanted)
    enforcement = Enforcement(
        created_at=now(session), loan_id=loan.id, **wanted.model_dump(exclude={"budget_minor"})
    )
    begin(session, enforcement, actor, loan_id=loan.id, path=wanted.path)
    await session.flush()
    if enforcement.right_id is not None:
        await reserve(session, enforcement.right_id, subject=enforcement.subject)
    await request_payment(
        session,
        subject=enforcement.subject,
        payer=enforcement.payer_organisation_id,
        amount_minor=enforcement.amount_minor,
        currency=loan.currency,
    )
    return enforcement


async def _require_allowed(session: AsyncSession, loan: Loan, wanted: EnforcementStart) -> None:
    if wanted.right_id is None:
        await _require_participant(session, loan, wanted)
        return
    pledge = await require_pledged(session, loan, wanted.right_id)
    require_tradable(await lock(session, Right, wanted.right_id))
    await require_payable(session, pledge.right_id, pledge.encumbrance_id, loan.currency)
    await require_not_auctioned(session, wanted.right_id)
    if wanted.path is EnforcementPath.RECOVERY_PURCHASE:
        most = recovery_price_minor(pledge.value_minor, loan.outstanding_minor, wanted.budget_minor)
        if wanted.amount_minor > most:
            raise PriceTooHighError(f"it pays at most {most}")


async def require_pledged(session: AsyncSession, loan: Loan, right_id: UUID) -> LoanPledge:
    """The pledge of a right for a loan.

    Raises:
        NotFoundError: the right does not secure it.
    """
    for pledge in await pledges_of(session, loan.id):
        if pledge.right_id == right_id:
            return pledge
    raise NotFoundError("no such right")


async def _require_participant(session: AsyncSession, loan: Loan, wanted: EnforcementStart) -> None:
    found = [
        one
        for one in await participants_of(session, loan.id)
        if one.organisation_id == wanted.payer_organisation_id
        and one.role == ROLE_OF[wanted.path]
        and one.confirmed_at is not None
    ]
    if not found:
        raise InvalidLoanTermsError("who pays is no guarantor or insurer of this loan")
    cap = found[0].cap_minor
    if cap is None:
        return
    left = cap - await claimed_minor(session, loan.id, found[0])
    if wanted.amount_minor > left:
        raise PriceTooHighError(f"it bears at most {left} more")


async def abandon(
    session: AsyncSession, enforcement: Enforcement, *, role: str, actor: Identity
) -> None:
    """Give a way of enforcement up whose money did not come.

    Raises:
        RequestNotOpenError: it has come meanwhile.
    """
    move(session, enforcement, "abandon", role=role, actor=actor, loan_id=enforcement.loan_id)
    await end_reservation(session, subject=enforcement.subject)
    await cancel_request(session, enforcement.subject, actor=actor)


async def abandon_for(session: AsyncSession, enforcement_id: UUID, *, actor: Actor) -> Enforcement:
    """The same, as the lender.

    Raises:
        NotFoundError: of no loan that the actor may see.
    """
    seen = await session.get(Enforcement, enforcement_id)
    if seen is None:
        raise NotFoundError("no such enforcement")
    try:
        loan = await get_loan(session, seen.loan_id, actor=actor)
    except NotFoundError:
        raise NotFoundError("no such enforcement") from None
    enforcement = await lock(session, Enforcement, enforcement_id)
    role = await role_in(session, loan, actor)
    await abandon(session, enforcement, role=role, actor=actor)
    return enforcement
