"""Validity surveys: was the standard followed? Everybody is heard, and the institution may appeal.

A finding of a breach may lower the institution's tier or suspend its designation, by a person's
decision and not before an appeal is over or its time has passed.
"""

from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.designations.lifecycle import DesignationState
from marketplace.accounts.designations.models import Designation
from marketplace.accounts.designations.schemas import SuspensionStep
from marketplace.accounts.designations.service import suspend
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import begin, move
from marketplace.valuation.institutions.models import Tier
from marketplace.valuation.institutions.service import set_standing
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ValuationOrder
from marketplace.valuation.reports.queries import get_report
from marketplace.valuation.validity.errors import (
    AppealTimeError,
    HearingRunningError,
    OpinionGivenError,
    OwnReportError,
    ReportNotDeliveredError,
    UnfitSanctionError,
)
from marketplace.valuation.validity.lifecycle import APPEAL, HEARING
from marketplace.valuation.validity.models import (
    HeardAs,
    Outcome,
    Sanction,
    ValidityOpinion,
    ValiditySurvey,
)
from marketplace.valuation.validity.queries import get_validity, opinions_of, role_in
from marketplace.valuation.validity.schemas import FindingWrite

LOWEST: Final = Tier.C


async def request_survey(
    session: AsyncSession, report_id: UUID, ground: str, *, actor: Actor
) -> ValiditySurvey:
    """Ask whether a report follows the standard; its institution, client and the asker are heard.

    Raises:
        NotFoundError: a report that the actor does not see.
        OwnReportError: its author, who has the operator's and the client's questions to answer.
        ReportNotDeliveredError: while others are to value blind, nobody learns of it.
        ValidityOpenError: by the database.
    """
    report = await get_report(session, report_id, actor=actor)
    if report.institution_id == actor.organisation_id:
        raise OwnReportError
    order = await lock(session, ValuationOrder, report.order_id)
    if order.state is OrderState.OPEN:
        raise ReportNotDeliveredError
    survey = ValiditySurvey(
        created_at=now(session),
        report_id=report.id,
        institution_id=report.institution_id,
        client_id=order.client_organisation_id,
        requested_by=actor.organisation_id,
        ground=ground,
        heard_until=now(session) + HEARING,
    )
    begin(session, survey, actor, report_id=report.id, institution_id=report.institution_id)
    await session.flush()
    heard = {
        HeardAs.INSTITUTION: survey.institution_id,
        HeardAs.CLIENT: survey.client_id,
        HeardAs.REQUESTER: survey.requested_by,
    }
    for heard_as, organisation_id in heard.items():
        session.add(
            ValidityOpinion(
                created_at=now(session),
                survey_id=survey.id,
                heard_as=heard_as,
                organisation_id=organisation_id,
            )
        )
    await session.flush()
    return survey


async def _lock(session: AsyncSession, survey_id: UUID, actor: Actor) -> tuple[ValiditySurvey, str]:
    await get_validity(session, survey_id, actor=actor)
    survey = await lock(session, ValiditySurvey, survey_id)
    return survey, role_in(survey, actor)


async def give_opinion(
    session: AsyncSession, survey_id: UUID, opinion: str, *, actor: Actor
) -> ValiditySurvey:
    """Be heard, once, as everything that one is to the survey.

    Raises:
        NotFoundError: it does not concern the actor.
        OpinionGivenError: it was given, or the hearing is over.
    """
    survey, _ = await _lock(session, survey_id, actor)
    own = [
        one
        for one in await opinions_of(session, survey_id)
        if one.organisation_id == actor.organisation_id and one.given_at is None
    ]
    if not own or survey.state != survey.lifecycle.initial:
        raise OpinionGivenError
    for one in own:
        one.opinion, one.given_at = opinion, now(session)
    return survey


async def find(
    session: AsyncSession, survey_id: UUID, request: FindingWrite, *, today: date, actor: Actor
) -> ValiditySurvey:
    """Say whether the standard was followed, after everybody was heard or had their time.

    Raises:
        NotFoundError, IllegalMoveError, NotYourMoveError: as for any move.
        HearingRunningError: somebody's time to be heard is not over.
        UnfitSanctionError: a sanction without a breach, or a suspension without an end to come.
    """
    survey, role = await _lock(session, survey_id, actor)
    move(session, survey, "find", role=role, actor=actor, due_at=now(session) + APPEAL)
    missing = [one for one in await opinions_of(session, survey_id) if one.given_at is None]
    if missing and now(session) < survey.heard_until:
        raise HearingRunningError
    _require_fit(request, today)
    survey.outcome, survey.finding = request.outcome, request.finding
    survey.sanction, survey.suspend_until = request.sanction, request.suspend_until
    survey.appealable_until = now(session) + APPEAL
    return survey


def _require_fit(request: FindingWrite, today: date) -> None:
    breached = request.outcome is Outcome.BREACHED
    suspends = request.sanction is Sanction.SUSPENSION
    ends = request.suspend_until is not None and request.suspend_until > today
    if request.sanction is not Sanction.NONE and not breached:
        raise UnfitSanctionError
    if suspends != ends or (request.suspend_until is not None and not suspends):
        raise UnfitSanctionError


async def end_hearing(
    session: AsyncSession, survey_id: UUID, name: str, decision: str, *, actor: Actor
) -> ValiditySurvey:
    """Dismiss a request, or withdraw one's own.

    Raises:
        NotFoundError, IllegalMoveError, NotYourMoveError: as for any move.
    """
    survey, role = await _lock(session, survey_id, actor)
    move(session, survey, name, role=role, actor=actor)
    survey.decision = decision
    return survey


async def appeal(
    session: AsyncSession, survey_id: UUID, ground: str, *, actor: Actor
) -> ValiditySurvey:
    """The institution says why a finding is wrong; somebody decides anew.

    Raises:
        AppealTimeError: the time for it is over.
    """
    survey, role = await _lock(session, survey_id, actor)
    move(session, survey, "appeal", role=role, actor=actor)
    if survey.appealable_until is None or now(session) >= survey.appealable_until:
        raise AppealTimeError
    survey.appeal = ground
    return survey


async def enforce(
    session: AsyncSession, survey_id: UUID, *, today: date, zone: ZoneInfo, actor: Actor
) -> ValiditySurvey:
    """Let a finding take effect that nobody appealed against in time.

    Raises:
        AppealTimeError: the institution may still appeal.
    """
    survey, role = await _lock(session, survey_id, actor)
    move(session, survey, "enforce", role=role, actor=actor)
    if survey.appealable_until is None or now(session) < survey.appealable_until:
        raise AppealTimeError
    await _impose(session, survey, today=today, zone=zone, actor=actor)
    return survey


async def decide_appeal(
    session: AsyncSession,
    survey_id: UUID,
    name: str,
    decision: str,
    *,
    today: date,
    zone: ZoneInfo,
    actor: Actor,
) -> ValiditySurvey:
    """Uphold a finding, which takes effect, or overturn it."""
    survey, role = await _lock(session, survey_id, actor)
    move(session, survey, name, role=role, actor=actor)
    survey.decision = decision
    if name == "uphold":
        await _impose(session, survey, today=today, zone=zone, actor=actor)
    return survey


async def _impose(
    session: AsyncSession, survey: ValiditySurvey, *, today: date, zone: ZoneInfo, actor: Actor
) -> None:
    """A lower tier for a grave breach; with a suspension the designation rests until its end."""
    if survey.sanction not in {Sanction.LOWER_TIER, Sanction.SUSPENSION}:
        return
    basis = f"validity_survey:{survey.id}"
    reason = f"a breach of the standard: {survey.sanction}"
    await set_standing(session, survey.institution_id, LOWEST, basis, reason, actor=actor)
    until = survey.suspend_until
    if until is None or until <= today:
        return
    step = SuspensionStep(on=today, until=until, evidence=basis)
    designation_id = await _designated(session, survey.institution_id)
    await suspend(session, designation_id, step, today=today, zone=zone, actor=actor)


async def _designated(session: AsyncSession, organisation_id: UUID) -> UUID:
    query = select(Designation.id).where(
        col(Designation.organisation_id) == organisation_id,
        col(Designation.state) == DesignationState.DESIGNATED,
    )
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("the institution is not designated any more")
    return found
