from collections.abc import Sequence
from uuid import UUID

from fastapi import status

from marketplace.accounts.errors import InvalidTokenError
from marketplace.assets.errors import RightReservedError
from marketplace.assets.standing.errors import NotTradableError, RightRestrainedError
from marketplace.deals.auctions.errors import AuctionExistsError, InvalidAuctionTermsError
from marketplace.deals.auctions.queries import read_all, read_own
from marketplace.deals.auctions.schemas import AuctionRead, OwnAuctionRead
from marketplace.financing.access import DOOR_ERRORS, MOVE_ERRORS, Operator, Reader, Signer
from marketplace.financing.errors import (
    InvalidLoanTermsError,
    PriceTooHighError,
    ProceedsOutstandingError,
    SoldAlreadyError,
)
from marketplace.financing.loans.parties import get_loan, lock_for
from marketplace.financing.loans.queries import payments_of, read_loan
from marketplace.financing.loans.schemas import LoanRead
from marketplace.financing.recovery import auctioning, enforcing, passing, sharing
from marketplace.financing.recovery.models import Enforcement, LoanRecovery, LossShare
from marketplace.financing.recovery.queries import enforcements_of
from marketplace.financing.recovery.schemas import (
    CollateralAuctionStart,
    EnforcementDetail,
    EnforcementRead,
    EnforcementRecord,
    EnforcementStart,
    LossShareRead,
    RecoveryAsk,
    RecoveryRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError, move
from marketplace.kernel.money import CurrencyMismatchError, UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import Ways
from marketplace.payments.errors import RequestNotOpenError

router = transactional_router(prefix="/v1", tags=["financing: recovery"])


@router.post(
    "/loans/{loan_id}/enforcements",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *MOVE_ERRORS,
        PriceTooHighError,
        InvalidLoanTermsError,
        ProceedsOutstandingError,
        SoldAlreadyError,
        RightReservedError,
        NotTradableError,
        RightRestrainedError,
    ),
)
async def start_enforcement(
    loan_id: UUID, request: EnforcementStart, actor: Signer, session: Session, ways: Ways
) -> EnforcementDetail:
    """Lender: take a way of enforcement of a called loan.

    What comes pays the costs, then each creditor by the rank of its pledge, interest before
    principal; the rest is the pledgor's.
    """
    found = await enforcing.start(session, loan_id, request, actor=actor)
    return (await _enforcements(session, [found], ways))[0]


@router.post(
    "/loans/{loan_id}/auctions",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        *MOVE_ERRORS,
        ProceedsOutstandingError,
        InvalidAuctionTermsError,
        AuctionExistsError,
        RightReservedError,
        NotTradableError,
        RightRestrainedError,
        CurrencyMismatchError,
        UnknownCurrencyError,
    ),
)
async def auction_collateral(
    loan_id: UUID, request: CollateralAuctionStart, actor: Signer, session: Session
) -> OwnAuctionRead:
    """Lender: auction a right that secures a called loan.

    What comes, forfeited deposits too, is an enforcement: it pays the costs, then each creditor by
    rank, and the rest is the pledgor's.
    """
    auction = await auctioning.start(session, loan_id, request, actor=actor)
    return await read_own(session, auction)


@router.get("/loans/{loan_id}/auctions", responses=problems(InvalidTokenError, NotFoundError))
async def loan_auctions(loan_id: UUID, actor: Reader, session: Session) -> list[AuctionRead]:
    """Auctions of what secures the loan, newest first, a hundred at most."""
    loan = await get_loan(session, loan_id, actor=actor)
    return await read_all(session, await auctioning.auctions_of(session, loan.id))


@router.get("/loans/{loan_id}/enforcements", responses=problems(InvalidTokenError, NotFoundError))
async def loan_enforcements(
    loan_id: UUID, actor: Reader, session: Session, ways: Ways
) -> list[EnforcementDetail]:
    """The ways of enforcement that were taken, and where the money went."""
    loan = await get_loan(session, loan_id, actor=actor)
    return await _enforcements(session, await enforcements_of(session, loan.id), ways)


@router.post(
    "/enforcements/{enforcement_id}/abandon",
    response_model=EnforcementRead,
    responses=problems(*MOVE_ERRORS, RequestNotOpenError),
)
async def abandon_enforcement(enforcement_id: UUID, actor: Signer, session: Session) -> Enforcement:
    """Lender: give a way of enforcement up whose money did not come."""
    return await enforcing.abandon_for(session, enforcement_id, actor=actor)


@router.post(
    "/enforcements/{enforcement_id}/record",
    response_model=EnforcementRead,
    responses=problems(*DOOR_ERRORS, IllegalMoveError),
)
async def record_enforcement(
    enforcement_id: UUID, request: EnforcementRecord, actor: Operator, session: Session
) -> Enforcement:
    """Operator: the register tells that a right that was sold for a called loan is its buyer's."""
    return await passing.record(session, enforcement_id, request.evidence, actor=actor)


@router.post("/loans/{loan_id}/write-off", responses=problems(*MOVE_ERRORS))
async def write_loan_off(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """Lender: expect nothing more of a loan whose loss was shared."""
    loan, role = await lock_for(session, loan_id, actor)
    move(session, loan, "write_off", role=role, actor=actor)
    return await read_loan(session, loan, actor, ways)


@router.post(
    "/loans/{loan_id}/share-loss", responses=problems(*MOVE_ERRORS, ProceedsOutstandingError)
)
async def share_loan_loss(loan_id: UUID, actor: Signer, session: Session, ways: Ways) -> LoanRead:
    """Lender: share what was lost of the principal by the loan's scheme, to the minor unit.

    A fund pays at once from what it holds; guarantors, insurers and appraisers are asked to.
    """
    loan = await sharing.share_loss(session, loan_id, actor=actor)
    return await read_loan(session, loan, actor, ways)


@router.get("/loans/{loan_id}/loss-shares", responses=problems(InvalidTokenError, NotFoundError))
async def loan_loss_shares(
    loan_id: UUID, actor: Reader, session: Session, ways: Ways
) -> list[LossShareRead]:
    """Who bears what of the loss, what each has paid, and what came back."""
    loan = await get_loan(session, loan_id, actor=actor)
    rows = await sharing.losses_of(session, loan.id)
    payments = await payments_of(session, [row.subject for row in rows], ways)
    own = LossShareRead.model_fields.keys() & LossShare.model_fields.keys()
    return [
        LossShareRead(
            **{name: getattr(row, name) for name in own}, payment=payments.get(row.subject)
        )
        for row in rows
    ]


@router.post(
    "/loans/{loan_id}/recoveries",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS, NotYourMoveError, IllegalMoveError),
)
async def ask_for_recovery(
    loan_id: UUID, request: RecoveryAsk, actor: Signer, session: Session, ways: Ways
) -> RecoveryRead:
    """Lender: ask for money that is recovered after the loss was shared.

    It goes back to who bore the loss, in proportion; what exceeds the loss is the debtor's.
    """
    found = await sharing.ask_recovery(session, loan_id, request, actor=actor)
    return (await _recoveries(session, [found], ways))[0]


@router.get("/loans/{loan_id}/recoveries", responses=problems(InvalidTokenError, NotFoundError))
async def loan_recoveries(
    loan_id: UUID, actor: Reader, session: Session, ways: Ways
) -> list[RecoveryRead]:
    """What was recovered after the loss was shared."""
    loan = await get_loan(session, loan_id, actor=actor)
    return await _recoveries(session, await sharing.recoveries_of(session, loan.id), ways)


async def _enforcements(
    session: Session, found: Sequence[Enforcement], ways: Ways
) -> list[EnforcementDetail]:
    payments = await payments_of(session, [one.subject for one in found], ways)
    return [
        EnforcementDetail(
            **EnforcementRead.model_validate(one).model_dump(), payment=payments.get(one.subject)
        )
        for one in found
    ]


async def _recoveries(
    session: Session, found: Sequence[LoanRecovery], ways: Ways
) -> list[RecoveryRead]:
    payments = await payments_of(session, [one.subject for one in found], ways)
    own = RecoveryRead.model_fields.keys() & LoanRecovery.model_fields.keys()
    return [
        RecoveryRead(
            **{name: getattr(one, name) for name in own}, payment=payments.get(one.subject)
        )
        for one in found
    ]
