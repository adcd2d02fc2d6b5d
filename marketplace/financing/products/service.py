from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.financing.access import is_lender
from marketplace.financing.errors import LendersOnlyError
from marketplace.financing.products.models import LenderProduct
from marketplace.financing.products.schemas import ProductPublish
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.pagination import page_by_id


async def publish_product(
    session: AsyncSession, request: ProductPublish, *, actor: Actor
) -> LenderProduct:
    """Publish what one lends.

    Raises:
        LendersOnlyError: the organisation is no lender.
    """
    if not await is_lender(session, actor.organisation_id):
        raise LendersOnlyError
    product = LenderProduct(
        created_at=now(session),
        lender_organisation_id=actor.organisation_id,
        **request.model_dump(),
    )
    session.add(product)
    await session.flush()
    _tell(session, product, "publish", actor)
    return product


async def withdraw_product(
    session: AsyncSession, product_id: UUID, *, actor: Actor
) -> LenderProduct:
    """Lend under it no longer. Loans that were made keep their terms; withdrawn, it stays so.

    Raises:
        NotFoundError: not the actor's product.
    """
    seen = await session.get(LenderProduct, product_id)
    if seen is None or seen.lender_organisation_id != actor.organisation_id:
        raise NotFoundError("no such lender product")
    product = await lock(session, LenderProduct, product_id)
    if product.withdrawn_at is None:
        product.withdrawn_at = now(session)
        _tell(session, product, "withdraw", actor)
    return product


async def get_product(session: AsyncSession, product_id: UUID) -> LenderProduct:
    """A product, which everybody may read.

    Raises:
        NotFoundError: there is none.
    """
    product = await session.get(LenderProduct, product_id)
    if product is None:
        raise NotFoundError("no such lender product")
    return product


async def products_page(
    session: AsyncSession, *, currency: str | None, cursor: str | None, limit: int
) -> tuple[Sequence[LenderProduct], str | None]:
    """What lenders offer now, newest first."""
    query = select(LenderProduct).where(col(LenderProduct.withdrawn_at).is_(None))
    if currency is not None:
        query = query.where(col(LenderProduct.currency) == currency)
    return await page_by_id(session, query, LenderProduct, cursor=cursor, limit=limit)


def _tell(session: AsyncSession, product: LenderProduct, name: str, actor: Actor) -> None:
    subject, data = f"lender_product:{product.id}", {"lender": product.lender_organisation_id}
    publish(session, f"lender_product.{name}", subject=subject, actor=actor.label, data=data)
