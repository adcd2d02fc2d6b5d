"""The personal data of payments: accounts, what was paid, and what is owed."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.personal_data.registry import (
    OWN,
    Holder,
    Obligation,
    PersonalData,
    Section,
    events_about,
)
from marketplace.kernel.db import fetch
from marketplace.payments.funding.models import BankStatement, PaymentRequest
from marketplace.payments.ledger.models import LedgerAccount
from marketplace.payments.online import personal_data as online
from marketplace.payments.payouts.models import PayeeAccount, Payout, PayoutBatch
from marketplace.payments.taxes import personal_data as taxes

_SEALED: Final = "the account number, encrypted; `masked` is what is ever shown of it"
_CIPHER: Final = {"key_id": _SEALED, "wrapped_key": _SEALED, "ciphertext": _SEALED}
_PAYOUTS: Final = f"SELECT id FROM payout WHERE organisation_id = {OWN}"
_REQUESTS: Final = f"SELECT id FROM payment_request WHERE payer_organisation_id = {OWN}"

# One statement sees one moment: money that goes from a balance into a payout is in one of them.
_OPEN: Final = text(
    """
    WITH theirs AS (SELECT id FROM unnest(CAST(:ids AS uuid[])) AS w (id))
    SELECT 'balance_open' AS code, 'organisation:' || t.id AS subject,
        a.balance_minor || ' minor units of ' || a.currency || ' are '
            || CASE WHEN a.balance_minor > 0 THEN 'owed to you: have them paid out first'
                    ELSE 'owed by you: settle them first' END AS detail
    FROM theirs t JOIN ledger_account a ON a.address = 'payable:organisation:' || t.id
    WHERE a.balance_minor <> 0
    UNION ALL
    SELECT 'payout_open', 'payout:' || p.id, 'wait until this payout has arrived'
    FROM theirs t JOIN payout p ON p.organisation_id = t.id
    WHERE p.state IN ('prepared', 'sent')
    ORDER BY code, subject
    """
)
_FORGET: Final = tuple(
    text(f"DELETE FROM {table} WHERE organisation_id = {OWN}")
    for table in ("payee_account", "payout_choice", "tax_profile")
)


async def _money_open(session: AsyncSession, holder: Holder) -> list[Obligation]:
    rows = await fetch(session, _OPEN, ids=holder.answerable_ids)
    return [Obligation(row.code, row.subject, row.detail) for row in rows]


async def _erase(session: AsyncSession, holder: Holder) -> None:
    for statement in _FORGET:
        await session.execute(statement, holder.values)


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "payee_accounts",
            PayeeAccount,
            ("id", "created_at", "organisation_id", "masked"),
            f"organisation_id = {OWN}",
            _CIPHER,
        ),
        Section(
            "payment_requests",
            PaymentRequest,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "subject",
                "payer_organisation_id",
                "amount_minor",
                "currency",
                "received_minor",
                "reference",
                "provider",
                "state",
            ),
            f"payer_organisation_id = {OWN}",
        ),
        Section(
            "payouts",
            Payout,
            (
                "id",
                "created_at",
                "version",
                "due_at",
                "batch_id",
                "organisation_id",
                "source",
                "amount_minor",
                "currency",
                "end_to_end_id",
                "masked",
                "method",
                "subject",
                "payment_id",
                "destination",
                "external_id",
                "reversed_minor",
                "return_code",
                "return_text",
                "state",
            ),
            f"organisation_id = {OWN}",
            _CIPHER,
        ),
        Section(
            "balances",
            LedgerAccount,
            ("address", "currency", "balance_minor"),
            "address IN (SELECT 'payable:organisation:' || o.id"
            f" FROM organisation o WHERE o.id = {OWN})",
        ),
        Section(
            "imported_statements",
            BankStatement,
            ("id", "created_at", "imported_by"),
            "imported_by = :user_id",
            dict.fromkeys(
                (
                    "sha256",
                    "account",
                    "statement_id",
                    "currency",
                    "entries",
                    "new_entries",
                    "opens_on",
                    "closes_on",
                    "opening_minor",
                    "closing_minor",
                ),
                "the platform's own bank account, of which an operator imported a statement",
            ),
        ),
        Section(
            "payout_batches",
            PayoutBatch,
            ("id", "created_at", "created_by", "sent_at"),
            "created_by = :user_id",
            dict.fromkeys(
                ("currency", "message_id", "debtor", "execute_on"), "the platform's own payments"
            ),
        ),
        *online.SECTIONS,
        *taxes.SECTIONS,
        events_about("payment_request_events", "payment_request", _REQUESTS),
        events_about("payout_events", "payout", _PAYOUTS),
    ),
    impersonal={
        "bank_entry": "what our bank tells of a payment: it names who paid, and no account here",
        "fee_policy": "the platform's own fees",
        **online.IMPERSONAL,
        **taxes.IMPERSONAL,
    },
    kept={
        "payout.masked": "where money was sent, for as long as the law has books kept",
        "payout.ciphertext": "likewise, encrypted",
        **online.KEPT,
        "bank_entry.counterparty_name": "the bank's own record, for as long as books are kept",
        "bank_entry.counterparty_account": "likewise, masked",
        "bank_entry.remittance": "likewise",
        "bank_entry.return_text": "likewise",
        "payout.return_text": "likewise",
    },
    obligations=_money_open,
    erase=_erase,
)
