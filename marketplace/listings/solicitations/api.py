from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, status

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    InvalidTokenError,
    PermissionMissingError,
    PersonNeededError,
)
from marketplace.accounts.permissions import Permission
from marketplace.documents.disclosures.errors import NotWantedError
from marketplace.documents.watermarks import name_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount, Page
from marketplace.listings.solicitations import evaluating, queries, service, submitting
from marketplace.listings.solicitations.errors import (
    CancellationSpentError,
    ConflictedError,
    DeadlineError,
    EvaluatorExistsError,
    InvalidEvaluatorError,
    InvalidScoresError,
    NotEvaluatingError,
    NothingToSubmitError,
    OwnTaskError,
    SharesTooFineError,
    SubmissionsClosedError,
    SubmittedError,
    UndeclaredError,
)
from marketplace.listings.solicitations.schemas import (
    Compensation,
    ConflictsDeclare,
    EvaluationPut,
    EvaluationRead,
    EvaluatorAppoint,
    EvaluatorRead,
    OwnSubmission,
    Ranked,
    SolicitationCancelled,
    SolicitationCreate,
    SolicitationRead,
    SubmissionBlind,
    SubmissionEnter,
    SubmissionPublic,
)
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1/solicitations", tags=["solicitations"])

Organiser = Annotated[Actor, Depends(Allowed(Permission.NEGOTIATE))]
Author = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
MOVE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)
JUDGE_ERRORS = (
    InvalidTokenError,
    NotFoundError,
    NotEvaluatingError,
    UndeclaredError,
    ConflictedError,
)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError, PermissionMissingError, DeadlineError, UnknownCurrencyError
    ),
)
async def create_solicitation(
    request: SolicitationCreate, actor: Organiser, session: Session
) -> SolicitationRead:
    """Draft a task that you pay ideas for. The operator reviews it, and you open it."""
    return queries.read(await service.create(session, request, actor=actor))


@router.get("", responses=problems(InvalidCursorError))
async def solicitations(
    session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[SolicitationRead]:
    """Every task that was opened, newest first."""
    found, following = await queries.public_ones(session, cursor=cursor, limit=limit)
    return Page(items=[queries.read(one) for one in found], next=following)


@router.get("/mine", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_solicitations(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[SolicitationRead]:
    """Tasks of your organisation in any state, newest first."""
    found, following = await queries.own_ones(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read(one) for one in found], next=following)


@router.get("/my-submissions", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_submissions(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[OwnSubmission]:
    """What your organisation entered, newest first."""
    found, following = await queries.own_submissions(session, actor, cursor=cursor, limit=limit)
    items = [
        OwnSubmission(
            **queries.read_submission(one).model_dump(),
            solicitation_id=one.solicitation_id,
            right_id=one.right_id,
        )
        for one in found
    ]
    return Page(items=items, next=following)


@router.get("/{solicitation_id}", responses=problems(NotFoundError))
async def get_solicitation(solicitation_id: UUID, session: Session) -> SolicitationRead:
    """A task that was opened, with its terms, which have not changed since."""
    return queries.read(await queries.public_one(session, solicitation_id))


@router.post("/{solicitation_id}/review", responses=problems(*MOVE_ERRORS))
async def review_solicitation(
    solicitation_id: UUID, actor: Operator, session: Session
) -> SolicitationRead:
    """Operator: find that a task may be opened."""
    return queries.read(await service.review(session, solicitation_id, actor=actor))


@router.post("/{solicitation_id}/open", responses=problems(*MOVE_ERRORS, DeadlineError))
async def open_solicitation(
    solicitation_id: UUID, actor: Organiser, session: Session
) -> SolicitationRead:
    """Open a reviewed task: its terms are frozen, and ideas may be entered until its deadline."""
    return queries.read(await service.open_task(session, solicitation_id, actor=actor))


@router.post("/{solicitation_id}/cancel", responses=problems(*MOVE_ERRORS, CancellationSpentError))
async def cancel_solicitation(
    solicitation_id: UUID, actor: Organiser, session: Session
) -> SolicitationCancelled:
    """Take a task back. Once an idea was entered, it takes the payment of the compensation.

    Until it is paid the task rests; what is not paid within 14 days goes on to a deadline that is
    as much later. It can be asked for once.
    """
    solicitation, request = await service.cancel(session, solicitation_id, actor=actor)
    payment = None
    if request is not None:
        amount = Amount(amount_minor=request.amount_minor, currency=request.currency)
        payment = Compensation(amount=amount, reference=request.reference)
    return SolicitationCancelled(**queries.read(solicitation).model_dump(), payment=payment)


@router.post("/{solicitation_id}/go-on", responses=problems(*MOVE_ERRORS, RequestNotOpenError))
async def go_on_with_solicitation(
    solicitation_id: UUID, actor: Organiser, session: Session
) -> SolicitationRead:
    """Do not cancel after all: the deadline is later by as long as the task rested."""
    return queries.read(await service.resume(session, solicitation_id, actor=actor))


@router.post("/{solicitation_id}/award-none", responses=problems(*MOVE_ERRORS))
async def award_none(solicitation_id: UUID, actor: Organiser, session: Session) -> SolicitationRead:
    """End it without an award: every idea stays with its authors, and nobody reads it any more."""
    solicitation, role = await service.lock_for(session, solicitation_id, actor)
    await service.end_unawarded(session, solicitation, role=role, actor=actor)
    return queries.read(solicitation)


@router.post(
    "/{solicitation_id}/submissions",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        SubmissionsClosedError,
        OwnTaskError,
        SharesTooFineError,
        NotWantedError,
        NothingToSubmitError,
        SubmittedError,
    ),
)
async def submit_idea(
    solicitation_id: UUID, request: SubmissionEnter, actor: Author, session: Session
) -> SubmissionPublic:
    """Enter your idea as it is. It is sealed until the close, and cannot change meanwhile."""
    found = await submitting.submit(session, solicitation_id, request.right_id, actor=actor)
    return queries.read_submission(found)


@router.get("/{solicitation_id}/submissions", responses=problems(NotFoundError, InvalidCursorError))
async def submissions(
    solicitation_id: UUID, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[SubmissionPublic]:
    """When what came in, by its hash: a list that nobody can change afterwards unseen."""
    found, following = await queries.submissions_of(
        session, solicitation_id, cursor=cursor, limit=limit
    )
    return Page(items=[queries.read_submission(one) for one in found], next=following)


@router.post(
    "/{solicitation_id}/submissions/{number}/withdraw",
    responses=problems(
        InvalidTokenError, PermissionMissingError, NotFoundError, SubmissionsClosedError
    ),
)
async def withdraw_submission(
    solicitation_id: UUID, number: Number, actor: Author, session: Session
) -> SubmissionPublic:
    """Take your idea back before the close; it may be changed and entered again."""
    found = await submitting.withdraw(session, solicitation_id, number, actor=actor)
    return queries.read_submission(found)


@router.post(
    "/{solicitation_id}/evaluators",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NotEvaluatingError,
        InvalidEvaluatorError,
        EvaluatorExistsError,
    ),
)
async def appoint_evaluator(
    solicitation_id: UUID, request: EvaluatorAppoint, actor: Organiser, session: Session
) -> EvaluatorRead:
    """Name a person who judges, before the close."""
    found = await evaluating.appoint(session, solicitation_id, request, actor=actor)
    return EvaluatorRead.model_validate(found)


@router.get("/{solicitation_id}/evaluators", responses=problems(InvalidTokenError, NotFoundError))
async def evaluators(solicitation_id: UUID, actor: Reader, session: Session) -> list[EvaluatorRead]:
    """Organiser: who judges, and who has declared their conflicts."""
    solicitation, _ = await service.lock_for(session, solicitation_id, actor)
    found = await queries.evaluators_of(session, solicitation.id)
    return [EvaluatorRead.model_validate(one) for one in found]


@router.post(
    "/{solicitation_id}/declare-conflicts",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def declare_conflicts(
    solicitation_id: UUID, request: ConflictsDeclare, actor: Organiser, session: Session
) -> EvaluatorRead:
    """Evaluator: say with which organisations you have a conflict, before you read anything."""
    found = await evaluating.declare(
        session, solicitation_id, request.organisation_ids, actor=actor
    )
    return EvaluatorRead.model_validate(found)


@router.get(
    "/{solicitation_id}/submissions/{number}",
    responses=problems(*JUDGE_ERRORS, PersonNeededError),
)
async def read_submission_blind(
    solicitation_id: UUID, number: Number, actor: Reader, session: Session, keys: Keys
) -> SubmissionBlind:
    """Evaluator: read a submission, without being told whose it is. Each reading is logged."""
    found = await evaluating.read_blind(session, keys, solicitation_id, number, actor=actor)
    return SubmissionBlind(
        **queries.read_submission(found.submission).model_dump(),
        right_id=found.right.id,
        title=found.right.title,
        abstract=found.right.abstract,
        content=found.content,
        copy_id=name_of(found.view_id),
    )


@router.put(
    "/{solicitation_id}/submissions/{number}/evaluation",
    responses=problems(*JUDGE_ERRORS, PermissionMissingError, InvalidScoresError),
)
async def evaluate_submission(
    solicitation_id: UUID,
    number: Number,
    request: EvaluationPut,
    actor: Organiser,
    session: Session,
) -> EvaluationRead:
    """Evaluator: score a submission by each criterion, or step back from it."""
    found = await evaluating.evaluate(session, solicitation_id, number, request, actor=actor)
    return EvaluationRead(number=number, scores=found.scores, recused=found.scores is None)


@router.get("/{solicitation_id}/ranking", responses=problems(InvalidTokenError, NotFoundError))
async def submission_ranking(
    solicitation_id: UUID, actor: Reader, session: Session
) -> list[Ranked]:
    """Organiser: submissions by their mean scores, and how far the evaluators are apart."""
    solicitation, _ = await service.lock_for(session, solicitation_id, actor)
    results = await evaluating.ranking(session, solicitation)
    return [_ranked(rank, result) for rank, result in enumerate(results, 1)]


def _ranked(rank: int, result: evaluating.Result) -> Ranked:
    points = [one / evaluating.HUNDREDTH for one in result.points]
    return Ranked(
        **queries.read_submission(result.submission).model_dump(),
        rank=rank,
        evaluations=len(points),
        mean=evaluating.rounded(result.mean),
        standard_deviation=evaluating.rounded(result.variance, root=True),
        lowest=evaluating.rounded(min(points, default=None)),
        highest=evaluating.rounded(max(points, default=None)),
    )
