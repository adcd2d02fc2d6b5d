"""What is chosen in the store becomes a deal; what comes of that, the store hears of."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.title.queries import owners_of
from marketplace.deals.models import Deal
from marketplace.deals.private import Agreed, open_private_deal, team
from marketplace.deals.store.models import StoreSale
from marketplace.deals.store.schemas import StoreFigures, StoreSelected
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, move
from marketplace.listings.store.errors import InvalidSelectionError
from marketplace.listings.store.lifecycle import StoreState
from marketplace.listings.store.models import Outcome, StoreApplication, StoreEntry
from marketplace.listings.store.service import (
    go_on,
    last_window,
    live_applications,
    lock_for,
)

_COUNTS: Final = text(
    """
    SELECT (SELECT count(*) FROM store_entry) AS entries,
        count(*) AS windows,
        count(*) FILTER (WHERE outcome IS NULL AND closes_at > :now) AS open_windows,
        count(*) FILTER (WHERE outcome = 'selected') AS selected,
        (SELECT count(*) FROM store_application WHERE withdrawn_at IS NULL) AS applications,
        (SELECT count(*) FROM store_sale s JOIN deal d ON d.id = s.deal_id
         WHERE d.state IN ('settled', 'closed')) AS settled
    FROM store_window
    """
)


async def choose(
    session: AsyncSession, keyring: Keyring, entry_id: UUID, application_id: UUID, *, actor: Actor
) -> StoreSelected:
    """Take a company's word: a deal over the application at the price that it named.

    Raises:
        NotFoundError: not the actor's entry.
        IllegalMoveError: its window is still open, or nobody is to be chosen any more.
        InvalidSelectionError: no application of the window that closed last.
        RightReservedError: by the database, when a deal over it runs.
    """
    entry, role = await lock_for(session, entry_id, actor)
    told: dict[str, Any] = {"application_id": application_id}
    move(session, entry, "select", role=role, actor=actor, **told)
    window = await last_window(session, entry.id)
    found = {one.id: one for one in await live_applications(session, window.id)}
    if application_id not in found:
        raise InvalidSelectionError
    window.outcome = Outcome.SELECTED
    deal = await _open_deal(session, keyring, entry, found[application_id], actor)
    sale = StoreSale(
        created_at=now(session),
        entry_id=entry.id,
        application_id=application_id,
        deal_id=deal.id,
    )
    session.add(sale)
    await session.flush()
    return StoreSelected.model_validate(sale)


async def _open_deal(
    session: AsyncSession,
    keyring: Keyring,
    entry: StoreEntry,
    chosen: StoreApplication,
    actor: Actor,
) -> Deal:
    owners = await owners_of(session, entry.right_id)
    agreed = Agreed(
        right_id=entry.right_id,
        seller=entry.organisation_id,
        buyer=chosen.organisation_id,
        price_minor=chosen.price_minor,
        currency=entry.currency,
        teaser=entry.teaser,
        language=entry.language,
        about=entry.subject,
        payees=team(entry.organisation_id, owners),
    )
    return await open_private_deal(session, keyring, agreed, actor=actor)


async def conclude(session: AsyncSession, listing_id: UUID, *, sold: bool) -> None:
    """The deal of a choice sold the application, or came to nothing: then windows go on.

    Told again, nothing happens.
    """
    query = (
        select(StoreSale.entry_id)
        .join(Deal, col(Deal.id) == col(StoreSale.deal_id))
        .where(col(Deal.listing_id) == listing_id)
    )
    entry_id = (await session.execute(query)).scalar_one_or_none()
    if entry_id is None:
        return
    entry = await lock(session, StoreEntry, entry_id)
    if entry.state is not StoreState.SELECTED:
        return
    if sold:
        move(session, entry, "sell", role=SYSTEM, actor=BY_SYSTEM)
    else:
        await go_on(session, entry, Outcome.SELECTED, role=SYSTEM, actor=BY_SYSTEM)


async def figures(session: AsyncSession) -> StoreFigures:
    """How many windows, applications and choices there were, and how many deals were paid out."""
    counts = (await session.execute(_COUNTS, {"now": now(session)})).mappings().one()
    return StoreFigures(**counts)
