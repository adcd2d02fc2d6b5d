"""Tables of rates and of shares, and the funds that bear a part of losses."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.financing.access import kind_of
from marketplace.financing.errors import InvalidLoanTermsError, InvalidSchemeError
from marketplace.financing.schemes.models import (
    CompensationFund,
    FundTopUp,
    PartyRole,
    ReferenceRate,
    RiskShare,
    RiskSharingScheme,
)
from marketplace.financing.schemes.schemas import (
    FundOpen,
    ReferenceRateSet,
    SchemeRead,
    SchemeSet,
    ShareRead,
)
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.money import BASIS_POINTS, Money
from marketplace.kernel.pagination import page_by_id
from marketplace.payments.funding.models import PaymentRequest
from marketplace.payments.funding.service import request_payment
from marketplace.payments.ledger.addresses import fund as fund_account
from marketplace.payments.ledger.addresses import held
from marketplace.payments.ledger.service import Booking, Posting, post


async def set_rate(
    session: AsyncSession, request: ReferenceRateSet, *, actor: Actor
) -> ReferenceRate:
    """Write down a base rate from a day on.

    Raises:
        PeriodOverlapError: by the database, when the day has one.
    """
    rate = ReferenceRate(created_at=now(session), **request.model_dump())
    session.add(rate)
    await session.flush()
    data = {"rate_basis_points": rate.rate_basis_points, "valid_from": rate.valid_from}
    publish(
        session,
        "reference_rate.set",
        subject=f"reference_rate:{rate.id}",
        actor=actor.label,
        data=data,
    )
    return rate


async def base_rate(session: AsyncSession, name: str, on: date) -> int:
    """A base rate on a day.

    Raises:
        InvalidLoanTermsError: none is known.
    """
    query = (
        select(ReferenceRate.rate_basis_points)
        .where(col(ReferenceRate.name) == name, col(ReferenceRate.valid_from) <= on)
        .order_by(col(ReferenceRate.valid_from).desc())
        .limit(1)
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise InvalidLoanTermsError(f"no base rate {name} is known on {on}")
    return int(found)


async def set_scheme(session: AsyncSession, request: SchemeSet, *, actor: Actor) -> SchemeRead:
    """Write down a scheme of sharing losses.

    Raises:
        InvalidSchemeError: the shares do not sum to the whole, or the lender has none.
        PeriodOverlapError: by the database.
    """
    roles = [share.role for share in request.shares]
    if sum(share.basis_points for share in request.shares) != BASIS_POINTS:
        raise InvalidSchemeError
    if PartyRole.LENDER not in roles or len({*roles}) != len(roles):
        raise InvalidSchemeError("each role once, and the lender among them")
    if request.valid_until is not None and request.valid_until <= request.valid_from:
        raise InvalidSchemeError("it ends before it begins")
    about = request.model_dump(exclude={"shares"})
    scheme = RiskSharingScheme(created_at=now(session), **about)
    session.add(scheme)
    await session.flush()
    session.add_all(
        RiskShare(scheme_id=scheme.id, position=position, **share.model_dump())
        for position, share in enumerate(request.shares)
    )
    subject = f"risk_sharing_scheme:{scheme.id}"
    data = {"shares": [share.basis_points for share in request.shares]}
    publish(session, "risk_sharing_scheme.set", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return (await read_schemes(session, [scheme]))[0]


async def scheme_on(session: AsyncSession, name: str, on: date) -> RiskSharingScheme:
    """The row of a scheme that is valid on a day.

    Raises:
        InvalidLoanTermsError: there is none.
    """
    query = select(RiskSharingScheme).where(
        col(RiskSharingScheme.name) == name, col(RiskSharingScheme.valid_from) <= on
    )
    query = query.order_by(col(RiskSharingScheme.valid_from).desc()).limit(1)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None or (found.valid_until is not None and found.valid_until <= on):
        raise InvalidLoanTermsError(f"no scheme {name} is valid on {on}")
    return found


async def shares_of(session: AsyncSession, scheme_ids: Sequence[UUID]) -> Sequence[RiskShare]:
    """The shares of some schemes, in their order."""
    query = select(RiskShare).where(col(RiskShare.scheme_id).in_(scheme_ids))
    query = query.order_by(col(RiskShare.scheme_id), col(RiskShare.position))
    return (await session.execute(query)).scalars().all()


async def read_schemes(
    session: AsyncSession, found: Sequence[RiskSharingScheme]
) -> list[SchemeRead]:
    shares: Mapping[UUID, list[ShareRead]] = {scheme.id: [] for scheme in found}
    for share in await shares_of(session, list(shares)):
        shares[share.scheme_id].append(ShareRead.model_validate(share))
    return [
        SchemeRead(
            id=one.id,
            name=one.name,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            source=one.source,
            shares=shares[one.id],
        )
        for one in found
    ]


async def open_fund(session: AsyncSession, request: FundOpen, *, actor: Actor) -> CompensationFund:
    """Open a fund for an organisation.

    Raises:
        NotFoundError: no such organisation.
    """
    await kind_of(session, request.organisation_id)
    fund = CompensationFund(created_at=now(session), **request.model_dump())
    session.add(fund)
    await session.flush()
    subject, data = f"compensation_fund:{fund.id}", {"of": fund.organisation_id}
    publish(session, "compensation_fund.open", subject=subject, actor=actor.label, data=data)
    return fund


async def funds_page(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[CompensationFund], str | None]:
    """One's own funds, newest first; all of them for an operator."""
    query = select(CompensationFund)
    if not actor.is_operator:
        query = query.where(col(CompensationFund.organisation_id) == actor.organisation_id)
    return await page_by_id(session, query, CompensationFund, cursor=cursor, limit=limit)


async def ask_top_up(
    session: AsyncSession, fund_id: UUID, amount: Money, *, actor: Actor
) -> tuple[FundTopUp, PaymentRequest]:
    """Ask the fund's organisation for money.

    Raises:
        NotFoundError: not the actor's fund.
        InvalidLoanTermsError: another currency.
    """
    fund = await session.get(CompensationFund, fund_id)
    if fund is None or fund.organisation_id != actor.organisation_id:
        raise NotFoundError("no such compensation fund")
    if fund.currency != amount.currency:
        raise InvalidLoanTermsError(f"the fund is kept in {fund.currency}")
    top_up = FundTopUp(created_at=now(session), fund_id=fund.id, amount_minor=amount.amount_minor)
    session.add(top_up)
    await session.flush()
    asked = await request_payment(
        session,
        subject=top_up.subject,
        payer=fund.organisation_id,
        amount_minor=amount.amount_minor,
        currency=fund.currency,
    )
    return top_up, asked


async def on_topped_up(session: AsyncSession, top_up_id: UUID) -> None:
    """What was held for a top-up becomes the fund's; told again, nothing happens."""
    top_up = await lock(session, FundTopUp, top_up_id)
    fund = await session.get_one(CompensationFund, top_up.fund_id)
    posting = Posting(held(top_up.subject), fund_account(fund.id), top_up.amount_minor)
    await post(
        session,
        Booking(
            key=f"top_up:{top_up.id}",
            kind="fund_top_up",
            subject=f"compensation_fund:{fund.id}",
            currency=fund.currency,
            postings=[posting],
        ),
    )
