from typing import Final
from uuid import UUID

from fastapi import Request, status

from marketplace.accounts.access import Keys
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Operator, PlatformAccount
from marketplace.payments.errors import (
    CurrencyDiffersError,
    EntryNotAllocatableError,
    RequestNotOpenError,
)
from marketplace.payments.funding import queue, statements
from marketplace.payments.funding.models import BankEntry, BankStatement
from marketplace.payments.funding.schemas import (
    BankEntryRead,
    EntryApply,
    EntryRefund,
    StatementProgress,
    StatementRead,
)
from marketplace.payments.lifecycle import BankEntryState
from marketplace.payments.payouts.charging import charge_entry
from marketplace.payments.payouts.models import Payout
from marketplace.payments.payouts.schemas import PayoutRead
from marketplace.payments.providers.bank.errors import (
    ForeignAccountError,
    InvalidBankAccountError,
    MalformedStatementError,
    StatementDoesNotBalanceError,
    StatementTooLargeError,
)
from marketplace.payments.providers.bank.statement import CONTENT_BYTES_MAX

router = transactional_router(prefix="/v1", tags=["bank statements"])
EXAMPLE: Final = """entry_id,booked_on,direction,amount,currency,remittance
20260105-17,2026-01-05,credit,100000000,KRW,IPM-7K3M-9QXD-C
"""
RESOLVE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    EntryNotAllocatableError,
)


@router.post(
    "/bank-statements",
    max_body_size=CONTENT_BYTES_MAX,
    status_code=status.HTTP_201_CREATED,
    response_model=StatementRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        MalformedStatementError,
        ForeignAccountError,
        StatementDoesNotBalanceError,
        StatementTooLargeError,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": EXAMPLE},
                "application/xml": {"schema": {"type": "string"}},
            },
        }
    },
)
async def import_bank_statement(
    http: Request, actor: Operator, session: Session, ours: PlatformAccount
) -> BankStatement:
    """Operator: send a bank statement as the body, ISO 20022 camt.053 or CSV.

    Its entries are matched within a second; see the statement for the result. The same file, and
    the same entry in another file, count once. It has to be of the account that buyers pay to;
    a CSV that names no account is taken to be.
    """
    return await statements.import_statement(session, await http.body(), ours, actor=actor)


@router.get(
    "/bank-statements/{statement_id}",
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def bank_statement(
    statement_id: UUID, actor: Operator, session: Session
) -> StatementProgress:
    """Operator: a statement, and what became of its entries."""
    row, by_state = await statements.statement_progress(session, statement_id)
    return StatementProgress(**StatementRead.model_validate(row).model_dump(), by_state=by_state)


@router.get(
    "/bank-entries",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def bank_entries(
    actor: Operator,
    session: Session,
    state: BankEntryState = BankEntryState.QUEUED,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[BankEntryRead]:
    """Operator: entries in a state, oldest first; `queued` ones wait for your decision."""
    found, following = await queue.entries(session, state, cursor=cursor, limit=limit)
    return Page(items=[BankEntryRead.model_validate(entry) for entry in found], next=following)


@router.post(
    "/bank-entries/{entry_id}/apply",
    response_model=BankEntryRead,
    responses=problems(*RESOLVE_ERRORS, RequestNotOpenError, CurrencyDiffersError),
)
async def apply_bank_entry(
    entry_id: UUID, request: EntryApply, actor: Operator, session: Session
) -> BankEntry:
    """Operator: use money that came for a payment request; parts add up, excess is owed back."""
    return await queue.apply_entry(session, entry_id, request.reference, actor=actor)


@router.post(
    "/bank-entries/{entry_id}/refund",
    response_model=PayoutRead,
    responses=problems(*RESOLVE_ERRORS, InvalidBankAccountError),
)
async def refund_bank_entry(
    entry_id: UUID, request: EntryRefund, actor: Operator, session: Session, keys: Keys
) -> Payout:
    """Operator: send money that came back to where it came from, with the next payout batch."""
    account = request.account.account()
    return await queue.refund_entry(session, keys, entry_id, account, actor=actor)


@router.post(
    "/bank-entries/{entry_id}/expense",
    response_model=BankEntryRead,
    responses=problems(*RESOLVE_ERRORS),
)
async def expense_bank_entry(entry_id: UUID, actor: Operator, session: Session) -> BankEntry:
    """Operator: book money that left, such as a bank charge, as the platform's expense.

    Not what left by a payout: that is charged to its payee.
    """
    return await queue.expense_entry(session, entry_id, actor=actor)


@router.post(
    "/bank-entries/{entry_id}/charge",
    response_model=BankEntryRead,
    responses=problems(*RESOLVE_ERRORS),
)
async def charge_bank_entry(entry_id: UUID, actor: Operator, session: Session) -> BankEntry:
    """Operator: set a debit that names a payout against its payee, though it differs or is late.

    A payout on its way is confirmed, and a higher debit is a bank charge; otherwise the payee got
    the money once too often and owes it.
    """
    return await charge_entry(session, entry_id, actor=actor)
