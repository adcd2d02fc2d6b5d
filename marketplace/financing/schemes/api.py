from uuid import UUID

from fastapi import status
from sqlmodel import select

from marketplace.accounts.errors import InvalidTokenError
from marketplace.financing.access import DOOR_ERRORS, Financier, Operator, Reader
from marketplace.financing.errors import (
    InvalidLoanTermsError,
    InvalidSchemeError,
    PeriodOverlapError,
)
from marketplace.financing.schemes import service
from marketplace.financing.schemes.models import CompensationFund, ReferenceRate, RiskSharingScheme
from marketplace.financing.schemes.schemas import (
    FundOpen,
    FundRead,
    ReferenceRateRead,
    ReferenceRateSet,
    SchemeRead,
    SchemeSet,
    TopUpAsk,
    TopUpRead,
)
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit, page_by_id
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount, Page
from marketplace.payments.access import Ways
from marketplace.payments.ledger.addresses import fund as fund_account
from marketplace.payments.ledger.queries import balances
from marketplace.payments.online.instructions import instructions

router = transactional_router(prefix="/v1", tags=["financing: schemes and funds"])


@router.post(
    "/reference-rates",
    status_code=status.HTTP_201_CREATED,
    response_model=ReferenceRateRead,
    responses=problems(*DOOR_ERRORS[:2], PeriodOverlapError),
)
async def set_reference_rate(
    request: ReferenceRateSet, actor: Operator, session: Session
) -> ReferenceRate:
    """Operator: write down a base rate of floating loans, from a day on."""
    return await service.set_rate(session, request, actor=actor)


@router.get("/reference-rates", responses=problems(InvalidTokenError, InvalidCursorError))
async def reference_rates(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[ReferenceRateRead]:
    """Base rates of floating loans, newest first."""
    found, following = await page_by_id(
        session, select(ReferenceRate), ReferenceRate, cursor=cursor, limit=limit
    )
    read = [ReferenceRateRead.model_validate(one, from_attributes=True) for one in found]
    return Page(items=read, next=following)


@router.post(
    "/risk-sharing-schemes",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS[:2], InvalidSchemeError, PeriodOverlapError),
)
async def set_risk_sharing_scheme(
    request: SchemeSet, actor: Operator, session: Session
) -> SchemeRead:
    """Operator: write down how losses are shared, from a day on. Loans keep what they had."""
    return await service.set_scheme(session, request, actor=actor)


@router.get("/risk-sharing-schemes", responses=problems(InvalidTokenError, InvalidCursorError))
async def risk_sharing_schemes(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[SchemeRead]:
    """Schemes by which losses are shared, newest first, expired ones too."""
    found, following = await page_by_id(
        session, select(RiskSharingScheme), RiskSharingScheme, cursor=cursor, limit=limit
    )
    return Page(items=await service.read_schemes(session, found), next=following)


@router.post(
    "/compensation-funds",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS, UnknownCurrencyError),
)
async def open_compensation_fund(request: FundOpen, actor: Operator, session: Session) -> FundRead:
    """Operator: open a compensation fund for an organisation, with its limits."""
    fund = await service.open_fund(session, request, actor=actor)
    return (await _read(session, [fund]))[0]


@router.get("/compensation-funds", responses=problems(InvalidTokenError, InvalidCursorError))
async def compensation_funds(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[FundRead]:
    """Your organisation's funds with what they hold, newest first."""
    found, following = await service.funds_page(session, actor, cursor=cursor, limit=limit)
    return Page(items=await _read(session, list(found)), next=following)


@router.post(
    "/compensation-funds/{fund_id}/top-ups",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*DOOR_ERRORS, InvalidLoanTermsError, UnknownCurrencyError),
)
async def top_up_fund(
    fund_id: UUID, request: TopUpAsk, actor: Financier, session: Session, ways: Ways
) -> TopUpRead:
    """Put money into your fund by bank transfer, as the answer says."""
    top_up, asked = await service.ask_top_up(session, fund_id, request.amount.money(), actor=actor)
    told = await instructions(session, [asked], ways, [])
    return TopUpRead(id=top_up.id, fund_id=fund_id, payment=told[asked.id])


async def _read(session: Session, found: list[CompensationFund]) -> list[FundRead]:
    addresses = [fund_account(fund.id) for fund in found]
    held = {
        (row.address, row.currency): row.balance_minor for row in await balances(session, addresses)
    }
    return [
        FundRead(
            **{name: getattr(fund, name) for name in FundRead.model_fields if name != "balance"},
            balance=Amount(
                amount_minor=held.get((fund_account(fund.id), fund.currency), 0),
                currency=fund.currency,
            ),
        )
        for fund in found
    ]
