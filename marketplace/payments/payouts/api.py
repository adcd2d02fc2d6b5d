from typing import Any
from uuid import UUID

from fastapi import Response, status

from marketplace.accounts.access import Keys
from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.db import lock
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount
from marketplace.payments.access import (
    AccountManager,
    Operator,
    PlatformAccount,
    Reader,
    TwoPersonPayouts,
)
from marketplace.payments.errors import (
    BatchEmptyError,
    BatchNotSentError,
    BatchSentError,
    NothingToPayError,
    NotPaidByBankError,
    SecondPersonNeededError,
)
from marketplace.payments.funding.schemas import BankAccountInput
from marketplace.payments.ledger.addresses import payable
from marketplace.payments.ledger.queries import balances
from marketplace.payments.lifecycle import OPERATOR
from marketplace.payments.payouts import service
from marketplace.payments.payouts.accounts import account_of, set_account
from marketplace.payments.payouts.models import PayeeAccount, Payout, PayoutBatch
from marketplace.payments.payouts.schemas import (
    Balances,
    BatchCreate,
    BatchRead,
    PayeeAccountRead,
    PayoutRead,
    ReturnReason,
)
from marketplace.payments.providers.bank.errors import InvalidBankAccountError

router = transactional_router(prefix="/v1", tags=["payouts"])
OPERATOR_ERRORS = (InvalidTokenError, PermissionMissingError, NotFoundError, IllegalMoveError)


async def _batch(session: Session, batch: PayoutBatch) -> BatchRead:
    payouts = await service.payouts_of(session, batch.id)
    own: dict[str, Any] = batch.model_dump(include={"id", "currency", "message_id", "sent_at"})
    return BatchRead(**own, payouts=[PayoutRead.model_validate(payout) for payout in payouts])


@router.get("/balances", responses=problems(InvalidTokenError))
async def my_balances(actor: Reader, session: Session) -> Balances:
    """What the platform owes your organisation, by currency."""
    rows = await balances(session, [payable(actor.organisation_id)])
    return Balances(
        payable=[Amount(amount_minor=row.balance_minor, currency=row.currency) for row in rows]
    )


@router.put(
    "/payee-account",
    response_model=PayeeAccountRead,
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidBankAccountError),
)
async def set_payee_account(
    request: BankAccountInput, actor: AccountManager, session: Session, keys: Keys
) -> PayeeAccount:
    """Give the bank account that your organisation is paid to. It is shown masked only."""
    return await set_account(session, keys, request.account(), actor=actor)


@router.get(
    "/payee-account",
    response_model=PayeeAccountRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def payee_account(actor: Reader, session: Session) -> PayeeAccount:
    """The bank account that your organisation is paid to, masked."""
    account = await account_of(session, actor.organisation_id)
    if account is None:
        raise NotFoundError("no bank account was given")
    return account


@router.post(
    "/payout-batches",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError, PermissionMissingError, NothingToPayError, UnknownCurrencyError
    ),
)
async def create_payout_batch(
    request: BatchCreate, actor: Operator, session: Session, keys: Keys
) -> BatchRead:
    """Operator: collect everything that is payable in a currency into one batch of payouts."""
    batch = await service.create_batch(session, keys, request.currency, actor=actor)
    return await _batch(session, batch)


@router.get("/payout-batches/{batch_id}", responses=problems(*OPERATOR_ERRORS))
async def payout_batch(batch_id: UUID, actor: Operator, session: Session) -> BatchRead:
    """Operator: a batch and the state of its payouts."""
    return await _batch(session, await lock(session, PayoutBatch, batch_id))


@router.get(
    "/payout-batches/{batch_id}/file",
    response_class=Response,
    responses={
        **problems(*OPERATOR_ERRORS, BatchNotSentError),
        200: {"content": {"application/xml": {}}, "description": "ISO 20022 pain.001.001.09"},
    },
)
async def payout_file(batch_id: UUID, actor: Operator, session: Session, keys: Keys) -> Response:
    """Operator: the batch as a pain.001 file for the bank; the same bytes each time."""
    content = await service.render_file(session, keys, batch_id)
    name = f'attachment; filename="payouts-{batch_id}.xml"'
    return Response(content, media_type="application/xml", headers={"content-disposition": name})


@router.post(
    "/payout-batches/{batch_id}/send",
    responses=problems(*OPERATOR_ERRORS, SecondPersonNeededError, BatchSentError, BatchEmptyError),
)
async def send_payout_batch(
    batch_id: UUID,
    actor: Operator,
    session: Session,
    debtor: PlatformAccount,
    today: Today,
    by_another: TwoPersonPayouts,
) -> BatchRead:
    """Operator: release the file for the bank; the next statement confirms each payout.

    The file asks the bank to pay today, from the account that buyers pay to. Where the platform
    wants two people for it, whoever made the batch cannot send it.
    """
    batch = await service.send_batch(
        session, batch_id, debtor=debtor, execute_on=today, actor=actor, by_another=by_another
    )
    return await _batch(session, batch)


@router.post(
    "/payouts/{payout_id}/cancel", response_model=PayoutRead, responses=problems(*OPERATOR_ERRORS)
)
async def cancel_payout(payout_id: UUID, actor: Operator, session: Session) -> Payout:
    """Operator: take a payout back that was not sent."""
    payout = await lock(session, Payout, payout_id)
    await service.cancel_payout(session, payout, role=OPERATOR, actor=actor)
    return payout


@router.post(
    "/payouts/{payout_id}/return",
    response_model=PayoutRead,
    responses=problems(*OPERATOR_ERRORS, NotPaidByBankError, SecondPersonNeededError),
)
async def return_payout(
    payout_id: UUID,
    request: ReturnReason,
    actor: Operator,
    session: Session,
    by_another: TwoPersonPayouts,
) -> Payout:
    """Operator: the bank refused a payout in the file; its money is payable again.

    Should the bank's statement show it as paid later, the payee owes it. Where the platform wants
    two people for payouts, whoever made the batch cannot say that one of it did not leave.
    """
    payout = await lock(session, Payout, payout_id)
    reason = request.reason
    await service.refuse_payout(session, payout, reason, actor=actor, by_another=by_another)
    return payout


@router.post(
    "/payouts/{payout_id}/finish",
    response_model=PayoutRead,
    responses=problems(*OPERATOR_ERRORS, NotPaidByBankError),
)
async def finish_payout(payout_id: UUID, actor: Operator, session: Session) -> Payout:
    """Operator: close a confirmed payout before the sixty days in which a bank may return it."""
    payout = await lock(session, Payout, payout_id)
    service.require_bank(payout)
    await service.finish_payout(session, payout, role=OPERATOR, actor=actor)
    return payout
