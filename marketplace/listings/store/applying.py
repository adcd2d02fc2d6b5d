"""Companies apply for what is shown in the store, and take it back, while its window is open."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.members.queries import share_people
from marketplace.assets.title.queries import owners_of
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.listings.store.errors import OwnEntryError, WindowClosedError
from marketplace.listings.store.lifecycle import StoreState
from marketplace.listings.store.models import StoreApplication, StoreEntry, StoreWindow
from marketplace.listings.store.schemas import StoreApply
from marketplace.listings.store.service import is_open, last_window


async def apply(
    session: AsyncSession, entry_id: UUID, request: StoreApply, *, actor: Actor
) -> StoreApplication:
    """Say that one's organisation wants an application; only its author reads that.

    Raises:
        NotFoundError: no such entry.
        WindowClosedError: no window is open; by the database as well.
        OwnEntryError: it is the actor's own, or somebody signs for both.
        AppliedError: by the database.
    """
    entry, window = await _open_window_of(session, entry_id)
    for owner in await owners_of(session, entry.right_id):
        if owner == actor.organisation_id:
            raise OwnEntryError
        if await share_people(session, owner, actor.organisation_id, person_id=actor.user_id):
            raise OwnEntryError("somebody may sign for both sides")
    application = StoreApplication(
        created_at=now(session),
        window_id=window.id,
        organisation_id=actor.organisation_id,
        **request.model_dump(),
    )
    session.add(application)
    _tell(session, entry, "apply", application, actor)
    await session.flush()
    return application


async def take_back(
    session: AsyncSession, entry_id: UUID, application_id: UUID, *, actor: Actor
) -> StoreApplication:
    """Want it no more, while the window is open; afterwards the word stands.

    Raises:
        NotFoundError: no such application of the actor's.
        WindowClosedError: the window is over; by the database as well.
    """
    found = await session.get(StoreApplication, application_id)
    if found is None or found.organisation_id != actor.organisation_id or found.withdrawn_at:
        raise NotFoundError("no such application of yours")
    entry, window = await _open_window_of(session, entry_id)
    if found.window_id != window.id:
        raise WindowClosedError
    found.withdrawn_at = now(session)
    _tell(session, entry, "take_back", found, actor)
    await session.flush()
    return found


async def _open_window_of(session: AsyncSession, entry_id: UUID) -> tuple[StoreEntry, StoreWindow]:
    entry = await lock(session, StoreEntry, entry_id)
    window = await last_window(session, entry.id)
    if entry.state is not StoreState.OPEN or not is_open(window, now(session)):
        raise WindowClosedError
    return entry, window


def _tell(
    session: AsyncSession, entry: StoreEntry, name: str, about: StoreApplication, actor: Actor
) -> None:
    data = {"application_id": about.id}
    type_ = f"store_application.{name}"
    publish(session, type_, subject=entry.subject, actor=actor.label, data=data)
