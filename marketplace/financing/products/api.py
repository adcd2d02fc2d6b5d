from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.financing.access import DOOR_ERRORS, Financier, Reader
from marketplace.financing.errors import LendersOnlyError
from marketplace.financing.products import service
from marketplace.financing.products.models import LenderProduct
from marketplace.financing.products.schemas import ProductPublish, ProductRead
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1/lender-products", tags=["financing: products"])
OneCurrency = Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="ISO 4217")]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ProductRead,
    responses=problems(
        InvalidTokenError, PermissionMissingError, LendersOnlyError, UnknownCurrencyError
    ),
)
async def publish_lender_product(
    request: ProductPublish, actor: Financier, session: Session
) -> LenderProduct:
    """Lender: publish what you lend against rights, and under which conditions."""
    return await service.publish_product(session, request, actor=actor)


@router.get("", responses=problems(InvalidTokenError, InvalidCursorError))
async def lender_products(
    actor: Reader,
    session: Session,
    currency: OneCurrency = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ProductRead]:
    """What lenders offer, newest first."""
    found, following = await service.products_page(
        session, currency=currency, cursor=cursor, limit=limit
    )
    return Page(items=[ProductRead.model_validate(one) for one in found], next=following)


@router.get(
    "/{product_id}",
    response_model=ProductRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def get_lender_product(product_id: UUID, actor: Reader, session: Session) -> LenderProduct:
    """One product, also when it was withdrawn."""
    return await service.get_product(session, product_id)


@router.post("/{product_id}/withdraw", response_model=ProductRead, responses=problems(*DOOR_ERRORS))
async def withdraw_lender_product(
    product_id: UUID, actor: Financier, session: Session
) -> LenderProduct:
    """Lender: lend under your product no longer. Loans keep their terms."""
    return await service.withdraw_product(session, product_id, actor=actor)
