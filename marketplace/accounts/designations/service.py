from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.calendar import midnight
from marketplace.accounts.designations.errors import InvalidStepDateError, NotDesignableError
from marketplace.accounts.designations.lifecycle import INSTITUTION, OPERATOR
from marketplace.accounts.designations.models import Designation, DesignationStep, PeriodStatus
from marketplace.accounts.designations.periods import close_period, open_period
from marketplace.accounts.designations.schemas import DesignationApply, Step, SuspensionStep
from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import Identity, begin, move

DESIGNATED, SUSPENDED = PeriodStatus.DESIGNATED, PeriodStatus.SUSPENDED


async def apply(
    session: AsyncSession, request: DesignationApply, *, today: date, actor: Actor
) -> Designation:
    """Ask that the actor's organisation be designated as a valuation institution.

    Raises:
        NotDesignableError: a person acts as themselves.
        DesignationExistsError: by the database.
    """
    organisation = await get_organisation(session, actor.organisation_id)
    if organisation.kind in {OrganisationKind.PERSON, OrganisationKind.OPERATOR}:
        raise NotDesignableError
    designation = Designation(
        created_at=now(session), organisation_id=organisation.id, sector=request.sector
    )
    begin(session, designation, actor, organisation_id=organisation.id, sector=request.sector)
    await session.flush()
    note_step(session, designation, "apply", today, request.evidence, by=actor.user_id)
    return designation


async def take_step(
    session: AsyncSession,
    designation_id: UUID,
    name: str,
    step: Step,
    *,
    today: date,
    actor: Actor,
) -> Designation:
    """Move a designation on, on a day and with evidence, and keep its intervals.

    Raises:
        NotFoundError: it is another organisation's.
        IllegalMoveError, NotYourMoveError: not from this state, or not by this side.
        InvalidStepDateError: in the future, or before the step that it follows.
        DesignationOverlapError: by the database.
    """
    designation = await lock(session, Designation, designation_id)
    role = _role_of(designation, actor)
    on = step.on or today
    move(session, designation, name, role=role, actor=actor, on=on)
    await _require_in_order(session, designation, on, today)
    designation.suspended_until = None
    await keep_periods(session, designation, name, on)
    note_step(session, designation, name, on, step.evidence, by=actor.user_id)
    return designation


async def suspend(
    session: AsyncSession,
    designation_id: UUID,
    step: SuspensionStep,
    *,
    today: date,
    zone: ZoneInfo,
    actor: Actor,
) -> Designation:
    """Suspend a designated institution until a day; the clock reinstates it when that begins.

    Raises:
        InvalidStepDateError: it would end before it begins; else as `take_step`.
    """
    designation = await take_step(
        session, designation_id, "suspend", step, today=today, actor=actor
    )
    if step.until <= (step.on or today):
        raise InvalidStepDateError("a suspension ends after it begins")
    designation.suspended_until = step.until
    designation.due_at = midnight(step.until, zone)
    return designation


async def reinstate(
    session: AsyncSession, designation: Designation, *, role: str, actor: Identity
) -> None:
    """By the clock: a suspension is over on the day that it was given, however late this runs."""
    on = designation.suspended_until
    assert on is not None
    move(session, designation, "reinstate", role=role, actor=actor, on=on)
    designation.suspended_until = None
    await keep_periods(session, designation, "reinstate", on)
    note_step(session, designation, "reinstate", on, "the suspension's last day has passed")


async def keep_periods(
    session: AsyncSession, designation: Designation, name: str, on: date
) -> None:
    """Write what a move means for what was in force on which day."""
    if name in {"designate", "recognise"}:
        designation.designated_on = on
        await open_period(session, designation, DESIGNATED, on)
    elif name in {"suspend", "reinstate"}:
        await close_period(session, designation, on)
        status = SUSPENDED if name == "suspend" else DESIGNATED
        await open_period(session, designation, status, on)
    elif name == "withdraw":
        designation.withdrawn_on = on
        await close_period(session, designation, on)


def note_step(
    session: AsyncSession,
    designation: Designation,
    name: str,
    on: date,
    evidence: str,
    *,
    by: UUID | None = None,
) -> None:
    session.add(
        DesignationStep(
            created_at=now(session),
            designation_id=designation.id,
            name=name,
            taken_on=on,
            evidence=evidence,
            taken_by=by,
        )
    )


def _role_of(designation: Designation, actor: Actor) -> str:
    if actor.may(Permission.OPERATE_ORGANISATIONS):
        return OPERATOR
    if actor.organisation_id == designation.organisation_id:
        return INSTITUTION
    raise NotFoundError("no such designation")


async def _require_in_order(
    session: AsyncSession, designation: Designation, on: date, today: date
) -> None:
    query = select(func.max(col(DesignationStep.taken_on))).where(
        col(DesignationStep.designation_id) == designation.id
    )
    last = (await session.execute(query)).scalar_one()
    if not last <= on <= today:
        raise InvalidStepDateError(f"write a day from {last} to {today}")
