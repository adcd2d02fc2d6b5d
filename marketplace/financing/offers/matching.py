"""The products of lenders against a request, and what of it decides."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.assets.models import Right
from marketplace.financing.products.models import LenderProduct
from marketplace.financing.products.rules import Asked, misfits, worst
from marketplace.financing.products.schemas import ProductMatch, ProductRead
from marketplace.financing.requests.models import FinancingRequest
from marketplace.financing.requests.screening import collateral_of
from marketplace.financing.valuations.queries import value_of
from marketplace.kernel.db import now
from marketplace.kernel.pagination import PAGE_MAX


async def asked_by(session: AsyncSession, request: FinancingRequest) -> Asked:
    """What of a request decides which products fit it."""
    found = await value_of(session, request.id, on=now(session).date())
    ids = [one.right_id for one in await collateral_of(session, [request.id])]
    kinds = await session.execute(select(Right.kind).where(col(Right.id).in_(ids)))
    return Asked(
        amount_minor=request.amount_minor,
        currency=request.currency,
        term_months=request.term_months,
        region=request.region,
        right_kinds=frozenset(str(kind) for kind in kinds.scalars()),
        guarantee_offered=request.guarantee_offered,
        value_minor=found.point_minor if found else None,
        grade=worst(one.grade for one in found.reports) if found else None,
    )


async def matches_of(session: AsyncSession, request: FinancingRequest) -> list[ProductMatch]:
    """The newest products in the request's currency, those that fit first."""
    asked = await asked_by(session, request)
    query = (
        select(LenderProduct)
        .where(col(LenderProduct.currency) == request.currency)
        .where(col(LenderProduct.withdrawn_at).is_(None))
        .order_by(col(LenderProduct.id).desc())
        .limit(PAGE_MAX)
    )
    products = (await session.execute(query)).scalars().all()
    today = now(session).date()
    found = [
        ProductMatch(
            product=ProductRead.model_validate(product),
            fits=not (reasons := misfits(product, asked, today)),
            reasons=reasons,
        )
        for product in products
    ]
    return sorted(found, key=lambda match: len(match.reasons))
