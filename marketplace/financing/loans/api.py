from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError, PersonNeededError
from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.encumbrances.errors import (
    ConsentMissingError,
    EncumberedError,
    TrusteeOnlyError,
)
from marketplace.assets.errors import NotOwnerError, RightReservedError
from marketplace.assets.standing.errors import (
    ChallengedError,
    FeesDueError,
    NotTradableError,
    RightRestrainedError,
)
from marketplace.documents.errors import AlreadySignedError, TextChangedError
from marketplace.financing.access import DOOR_ERRORS, MOVE_ERRORS, Financier, Reader, Signer
from marketplace.financing.errors import (
    CollateralBlockedError,
    InvalidLoanTermsError,
    LimitExceededError,
    NothingOwedError,
    NotRipeError,
    PartiesMissingError,
    PartyExistsError,
    ProceedsOutstandingError,
)
from marketplace.financing.loans import opening, pledging, queries, repaying
from marketplace.financing.loans.models import LoanParticipant
from marketplace.financing.loans.parties import get_loan, lock_for, participants_of
from marketplace.financing.loans.schemas import (
    ContractRead,
    ContractSign,
    LoanBrief,
    LoanRead,
    ParticipantRead,
    PartyJoin,
    PartyName,
    RepaymentAsk,
    RepaymentDetail,
    RepaymentRead,
    ScheduleRead,
    StatementLine,
)
from marketplace.financing.recovery import defaulting
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Ways
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1/loans", tags=["financing: loans"])
READ_ERRORS = (InvalidTokenError, NotFoundError)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_loans(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[LoanBrief]:
    """Your loans on any side: borrower, lender, pledgor, guarantor; newest first."""
    found, following = await queries.loans_page(session, actor, cursor=cursor, limit=limit)
    return Page(items=[LoanBrief.model_validate(one) for one in found], next=following)


@router.get("/{loan_id}", responses=problems(*READ_ERRORS))
async def get_one_loan(loan_id: UUID, actor: Reader, session: Session, ways: Ways) -> LoanRead:
    """One loan: what is owed, its pledges, and what you can do now."""
    loan = await get_loan(session, loan_id, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.get("/{loan_id}/contract", responses=problems(*READ_ERRORS))
async def loan_contract(loan_id: UUID, actor: Reader, session: Session) -> ContractRead:
    """The loan and pledge contract, its hash, and who signed exactly this text."""
    return await queries.read_contract(session, await get_loan(session, loan_id, actor=actor))


@router.post(
    "/{loan_id}/sign",
    responses=problems(
        *MOVE_ERRORS, TextChangedError, AlreadySignedError, PartiesMissingError, PersonNeededError
    ),
)
async def sign_loan_contract(
    loan_id: UUID, request: ContractSign, actor: Signer, session: Session, ways: Ways
) -> LoanRead:
    """Borrower, lender and every pledgor sign the same text; then the pledges can be filed."""
    loan = await opening.sign_contract(session, loan_id, request.sha256, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.post(
    "/{loan_id}/participants",
    status_code=status.HTTP_201_CREATED,
    response_model=ParticipantRead,
    responses=problems(*MOVE_ERRORS, InvalidLoanTermsError, PartyExistsError),
)
async def name_participant(
    loan_id: UUID, request: PartyName, actor: Signer, session: Session
) -> LoanParticipant:
    """Lender: name who bears a role of the scheme. The contract is drawn up anew with them."""
    return await opening.name_party(session, loan_id, request, actor=actor)


@router.get(
    "/{loan_id}/participants",
    response_model=list[ParticipantRead],
    responses=problems(*READ_ERRORS),
)
async def loan_participants(loan_id: UUID, actor: Reader, session: Session) -> object:
    """Who takes part in the loan beside its parties, and who has confirmed it."""
    loan = await get_loan(session, loan_id, actor=actor)
    return await participants_of(session, loan.id)


@router.post(
    "/{loan_id}/participants/join",
    response_model=list[ParticipantRead],
    responses=problems(*DOOR_ERRORS),
)
async def join_loan(loan_id: UUID, request: PartyJoin, actor: Signer, session: Session) -> object:
    """Guarantor, insurer, appraiser, fund: take part in the role that the lender named you for."""
    await opening.join(session, loan_id, request.role, actor=actor)
    await session.flush()
    return await participants_of(session, loan_id)


@router.post(
    "/{loan_id}/file-pledges",
    responses=problems(
        *MOVE_ERRORS,
        NotOwnerError,
        ConsentsMissingError,
        EncumberedError,
        ConsentMissingError,
        TrusteeOnlyError,
        RightReservedError,
        NotTradableError,
        RightRestrainedError,
        FeesDueError,
        ChallengedError,
        CollateralBlockedError,
        LimitExceededError,
    ),
)
async def file_loan_pledges(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """File the pledges. From now on nobody can sell, license or pledge around them.

    Once the register shows all of them, the lender is asked for the money, and it is paid out.
    """
    loan = await pledging.file_pledges(session, loan_id, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.post("/{loan_id}/cancel", responses=problems(*MOVE_ERRORS))
async def cancel_loan(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """End a loan before its pledges are registered; the request can be offered for again."""
    loan, role = await lock_for(session, loan_id, actor)
    await opening.cancel(session, loan, role=role, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.post("/{loan_id}/give-up", responses=problems(*MOVE_ERRORS))
async def give_up_loan(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """End a loan that was not paid out though its pledges are registered; they are deleted."""
    loan, role = await lock_for(session, loan_id, actor)
    await opening.give_up(session, loan, role=role, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.get("/{loan_id}/schedule", responses=problems(*READ_ERRORS))
async def loan_schedule(loan_id: UUID, actor: Reader, session: Session) -> ScheduleRead:
    """What is due when, what was paid of it, and every version of the schedule."""
    return await queries.read_schedule(session, await get_loan(session, loan_id, actor=actor))


@router.get("/{loan_id}/statement", responses=problems(*READ_ERRORS))
async def loan_statement(loan_id: UUID, actor: Reader, session: Session) -> list[StatementLine]:
    """Every movement of money of the loan, as the ledger has it."""
    return await queries.statement_of(session, await get_loan(session, loan_id, actor=actor))


@router.post(
    "/{loan_id}/repayments",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *DOOR_ERRORS,
        NotYourMoveError,
        IllegalMoveError,
        NothingOwedError,
        InvalidLoanTermsError,
        ProceedsOutstandingError,
        RequestNotOpenError,
    ),
)
async def ask_to_repay(
    loan_id: UUID, request: RepaymentAsk, actor: Financier, session: Session, ways: Ways
) -> RepaymentDetail:
    """Pay what is due, prepay, or settle the whole loan, by bank as the answer says.

    Used for contract interest, then late interest, then principal, then what is prepaid with its
    fee; what is left goes back to you.
    """
    repayment, asked = await repaying.ask(session, loan_id, request, actor=actor)
    payment = await queries.payment_of(session, asked, ways, [])
    about = RepaymentRead.model_validate(repayment).model_dump()
    return RepaymentDetail.model_validate({**about, "payment": payment})


@router.get("/{loan_id}/repayments", responses=problems(*READ_ERRORS))
async def loan_repayments(
    loan_id: UUID, actor: Reader, session: Session, ways: Ways
) -> list[RepaymentDetail]:
    """Payments asked for and made, newest first, and how each was used.

    Of kind `claim` are those that a pledge brought: a sale that the lender consented to, or the
    enforcement of a pledge of another rank.
    """
    loan = await get_loan(session, loan_id, actor=actor)
    found = await queries.repayments_of(session, loan.id)
    payments = await queries.payments_of(session, [one.subject for one in found], ways)
    return [
        RepaymentDetail.model_validate(
            {**RepaymentRead.model_validate(one).model_dump(), "payment": payments.get(one.subject)}
        )
        for one in found
    ]


@router.post("/{loan_id}/default", responses=problems(*MOVE_ERRORS, NotRipeError))
async def call_loan(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """Lender: call the loan, after the delay or the unmended breach that the contract names."""
    loan = await defaulting.call(session, loan_id, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.post("/{loan_id}/waive", responses=problems(*MOVE_ERRORS))
async def waive_loan(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """Lender: forgive what is still owed. The pledges are released."""
    loan = await defaulting.waive(session, loan_id, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)


@router.post("/{loan_id}/file-release", responses=problems(*MOVE_ERRORS))
async def file_loan_release(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """Lender: ask the register to delete the pledges of a repaid loan.

    The rights stay burdened until an operator records the deletion.
    """
    loan, role = await lock_for(session, loan_id, actor)
    await pledging.file_release(session, loan, role=role, actor=actor)
    return await queries.read_loan(session, loan, actor, ways)
