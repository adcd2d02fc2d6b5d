"""Solicitations from the draft to the close, and what it costs to cancel one."""

from datetime import timedelta
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.documents.holds import end_access, release_holds, seal_until
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.kernel.money import split
from marketplace.listings.solicitations.errors import CancellationSpentError, DeadlineError
from marketplace.listings.solicitations.lifecycle import OPERATOR, ORGANISER, SolicitationState
from marketplace.listings.solicitations.models import Solicitation, Submission
from marketplace.listings.solicitations.schemas import SolicitationCreate
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import cancel_request, request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

OPEN_MIN: Final = timedelta(days=1)
OPEN_MAX: Final = timedelta(days=365)


async def create(
    session: AsyncSession, request: SolicitationCreate, *, actor: Actor
) -> Solicitation:
    """Draft a task.

    Raises:
        DeadlineError: it closes too soon, or too late.
    """
    _require_deadline(session, request.closes_at - now(session))
    share = request.organiser_share.fraction() if request.organiser_share else None
    solicitation = Solicitation(
        created_at=now(session),
        **request.model_dump(exclude={"criteria", "licence", "organiser_share"}),
        licence_terms=request.licence.model_dump(mode="json") if request.licence else None,
        share_numerator=share.numerator if share else None,
        share_denominator=share.denominator if share else None,
        criteria=[criterion.model_dump() for criterion in request.criteria],
        organiser_organisation_id=actor.organisation_id,
    )
    begin(session, solicitation, actor, budget_minor=request.budget_minor)
    await session.flush()
    return solicitation


def _require_deadline(session: AsyncSession, remaining: timedelta) -> None:
    if not OPEN_MIN <= remaining <= OPEN_MAX:
        raise DeadlineError


async def review(session: AsyncSession, solicitation_id: UUID, *, actor: Actor) -> Solicitation:
    """Operator: find that a task may be opened."""
    solicitation, role = await lock_for(session, solicitation_id, actor)
    move(session, solicitation, "review", role=role, actor=actor)
    return solicitation


async def open_task(session: AsyncSession, solicitation_id: UUID, *, actor: Actor) -> Solicitation:
    """Show a task to everybody and take submissions, until the second of its deadline.

    Raises:
        DeadlineError: too little time is left.
    """
    solicitation, role = await lock_for(session, solicitation_id, actor)
    due_at = solicitation.sealed_until
    move(session, solicitation, "open", role=role, actor=actor, due_at=due_at)
    _require_deadline(session, solicitation.closes_at - now(session))
    solicitation.opened_at = now(session)
    return solicitation


async def cancel(
    session: AsyncSession, solicitation_id: UUID, *, actor: Actor
) -> tuple[Solicitation, PaymentRequest | None]:
    """Take a task back. After the first submission it takes the payment of the compensation.

    Until that is paid nothing is submitted or taken back, and ideas stay sealed; unpaid for a
    fortnight, the task goes on, and closes as much later. That happens once to a task.

    Raises:
        CancellationSpentError: it was asked for before, and not paid.
    """
    solicitation, role = await lock_for(session, solicitation_id, actor)
    submissions = await live_submissions(session, solicitation.id)
    if not submissions:
        move(session, solicitation, "cancel", role=role, actor=actor)
        return solicitation, None
    move(session, solicitation, "ask_to_cancel", role=role, actor=actor)
    if solicitation.cancellation_asked_at is not None:
        raise CancellationSpentError
    solicitation.cancellation_asked_at = now(session)
    until = solicitation.sealed_until + OPEN_MAX  # whenever it goes on: then it is known
    await seal_until(session, subject=solicitation.subject, until=until)
    request = await request_payment(
        session,
        subject=solicitation.subject,
        payer=solicitation.organiser_organisation_id,
        amount_minor=solicitation.compensation_minor * len(submissions),
        currency=solicitation.currency,
    )
    return solicitation, request


async def resume(session: AsyncSession, solicitation_id: UUID, *, actor: Actor) -> Solicitation:
    """The organiser does not cancel after all."""
    solicitation, role = await lock_for(session, solicitation_id, actor)
    await go_on(session, solicitation, role=role, actor=actor)
    return solicitation


async def go_on(
    session: AsyncSession, solicitation: Solicitation, *, role: str, actor: Identity
) -> None:
    """Go on with a task whose cancellation was not paid; its deadline is later by the pause.

    Raises:
        RequestNotOpenError: the compensation has arrived in the meantime.
    """
    moment = now(session)
    pause = moment - (solicitation.cancellation_asked_at or moment)
    solicitation.closes_at += timedelta(seconds=ceil(pause.total_seconds()))
    due_at, told = solicitation.sealed_until, solicitation.closes_at.isoformat()
    move(session, solicitation, "go_on", role=role, actor=actor, due_at=due_at, closes_at=told)
    await seal_until(session, subject=solicitation.subject, until=due_at)
    await cancel_request(session, solicitation.subject, actor=actor)


async def compensate(session: AsyncSession, solicitation_id: UUID) -> None:
    """The compensation is held: pay it to each team by its shares, and end the task.

    Told again, nothing happens.
    """
    solicitation = await lock(session, Solicitation, solicitation_id)
    if solicitation.state is not SolicitationState.CANCELLING:
        return
    move(session, solicitation, "compensate", role=SYSTEM, actor=BY_SYSTEM)
    submissions = await live_submissions(session, solicitation.id)
    postings = [
        Posting(held(solicitation.subject), payable(UUID(organisation_id)), amount_minor)
        for submission in submissions
        for organisation_id, amount_minor in _by_share(submission, solicitation.compensation_minor)
        if amount_minor
    ]
    await post(
        session,
        Booking(
            key=f"compensate:{solicitation.subject}",
            kind="compensate",
            subject=solicitation.subject,
            currency=solicitation.currency,
            postings=postings,
        ),
    )
    await free(session, solicitation)


def _by_share(submission: Submission, amount_minor: int) -> list[tuple[str, int]]:
    shares = submission.shares
    weights = [share["numerator"] for share in shares]
    parts = split(amount_minor, weights)
    return [(share["organisation_id"], part) for share, part in zip(shares, parts, strict=True)]


async def end_unawarded(
    session: AsyncSession, solicitation: Solicitation, *, role: str, actor: Identity
) -> None:
    """Award nothing: every idea stays with its authors, and access ends."""
    move(session, solicitation, "award_none", role=role, actor=actor)
    await free(session, solicitation)


async def free(session: AsyncSession, solicitation: Solicitation) -> None:
    """Let go of every idea that was submitted, and end what evaluators may read."""
    await end_access(session, subject=solicitation.subject)
    await release_holds(session, subject=solicitation.subject)


async def live_submissions(session: AsyncSession, solicitation_id: UUID) -> list[Submission]:
    """What was entered and not taken back, in the order of its receipt."""
    query = (
        select(Submission)
        .where(
            col(Submission.solicitation_id) == solicitation_id,
            col(Submission.withdrawn_at).is_(None),
        )
        .order_by(col(Submission.number))
        .limit(10_000)
    )
    return list((await session.execute(query)).scalars().all())


async def lock_for(
    session: AsyncSession, solicitation_id: UUID, actor: Actor
) -> tuple[Solicitation, str]:
    """Hold a solicitation that the actor organises, or operates, and say as what.

    Raises:
        NotFoundError: none of theirs.
    """
    solicitation = await lock(session, Solicitation, solicitation_id)
    if solicitation.organiser_organisation_id == actor.organisation_id:
        return solicitation, ORGANISER
    if actor.is_operator:
        return solicitation, OPERATOR
    raise NotFoundError("no such solicitation")
