from collections.abc import Sequence
from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.schemas import TitleShare
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.kernel.schemas import Amount
from marketplace.listings.solicitations.models import Evaluator, Solicitation, Submission
from marketplace.listings.solicitations.schemas import (
    CriterionRead,
    SolicitationRead,
    SubmissionPublic,
)


def read(solicitation: Solicitation) -> SolicitationRead:
    """A task as everybody reads it."""
    currency = solicitation.currency
    return SolicitationRead(
        id=solicitation.id,
        organiser_organisation_id=solicitation.organiser_organisation_id,
        title=solicitation.title,
        task=solicitation.task,
        language=solicitation.language,
        outcome=solicitation.outcome,
        licence=solicitation.licence,
        organiser_share=_share(solicitation.organiser_share),
        budget=Amount(amount_minor=solicitation.budget_minor, currency=currency),
        awards_max=solicitation.awards_max,
        compensation=Amount(amount_minor=solicitation.compensation_minor, currency=currency),
        criteria=[CriterionRead(**criterion) for criterion in solicitation.criteria],
        closes_at=solicitation.closes_at,
        opened_at=solicitation.opened_at,
        state=solicitation.state,
        version=solicitation.version,
    )


def _share(share: Fraction | None) -> TitleShare | None:
    if share is None:
        return None
    return TitleShare(numerator=share.numerator, denominator=share.denominator)


def read_submission(submission: Submission) -> SubmissionPublic:
    return SubmissionPublic(
        number=submission.number, submitted_at=submission.created_at, sha256=submission.sha256
    )


async def public_ones(
    session: AsyncSession, *, cursor: str | None, limit: int
) -> tuple[Sequence[Solicitation], str | None]:
    """Every task that was opened, newest first."""
    query = select(Solicitation).where(col(Solicitation.opened_at).is_not(None))
    return await page_by_id(session, query, Solicitation, cursor=cursor, limit=limit)


async def own_ones(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Solicitation], str | None]:
    """Tasks of the actor's organisation in any state; an operator's are everybody's."""
    query = select(Solicitation)
    if not actor.is_operator:
        query = query.where(col(Solicitation.organiser_organisation_id) == actor.organisation_id)
    return await page_by_id(session, query, Solicitation, cursor=cursor, limit=limit)


async def public_one(session: AsyncSession, solicitation_id: UUID) -> Solicitation:
    """A task that was opened.

    Raises:
        NotFoundError: none.
    """
    solicitation = await session.get(Solicitation, solicitation_id)
    if solicitation is None or solicitation.opened_at is None:
        raise NotFoundError("no such solicitation")
    return solicitation


async def submissions_of(
    session: AsyncSession, solicitation_id: UUID, *, cursor: str | None, limit: int
) -> tuple[Sequence[Submission], str | None]:
    """What came in, in the order of its receipt."""
    solicitation = await public_one(session, solicitation_id)
    query = select(Submission).where(
        col(Submission.solicitation_id) == solicitation.id, col(Submission.withdrawn_at).is_(None)
    )
    return await page_by_id(
        session, query, Submission, cursor=cursor, limit=limit, oldest_first=True
    )


async def own_submissions(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[Submission], str | None]:
    """What the actor's organisation entered and did not take back, newest first."""
    query = select(Submission).where(
        col(Submission.organisation_id) == actor.organisation_id,
        col(Submission.withdrawn_at).is_(None),
    )
    return await page_by_id(session, query, Submission, cursor=cursor, limit=limit)


async def evaluators_of(session: AsyncSession, solicitation_id: UUID) -> Sequence[Evaluator]:
    query = (
        select(Evaluator)
        .where(col(Evaluator.solicitation_id) == solicitation_id)
        .order_by(col(Evaluator.id))
        .limit(1_000)
    )
    return (await session.execute(query)).scalars().all()
