"""Enforcement: a way is taken, its money comes, and the waterfall says where it goes."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.models import Right
from marketplace.deals.auctions.lifecycle import LIVE, AuctionState
from marketplace.deals.auctions.models import Auction
from marketplace.financing.access import kind_of
from marketplace.financing.errors import (
    InvalidLoanTermsError,
    PriceTooHighError,
    ProceedsOutstandingError,
)
from marketplace.financing.loans.debts import Due
from marketplace.financing.loans.lifecycle import ACCRUING
from marketplace.financing.loans.models import Loan, LoanPledge
from marketplace.financing.loans.parties import (
    get_loan,
    instalments_of,
    lock_for,
    participants_of,
    pledges_of,
    role_in,
    scheduled,
)
from marketplace.financing.loans.repaying import book_parts, conclude, note_paid
from marketplace.financing.loans.rules import late_rate
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.recovery.lifecycle import EnforcementState
from marketplace.financing.recovery.models import (
    Enforcement,
    EnforcementPath,
)
from marketplace.financing.recovery.ranking import Ranks, ranks_around
from marketplace.financing.recovery.rules import (
    Claim,
    Debt,
    Distribution,
    recovery_price_minor,
    waterfall,
)
from marketplace.financing.recovery.schemas import OF_RIGHTS, EnforcementStart
from marketplace.financing.schemes.models import PartyRole
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

_ROLE: Final = {
    EnforcementPath.GUARANTEE: PartyRole.GUARANTOR,
    EnforcementPath.INSURANCE: PartyRole.INSURER,
}
_AUCTIONED: Final = text(
    """
    SELECT EXISTS (
        SELECT FROM collateral_auction c JOIN auction a ON a.id = c.auction_id
        WHERE c.loan_id = :loan_id AND (
            a.state NOT IN ('paid', 'sold', 'unsold', 'cancelled')
            OR EXISTS (
                SELECT FROM auction_bidder b WHERE b.auction_id = a.id AND b.state = 'admitted')
            OR EXISTS (
                SELECT FROM ledger_account l
                WHERE l.address = 'held:auction:' || a.id AND l.balance_minor > 0)))
    """
)
"""Whether an auction runs, or what it brought was not distributed yet."""


async def start(
    session: AsyncSession, loan_id: UUID, wanted: EnforcementStart, *, actor: Actor
) -> Enforcement:
    """Take a way of enforcement; who pays is asked for the money.

    Raises:
        NotFoundError: the right does not secure the loan, or no such organisation.
        PriceTooHighError: over what a recovery organisation, or a guarantee, may pay.
        ProceedsOutstandingError: the right is in an auction.
        InvalidLoanTermsError: who pays is no guarantor or insurer of the loan.
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
    await lock(session, Right, wanted.right_id)
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
        and one.role == _ROLE[wanted.path]
        and one.confirmed_at is not None
    ]
    if not found:
        raise InvalidLoanTermsError("who pays is no guarantor or insurer of this loan")
    cap = found[0].cap_minor
    if cap is not None and wanted.amount_minor > cap:
        raise PriceTooHighError(f"it bears at most {cap}")


async def abandon(
    session: AsyncSession, enforcement: Enforcement, *, role: str, actor: Identity
) -> None:
    """Give a way of enforcement up whose money did not come.

    Raises:
        RequestNotOpenError: it has come meanwhile.
    """
    move(session, enforcement, "abandon", role=role, actor=actor, loan_id=enforcement.loan_id)
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


async def realise(session: AsyncSession, enforcement_id: UUID) -> None:
    """Its money has come: costs, then every claim by rank, then the pledgor."""
    seen = await session.get_one(Enforcement, enforcement_id)
    loan = await lock(session, Loan, seen.loan_id)
    enforcement = await lock(session, Enforcement, enforcement_id)
    if enforcement.state is EnforcementState.OPEN:
        await distribute(session, loan, enforcement)


async def distribute(session: AsyncSession, loan: Loan, enforcement: Enforcement) -> None:
    """Pay out what is held for an enforcement; it and its loan are locked."""
    offer = await session.get_one(LoanOffer, loan.offer_id)
    today = now(session).date()
    rate = late_rate(loan.rate_basis_points, offer.late_margin_basis_points)
    due = Due.of(scheduled(await instalments_of(session, loan.id)), rate, today)
    pledge = await _pledge_of(session, enforcement)
    ranks = Ranks((), ())
    if pledge is not None:
        ranks = await ranks_around(session, pledge.right_id, pledge.encumbrance_id, loan.currency)
    debt = due.debt(today) if loan.state in ACCRUING else Debt()
    secured = offer.secured_minor if pledge is not None else None
    found = _distribute(enforcement, ranks, Claim(debt, secured))
    own = found.paid[1 + len(ranks.before)]
    due.take(own.total_minor, today)
    _write(enforcement, found, own)
    move(session, enforcement, "realise", role=SYSTEM, actor=BY_SYSTEM, loan_id=loan.id)
    note_paid(loan, own)
    loan.costs_paid_minor += enforcement.costs_paid_minor
    await _book(session, loan, enforcement, pledge, ranks, found)
    if loan.state in ACCRUING:
        await conclude(session, loan)


def _distribute(enforcement: Enforcement, ranks: Ranks, own: Claim) -> Distribution:
    """The costs before everybody, then all claims by rank."""
    others = [
        [Claim(Debt(principal_minor=one.secured_minor)) for one in side]
        for side in (ranks.before, ranks.after)
    ]
    costs = Claim(Debt(costs_minor=enforcement.costs_minor))
    return waterfall(enforcement.amount_minor, [costs, *others[0], own, *others[1]])


def _write(enforcement: Enforcement, found: Distribution, own: Debt) -> None:
    enforcement.costs_paid_minor = found.paid[0].costs_minor
    enforcement.interest_minor = own.interest_minor
    enforcement.late_interest_minor = own.late_interest_minor
    enforcement.principal_minor = own.principal_minor
    enforcement.surplus_minor = found.surplus_minor
    enforcement.other_claims_minor = (
        enforcement.amount_minor
        - enforcement.costs_paid_minor
        - own.total_minor
        - found.surplus_minor
    )
    if enforcement.path not in OF_RIGHTS:
        enforcement.subrogated_minor = own.total_minor


async def _pledge_of(session: AsyncSession, enforcement: Enforcement) -> LoanPledge | None:
    query = select(LoanPledge).where(
        col(LoanPledge.loan_id) == enforcement.loan_id,
        col(LoanPledge.right_id) == enforcement.right_id,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def _book(
    session: AsyncSession,
    loan: Loan,
    enforcement: Enforcement,
    pledge: LoanPledge | None,
    ranks: Ranks,
    found: Distribution,
) -> None:
    lender = payable(loan.lender_organisation_id)
    surplus_to = pledge.pledgor_organisation_id if pledge else enforcement.payer_organisation_id
    parts = {
        "loan_costs": (lender, enforcement.costs_paid_minor),
        "loan_interest": (lender, enforcement.interest_minor),
        "loan_late_interest": (lender, enforcement.late_interest_minor),
        "loan_principal": (lender, enforcement.principal_minor),
        "loan_surplus": (payable(surplus_to), enforcement.surplus_minor),
    }
    await book_parts(session, loan, enforcement.subject, parts)
    before, after = len(ranks.before), len(ranks.after)
    paid = [*found.paid[1 : 1 + before], *found.paid[2 + before : 2 + before + after]]
    postings = [
        Posting(held(enforcement.subject), payable(one.organisation_id), debt.total_minor)
        for one, debt in zip([*ranks.before, *ranks.after], paid, strict=True)
        if debt.total_minor
    ]
    if postings:
        await post(
            session,
            Booking(
                key=f"loan_other_claims:{enforcement.subject}",
                kind="loan_other_claims",
                subject=loan.subject,
                currency=loan.currency,
                postings=postings,
            ),
        )


async def enforcements_of(session: AsyncSession, loan_id: UUID) -> Sequence[Enforcement]:
    query = select(Enforcement).where(col(Enforcement.loan_id) == loan_id)
    return (await session.execute(query.order_by(col(Enforcement.id)).limit(100))).scalars().all()


async def is_under_way(session: AsyncSession, loan_id: UUID) -> bool:
    """Whether money of an enforcement is still awaited, or an auction of collateral runs."""
    query = select(Enforcement.id).where(
        col(Enforcement.loan_id) == loan_id, col(Enforcement.state) == EnforcementState.OPEN
    )
    if (await session.execute(query.limit(1))).first() is not None:
        return True
    return bool((await session.execute(_AUCTIONED, {"loan_id": loan_id})).scalar_one())


async def require_not_auctioned(session: AsyncSession, right_id: UUID) -> None:
    """Refuse another way of enforcement while a right is in an auction.

    Raises:
        ProceedsOutstandingError: it is.
    """
    query = select(Auction.id).where(
        col(Auction.right_id) == right_id, col(Auction.state).in_((*LIVE, AuctionState.LAPSED))
    )
    if (await session.execute(query.limit(1))).first() is not None:
        raise ProceedsOutstandingError("the right is in an auction")
