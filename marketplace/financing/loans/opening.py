"""An accepted offer becomes a loan: its contract, its parties, and the end before it began."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import OrganisationKind
from marketplace.assets.encumbrances import service as encumbrances
from marketplace.assets.encumbrances.lifecycle import EncumbranceState
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.models import Right
from marketplace.documents.signatures import keep, newest, sign, signatures_of
from marketplace.financing.access import kind_of
from marketplace.financing.demands.lifecycle import DemandOfferState
from marketplace.financing.demands.models import Demand, DemandOffer
from marketplace.financing.demands.terms import GuaranteeOffered
from marketplace.financing.errors import InvalidLoanTermsError, PartiesMissingError
from marketplace.financing.loans.contract import render
from marketplace.financing.loans.models import Loan, LoanParticipant, LoanPledge
from marketplace.financing.loans.parties import (
    lock_for,
    missing_roles,
    participants_of,
    pledges_of,
    roles_to_fill,
)
from marketplace.financing.loans.schemas import PartyName
from marketplace.financing.offers.models import LoanOffer
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.requests.screening import collateral_of
from marketplace.financing.schemes.models import CompensationFund, PartyRole
from marketplace.financing.schemes.service import shares_of
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.kernel.money import BASIS_POINTS, split
from marketplace.payments.funding.service import cancel_request, is_paid
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

_PUBLIC: Final = (OrganisationKind.PUBLIC_BODY, OrganisationKind.OPERATOR)
KINDS: Final = {
    PartyRole.GUARANTOR: (OrganisationKind.GUARANTOR,),
    PartyRole.REGUARANTOR: (OrganisationKind.GUARANTOR,),
    PartyRole.INSURER: (OrganisationKind.INSURER,),
    PartyRole.APPRAISER: (OrganisationKind.VALUATION_INSTITUTION, OrganisationKind.LENDER),
    PartyRole.GOVERNMENT: _PUBLIC,
}
"""Who may bear a role; banks may be designated to value (DOMAIN D1). A fund is named by itself."""


async def open_loan(
    session: AsyncSession, request: FinancingRequest, offer: LoanOffer, *, actor: Actor
) -> Loan:
    """Make the loan of an accepted offer, and draw up its contract.

    Raises:
        LoanExistsError: by the database.
    """
    loan = Loan(
        created_at=now(session),
        request_id=request.id,
        offer_id=offer.id,
        borrower_organisation_id=request.borrower_organisation_id,
        lender_organisation_id=offer.lender_organisation_id,
        principal_minor=offer.amount_minor,
        currency=offer.currency,
        rate_basis_points=offer.rate_basis_points,
    )
    begin(session, loan, actor, request_id=request.id, principal_minor=loan.principal_minor)
    await session.flush()
    collateral = await collateral_of(session, [request.id])
    # The rights were valued together: each counts for an even part where it is sold alone.
    values = split(offer.eligible_minor, [1] * len(collateral))
    for one, value_minor in zip(collateral, values, strict=True):
        session.add(
            LoanPledge(
                created_at=now(session),
                loan_id=loan.id,
                right_id=one.right_id,
                pledgor_organisation_id=one.pledgor_organisation_id,
                value_minor=value_minor,
            )
        )
    await _bring_guarantor(session, loan)
    await session.flush()
    await _draw_up(session, loan, offer)
    return loan


async def _bring_guarantor(session: AsyncSession, loan: Loan) -> None:
    """A request that came of a guarantee brings who gives it, for their part and their fee."""
    query = (
        select(DemandOffer)
        .join(Demand, col(Demand.id) == col(DemandOffer.demand_id))
        .where(col(Demand.leads_to) == f"financing_request:{loan.request_id}")
        .where(col(DemandOffer.state) == DemandOfferState.ACCEPTED)
    )
    given = (await session.execute(query)).scalar_one_or_none()
    if given is None or not isinstance(given.offered, GuaranteeOffered):
        return
    session.add(
        LoanParticipant(
            created_at=now(session),
            loan_id=loan.id,
            role=PartyRole.GUARANTOR,
            organisation_id=given.offerer_organisation_id,
            cap_minor=loan.principal_minor * given.offered.guaranteed_basis_points // BASIS_POINTS,
            fee_basis_points=given.offered.fee_basis_points,
        )
    )


async def _draw_up(session: AsyncSession, loan: Loan, offer: LoanOffer) -> None:
    pledges = await pledges_of(session, loan.id)
    participants = await participants_of(session, loan.id)
    shares = await shares_of(session, [offer.scheme_id]) if offer.scheme_id else ()
    text = render(loan, offer, pledges, participants, shares)
    keep(session, subject=loan.subject, content=text)
    await session.flush()


async def name_party(
    session: AsyncSession, loan_id: UUID, wanted: PartyName, *, actor: Actor
) -> LoanParticipant:
    """Lender: name who takes part in a role, in place of whoever was named before.

    The contract is drawn up anew, so that whoever signed it signs again.

    Raises:
        NotFoundError: no such organisation or fund.
        InvalidLoanTermsError: there is no such role, it is not for such an organisation, or a
            fund is of another currency.
        PartyExistsError: by the database.
    """
    loan, role = await lock_for(session, loan_id, actor)
    move(session, loan, "name_party", role=role, actor=actor, party=wanted.role)
    offer = await session.get_one(LoanOffer, loan.offer_id)
    if wanted.role not in await roles_to_fill(session, offer):
        raise InvalidLoanTermsError("neither scheme nor guarantee have such a role to fill")
    organisation_id = await _organisation_of(session, loan, wanted)
    for one in await participants_of(session, loan.id):
        if one.role == wanted.role:
            await session.delete(one)
    await session.flush()
    participant = LoanParticipant(
        created_at=now(session),
        loan_id=loan.id,
        role=wanted.role,
        organisation_id=organisation_id,
        fund_id=wanted.fund_id,
        cap_minor=wanted.cap_minor,
    )
    session.add(participant)
    await session.flush()
    await _draw_up(session, loan, offer)
    return participant


async def _organisation_of(session: AsyncSession, loan: Loan, wanted: PartyName) -> UUID:
    if wanted.fund_id is None:
        assert wanted.organisation_id is not None
        kind = await kind_of(session, wanted.organisation_id)
        if kind not in KINDS[wanted.role]:
            raise InvalidLoanTermsError(f"a {kind} does not take part as {wanted.role}")
        return wanted.organisation_id
    fund = await session.get(CompensationFund, wanted.fund_id)
    if fund is None:
        raise NotFoundError("no such compensation fund")
    if fund.currency != loan.currency:
        raise InvalidLoanTermsError(f"the fund is kept in {fund.currency}")
    return fund.organisation_id


async def join(session: AsyncSession, loan_id: UUID, role: PartyRole, *, actor: Actor) -> None:
    """Take part in a loan in the role that one was named for; joined already, one stays.

    Raises:
        NotFoundError: the actor's organisation was not named.
    """
    found = [
        one
        for one in await participants_of(session, loan_id)
        if one.role == role and one.organisation_id == actor.organisation_id
    ]
    if not found:
        raise NotFoundError("no such loan")
    participant = await lock(session, LoanParticipant, found[0].id)
    if participant.confirmed_at is None:
        participant.confirmed_at = now(session)


async def sign_contract(session: AsyncSession, loan_id: UUID, sha256: str, *, actor: Actor) -> Loan:
    """Sign the present text; once borrower, lender and all pledgors have, it binds.

    Raises:
        TextChangedError, AlreadySignedError: see `documents.signatures`.
        PartiesMissingError: a role of the scheme is not filled, or not confirmed.
    """
    loan, role = await lock_for(session, loan_id, actor)
    move(session, loan, "sign", role=role, actor=actor, sha256=sha256)
    await sign(session, subject=loan.subject, sha256=sha256, actor=actor)
    await _require_parties(session, loan)
    document = await newest(session, loan.subject)
    signed = {one.organisation_id for one in await signatures_of(session, document)}
    pledgors = {one.pledgor_organisation_id for one in await pledges_of(session, loan.id)}
    if signed >= pledgors | {loan.borrower_organisation_id, loan.lender_organisation_id}:
        move(session, loan, "contract", role=SYSTEM, actor=BY_SYSTEM)
    return loan


async def _require_parties(session: AsyncSession, loan: Loan) -> None:
    offer = await session.get_one(LoanOffer, loan.offer_id)
    missing = await missing_roles(session, loan, offer)
    if missing:
        raise PartiesMissingError(roles=missing)


async def cancel(session: AsyncSession, loan: Loan, *, role: str, actor: Identity) -> None:
    """End a loan that was not paid out; what was filed of its pledges is taken back.

    If some of them are registered already, it ends when the register shows that they are deleted.
    """
    filed = await _filed(session, loan)
    is_registered = any(one.state is EncumbranceState.ACTIVE for one in filed)
    move(session, loan, "withdraw" if is_registered else "cancel", role=role, actor=actor)
    for encumbrance in filed:
        if encumbrance.state is EncumbranceState.PENDING_REGISTRATION:
            await encumbrances.end(session, encumbrance, "cancel", role=SYSTEM, actor=actor)
    if not is_registered:
        await reopen(session, loan)


async def _filed(session: AsyncSession, loan: Loan) -> Sequence[Encumbrance]:
    """The encumbrances of a loan's pledges, locked after their rights."""
    found = []
    for pledge in await pledges_of(session, loan.id):
        if pledge.encumbrance_id is not None:
            await lock(session, Right, pledge.right_id)
            found.append(await lock(session, Encumbrance, pledge.encumbrance_id))
    return found


async def give_up(session: AsyncSession, loan: Loan, *, role: str, actor: Identity) -> None:
    """End a loan that was not paid out though its pledges are registered: they are to be deleted.

    Money of the lender's that has come goes back.
    """
    move(session, loan, "give_up", role=role, actor=actor)
    loan.held_back = None
    if not await is_paid(session, loan.subject):
        await cancel_request(session, loan.subject, actor=actor)
        return
    lender = payable(loan.lender_organisation_id)
    await post(
        session,
        Booking(
            key=f"give_back:{loan.subject}",
            kind="refund",
            subject=loan.subject,
            currency=loan.currency,
            postings=[Posting(held(loan.subject), lender, loan.principal_minor)],
        ),
    )


async def reopen(session: AsyncSession, loan: Loan) -> None:
    """The request can be offered for again."""
    request = await lock(session, FinancingRequest, loan.request_id)
    if "reopen" in request.lifecycle.open_to(request.state, SYSTEM):
        move(session, request, "reopen", role=SYSTEM, actor=BY_SYSTEM)
