"""Issuing invoices and credit notes for what the ledger says the platform earned and gave back.

The caller, a consumer of the event log, says who bore a fee. A number is taken under the lock of
its series in the transaction that issues the document, so that none is missing and none is twice.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import Organisation
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.kernel.db import fetch, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import SYSTEM
from marketplace.payments.invoices.errors import NoSellerError
from marketplace.payments.invoices.models import Invoice, InvoiceKind, SellerOfRecord
from marketplace.payments.invoices.rules import Bearer, Fee, share_credit, share_fee
from marketplace.payments.taxes.models import TaxRate
from marketplace.payments.taxes.service import profile_of

FEE_KINDS: Final = "('release', 'split', 'reverse', 'refund_released')"
"""The kinds of movements that a fee is taken in, or given back in."""
FEE_LEGS: Final = f"""
    SELECT t.id, t.key, t.kind, t.subject, t.currency, t.recorded_at,
        (p.destination LIKE 'commission:%')::int - (p.source LIKE 'commission:%')::int AS net_sign,
        (p.destination LIKE 'tax:vat:%')::int - (p.source LIKE 'tax:vat:%')::int AS vat_sign,
        p.amount_minor
    FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
    WHERE t.kind IN {FEE_KINDS}
"""  # noqa: S608 - built from constants
"""The postings of the ledger with the sign in which they are a fee, or the VAT on one."""
FEE_SUMS: Final = """
    sum(net_sign * amount_minor)::bigint AS net_minor,
    sum(vat_sign * amount_minor)::bigint AS vat_minor
"""
_OPEN: Final = text(
    f"""
    SELECT id, key, kind, currency, recorded_at, {FEE_SUMS}
    FROM ({FEE_LEGS} AND t.subject = :subject) legs
    WHERE NOT EXISTS (SELECT FROM invoice i WHERE i.transaction_id = legs.id)
    GROUP BY id, key, kind, currency, recorded_at
    HAVING sum((net_sign + vat_sign) * amount_minor) <> 0
    ORDER BY recorded_at, id
    """  # noqa: S608 - built from constants
)
_NEXT_NUMBER: Final = text(
    """
    INSERT INTO invoice_series AS s (series, kind, year, last_number)
    VALUES (:series, :kind, :year, 1)
    ON CONFLICT (series, kind, year) DO UPDATE SET last_number = s.last_number + 1
    RETURNING last_number
    """
)
_LEFT: Final = text(
    """
    SELECT i.id, i.net_minor - coalesce(c.net_minor, 0) AS net_minor,
        i.vat_minor - coalesce(c.vat_minor, 0) AS vat_minor
    FROM invoice i LEFT JOIN (
        SELECT invoice_id, sum(net_minor)::bigint AS net_minor, sum(vat_minor)::bigint AS vat_minor
        FROM invoice WHERE subject = :subject AND kind = 'credit_note' GROUP BY invoice_id
    ) c ON c.invoice_id = i.id
    WHERE i.subject = :subject AND i.kind = 'invoice' AND i.currency = :currency
    ORDER BY i.id
    """
)


async def open_fees(session: AsyncSession, subject: str) -> Sequence[Row[Any]]:
    """Movements of a subject that took or gave back a fee, and that nothing was issued for.

    Oldest first; each with its `net_minor` and `vat_minor`, negative when given back.
    """
    return await fetch(session, _OPEN, subject=subject)


async def issue_invoices(
    session: AsyncSession,
    subject: str,
    movement: Row[Any],
    bearers: Sequence[Bearer],
    rate: TaxRate | None,
) -> None:
    """Invoice one fee to those who bore it.

    Raises:
        NoSellerError: nobody is named to invoice it.
    """
    seller = await seller_at(session, now(session))
    fee = Fee(movement.net_minor, movement.vat_minor)
    for bearer, own in zip(bearers, share_fee(fee, bearers), strict=True):
        if own.gross_minor:
            buyer = await get_organisation(session, bearer.organisation_id)
            profile = await profile_of(session, buyer.id)
            invoice = Invoice(
                **_common(session, InvoiceKind.INVOICE, seller, own, movement),
                **_buyer(buyer, profile.vat_number if profile else None),
                subject=subject,
                tax_rate_id=rate.id if rate else None,
                vat_basis_points=rate.rate_basis_points if rate else 0,
            )
            await _issue(session, invoice)


async def issue_credit_notes(session: AsyncSession, subject: str, movement: Row[Any]) -> None:
    """Credit what was given back of a subject's fees, by what is left of each invoice.

    Raises:
        NoSellerError: nobody is named to issue it.
    """
    seller = await seller_at(session, now(session))
    rows = await fetch(session, _LEFT, subject=subject, currency=movement.currency)
    left = [Fee(row.net_minor, row.vat_minor) for row in rows]
    credit = Fee(-movement.net_minor, -movement.vat_minor)
    for row, own in zip(rows, share_credit(credit, left), strict=True):
        if own.gross_minor:
            credited = await session.get_one(Invoice, row.id)
            kept = ("organisation_id", "buyer_name", "buyer_country", "buyer_vat_number")
            note = Invoice(
                **_common(session, InvoiceKind.CREDIT_NOTE, seller, own, movement),
                **credited.model_dump(include={*kept, "tax_rate_id", "vat_basis_points"}),
                subject=subject,
                invoice_id=credited.id,
            )
            await _issue(session, note)


def _common(
    session: AsyncSession,
    kind: InvoiceKind,
    seller: SellerOfRecord,
    fee: Fee,
    movement: Row[Any],
) -> dict[str, Any]:
    issued_on = _day(now(session), seller)
    return {
        "created_at": now(session),
        "kind": kind,
        "series": seller.series,
        "year": issued_on.year,
        "number": 0,  # until it is taken
        "seller_id": seller.id,
        "transaction_id": movement.id,
        "net_minor": fee.net_minor,
        "vat_minor": fee.vat_minor,
        "gross_minor": fee.gross_minor,
        "currency": movement.currency,
        "issued_on": issued_on,
        "supplied_on": _day(movement.recorded_at, seller),
    }


def _buyer(buyer: Organisation, vat_number: str | None) -> dict[str, Any]:
    return {
        "organisation_id": buyer.id,
        "buyer_name": buyer.name,
        "buyer_country": buyer.country,
        "buyer_vat_number": vat_number,
    }


def _day(moment: datetime, seller: SellerOfRecord) -> date:
    return moment.astimezone(ZoneInfo(seller.time_zone)).date()


async def _issue(session: AsyncSession, invoice: Invoice) -> None:
    values = {"series": invoice.series, "kind": invoice.kind, "year": invoice.year}
    invoice.number = (await session.execute(_NEXT_NUMBER, values)).scalar_one()
    session.add(invoice)
    data = {
        "number": invoice.label,
        "organisation_id": invoice.organisation_id,
        "of": invoice.subject,
        "gross_minor": invoice.gross_minor,
        "currency": invoice.currency,
    }
    subject = f"invoice:{invoice.id}"
    publish(session, f"{invoice.kind}.issue", subject=subject, actor=SYSTEM, data=data)
    await session.flush()


async def seller_at(session: AsyncSession, moment: datetime) -> SellerOfRecord:
    """Who invoices the platform's fees at a moment; periods are half-open.

    Raises:
        NoSellerError: there is nobody.
    """
    query = select(SellerOfRecord).where(
        col(SellerOfRecord.valid_from) <= moment,
        or_(col(SellerOfRecord.valid_until).is_(None), col(SellerOfRecord.valid_until) > moment),
    )
    seller = (await session.execute(query)).scalar_one_or_none()
    if seller is None:
        raise NoSellerError
    return seller
