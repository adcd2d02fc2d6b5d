"""A licensor audits what was reported: claimed, answered, and settled or decided."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.audits.errors import InvalidFindingsError
from marketplace.deals.audits.models import RoyaltyAudit
from marketplace.deals.audits.schemas import AuditClaim, Finding
from marketplace.deals.licences.lifecycle import LICENSOR
from marketplace.deals.licences.models import Licence
from marketplace.deals.licences.parties import lock_licence
from marketplace.deals.royalties.accounts import ChargeKind, Claim, is_material
from marketplace.deals.royalties.booking import book_figures, charge, collect
from marketplace.deals.royalties.errors import NothingChangedError
from marketplace.deals.royalties.filing import put_filing
from marketplace.deals.royalties.lifecycle import TOLD, ReportState
from marketplace.deals.royalties.models import FilingCause, RoyaltyFiling, RoyaltyReport
from marketplace.deals.royalties.queries import reports_of
from marketplace.deals.royalties.schemas import FiguresFile
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError, begin, move

COST_DAYS: Final = timedelta(days=30)
"""How long after the settlement an audit's cost is due."""


async def claim(
    session: AsyncSession, licence_id: UUID, request: AuditClaim, *, actor: Actor
) -> RoyaltyAudit:
    """Licensor: say what the figures of some periods should have been.

    Raises:
        InvalidFindingsError: about a period that was not reported, or twice about one.
        AuditOpenError: by the database, while another audit of the licence is open.
    """
    licence, role = await lock_licence(session, licence_id, actor)
    if role != LICENSOR:
        raise NotYourMoveError("the licensor audits the licensee")
    await _reports(session, licence, request.findings)
    audit = RoyaltyAudit(
        created_at=now(session),
        licence_id=licence.id,
        statement=request.statement,
        findings=_kept(request.findings),
        cost_minor=request.cost_minor,
        currency=licence.currency,
    )
    begin(session, audit, actor, licence_id=licence.id, periods=len(request.findings))
    await session.flush()
    return audit


def _kept(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json") for finding in findings]


async def _reports(
    session: AsyncSession, licence: Licence, findings: Sequence[Finding]
) -> list[RoyaltyReport]:
    """The reports that findings are about, each held."""
    numbers = [finding.number for finding in findings]
    if len(set(numbers)) != len(numbers):
        raise InvalidFindingsError("name each period once")
    found = {r.number: r for r in await reports_of(session, licence.id, for_update=True)}
    told = TOLD - {ReportState.CLOSED}
    if astray := [n for n in numbers if n not in found or found[n].state not in told]:
        raise InvalidFindingsError(f"period {astray[0]} has no figures that can be audited")
    return [found[number] for number in numbers]


async def answer(
    session: AsyncSession, audit_id: UUID, text: str, *, actor: Actor
) -> tuple[Licence, RoyaltyAudit]:
    """Licensee: answer the claim; then it is agreed on, or the operator decides."""
    licence, audit, role = await lock_audit(session, audit_id, actor)
    move(session, audit, "answer", role=role, actor=actor, licence_id=licence.id)
    audit.answer = text
    return licence, audit


async def agree(
    session: AsyncSession, audit_id: UUID, *, actor: Actor
) -> tuple[Licence, RoyaltyAudit]:
    """Licensee: take the findings as right; the difference is charged."""
    licence, audit, role = await lock_audit(session, audit_id, actor)
    await _settle(session, licence, audit, "agree", role=role, actor=actor)
    return licence, audit


async def decide(
    session: AsyncSession, audit_id: UUID, findings: Sequence[Finding] | None, *, actor: Actor
) -> tuple[Licence, RoyaltyAudit]:
    """Operator: say what is right, be it what the licensor found or something else."""
    licence, audit, role = await lock_audit(session, audit_id, actor)
    if findings is not None:
        audit.findings = _kept(findings)
    await _settle(session, licence, audit, "decide", role=role, actor=actor)
    return licence, audit


async def end(
    session: AsyncSession, audit_id: UUID, name: str, *, actor: Actor
) -> tuple[Licence, RoyaltyAudit]:
    """Licensor: withdraw the claim. Operator: dismiss it. The figures stay."""
    licence, audit, role = await lock_audit(session, audit_id, actor)
    move(session, audit, name, role=role, actor=actor, licence_id=licence.id)
    return licence, audit


async def _settle(
    session: AsyncSession,
    licence: Licence,
    audit: RoyaltyAudit,
    name: str,
    *,
    role: str,
    actor: Actor,
) -> None:
    """Let the findings count, and shift the cost when the under-report is material.

    The ratio is of what all periods come to beyond what was told, to what the audited ones come to.
    """
    audit.lifecycle.step(audit.state, name, role=role)
    findings = [Finding.model_validate(kept) for kept in audit.findings]
    reports = await _reports(session, licence, findings)
    every = await reports_of(session, licence.id)
    told = sum(report.due_minor for report in every)
    await _let_count(session, licence, audit, findings, reports, role=role, actor=actor)
    audit.under_minor = max(0, sum(report.due_minor for report in every) - told)
    audit.correct_minor = sum(report.due_minor for report in reports)
    assert licence.royalty
    threshold = licence.royalty.audit_threshold_basis_points
    material = is_material(audit.under_minor, audit.correct_minor, threshold)
    audit.licensee_bears_cost = material
    told_of: dict[str, Any] = {"under_minor": audit.under_minor, "licensee_bears_cost": material}
    move(session, audit, name, role=role, actor=actor, licence_id=licence.id, **told_of)
    if material and audit.cost_minor:
        due_on = now(session).date() + COST_DAYS
        cost = Claim(ChargeKind.AUDIT_COST, due_on, audit.cost_minor)
        await charge(session, licence, cost, audit_id=audit.id)
        await collect(session, licence)


async def _let_count(
    session: AsyncSession,
    licence: Licence,
    audit: RoyaltyAudit,
    findings: Sequence[Finding],
    reports: Sequence[RoyaltyReport],
    *,
    role: str,
    actor: Actor,
) -> None:
    filing: RoyaltyFiling | None = None
    for finding, report in sorted(zip(findings, reports, strict=True), key=lambda p: p[1].number):
        figures = FiguresFile(**finding.model_dump(exclude={"number"}))
        try:
            filing = await put_filing(
                session,
                licence,
                report,
                figures,
                FilingCause.AUDIT,
                actor=actor,
                audit_reason=audit.subject,
            )
        except NothingChangedError:
            continue
        move(session, report, "audit", role=role, actor=actor, audit_id=audit.id)
    if filing is not None:
        await book_figures(session, licence, filing)


async def lock_audit(
    session: AsyncSession, audit_id: UUID, actor: Actor
) -> tuple[Licence, RoyaltyAudit, str]:
    """Hold a licence of the actor's and an audit of it, and say as what.

    Raises:
        NotFoundError: no such audit, or none of the actor's.
    """
    seen = await session.get(RoyaltyAudit, audit_id)
    if seen is None:
        raise NotFoundError("no such audit")
    try:
        licence, role = await lock_licence(session, seen.licence_id, actor)
    except NotFoundError as error:
        raise NotFoundError("no such audit") from error
    return licence, await lock(session, RoyaltyAudit, audit_id), role


async def audits_of(session: AsyncSession, licence_id: UUID) -> Sequence[RoyaltyAudit]:
    """The audits of a licence, newest first."""
    query = (
        select(RoyaltyAudit)
        .where(col(RoyaltyAudit.licence_id) == licence_id)
        .order_by(col(RoyaltyAudit.id).desc())
        .limit(100)
    )
    return (await session.execute(query)).scalars().all()
