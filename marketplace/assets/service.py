from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import (
    IdentifierNeededError,
    IllegalLegalEventError,
    KindMismatchError,
    NotOwnerError,
    NotTradableError,
)
from marketplace.assets.identifiers import DocumentClass, Identifier, is_granted, parse
from marketplace.assets.models import (
    LegalEvent,
    LegalEventKind,
    Ownership,
    Right,
    RightIdentifier,
    RightKind,
    RightReservation,
)
from marketplace.assets.rules import DECISIVE, STATUS_AFTER, TRADABLE, can_happen
from marketplace.assets.schemas import LegalEventRecord, RightRegister
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import lock, now
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import Identity
from marketplace.kernel.statements import Statement


async def register_right(session: AsyncSession, request: RightRegister, *, actor: Actor) -> Right:
    """Put a right on the register, owned by the actor's organisation.

    Raises:
        IdentifierNeededError: a patent without a number, or an idea with one.
        KindMismatchError: the number says that it is another kind of right.
        RightExistsError: by the database, when the number is registered.
    """
    if (request.kind is RightKind.IDEA) != (request.identifier is None):
        raise IdentifierNeededError
    identifier = _parse(request)
    first = _first_event(identifier)
    right = Right(
        created_at=now(session),
        **request.model_dump(exclude={"identifier"}),
        office=identifier.office if identifier else None,
        legal_status=STATUS_AFTER[first],
        registered_by=actor.organisation_id,
    )
    session.add(right)
    await session.flush()
    if identifier:
        session.add(_identifier_row(session, right, identifier))
    _own(session, right.id, actor.organisation_id, basis="registration")
    _record(session, right, first, now(session).date(), "declared by the owner", actor)
    await session.flush()
    return right


def _parse(request: RightRegister) -> Identifier | None:
    given = request.identifier
    if given is None:
        return None
    found = parse(given.number, office=given.office, document_class=given.document_class)
    if found.right_kind and found.right_kind.value != request.kind.value:
        raise KindMismatchError(f"{found.display} is a {found.right_kind}, not a {request.kind}")
    return found


def _first_event(identifier: Identifier | None) -> LegalEventKind:
    """What the number itself proves: a grant or registration number exists only after grant."""
    if identifier is None:
        return LegalEventKind.SUBMITTED
    granted = identifier.document_class in {DocumentClass.GRANT, DocumentClass.REGISTRATION}
    if identifier.kind_code and not granted:
        granted = is_granted(identifier.office, identifier.kind_code, None) is True
    return LegalEventKind.GRANTED if granted else LegalEventKind.FILED


def _identifier_row(session: AsyncSession, right: Right, identifier: Identifier) -> RightIdentifier:
    return RightIdentifier(
        created_at=now(session),
        right_id=right.id,
        office=identifier.office,
        document_class=identifier.document_class,
        normalized=identifier.normalized,
        kind_code=identifier.kind_code,
        display=identifier.display,
        raw=identifier.raw,
    )


def _own(session: AsyncSession, right_id: UUID, organisation_id: UUID, *, basis: str) -> None:
    session.add(
        Ownership(
            created_at=now(session),
            right_id=right_id,
            organisation_id=organisation_id,
            owned_from=now(session),
            basis=basis,
        )
    )


def _record(
    session: AsyncSession,
    right: Right,
    kind: LegalEventKind,
    occurred_on: date,
    source: str,
    actor: Actor,
) -> LegalEvent:
    event = LegalEvent(
        created_at=now(session),
        right_id=right.id,
        kind=kind,
        occurred_on=occurred_on,
        source=source,
        recorded_by=actor.organisation_id,
    )
    session.add(event)
    data = {"kind": kind, "occurred_on": occurred_on, "status": right.legal_status}
    subject = f"right:{right.id}"
    publish(session, "right.legal_event", subject=subject, actor=actor.label, data=data)
    return event


async def record_legal_event(
    session: AsyncSession, right_id: UUID, request: LegalEventRecord, *, actor: Actor
) -> LegalEvent:
    """Note a lapse, an invalidation, a grant … The right's status follows the newest of them.

    Events may be recorded in any order; of two on one day, the one recorded later counts.

    Raises:
        IllegalLegalEventError: it cannot happen to this kind of right, or lies in the future.
    """
    right = await lock(session, Right, right_id)
    if not can_happen(right.kind, request.kind):
        raise IllegalLegalEventError(f"{request.kind} cannot happen to a {right.kind}")
    if request.occurred_on > latest_date(now(session)):
        raise IllegalLegalEventError("an event of the future is not a fact yet")
    if request.kind in DECISIVE and not await _has_later(session, right, request.occurred_on):
        right.legal_status = STATUS_AFTER[request.kind]
    event = _record(session, right, request.kind, request.occurred_on, request.source, actor)
    await session.flush()
    return event


async def _has_later(session: AsyncSession, right: Right, occurred_on: date) -> bool:
    """Whether the register tells of a decisive event after that day.

    What the owner declared at registration is dated with the day of the declaration, which says
    nothing of when it happened, so it outranks nothing.
    """
    query = select(LegalEvent.id).where(
        col(LegalEvent.right_id) == right.id,
        col(LegalEvent.kind).in_(DECISIVE),
        col(LegalEvent.recorded_by) != right.registered_by,
        col(LegalEvent.occurred_on) > occurred_on,
    )
    return (await session.execute(query.limit(1))).first() is not None


def require_tradable(right: Right) -> None:
    """Refuse a right that no longer exists: lapsed, invalidated or expired."""
    if right.legal_status not in TRADABLE:
        raise NotTradableError(f"its legal status is {right.legal_status}")


async def current_owner(session: AsyncSession, right_id: UUID) -> UUID | None:
    """The organisation that owns a right at this moment; None for no such right."""
    query = select(Ownership.organisation_id).where(
        col(Ownership.right_id) == right_id, col(Ownership.owned_until).is_(None)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def require_owner(session: AsyncSession, right_id: UUID, organisation_id: UUID) -> None:
    """Refuse, with a NotOwnerError, what only the present owner may do."""
    if await current_owner(session, right_id) != organisation_id:
        raise NotOwnerError


async def reserve(session: AsyncSession, right_id: UUID, *, subject: str) -> None:
    """Lock a right for a deal from now on.

    Raises:
        RightReservedError: by the database, when another deal holds it.
    """
    session.add(
        RightReservation(
            created_at=now(session), right_id=right_id, subject=subject, reserved_from=now(session)
        )
    )
    await session.flush()


async def is_reserved(session: AsyncSession, right_id: UUID) -> bool:
    """Whether a deal over the right is under way."""
    query = select(RightReservation.id).where(
        col(RightReservation.right_id) == right_id, col(RightReservation.reserved_until).is_(None)
    )
    return (await session.execute(query)).first() is not None


ENDING_RESERVATION: Final = """
    freed AS (
        UPDATE right_reservation SET reserved_until = greatest(:reserved_until, reserved_from)
        WHERE subject = :reserved_for AND reserved_until IS NULL RETURNING id
    )
    """
"""The part of a `Statement` that ends the reservation for a subject."""
_END_RESERVATION: Final = Statement(ENDING_RESERVATION, select="SELECT count(*) FROM freed")


async def end_reservation(session: AsyncSession, *, subject: str) -> None:
    values = {"reserved_for": subject, "reserved_until": now(session)}
    await _END_RESERVATION.execute(session, values)


async def transfer_title(
    session: AsyncSession, right_id: UUID, *, to: UUID, basis: str, actor: Identity
) -> None:
    """End the present ownership and begin the next at the same moment, leaving no gap."""
    query = (
        select(Ownership)
        .where(col(Ownership.right_id) == right_id, col(Ownership.owned_until).is_(None))
        .with_for_update()
    )
    present = (await session.execute(query)).scalar_one()
    before, present.owned_until = present.organisation_id, now(session)
    await session.flush()
    _own(session, right_id, to, basis=basis)
    data = {"from": before, "to": to, "basis": basis}
    publish(session, "right.transfer", subject=f"right:{right_id}", actor=actor.label, data=data)
    await session.flush()
