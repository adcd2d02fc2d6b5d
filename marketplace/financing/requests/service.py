"""Requests for loans against rights: filed, secured, prescreened, valued."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.queries import get_right
from marketplace.assets.title.service import require_owner
from marketplace.documents.signatures import keep
from marketplace.financing import appraisals
from marketplace.financing.access import BORROWER, PLEDGOR, VALUER, kind_of
from marketplace.financing.errors import (
    CollateralBlockedError,
    InvalidLoanTermsError,
    ValuersOnlyError,
)
from marketplace.financing.models import Appraisal
from marketplace.financing.requests.lifecycle import RequestState
from marketplace.financing.requests.models import (
    FinancingCollateral,
    FinancingPledgor,
    FinancingRequest,
)
from marketplace.financing.requests.queries import role_in
from marketplace.financing.requests.schemas import AppraisalRecord, FinancingRequestFile
from marketplace.financing.requests.screening import collateral_of, screen
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, NotYourMoveError, begin, move
from marketplace.kernel.money import Money


async def file_request(
    session: AsyncSession, wanted: FinancingRequestFile, *, actor: Actor
) -> FinancingRequest:
    """File a request with one's own rights; when nothing stands against it, it is prescreened.

    Raises:
        NotFoundError: a right is not the actor's, or a pledgor is nobody known.
        NotOwnerError: a right was the actor's, and is no longer.
        CollateralKnownError: by the database, when a right is named twice.
    """
    request = FinancingRequest(
        created_at=now(session),
        borrower_organisation_id=actor.organisation_id,
        amount_minor=wanted.amount.amount_minor,
        currency=wanted.amount.currency,
        term_months=wanted.term_months,
        purpose=wanted.purpose,
        region=wanted.region,
        guarantee_offered=wanted.guarantee_offered,
    )
    begin(
        session,
        request,
        actor,
        amount_minor=request.amount_minor,
        currency=request.currency,
    )
    await session.flush()
    mark_locked(session, request)
    for organisation_id in {*wanted.pledgor_organisation_ids} - {actor.organisation_id}:
        await kind_of(session, organisation_id)
        session.add(
            FinancingPledgor(
                created_at=now(session), request_id=request.id, organisation_id=organisation_id
            )
        )
    for right_id in wanted.right_ids:
        await _add(session, request, right_id, actor)
    await _draw_up(session, request)
    if wanted.right_ids and (await screen(session, request)).clear:
        move(session, request, "prescreen", role=BORROWER, actor=actor)
    return request


async def add_collateral(
    session: AsyncSession, request_id: UUID, right_id: UUID, *, actor: Actor
) -> FinancingRequest:
    """Add a right of one's own to one's request, or to that of who asked one to.

    Raises:
        NotFoundError, NotOwnerError: the right is not theirs.
        IllegalMoveError: the request went to lenders already.
    """
    request, role = await lock_for(session, request_id, actor)
    move(session, request, "add_collateral", role=role, actor=actor, right_id=right_id)
    await _add(session, request, right_id, actor)
    await _draw_up(session, request)
    return request


async def _add(
    session: AsyncSession, request: FinancingRequest, right_id: UUID, actor: Actor
) -> None:
    await get_right(session, right_id, actor=actor)
    await require_owner(session, right_id, actor.organisation_id)
    session.add(
        FinancingCollateral(
            created_at=now(session),
            request_id=request.id,
            right_id=right_id,
            pledgor_organisation_id=actor.organisation_id,
        )
    )
    await session.flush()


async def _draw_up(session: AsyncSession, request: FinancingRequest) -> None:
    """Keep the terms that co-owners consent to; other collateral makes another text."""
    amount = Money(request.amount_minor, request.currency)
    rights = [
        f"- right {one.right_id}, pledged by {one.pledgor_organisation_id}"
        for one in await collateral_of(session, [request.id])
    ]
    lines = (
        f"Pledge for financing request {request.id}",
        f"Debtor: {request.borrower_organisation_id}",
        f"Secured: a loan of up to {amount} for {request.term_months} months, with interest,",
        "late interest and the costs of enforcement, of the lender whose offer is accepted.",
        "Pledged:",
        *rights,
    )
    keep(session, subject=request.subject, content="\n".join(lines))
    await session.flush()


async def prescreen(session: AsyncSession, request_id: UUID, *, actor: Actor) -> FinancingRequest:
    """Show the request to lenders, once nothing stands against its collateral.

    Raises:
        CollateralBlockedError: something does; the reasons are with it.
    """
    request, role = await lock_for(session, request_id, actor)
    request.lifecycle.step(request.state, "prescreen", role=role)
    found = await screen(session, request)
    if not found.clear:
        blocked = {str(one.right_id): list(one.reasons) for one in found.rights if not one.clear}
        raise CollateralBlockedError(blocked=blocked)
    move(session, request, "prescreen", role=role, actor=actor)
    return request


async def order_valuation(
    session: AsyncSession, request_id: UUID, institution_id: UUID, *, actor: Actor
) -> FinancingRequest:
    """Ask a designated institution, of none of the parties' groups, what the rights are worth.

    Raises:
        NotFoundError: no such institution.
        NotDesignatedError, ConflictOfInterestError: it may not value these.
    """
    request, role = await lock_for(session, request_id, actor)
    await kind_of(session, institution_id)
    today = now(session).date()
    # A designation of today counts wherever it is today already.
    await appraisals.require_designated(session, institution_id, latest_date(now(session)))
    pledgors = [one.pledgor_organisation_id for one in await collateral_of(session, [request.id])]
    parties = [request.borrower_organisation_id, *pledgors]
    await appraisals.require_independent(session, institution_id, parties, today)
    move(session, request, "order_valuation", role=role, actor=actor, of=institution_id)
    request.valuer_organisation_id = institution_id
    await _conclude_valuation(session, request)
    return request


async def appraise(
    session: AsyncSession, request_id: UUID, figure: AppraisalRecord, *, actor: Actor
) -> Appraisal:
    """State what a right of a request is worth, as the institution that was asked.

    Raises:
        NotFoundError: no such right in the request.
        ValuersOnlyError: another was asked.
        NotDesignatedError, InvalidLoanTermsError: see `appraisals.record`.
    """
    request, role = await lock_for(session, request_id, actor)
    if role != VALUER:
        raise ValuersOnlyError
    ids = {one.right_id for one in await collateral_of(session, [request.id])}
    if figure.right_id not in ids:
        raise NotFoundError("no such right")
    if figure.value.currency != request.currency:
        raise InvalidLoanTermsError(f"the loan is asked for in {request.currency}")
    found = await appraisals.record(session, request.id, figure, actor=actor)
    if request.state is RequestState.VALUATION_ORDERED:
        await _conclude_valuation(session, request)
    return found


async def _conclude_valuation(session: AsyncSession, request: FinancingRequest) -> None:
    """All rights have a figure of the institution that was asked: the request is valued."""
    found = await values_of(session, request)
    by = request.valuer_organisation_id
    if found and all(one and one.institution_organisation_id == by for one in found):
        move(session, request, "value", role=SYSTEM, actor=BY_SYSTEM)


async def values_of(session: AsyncSession, request: FinancingRequest) -> Sequence[Appraisal | None]:
    """The newest figure of each right of a request, where there is one."""
    ids = [one.right_id for one in await collateral_of(session, [request.id])]
    today = now(session).date()
    known = await appraisals.latest(session, request.id, ids, request.currency, on=today)
    return [known.get(right_id) for right_id in ids]


async def withdraw(session: AsyncSession, request_id: UUID, *, actor: Actor) -> FinancingRequest:
    """Take one's request back."""
    request, role = await lock_for(session, request_id, actor)
    move(session, request, "withdraw", role=role, actor=actor)
    return request


async def lock_for(
    session: AsyncSession, request_id: UUID, actor: Actor
) -> tuple[FinancingRequest, str]:
    """Hold a request, and what the actor is to it.

    Raises:
        NotFoundError: none that the actor may see.
    """
    request = await lock(session, FinancingRequest, request_id)
    role = await role_in(session, request, actor)
    if role is None:
        raise NotFoundError("no such financing request")
    return request, role


async def lock_own(session: AsyncSession, request_id: UUID, actor: Actor) -> FinancingRequest:
    """Hold a request of the actor's own.

    Raises:
        NotFoundError: none that the actor may see.
        NotYourMoveError: it is another's.
    """
    request, role = await lock_for(session, request_id, actor)
    if role not in {BORROWER, PLEDGOR}:
        raise NotYourMoveError(f"this is for the borrower, and you act as {role}")
    return request
