from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import Request, Response, status

from marketplace.accounts.access import Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError
from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.encumbrances.errors import InvalidTermsError, RankTakenError
from marketplace.assets.standing.errors import (
    NotTradableError,
    RegisterCheckStaleError,
    RightRestrainedError,
)
from marketplace.deals import queries, settlement, settling, signing, transferring
from marketplace.deals.access import MOVE_ERRORS, Operator, Party, Performer, Reader, Signer
from marketplace.deals.brokers.errors import DualAgencyConsentError, SplitConsentError
from marketplace.deals.errors import (
    BurdensChangedError,
    ChargedBackError,
    InvalidSplitError,
    NothingToWaiveError,
    RefundTooLargeError,
    SamePeopleError,
    TitleLostError,
    TitleNotReturnableError,
    WaiverMissingError,
)
from marketplace.deals.licences.errors import RegistrationNeededError
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.parts.queries import subjects_of
from marketplace.deals.schemas import (
    AgreementAmend,
    AgreementRead,
    AgreementSign,
    DealDetail,
    DealRead,
    DisputeOpen,
    PartialRefund,
    PostingRead,
    RecordalEvidence,
    RefusalEvidence,
    ReleaseResolution,
    SplitResolution,
)
from marketplace.documents.errors import AlreadySignedError, TextChangedError
from marketplace.kernel import idempotency
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import history
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotWrites, Session, transactional_router
from marketplace.kernel.schemas import HistoryEntry, Page
from marketplace.payments.access import Ways
from marketplace.payments.errors import NothingToRefundError, RequestNotOpenError
from marketplace.payments.ledger.addresses import STRIPE_EXPENSE
from marketplace.payments.ledger.queries import postings_of
from marketplace.payments.payouts.schemas import PayoutRead
from marketplace.payments.transfers.service import refund_due

router = transactional_router(prefix="/v1/deals", tags=["deals"])

READ_ERRORS = problems(InvalidTokenError, NotFoundError)
Move = Callable[..., Awaitable[None]]


async def _moved(session: Session, deal_id: UUID, actor: Actor, make: Move) -> DealRead:
    """Lock the deal, make a move that the clock could also make, and read the deal again."""
    deal, role = await lock_for(session, deal_id, actor)
    await make(session, deal, role=role, actor=actor)
    return queries.read_deal(deal, actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_deals(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[DealRead]:
    """Your deals on either side, newest first; all deals for an operator."""
    found, following = await queries.deals_of(session, actor, cursor=cursor, limit=limit)
    return Page(items=[queries.read_deal(deal, actor) for deal in found], next=following)


@router.get("/{deal_id}", responses=READ_ERRORS)
async def get_deal(deal_id: UUID, actor: Reader, session: Session, ways: Ways) -> DealDetail:
    """A deal: its terms, what is held, how to pay, and what you can do now."""
    deal = await queries.get_deal(session, deal_id, actor=actor)
    return await queries.read_detail(session, deal, actor, ways)


@router.get("/{deal_id}/history", responses=READ_ERRORS)
async def deal_history(deal_id: UUID, actor: Reader, session: Session) -> list[HistoryEntry]:
    """Everything that happened to a deal and its parts, oldest first."""
    deal: Deal = await queries.get_deal(session, deal_id, actor=actor)
    facts = await history(session, *await subjects_of(session, deal))
    return [
        HistoryEntry(at=fact.recorded_at, type=fact.type, actor=fact.actor, data=dict(fact.data))
        for fact in facts
    ]


@router.get("/{deal_id}/ledger", response_model=list[PostingRead], responses=READ_ERRORS)
async def deal_ledger(deal_id: UUID, actor: Reader, session: Session) -> object:
    """Every movement of money of a deal, oldest first.

    What a provider charges the platform is the platform's own, and shown to operators only.
    """
    deal = await queries.get_deal(session, deal_id, actor=actor)
    found = await postings_of(session, await subjects_of(session, deal))
    if actor.is_operator:
        return found
    return [row for row in found if STRIPE_EXPENSE not in {row.source, row.destination}]


@router.get("/{deal_id}/agreement", responses=READ_ERRORS)
async def get_agreement(deal_id: UUID, actor: Reader, session: Session) -> AgreementRead:
    """The agreement's present text, its SHA-256, and who signed it."""
    deal = await queries.get_deal(session, deal_id, actor=actor)
    return await queries.read_agreement(session, deal)


@router.post("/{deal_id}/amend", responses=problems(*MOVE_ERRORS))
async def amend_agreement(
    deal_id: UUID, request: AgreementAmend, actor: Performer, session: Session, keys: Keys
) -> AgreementRead:
    """Change the additional terms before both have signed; this voids a signature under them."""
    terms = request.additional_terms
    deal = await signing.amend(session, keys, deal_id, terms, actor=actor)
    return await queries.read_agreement(session, deal)


@router.post(
    "/{deal_id}/sign",
    responses=problems(
        *MOVE_ERRORS,
        TextChangedError,
        AlreadySignedError,
        SamePeopleError,
        ConsentsMissingError,
        DualAgencyConsentError,
        SplitConsentError,
        BurdensChangedError,
    ),
)
async def sign_agreement(
    deal_id: UUID, request: AgreementSign, actor: Signer, session: Session
) -> DealRead:
    """Sign the text whose SHA-256 you read. After both signatures the buyer is asked to pay."""
    deal = await signing.sign_agreement(session, deal_id, request.sha256, actor=actor)
    return queries.read_deal(deal, actor)


@router.post("/{deal_id}/cancel", responses=problems(*MOVE_ERRORS, RequestNotOpenError))
async def cancel_deal(deal_id: UUID, actor: Party, session: Session) -> DealRead:
    """End a deal that is not paid yet; a part payment goes back."""
    return await _moved(session, deal_id, actor, signing.cancel)


@router.post("/{deal_id}/file-transfer", responses=problems(*MOVE_ERRORS))
async def file_transfer(deal_id: UUID, actor: Performer, session: Session) -> DealRead:
    """Seller: say that the transfer is filed; for an idea, disclose it to the buyer."""
    deal = await transferring.file_transfer(session, deal_id, actor=actor)
    return queries.read_deal(deal, actor)


@router.post("/{deal_id}/waive-recordal", responses=problems(*MOVE_ERRORS, NothingToWaiveError))
async def waive_recordal(deal_id: UUID, actor: Performer, session: Session) -> DealRead:
    """Seller: do without recordal evidence, if the buyer confirms."""
    deal = await transferring.waive_recordal(session, deal_id, actor=actor)
    return queries.read_deal(deal, actor)


@router.post(
    "/{deal_id}/confirm-waiver",
    responses=problems(
        *MOVE_ERRORS, WaiverMissingError, ConsentsMissingError, RegistrationNeededError
    ),
)
async def confirm_waiver(deal_id: UUID, actor: Performer, session: Session) -> DealRead:
    """Buyer: confirm delivery without recordal evidence; the title passes to you."""
    deal = await transferring.confirm_waiver(session, deal_id, actor=actor)
    return queries.read_deal(deal, actor)


@router.post(
    "/{deal_id}/record",
    responses=problems(*MOVE_ERRORS, ConsentsMissingError, InvalidTermsError, RankTakenError),
)
async def record_transfer(
    deal_id: UUID, request: RecordalEvidence, actor: Operator, session: Session
) -> DealRead:
    """Operator: record evidence of the transfer's, or the licence's, registration and its dates."""
    deal = await transferring.record(
        session, deal_id, request.evidence, request.recordal(), actor=actor
    )
    return queries.read_deal(deal, actor)


@router.post("/{deal_id}/reject-recordal", responses=problems(*MOVE_ERRORS))
async def reject_recordal(
    deal_id: UUID, request: RefusalEvidence, actor: Operator, session: Session
) -> DealRead:
    """Operator: the office refused the transfer; the seller files again."""
    deal = await transferring.reject_recordal(session, deal_id, request.evidence, actor=actor)
    return queries.read_deal(deal, actor)


@router.post(
    "/{deal_id}/release",
    response_model=DealRead,
    responses=problems(
        *MOVE_ERRORS,
        NotTradableError,
        RightRestrainedError,
        RegisterCheckStaleError,
        TitleLostError,
        ConsentsMissingError,
        ChargedBackError,
    ),
)
async def release_funds(
    deal_id: UUID, actor: Party, session: Session, writes: HotWrites, http: Request
) -> DealRead | Response:
    """Buyer or operator: release the price to the seller; the clock does it after three days.

    Of a price in parts, what is held is released; later parts are released when they were paid.
    """
    if idempotency.is_claimed(http):  # then both have to be in the session's transaction
        return await _moved(session, deal_id, actor, settling.release)
    deal = await settlement.release(writes, deal_id, actor=actor, at=now(session))
    if deal is None:
        return await _moved(session, deal_id, actor, settling.release)
    content = queries.read_deal(deal, actor).model_dump_json()
    return Response(content, media_type="application/json")


@router.post("/{deal_id}/refund", responses=problems(*MOVE_ERRORS, RequestNotOpenError))
async def refund_deal(deal_id: UUID, actor: Party, session: Session) -> DealRead:
    """Seller before filing, or operator: give the buyer everything that is held back."""
    return await _moved(session, deal_id, actor, settling.refund)


@router.post("/{deal_id}/dispute", responses=problems(*MOVE_ERRORS))
async def open_dispute(
    deal_id: UUID, request: DisputeOpen, actor: Performer, session: Session
) -> DealRead:
    """Either side: freeze the held funds until the operator decides."""
    deal = await settling.dispute(session, deal_id, request.reason, actor=actor)
    return queries.read_deal(deal, actor)


@router.post(
    "/{deal_id}/resolve-release",
    responses=problems(*MOVE_ERRORS, RegistrationNeededError, ChargedBackError),
)
async def resolve_release(
    deal_id: UUID, actor: Operator, session: Session, request: ReleaseResolution | None = None
) -> DealRead:
    """Operator: decide a dispute for the seller.

    Not while a chargeback is undecided. After one that was lost, say that the platform bears it:
    the seller is paid from money that nobody else waits for, and the rest stays payable.
    """
    deal, role = await lock_for(session, deal_id, actor)
    bear_loss = request is not None and request.bear_loss
    await settling.resolve_release(session, deal, role=role, actor=actor, bear_loss=bear_loss)
    return queries.read_deal(deal, actor)


@router.post(
    "/{deal_id}/resolve-refund",
    responses=problems(*MOVE_ERRORS, RequestNotOpenError, TitleNotReturnableError),
)
async def resolve_refund(deal_id: UUID, actor: Operator, session: Session) -> DealRead:
    """Operator: decide a dispute for the buyer; parts that were released come back as well."""
    return await _moved(session, deal_id, actor, settling.resolve_refund)


@router.post(
    "/{deal_id}/refund-again",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*MOVE_ERRORS, NothingToRefundError),
)
async def refund_deal_again(deal_id: UUID, actor: Operator, session: Session) -> list[PayoutRead]:
    """Operator: send the buyer what they are still due to the card or account that they paid by.

    For a refund that failed; the other way out is that the buyer gives a bank account.
    """
    deal = await queries.get_deal(session, deal_id, actor=actor)
    subjects = await subjects_of(session, deal)
    sent = await refund_due(session, deal.buyer_organisation_id, subjects, actor=actor)
    if not sent:
        raise NothingToRefundError
    return [PayoutRead.model_validate(payout) for payout in sent]


@router.post(
    "/{deal_id}/resolve-split",
    responses=problems(*MOVE_ERRORS, InvalidSplitError, RequestNotOpenError, ChargedBackError),
)
async def resolve_split(
    deal_id: UUID, request: SplitResolution, actor: Operator, session: Session
) -> DealRead:
    """Operator: decide a dispute by a reduced price; the rest of what is held is refunded."""
    deal, role = await lock_for(session, deal_id, actor)
    asked = request.model_dump()
    await settling.resolve_split(session, deal, **asked, role=role, actor=actor)
    return queries.read_deal(deal, actor)


@router.post("/{deal_id}/refund-released", responses=problems(*MOVE_ERRORS, RefundTooLargeError))
async def refund_released(
    deal_id: UUID, request: PartialRefund, actor: Operator, session: Session
) -> DealRead:
    """Operator: give a part of a released price back to the buyer; the title stays.

    Commission and taxes go back in proportion. Repeated refunds sum to what one would have been.
    A payee who was paid out comes to owe the platform, and the next payables are set off.
    """
    deal, role = await lock_for(session, deal_id, actor)
    await settling.refund_released(session, deal, request.amount_minor, role=role, actor=actor)
    return queries.read_deal(deal, actor)


@router.post(
    "/{deal_id}/reverse",
    responses=problems(*MOVE_ERRORS, TitleNotReturnableError, RequestNotOpenError),
)
async def reverse_deal(deal_id: UUID, actor: Operator, session: Session) -> DealRead:
    """Operator: undo a settled deal; money, commission and title go back."""
    return await _moved(session, deal_id, actor, settling.reverse)
