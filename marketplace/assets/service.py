from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import IdentifierNeededError, KindMismatchError
from marketplace.assets.identifiers import DocumentClass, Identifier, is_granted, parse
from marketplace.assets.models import (
    LegalEventKind,
    Right,
    RightIdentifier,
    RightKind,
    RightReservation,
)
from marketplace.assets.schemas import RightRegister
from marketplace.assets.standing.rules import DECLARED_FILING, FIRST_STATUS, OWNER
from marketplace.assets.standing.service import Told, add_event, reproject, require_possible, tell
from marketplace.assets.title.errors import InvalidOwnersError
from marketplace.assets.title.rules import WHOLE, Shares
from marketplace.assets.title.service import begin_title
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import now
from marketplace.kernel.statements import Statement


async def register_right(session: AsyncSession, request: RightRegister, *, actor: Actor) -> Right:
    """Put a right on the register, owned by the actor's organisation, or by it and others.

    Raises:
        IdentifierNeededError: a patent without a number, or an idea with one.
        KindMismatchError: the number says that it is another kind of right.
        IllegalLegalEventError: it was filed in the future, or is an idea, which is not filed.
        InvalidOwnersError: the owners' shares are no whole, or the actor is none of them.
        RightExistsError: by the database, when the number is registered.
    """
    if (request.kind is RightKind.IDEA) != (request.identifier is None):
        raise IdentifierNeededError
    identifier = _parse(request)
    first = _first_event(identifier)
    right = Right(
        created_at=now(session),
        known_at=now(session),
        **request.model_dump(exclude={"identifier", "owners", "filed_on"}),
        office=identifier.office if identifier else None,
        legal_status=FIRST_STATUS[first],
        registered_by=actor.organisation_id,
    )
    session.add(right)
    await session.flush()
    if identifier:
        session.add(_identifier_row(session, right, identifier))
    await begin_title(session, right, _shares(request, actor), recorded_by=actor.organisation_id)
    today = now(session).date()
    facts = {first: (today, "declared by the owner")}
    if request.filed_on:
        facts |= {LegalEventKind.FILED: (request.filed_on, DECLARED_FILING)}
    for kind, (day, source) in facts.items():
        told = Told(kind, day, source, OWNER)
        require_possible(right, told, today=latest_date(now(session)))
        event = add_event(session, right, told, recorded_by=actor.organisation_id)
    await session.flush()
    tell(session, right, event, await reproject(session, right, actor=actor), actor=actor)
    await session.flush()
    return right


def _shares(request: RightRegister, actor: Actor) -> Shares:
    """Who owns the right: the registrant alone, or as it says."""
    if request.owners is None:
        return {actor.organisation_id: WHOLE}
    shares = {o.organisation_id: o.share.fraction() for o in request.owners}
    if len(shares) < len(request.owners) or actor.organisation_id not in shares:
        raise InvalidOwnersError("your organisation is one of the owners, and each is named once")
    return shares


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
