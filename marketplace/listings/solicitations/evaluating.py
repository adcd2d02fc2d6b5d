"""Judging without being told whose an idea is, by people without a conflict of interest."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.members.queries import role_in
from marketplace.assets.models import Right
from marketplace.assets.title.queries import owners_of
from marketplace.documents.errors import NotDisclosedError
from marketplace.documents.holds import end_access_to
from marketplace.documents.models import DisclosureGrant
from marketplace.documents.service import disclose, read_body
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.listings.solicitations.errors import (
    ConflictedError,
    InvalidEvaluatorError,
    InvalidScoresError,
    NotEvaluatingError,
    UndeclaredError,
)
from marketplace.listings.solicitations.independence import are_partial
from marketplace.listings.solicitations.lifecycle import SolicitationState
from marketplace.listings.solicitations.models import (
    Evaluation,
    Evaluator,
    Solicitation,
    Submission,
)
from marketplace.listings.solicitations.schemas import EvaluationPut, EvaluatorAppoint
from marketplace.listings.solicitations.service import live_submissions, lock_for
from marketplace.listings.solicitations.submitting import find

POINTS_PER_SCORE: Final = 10_000
"""Scores are of 100, points of 1,000,000."""
HUNDREDTH: Final = Fraction(POINTS_PER_SCORE)
PLACES: Final = Decimal("0.0001")
_UNCOUNTED: Final = text(
    "UPDATE evaluation SET scores = NULL, points = NULL"
    " WHERE evaluator_id = :evaluator_id AND submission_id = ANY (CAST(:submissions AS uuid[]))"
)
JUDGING: Final = frozenset(
    {SolicitationState.DRAFT, SolicitationState.REVIEWED, SolicitationState.OPEN}
)


async def appoint(
    session: AsyncSession, solicitation_id: UUID, request: EvaluatorAppoint, *, actor: Actor
) -> Evaluator:
    """Name a person who judges, before the close.

    Raises:
        NotFoundError: not the actor's solicitation.
        NotEvaluatingError: it is closed.
        InvalidEvaluatorError: nobody of that organisation, or they stand with who entered an idea.
        EvaluatorExistsError: by the database.
    """
    solicitation, _ = await lock_for(session, solicitation_id, actor)
    if solicitation.state not in JUDGING:
        raise NotEvaluatingError("evaluators are named before the close")
    if await role_in(session, request.organisation_id, request.user_id) is None:
        raise InvalidEvaluatorError
    evaluator = Evaluator(
        created_at=now(session), solicitation_id=solicitation.id, **request.model_dump()
    )
    entered = await live_submissions(session, solicitation.id)
    owners = {owner for submission in entered for owner in submission.team}
    if await are_partial(session, [evaluator], owners):
        raise InvalidEvaluatorError("they stand with somebody who entered an idea")
    session.add(evaluator)
    data = {"evaluator_id": evaluator.id}
    publish(
        session, "evaluator.appoint", subject=solicitation.subject, actor=actor.label, data=data
    )
    await session.flush()
    return evaluator


async def declare(
    session: AsyncSession, solicitation_id: UUID, conflicts: Sequence[UUID], *, actor: Actor
) -> Evaluator:
    """Say with whom one has a conflict of interest, before reading anything. A new word adds.

    What they read or judged of those until then they read no more, and while the task is still
    judged their scores of it do not count.
    """
    evaluator = await _evaluator(session, solicitation_id, actor)
    solicitation = await lock(session, Solicitation, solicitation_id)
    evaluator = await lock(session, Evaluator, evaluator.id)
    evaluator.conflicts = sorted({*evaluator.conflicts, *conflicts}, key=str)
    evaluator.declared_at = now(session)
    await _step_back_from(session, solicitation, evaluator)
    data = {"evaluator_id": evaluator.id}
    type_ = "evaluator.declare_conflicts"
    publish(session, type_, subject=solicitation.subject, actor=actor.label, data=data)
    await session.flush()
    return evaluator


async def _step_back_from(
    session: AsyncSession, solicitation: Solicitation, evaluator: Evaluator
) -> None:
    """End what was begun of submissions with which there is a conflict now."""
    barred = set(evaluator.conflicts)
    submissions = await live_submissions(session, solicitation.id)
    concerned = [one for one in submissions if barred & one.team]
    rights = [one.right_id for one in concerned]
    await end_access_to(session, rights, purpose=evaluator.purpose)
    if solicitation.state is SolicitationState.EVALUATING:
        values = {"evaluator_id": evaluator.id, "submissions": [one.id for one in concerned]}
        await session.execute(_UNCOUNTED, values)


async def _evaluator(session: AsyncSession, solicitation_id: UUID, actor: Actor) -> Evaluator:
    query = select(Evaluator).where(
        col(Evaluator.solicitation_id) == solicitation_id,
        col(Evaluator.user_id) == actor.user_id,
        col(Evaluator.organisation_id) == actor.organisation_id,
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such solicitation to judge")
    return found


async def _judged(
    session: AsyncSession, solicitation_id: UUID, number: int, actor: Actor
) -> tuple[Evaluator, Submission]:
    """A submission that an evaluator may read and judge now.

    Raises:
        NotFoundError: they judge nothing there, or there is none.
        NotEvaluatingError, UndeclaredError, ConflictedError.
    """
    evaluator = await _evaluator(session, solicitation_id, actor)
    solicitation = await session.get_one(Solicitation, solicitation_id, with_for_update=True)
    if solicitation.state is not SolicitationState.EVALUATING:
        raise NotEvaluatingError
    if evaluator.declared_at is None:
        raise UndeclaredError
    submission = await find(session, solicitation_id, number)
    if submission.withdrawn_at is not None:
        raise NotFoundError("no such submission")
    owners = submission.team | set(await owners_of(session, submission.right_id))
    if owners & set(evaluator.conflicts) or await _stepped_back(session, submission, evaluator):
        raise ConflictedError
    if await are_partial(session, [evaluator], owners):
        raise ConflictedError("you stand with somebody whose idea it is")
    return evaluator, submission


async def _stepped_back(
    session: AsyncSession, submission: Submission, evaluator: Evaluator
) -> bool:
    found = await _evaluation(session, submission, evaluator)
    return found is not None and found.scores is None


async def _evaluation(
    session: AsyncSession, submission: Submission, evaluator: Evaluator
) -> Evaluation | None:
    query = select(Evaluation).where(
        col(Evaluation.submission_id) == submission.id,
        col(Evaluation.evaluator_id) == evaluator.id,
    )
    return (await session.execute(query)).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class Blind:
    """What an evaluator reads."""

    submission: Submission
    right: Right
    content: str
    view_id: UUID


async def read_blind(
    session: AsyncSession, keyring: Keyring, solicitation_id: UUID, number: int, *, actor: Actor
) -> Blind:
    """Read a submission; the reading is logged, and its author sees it."""
    evaluator, submission = await _judged(session, solicitation_id, number, actor)
    await _let_read(session, submission, evaluator, actor=actor)
    try:
        found = await read_body(session, keyring, submission.right_id, actor=actor)
    except NotDisclosedError as error:
        raise ConflictedError("your organisation does not want to be shown it") from error
    right = await session.get_one(Right, submission.right_id)
    return Blind(submission, right, found.shown, found.view.id)


async def _let_read(
    session: AsyncSession, submission: Submission, evaluator: Evaluator, *, actor: Actor
) -> None:
    query = select(DisclosureGrant.id).where(
        col(DisclosureGrant.right_id) == submission.right_id,
        col(DisclosureGrant.organisation_id) == evaluator.organisation_id,
        col(DisclosureGrant.purpose) == evaluator.purpose,
    )
    if (await session.execute(query)).first() is None:
        await disclose(
            session,
            submission.right_id,
            to=evaluator.organisation_id,
            purpose=evaluator.purpose,
            actor=actor,
            granted_by=submission.organisation_id,
            person_id=evaluator.user_id,
        )


async def evaluate(
    session: AsyncSession,
    solicitation_id: UUID,
    number: int,
    request: EvaluationPut,
    *,
    actor: Actor,
) -> Evaluation:
    """Judge a submission, or step back from it for good, and read it no more.

    Raises:
        InvalidScoresError: not one score for each criterion.
    """
    evaluator, submission = await _judged(session, solicitation_id, number, actor)
    solicitation = await session.get_one(Solicitation, solicitation_id)
    scores = None if request.recused else request.scores
    points = None
    if scores is not None:
        if len(scores) != len(solicitation.criteria):
            raise InvalidScoresError(f"there are {len(solicitation.criteria)} criteria")
        weights = [criterion["weight_basis_points"] for criterion in solicitation.criteria]
        points = sum(score * weight for score, weight in zip(scores, weights, strict=True))
    evaluation = await _evaluation(session, submission, evaluator)
    if evaluation is None:
        evaluation = Evaluation(
            created_at=now(session), submission_id=submission.id, evaluator_id=evaluator.id
        )
        session.add(evaluation)
    evaluation.scores, evaluation.points = scores, points
    if request.recused:
        await end_access_to(session, [submission.right_id], purpose=evaluator.purpose)
    data = {"evaluator_id": evaluator.id, "number": number, "recused": request.recused}
    publish(
        session, "submission.evaluate", subject=solicitation.subject, actor=actor.label, data=data
    )
    await session.flush()
    return evaluation


@dataclass(frozen=True, slots=True)
class Result:
    """What evaluators think of a submission together, of 100."""

    submission: Submission
    points: tuple[int, ...]

    @property
    def mean(self) -> Fraction | None:
        count = len(self.points)
        return Fraction(sum(self.points), count * POINTS_PER_SCORE) if count else None

    @property
    def variance(self) -> Fraction | None:
        mean = self.mean
        if mean is None:
            return None
        totals = [Fraction(points, POINTS_PER_SCORE) for points in self.points]
        return sum(((total - mean) ** 2 for total in totals), Fraction(0)) / len(totals)


def rounded(value: Fraction | None, *, root: bool = False) -> str | None:
    """A figure, or its square root, to four places, half to even."""
    if value is None:
        return None
    with localcontext(Context(prec=50)):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        found = exact.sqrt() if root else exact
        return str(found.quantize(PLACES, rounding=ROUND_HALF_EVEN))


async def ranking(session: AsyncSession, solicitation: Solicitation) -> list[Result]:
    """Submissions by their means, of equals the earlier; those that nobody judged last."""
    submissions = await live_submissions(session, solicitation.id)
    query = (
        select(Evaluation.submission_id, Evaluation.points)
        .join(Submission, col(Submission.id) == col(Evaluation.submission_id))
        .where(
            col(Submission.solicitation_id) == solicitation.id, col(Evaluation.points).is_not(None)
        )
        .order_by(col(Evaluation.id))
    )
    points: dict[UUID, list[int]] = {}
    for submission_id, found in (await session.execute(query)).all():
        points.setdefault(submission_id, []).append(found)
    results = [Result(one, tuple(points.get(one.id, ()))) for one in submissions]
    return sorted(results, key=lambda one: (-(one.mean or -1), one.submission.number))
