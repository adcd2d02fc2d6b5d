"""Telling the figures of a period, and what each side does about them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.parties import lock_licence
from marketplace.deals.royalties.accrual import Licensed, accrues_until, licensed_rights
from marketplace.deals.royalties.booking import book_figures
from marketplace.deals.royalties.errors import (
    EarlierReportMissingError,
    InvalidFiguresError,
    NothingChangedError,
    RoyaltyCeasedError,
)
from marketplace.deals.royalties.figures import Line, base_of
from marketplace.deals.royalties.lifecycle import TOLD, ReportState
from marketplace.deals.royalties.models import (
    FilingCause,
    RoyaltyFiling,
    RoyaltyLine,
    RoyaltyReport,
)
from marketplace.deals.royalties.queries import lines_of, newest_filings
from marketplace.deals.royalties.schemas import FiguresFile
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import move
from marketplace.listings.licensing.coverage import covers

Key = tuple[UUID, str]


async def lock_report(
    session: AsyncSession, report_id: UUID, actor: Actor
) -> tuple[Licence, RoyaltyReport, str]:
    """Hold a licence of the actor's and one of its reports, and say as what.

    Raises:
        NotFoundError: no such report, or none of the actor's.
    """
    seen = await session.get(RoyaltyReport, report_id)
    if seen is None:
        raise NotFoundError("no such royalty report")
    try:
        licence, role = await lock_licence(session, seen.licence_id, actor)
    except NotFoundError as error:
        raise NotFoundError("no such royalty report") from error
    return licence, await lock(session, RoyaltyReport, report_id), role


async def file(
    session: AsyncSession, report_id: UUID, figures: FiguresFile, *, actor: Actor
) -> RoyaltyReport:
    """Licensee: tell the figures of a period that is over; what they come to is asked for.

    Raises:
        EarlierReportMissingError: a period before it waits for its figures.
        InvalidFiguresError, RoyaltyCeasedError: and nothing has changed.
    """
    licence, report, role = await lock_report(session, report_id, actor)
    move(session, report, "file", role=role, actor=actor, licence_id=licence.id)
    await _require_earlier(session, report)
    filing = await put_filing(session, licence, report, figures, FilingCause.FIRST, actor=actor)
    await book_figures(session, licence, filing)
    return report


async def correct(
    session: AsyncSession, report_id: UUID, figures: FiguresFile, *, actor: Actor
) -> RoyaltyReport:
    """Licensee: tell other figures of a period; only the difference is charged or credited."""
    licence, report, role = await lock_report(session, report_id, actor)
    told: dict[str, Any] = {"licence_id": licence.id, "corrects": report.filing_version}
    move(session, report, "correct", role=role, actor=actor, **told)
    cause = FilingCause.CORRECTION
    filing = await put_filing(session, licence, report, figures, cause, actor=actor)
    await book_figures(session, licence, filing)
    return report


async def accept(session: AsyncSession, report_id: UUID, *, actor: Actor) -> RoyaltyReport:
    """Licensor: take the figures as told. It gives nothing up: an audit may still be claimed."""
    licence, report, role = await lock_report(session, report_id, actor)
    move(session, report, "accept", role=role, actor=actor, licence_id=licence.id)
    report.dispute_reason = None
    return report


async def dispute(
    session: AsyncSession, report_id: UUID, reason: str, *, actor: Actor
) -> RoyaltyReport:
    """Licensor: say that the figures are wrong. What was told stays due meanwhile."""
    licence, report, role = await lock_report(session, report_id, actor)
    move(session, report, "dispute", role=role, actor=actor, licence_id=licence.id)
    report.dispute_reason = reason
    return report


async def _require_earlier(session: AsyncSession, report: RoyaltyReport) -> None:
    query = select(RoyaltyReport.number).where(
        col(RoyaltyReport.licence_id) == report.licence_id,
        col(RoyaltyReport.number) < report.number,
        col(RoyaltyReport.state).not_in((*TOLD, ReportState.CANCELLED)),
    )
    missing = (await session.execute(query.order_by(col(RoyaltyReport.number)).limit(1))).scalar()
    if missing is not None:
        raise EarlierReportMissingError(f"period {missing} waits for its figures")


async def put_filing(
    session: AsyncSession,
    licence: Licence,
    report: RoyaltyReport,
    figures: FiguresFile,
    cause: FilingCause,
    *,
    actor: Actor,
    audit_reason: str | None = None,
) -> RoyaltyFiling:
    """Keep the next version of a period's figures, which counts from now on."""
    before = (await newest_filings(session, [report.id])).get(report.id)
    lines = [Line(**line.model_dump()) for line in figures.lines]
    bases = await _bases(session, licence, report, lines, before)
    third = figures.third_party_basis_points
    if before and await _is_same(session, before, lines, third):
        raise NothingChangedError
    filing = RoyaltyFiling(
        created_at=now(session),
        report_id=report.id,
        version=report.filing_version + 1,
        corrects_id=before.id if before else None,
        cause=cause,
        base=sum(bases.values()),
        third_party_basis_points=third,
        reason=audit_reason or figures.reason,
        filed_by=actor.organisation_id,
    )
    session.add(filing)
    await session.flush()
    session.add_all(
        RoyaltyLine(
            created_at=now(session),
            filing_id=filing.id,
            position=position,
            base=bases[line.right_id, line.territory],
            **line.values(),
        )
        for position, line in enumerate(lines, 1)
    )
    report.filing_version = filing.version
    report.dispute_reason = None
    await session.flush()
    return filing


async def _is_same(
    session: AsyncSession, before: RoyaltyFiling, lines: Sequence[Line], third: int
) -> bool:
    kept = (await lines_of(session, [before.id]))[before.id]
    told = [tuple(getattr(row, name) for name in Line.__slots__) for row in kept]
    same = told == [tuple(line.values().values()) for line in lines]
    return same and before.third_party_basis_points == third


async def _bases(
    session: AsyncSession,
    licence: Licence,
    report: RoyaltyReport,
    lines: Sequence[Line],
    before: RoyaltyFiling | None,
) -> Mapping[Key, int]:
    """The base of each line, refused where the licence or its rights do not reach."""
    terms = licence.agreed
    assert terms.royalty
    rights = await licensed_rights(session, licence.id)
    kept = (await lines_of(session, [before.id]))[before.id] if before else []
    earlier = {(row.right_id, row.territory): row.base for row in kept}
    found: dict[Key, int] = {}
    for line in lines:
        key = line.right_id, line.territory
        _require_licensed(line, rights, terms.territories)
        if key in found:
            raise InvalidFiguresError("name each right and territory once")
        found[key] = base_of(terms.royalty, line)
        ended = accrues_until(rights, line.territory)
        over = ended is not None and ended <= report.starts_on
        if over and found[key] > earlier.get(key, 0):
            raise RoyaltyCeasedError(f"{line.territory}: since {ended}")
    return found


def _require_licensed(line: Line, rights: Sequence[Licensed], territories: Sequence[str]) -> None:
    named = [right for right in rights if right.id == line.right_id]
    if not named:
        raise InvalidFiguresError("a line names a right that is not licensed")
    if line.territory not in territories or not covers(named[0].office, line.territory):
        raise InvalidFiguresError(f"the right is not licensed for {line.territory}")
