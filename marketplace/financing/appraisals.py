"""The port to valuations: what rights are worth for a loan, and whether their valuer is free.

Here a designated institution states a figure. Whoever takes figures from valuation reports changes
this file alone: `latest` is all that the rest of financing asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.affiliations.queries import same_group
from marketplace.financing.errors import (
    ConflictOfInterestError,
    InvalidLoanTermsError,
    NotDesignatedError,
)
from marketplace.financing.models import Appraisal
from marketplace.financing.requests.schemas import AppraisalRecord
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import now
from marketplace.kernel.events import publish

VALID: Final = timedelta(days=366)
"""How old a base date may be: a year (KODIT, DOMAIN D2)."""
_DESIGNATED: Final = text(
    """
    SELECT EXISTS (SELECT FROM designation_period WHERE organisation_id = :id
        AND status = 'designated' AND valid_from <= :on
        AND (valid_until IS NULL OR valid_until > :on))
    """
)


async def require_designated(session: AsyncSession, institution_id: UUID, on: date) -> None:
    """Refuse an institution that is not designated on a day, or suspended.

    Raises:
        NotDesignatedError.
    """
    values = {"id": institution_id, "on": on}
    if not (await session.execute(_DESIGNATED, values)).scalar_one():
        raise NotDesignatedError


async def require_independent(
    session: AsyncSession, institution_id: UUID, parties: Iterable[UUID], on: date
) -> None:
    """Refuse an institution that is one of the parties, or of a party's group.

    Raises:
        ConflictOfInterestError.
    """
    for party in {*parties}:
        if await same_group(session, institution_id, party, on):
            raise ConflictOfInterestError


async def record(
    session: AsyncSession, request_id: UUID, figure: AppraisalRecord, *, actor: Actor
) -> Appraisal:
    """State what a right is worth, as its institution; earlier figures stay.

    Raises:
        NotDesignatedError: not on the base date, or not today.
        InvalidLoanTermsError: the base date is in the future, or too long ago.
    """
    today = latest_date(now(session))
    if not today - VALID <= figure.valued_on <= today:
        raise InvalidLoanTermsError("the base date lies within the last year")
    for day in {figure.valued_on, latest_date(now(session))}:
        await require_designated(session, actor.organisation_id, day)
    found = Appraisal(
        created_at=now(session),
        request_id=request_id,
        right_id=figure.right_id,
        institution_organisation_id=actor.organisation_id,
        value_minor=figure.value.amount_minor,
        currency=figure.value.currency,
        valued_on=figure.valued_on,
        report_reference=figure.report_reference,
        grade=figure.grade,
    )
    session.add(found)
    await session.flush()
    data = {
        "request_id": request_id,
        "right_id": figure.right_id,
        "valued_on": figure.valued_on,
        "value_minor": found.value_minor,
        "currency": found.currency,
    }
    subject = f"appraisal:{found.id}"
    publish(session, "appraisal.record", subject=subject, actor=actor.label, data=data)
    return found


async def latest(
    session: AsyncSession,
    request_id: UUID,
    right_ids: Sequence[UUID],
    currency: str,
    *,
    on: date,
) -> Mapping[UUID, Appraisal]:
    """The newest figure of each right for a request that still holds on a day, by right."""
    query = (
        select(Appraisal)
        .where(col(Appraisal.request_id) == request_id, col(Appraisal.currency) == currency)
        .where(col(Appraisal.right_id).in_(right_ids))
        .where(col(Appraisal.valued_on) >= on - VALID)
        .ext(distinct_on(col(Appraisal.right_id)))
        .order_by(
            col(Appraisal.right_id), col(Appraisal.valued_on).desc(), col(Appraisal.id).desc()
        )
    )
    return {one.right_id: one for one in (await session.execute(query)).scalars()}
