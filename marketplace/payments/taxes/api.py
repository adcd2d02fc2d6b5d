from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import AMOUNT_MINOR_MAX, UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount, Currency, Page
from marketplace.payments.access import AccountManager, Operator, Reader
from marketplace.payments.taxes import service
from marketplace.payments.taxes.errors import (
    TaxProfileTakenError,
    TaxRateInPastError,
    TaxRateOverlapError,
)
from marketplace.payments.taxes.models import TaxProfile, TaxRate
from marketplace.payments.taxes.rules import NoGrossError, assess, gross_up
from marketplace.payments.taxes.schemas import (
    AssessmentRead,
    TaxProfileRead,
    TaxProfileWrite,
    TaxRateCreate,
    TaxRateRead,
    WithholdingRead,
)

router = transactional_router(prefix="/v1", tags=["taxes"])

AmountMinor = Annotated[int, Query(gt=0, le=AMOUNT_MINOR_MAX, description="in minor units")]


@router.get("/tax-rates", response_model=list[TaxRateRead])
async def tax_rates(session: Session) -> object:
    """The tables of tax rates over time, each with the law that it comes from. No token needed."""
    return await service.rates(session)


@router.post(
    "/tax-rates",
    status_code=status.HTTP_201_CREATED,
    response_model=TaxRateRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        TaxRateOverlapError,
        TaxRateInPastError,
        UnknownCurrencyError,
    ),
)
async def set_tax_rate(request: TaxRateCreate, actor: Operator, session: Session) -> TaxRate:
    """Operator: begin a new rate; the one before ends then. What was agreed before keeps its own.

    A rate of zero ends a tax.
    """
    return await service.set_rate(session, request, actor=actor)


@router.get(
    "/tax-rates/{rate_id}/assessment",
    responses=problems(NotFoundError, NoGrossError, UnknownCurrencyError),
)
async def assess_tax(
    rate_id: UUID,
    session: Session,
    amount_minor: AmountMinor,
    currency: Annotated[Currency, Query()],
    *,
    net: Annotated[bool, Query(description="the amount is what shall remain after tax")] = False,
) -> AssessmentRead:
    """What a rate makes of an amount; with `net`, the gross amount that leaves it."""
    rate = await service.get_rate(session, rate_id)
    found = (gross_up if net else assess)(rate, amount_minor, currency)

    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=currency)

    return AssessmentRead(
        rate=TaxRateRead.model_validate(rate),
        gross=amount(found.gross_minor),
        tax=amount(found.tax_minor),
        surtax=amount(found.surtax_minor),
        net=amount(found.net_minor),
    )


@router.put(
    "/tax-profile",
    response_model=TaxProfileRead,
    responses=problems(InvalidTokenError, PermissionMissingError, TaxProfileTakenError),
)
async def declare_taxes(
    request: TaxProfileWrite, actor: AccountManager, session: Session
) -> TaxProfile:
    """Say how your organisation is taxed: VAT is then added to its prices, or tax withheld.

    It counts for agreements that are drawn up from now on.
    """
    return await service.declare(session, request, actor=actor)


@router.get(
    "/tax-profile",
    response_model=TaxProfileRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def tax_profile(actor: Reader, session: Session) -> TaxProfile:
    """What your organisation declared about its taxes."""
    profile = await service.profile_of(session, actor.organisation_id)
    if profile is None:
        raise NotFoundError("no taxes were declared")
    return profile


@router.get("/withholdings", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_withholdings(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[WithholdingRead]:
    """Tax that was kept back from payments to your organisation, newest first."""
    found, following = await service.withholdings_of(
        session, actor.organisation_id, cursor=cursor, limit=limit
    )
    return Page(items=[WithholdingRead.model_validate(one) for one in found], next=following)
