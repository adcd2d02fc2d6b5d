import asyncio
from collections.abc import Sequence
from uuid import UUID

from fastapi import Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.calendar import Zone
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
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
from marketplace.kernel.schemas import Amount, Page
from marketplace.payments.access import Operator, Payee, Reader
from marketplace.payments.invoices import queries
from marketplace.payments.invoices.document import pdf_content
from marketplace.payments.invoices.errors import (
    SellerInPastError,
    SellerOverlapError,
    SeriesTakenError,
)
from marketplace.payments.invoices.models import Invoice, InvoiceKind, SellerOfRecord
from marketplace.payments.invoices.schemas import (
    BuyerRead,
    InvoiceRead,
    SellerCreate,
    SellerRead,
)
from marketplace.payments.invoices.sellers import name_seller, sellers

router = transactional_router(prefix="/v1", tags=["invoices"])


@router.get("/sellers-of-record", response_model=list[SellerRead])
async def sellers_of_record(session: Session) -> object:
    """Who invoices the platform's fees over time, newest first. No token needed."""
    return await sellers(session)


@router.post(
    "/sellers-of-record",
    status_code=status.HTTP_201_CREATED,
    response_model=SellerRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        SellerOverlapError,
        SellerInPastError,
        SeriesTakenError,
    ),
)
async def name_seller_of_record(
    request: SellerCreate, actor: Operator, session: Session, zone: Zone
) -> SellerOfRecord:
    """Operator: name who invoices the platform's fees from now on. What was issued stays."""
    return await name_seller(session, request, zone.key, actor=actor)


@router.get("/invoices", responses=problems(InvalidTokenError, NotFoundError, InvalidCursorError))
async def invoices(
    actor: Reader,
    session: Session,
    payee: Payee,
    kind: InvoiceKind | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[InvoiceRead]:
    """Invoices and credit notes for fees that your organisation bore, newest first.

    They are issued within seconds of a release or a refund. An operator sees those of all.
    """
    all_of_them = actor.may(Permission.OPERATE_PAYMENTS) and payee.id == actor.organisation_id
    wanted = None if all_of_them else payee.id
    found, following = await queries.invoices_page(
        session, wanted, kind, cursor=cursor, limit=limit
    )
    return Page(items=await _read(session, found), next=following)


@router.get(
    "/invoices/{invoice_id}",
    response_model=InvoiceRead,
    responses={**problems(InvalidTokenError, NotFoundError), 200: {"content": PDF_CONTENT}},
)
async def invoice(
    invoice_id: UUID, actor: Reader, session: Session, wanted: AsDocument, language: ReadIn
) -> Response | InvoiceRead:
    """An invoice or a credit note, as JSON or PDF. It never changes."""
    found = await queries.get_invoice(session, invoice_id, actor)
    if wanted is DocumentFormat.JSON:
        return (await _read(session, [found]))[0]
    seller = await session.get_one(SellerOfRecord, found.seller_id)
    credited = await session.get(Invoice, found.invoice_id) if found.invoice_id else None
    content = await asyncio.to_thread(pdf_content, found, seller, credited, language)
    return pdf_answer(content, found.label)


async def _read(session: AsyncSession, found: Sequence[Invoice]) -> list[InvoiceRead]:
    by_id = await queries.sellers_of(session, found)
    return [_one(one, SellerRead.model_validate(by_id[one.seller_id])) for one in found]


def _one(invoice: Invoice, seller: SellerRead) -> InvoiceRead:
    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=invoice.currency)

    own = invoice.model_dump(
        include={"id", "kind", "issued_on", "supplied_on", "subject", "tax_rate_id"}
    )
    return InvoiceRead(
        **own,
        number=invoice.label,
        seller=seller,
        buyer=BuyerRead(
            organisation_id=invoice.organisation_id,
            name=invoice.buyer_name,
            country=invoice.buyer_country,
            vat_number=invoice.buyer_vat_number,
        ),
        net=amount(invoice.net_minor),
        vat=amount(invoice.vat_minor),
        gross=amount(invoice.gross_minor),
        vat_basis_points=invoice.vat_basis_points,
        credits=invoice.invoice_id,
    )
