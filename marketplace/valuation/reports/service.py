"""Reports: signed once, never changed; a correction is a new version of its own."""

import hashlib
from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson
from joserfc import jws
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.signing_keys.models import KeyPurpose
from marketplace.accounts.signing_keys.service import ALGORITHM, signing_key
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import IllegalMoveError, move
from marketplace.valuation.assignments.access import lock_case, require_institution
from marketplace.valuation.assignments.engine import require_fit_to_sign
from marketplace.valuation.assignments.lifecycle import INSTITUTION, AssignmentState
from marketplace.valuation.assignments.models import ValuationAssignment
from marketplace.valuation.calculations.schemas import CalculationRead
from marketplace.valuation.orders import closing
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.reports.content import compute, content_of
from marketplace.valuation.reports.errors import ReportSupersededError, ValueFrozenError
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.reports.queries import get_report, newest_of
from marketplace.valuation.reports.schemas import ReportCorrect, ReportWrite
from marketplace.valuation.reports.signed import TYPE

YEAR_MONTHS: Final = 12
FEBRUARY: Final = 28
VALUE: Final = ("point_minor", "low_minor", "high_minor")
CORRECTABLE: Final = frozenset({AssignmentState.REPORTED, AssignmentState.RELEASED})


async def write_report(
    session: AsyncSession,
    keyring: Keyring,
    issuer: str,
    assignment_id: UUID,
    request: ReportWrite,
    *,
    today: date,
    actor: Actor,
) -> ValuationReport:
    """Sign a report and hand it in; with the last that was wanted, the order is delivered.

    Raises:
        NotFoundError: it is another institution's case.
        IllegalMoveError: it is not being worked on.
        StandingLostError, ConflictOfInterestError: its institution may not sign it today.
        ReportStraysError, ValueUnsupportedError, and what a calculation may refuse.
    """
    order, assignment = await lock_case(session, assignment_id, actor)
    require_institution(assignment, actor)
    move(session, assignment, "report", role=INSTITUTION, actor=actor)
    await require_fit_to_sign(session, order, assignment.institution_id, on=today)
    made = await compute(session, order, request, today=today)
    signer = _Signer(session, keyring, issuer, today)
    report = await signer.sign(order, assignment, request, made, None)
    _tell(session, report, "issue", actor)
    await closing.deliver_when_complete(session, order)
    return report


async def correct_report(
    session: AsyncSession,
    keyring: Keyring,
    issuer: str,
    report_id: UUID,
    request: ReportCorrect,
    *,
    today: date,
    actor: Actor,
) -> ValuationReport:
    """Sign a new version that takes the place of the newest one; both are kept.

    Raises:
        NotFoundError: it is another institution's report.
        ReportSupersededError: it was corrected before.
        IllegalMoveError: nobody pays for it any more.
        StandingLostError, ConflictOfInterestError: its institution may not sign it today.
        ValueFrozenError: others are to find theirs blind, an operator is deciding, or what was
            accepted would come to lie too far apart.
    """
    before = await get_report(session, report_id, actor=actor)
    order, assignment = await lock_case(session, before.assignment_id, actor)
    require_institution(assignment, actor)
    if assignment.state not in CORRECTABLE:
        raise IllegalMoveError(f"cannot correct a report that is {assignment.state}")
    newest = await newest_of(session, [assignment.id])
    if newest[assignment.id].id != before.id:
        raise ReportSupersededError
    await require_fit_to_sign(session, order, assignment.institution_id, on=today)
    values_anew = any(getattr(before, name) != getattr(request, name) for name in VALUE)
    if values_anew and order.state in {OrderState.OPEN, OrderState.OBJECTED}:
        raise ValueFrozenError
    made = await compute(session, order, request, today=today)
    signer = _Signer(session, keyring, issuer, today)
    report = await signer.sign(order, assignment, request, made, before)
    _tell(session, report, "correct", actor)
    if values_anew:
        await closing.look_again(session, order)
    return report


class _Signer:
    """Writes reports down under the platform's signature."""

    def __init__(self, session: AsyncSession, keyring: Keyring, issuer: str, today: date) -> None:
        self._session, self._keyring, self._issuer, self._today = session, keyring, issuer, today

    async def sign(
        self,
        order: ValuationOrder,
        assignment: ValuationAssignment,
        request: ReportWrite,
        made: list[CalculationRead],
        before: ValuationReport | None,
    ) -> ValuationReport:
        report = ValuationReport(
            id=new_id(),
            created_at=now(self._session),
            order_id=order.id,
            assignment_id=assignment.id,
            institution_id=assignment.institution_id,
            version=before.version + 1 if before else 1,
            previous_id=before.id if before else None,
            purpose=order.purpose,
            base_date=order.base_date,
            report_date=self._today,
            valid_until=after_months(self._today, request.valid_months),
            point_minor=request.point_minor,
            low_minor=request.low_minor,
            high_minor=request.high_minor,
            currency=order.currency,
            content_sha256="",
            jws="",
        )
        content = await content_of(self._session, order, assignment.institution_id, request, made)
        report.grade = content["rating"] and content["rating"]["grade"]
        correction = getattr(request, "correction", None)
        await self._seal(report, self._named(report, correction) | content)
        self._session.add(report)
        await self._session.flush()
        return report

    def _named(self, report: ValuationReport, correction: str | None) -> dict[str, Any]:
        return {
            "iss": self._issuer,
            "jti": str(report.id),
            "iat": int(report.created_at.timestamp()),
            "version": report.version,
            "previous": str(report.previous_id) if report.previous_id else None,
            "correction": correction,
            "report_date": report.report_date.isoformat(),
            "valid_until": report.valid_until.isoformat(),
        }

    async def _seal(self, report: ValuationReport, content: dict[str, Any]) -> None:
        payload = orjson.dumps(content)
        key = await signing_key(self._session, self._keyring, KeyPurpose.CERTIFICATES)
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
        report.content_sha256 = hashlib.sha256(payload).hexdigest()
        report.jws = jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


def after_months(day: date, months: int) -> date:
    """The same day some months later; the 28th where a month may be too short for it."""
    passed = day.month - 1 + months
    year, month = day.year + passed // YEAR_MONTHS, passed % YEAR_MONTHS + 1
    return date(year, month, min(day.day, FEBRUARY))


def _tell(session: AsyncSession, report: ValuationReport, name: str, actor: Actor) -> None:
    """Values stay out of the log."""
    data = {
        "order_id": report.order_id,
        "assignment_id": report.assignment_id,
        "version": report.version,
        "sha256": report.content_sha256,
    }
    kind = f"valuation_report.{name}"
    publish(session, kind, subject=report.subject, actor=actor.label, data=data)
