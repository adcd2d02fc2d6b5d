"""Comparing a report with what was declared, with earlier periods and with peers."""

from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.lifecycle import LICENSEE
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.parties import role_in
from marketplace.deals.royalties.models import RoyaltyReport
from marketplace.deals.royalties.queries import get_report
from marketplace.deals.royalty_checks.errors import CheckPolicyInPastError, NoFiguresError
from marketplace.deals.royalty_checks.models import RoyaltyCheckPolicy
from marketplace.deals.royalty_checks.rules import Figures, Flag, Reason, check
from marketplace.deals.royalty_checks.schemas import CheckPolicySet, FlagRead, ReportCheck
from marketplace.kernel.db import fetch, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import NotYourMoveError
from marketplace.kernel.money import BASIS_POINTS

_FIGURES: Final = """
    SELECT r.number, r.starts_on, r.ends_on, f.base, l.terms, sums.gross, sums.deducted
    FROM royalty_report r
    JOIN licence l ON l.id = r.licence_id
    JOIN royalty_filing f ON f.report_id = r.id AND f.version = r.filing_version
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(gross_minor), 0)::bigint AS gross,
            coalesce(sum(returns_minor + freight_minor + taxes_minor), 0)::bigint AS deducted
        FROM royalty_line WHERE filing_id = f.id
    ) sums
"""
_OWN: Final = text(
    f"{_FIGURES} WHERE r.licence_id = :licence_id AND r.number <= :number"
    " ORDER BY r.number DESC LIMIT 25"
)
_PEERS: Final = text(
    f"""{_FIGURES}
    WHERE l.id <> :licence_id AND l.licensee_organisation_id <> :licensee
      AND l.currency = :currency AND l.terms -> 'royalty' ->> 'base' = :base
      AND l.terms -> 'territories' ?| CAST(:territories AS text[])
      AND r.ends_on > :starts_on AND r.starts_on < :ends_on
      AND EXISTS (
        SELECT FROM licence_right a
        JOIN ip_right p ON p.id = a.right_id
        JOIN licence_right b ON b.licence_id = :licence_id
        JOIN ip_right q ON q.id = b.right_id
        WHERE a.licence_id = l.id
          AND (p.classifications && q.classifications OR p.classifications = q.classifications))
    ORDER BY r.id DESC LIMIT 500
    """
)
_SOLD: Final = text(
    """
    SELECT coalesce(sum(n.quantity), 0)::bigint
    FROM royalty_report r
    JOIN royalty_filing f ON f.report_id = r.id AND f.version = r.filing_version
    JOIN royalty_line n ON n.filing_id = f.id
    WHERE r.licence_id = :licence_id AND r.number <= :number
    """
)


async def check_report(session: AsyncSession, report_id: UUID, *, actor: Actor) -> ReportCheck:
    """Licensor, or operator: see whether the figures of a period look too low.

    Raises:
        NotFoundError: no such report, or none of the actor's.
        NotYourMoveError: the licensee's own figures are not checked for the licensee.
        NoFiguresError: there are none yet.
    """
    report, licence = await get_report(session, report_id, actor=actor)
    if role_in(licence, actor) == LICENSEE:
        raise NotYourMoveError("the licensor checks what the licensee reports")
    if not report.filing_version:
        raise NoFiguresError
    policy = await policy_now(session)
    own = await fetch(session, _OWN, licence_id=licence.id, number=report.number)
    present, *earlier = [_figures(row) for row in own]
    peers = [_figures(row) for row in await _peers(session, licence, report)]
    flags = [*check(present, earlier, peers, policy), *await _over_cap(session, licence, report)]
    read = [FlagRead(**asdict(flag)) for flag in flags]
    return ReportCheck(report_id=report.id, policy_id=policy.id, flags=read)


async def _peers(session: AsyncSession, licence: Licence, report: RoyaltyReport) -> Sequence[Any]:
    """Reports of others in the same time, on the same base, in a field and territory in common."""
    terms = licence.agreed
    assert terms.royalty
    return await fetch(
        session,
        _PEERS,
        licence_id=licence.id,
        licensee=licence.licensee_organisation_id,
        currency=licence.currency,
        base=terms.royalty.base.value,
        territories=terms.territories,
        starts_on=report.starts_on,
        ends_on=report.ends_on,
    )


def _figures(row: Any) -> Figures:
    """What was declared for a year, in proportion to the days of the period."""
    declared = row.terms["royalty"]["expected_base_per_year"]
    days = (row.ends_on - row.starts_on).days
    expected = Fraction(declared * days, 365) if declared else None
    return Figures(row.base, expected, row.deducted, row.gross)


async def _over_cap(session: AsyncSession, licence: Licence, report: RoyaltyReport) -> list[Flag]:
    cap = licence.agreed.quantity_cap
    if cap is None:
        return []
    values = {"licence_id": licence.id, "number": report.number}
    sold = (await session.execute(_SOLD, values)).scalar_one()
    seen = sold * BASIS_POINTS // cap
    return [Flag(Reason.ABOVE_QUANTITY_CAP, seen, BASIS_POINTS, 1)] if sold > cap else []


async def policy_now(session: AsyncSession) -> RoyaltyCheckPolicy:
    """The thresholds in force today; the first row begins before any licence."""
    today = now(session).date()
    query = select(RoyaltyCheckPolicy).where(
        col(RoyaltyCheckPolicy.valid_from) <= today,
        or_(
            col(RoyaltyCheckPolicy.valid_until).is_(None),
            col(RoyaltyCheckPolicy.valid_until) > today,
        ),
    )
    return (await session.execute(query)).scalar_one()


async def set_policy(
    session: AsyncSession, request: CheckPolicySet, *, actor: Actor
) -> RoyaltyCheckPolicy:
    """Begin other thresholds and end the open ones on that day.

    Raises:
        CheckPolicyInPastError: nothing changed.
        CheckPolicyOverlapError: by the database.
    """
    today = now(session).date()
    valid_from = request.valid_from or today
    if valid_from < today:
        raise CheckPolicyInPastError
    query = select(RoyaltyCheckPolicy).where(col(RoyaltyCheckPolicy.valid_until).is_(None))
    current = (await session.execute(query.with_for_update())).scalar_one_or_none()
    if current is not None and current.valid_from < valid_from:
        current.valid_until = valid_from
        await session.flush()
    values = request.model_dump(exclude={"valid_from"})
    policy = RoyaltyCheckPolicy(created_at=now(session), valid_from=valid_from, **values)
    session.add(policy)
    told = {"replaces": current and current.id, "valid_from": valid_from, **values}
    subject = f"royalty_check_policy:{policy.id}"
    publish(session, "royalty_check_policy.set", subject=subject, actor=actor.label, data=told)
    await session.flush()
    return policy


async def policies(session: AsyncSession) -> Sequence[RoyaltyCheckPolicy]:
    """Every row, newest first."""
    query = select(RoyaltyCheckPolicy).order_by(col(RoyaltyCheckPolicy.valid_from).desc())
    return (await session.execute(query.limit(100))).scalars().all()
