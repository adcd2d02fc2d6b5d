"""What people and the operator do to encumbrances over the API."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation
from marketplace.assets.encumbrances import co_owners, service
from marketplace.assets.encumbrances.errors import (
    InvalidTermsError,
    NotGrantableError,
    NotWithdrawableError,
    RegisteredError,
)
from marketplace.assets.encumbrances.kinds import BY_THE_OWNER, WITHOUT_HOLDER, EncumbranceKind
from marketplace.assets.encumbrances.lifecycle import OPERATOR
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.queries import get_encumbrance, roles_in
from marketplace.assets.encumbrances.registering import Fact, record_fact
from marketplace.assets.encumbrances.schemas import (
    EncumbranceGrant,
    RegisterChange,
    RegisterEntryRecord,
    RegistrationInput,
)
from marketplace.assets.encumbrances.terms import Holder
from marketplace.assets.models import Right
from marketplace.assets.queries import get_right
from marketplace.assets.title.service import require_owner
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import NotYourMoveError


async def grant(
    session: AsyncSession, right_id: UUID, request: EncumbranceGrant, *, actor: Actor
) -> Encumbrance:
    """Declare what the owner has granted by a contract, or an open licence to everybody.

    Raises:
        NotFoundError, NotOwnerError: the right is not theirs, or no longer.
        NotGrantableError: an attachment or a trust, which only the register knows.
        InvalidTermsError: the holder is the owner, or nobody known; terms that do not fit.
        EncumberedError and the other conflicts.
        ConsentsMissingError: another owner has not consented to exactly this.
    """
    await get_right(session, right_id, actor=actor)
    await require_owner(session, right_id, actor.organisation_id)
    if request.kind not in BY_THE_OWNER:
        raise NotGrantableError
    if request.holder_organisation_id == actor.organisation_id:
        raise InvalidTermsError("an owner grants to others")
    await _require_known(session, request.holder_organisation_id)
    encumbrance = await service.propose(
        session,
        right_id,
        request.kind,
        request.scope.scope(now(session)),
        holder=Holder(request.holder_organisation_id),
        granted_by=actor.organisation_id,
        subject=f"right:{right_id}",
        terms=request.terms(),
    )
    await co_owners.use_consents(session, encumbrance, request, by=actor.organisation_id)
    await service.enter(session, encumbrance, actor=actor)
    return encumbrance


async def record_entry(
    session: AsyncSession, right_id: UUID, request: RegisterEntryRecord, *, actor: Actor
) -> tuple[Encumbrance, bool]:
    """Operator: record a fact of the register; told again, nothing changes."""
    if await session.get(Right, right_id) is None:
        raise NotFoundError("no such right")
    await _require_known(session, request.holder_organisation_id)
    fact = Fact(
        source=request.source,
        entry=request.entry_id,
        kind=request.kind,
        scope=request.scope.scope(service.start_of(request.received_on)),
        holder=request.holder(),
        terms=request.terms(),
        registration=request.registration(),
    )
    return await record_fact(session, right_id, fact, actor=actor)


async def register(
    session: AsyncSession, encumbrance_id: UUID, request: RegistrationInput, *, actor: Actor
) -> Encumbrance:
    """Operator: it was entered in the register."""
    encumbrance = await _lock(session, encumbrance_id)
    registration = request.registration()
    await service.register(session, encumbrance, registration, role=OPERATOR, actor=actor)
    return encumbrance


async def change(
    session: AsyncSession, encumbrance_id: UUID, request: RegisterChange, *, actor: Actor
) -> Encumbrance:
    """Operator: an entry of change.

    Raises:
        InvalidTermsError: only a pledge secures an amount, and nobody holds an open licence.
    """
    encumbrance = await _lock(session, encumbrance_id)
    changed = request.model_dump(exclude_unset=True, include={"ends_at"})
    if request.holder_organisation_id:
        if encumbrance.kind in WITHOUT_HOLDER:
            raise InvalidTermsError("nobody holds an open licence")
        changed |= {
            "holder_organisation_id": request.holder_organisation_id,
            "holder_name": None,
        }
    if request.secured:
        if encumbrance.kind is not EncumbranceKind.PLEDGE:
            raise InvalidTermsError("only a pledge secures an amount")
        changed |= {
            "secured_minor": request.secured.amount_minor,
            "currency": request.secured.currency,
        }
    await _require_known(session, request.holder_organisation_id)
    await service.change(
        session,
        encumbrance,
        valid_from=service.start_of(request.valid_from),
        role=OPERATOR,
        actor=actor,
        **changed,
    )
    return encumbrance


async def end(
    session: AsyncSession,
    encumbrance_id: UUID,
    name: str,
    *,
    actor: Actor,
    valid_from: datetime | None = None,
) -> Encumbrance:
    """Release, withdraw, cancel; as an operator delete or reject.

    Raises:
        NotFoundError: none of the actor's.
        NotYourMoveError, IllegalMoveError: not for this side, or not in this state.
        RegisteredError: what the register shows ends there.
        NotWithdrawableError: what the owner granted to somebody is not taken back.
    """
    encumbrance = await get_encumbrance(session, encumbrance_id, actor=actor)
    encumbrance = await _lock(session, encumbrance_id)
    role = (await roles_in(session, [encumbrance], actor)).get(encumbrance.id)
    if role is None:
        raise NotYourMoveError(f"{name} is not for you")
    encumbrance.lifecycle.step(encumbrance.state, name, role=role)
    if name == "release" and encumbrance.registration_number is not None:
        raise RegisteredError
    if name == "withdraw" and encumbrance.kind not in WITHOUT_HOLDER:
        raise NotWithdrawableError
    await service.end(session, encumbrance, name, role=role, actor=actor, valid_from=valid_from)
    return encumbrance


async def _lock(session: AsyncSession, encumbrance_id: UUID) -> Encumbrance:
    """Hold the right before the encumbrance, as everybody does who writes one."""
    seen = await session.get(Encumbrance, encumbrance_id)
    if seen is None:
        raise NotFoundError("no such encumbrance")
    await lock(session, Right, seen.right_id)
    return await lock(session, Encumbrance, encumbrance_id)


async def _require_known(session: AsyncSession, organisation_id: UUID | None) -> None:
    if organisation_id is None:
        return
    query = select(Organisation.id).where(col(Organisation.id) == organisation_id)
    if (await session.execute(query)).first() is None:
        raise InvalidTermsError("the holder is no organisation of this marketplace")
