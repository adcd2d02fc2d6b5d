import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.representations import (
    PDF_CONTENT,
    AsDocument,
    DocumentFormat,
    ReadIn,
    pdf_answer,
)
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import CountryCode, Currency, Page
from marketplace.payments.access import Operator, Payee
from marketplace.payments.errors import EntryNotAllocatableError
from marketplace.payments.invoices.errors import NoSellerError
from marketplace.payments.periods import AskedPeriod, PeriodError
from marketplace.payments.remittances import service
from marketplace.payments.remittances.certificates import certificate_of
from marketplace.payments.remittances.document import pdf_content
from marketplace.payments.remittances.errors import CertificateTooLongError, MoreThanOwedError
from marketplace.payments.remittances.models import TaxRemittance
from marketplace.payments.remittances.queries import taxes_owed
from marketplace.payments.remittances.schemas import (
    CertificateRead,
    Remit,
    RemittanceRead,
    TaxLine,
    TaxStatementRead,
)

router = transactional_router(prefix="/v1", tags=["tax remittances"])


@router.post(
    "/bank-entries/{entry_id}/remit-tax",
    status_code=status.HTTP_201_CREATED,
    response_model=RemittanceRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        IllegalMoveError,
        EntryNotAllocatableError,
        MoreThanOwedError,
    ),
)
async def remit_tax(
    entry_id: UUID, request: Remit, actor: Operator, session: Session
) -> TaxRemittance:
    """Operator: a queued debit of the bank's statement paid a tax to the state it is owed to."""
    return await service.remit(session, entry_id, request, actor=actor)


@router.get(
    "/tax-remittances",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def tax_remittances(
    actor: Operator, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[RemittanceRead]:
    """Operator: taxes that were paid to states, newest first."""
    found, following = await service.remittances_page(session, cursor=cursor, limit=limit)
    return Page(items=[RemittanceRead.model_validate(one) for one in found], next=following)


@router.get(
    "/tax-statement", responses=problems(InvalidTokenError, PermissionMissingError, PeriodError)
)
async def tax_statement(actor: Operator, session: Session, period: AskedPeriod) -> TaxStatementRead:
    """Operator: what is owed to each state, and what changed it in a period, from the ledger."""
    rows = await taxes_owed(session, period)
    lines = [
        TaxLine(
            **row._mapping,  # noqa: SLF001 - the name is SQLAlchemy's public one
            closing_minor=row.opening_minor
            + row.accrued_minor
            - row.taken_back_minor
            - row.remitted_minor,
        )
        for row in rows
    ]
    return TaxStatementRead(
        first=period.first, until=period.after, time_zone=period.zone.key, lines=lines
    )


@router.get(
    "/withholding-certificate",
    response_model=CertificateRead,
    responses={
        **problems(
            InvalidTokenError,
            NotFoundError,
            UnknownCurrencyError,
            PeriodError,
            NoSellerError,
            CertificateTooLongError,
        ),
        200: {"content": PDF_CONTENT},
    },
)
async def withholding_certificate(
    session: Session,
    payee: Payee,
    period: AskedPeriod,
    wanted: AsDocument,
    language: ReadIn,
    jurisdiction: Annotated[CountryCode, Query(description="whose tax was kept back")],
    currency: Annotated[Currency, Query()],
) -> Response | CertificateRead:
    """The certificate of tax kept back from payments to you in a period, as JSON or PDF."""
    found = await certificate_of(
        session, payee, jurisdiction=jurisdiction, currency=currency, period=period
    )
    if wanted is DocumentFormat.JSON:
        return found
    content = await asyncio.to_thread(pdf_content, found, language)
    return pdf_answer(content, f"withholding-{jurisdiction}-{period.first}-{period.last}")
