from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.payments.invoices.models import Invoice, InvoiceKind, SellerOfRecord


async def invoices_page(
    session: AsyncSession,
    organisation_id: UUID | None,
    kind: InvoiceKind | None,
    *,
    cursor: str | None,
    limit: int,
) -> tuple[Sequence[Invoice], str | None]:
    """Invoices and credit notes, newest first; without an organisation those of all."""
    query = select(Invoice)
    if organisation_id is not None:
        query = query.where(col(Invoice.organisation_id) == organisation_id)
    if kind is not None:
        query = query.where(col(Invoice.kind) == kind)
    return await page_by_id(session, query, Invoice, cursor=cursor, limit=limit)


async def get_invoice(session: AsyncSession, invoice_id: UUID, actor: Actor) -> Invoice:
    """An invoice to the actor's organisation, or for an operator any.

    Raises:
        NotFoundError: no such invoice, or none that the actor may see.
    """
    invoice = await session.get(Invoice, invoice_id)
    sees = actor.may(Permission.OPERATE_PAYMENTS)
    if invoice is None or not (sees or invoice.organisation_id == actor.organisation_id):
        raise NotFoundError("no such invoice")
    return invoice


async def sellers_of(
    session: AsyncSession, invoices: Sequence[Invoice]
) -> Mapping[UUID, SellerOfRecord]:
    """Who issued these, by id."""
    wanted = {invoice.seller_id for invoice in invoices}
    query = select(SellerOfRecord).where(col(SellerOfRecord.id).in_(wanted))
    return {seller.id: seller for seller in (await session.execute(query)).scalars()}
