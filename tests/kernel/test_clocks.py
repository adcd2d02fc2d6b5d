import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals.models import Deal
from marketplace.kernel.clocks import (
    BATCH,
    POSTPONED,
    Clock,
    _postpone,
    _Seen,
    run_all_due,
    run_due,
)
from marketplace.kernel.errors import ConflictError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import Machine
from marketplace.listings.models import Listing
from tests.factories.deals import list_right
from tests.factories.people import person
from tests.factories.world import World

YEAR = timedelta(days=365)
EVENTS = (
    "SELECT type, actor, data->>'code' FROM event WHERE type LIKE 'listing.%' ORDER BY sequence"
)
PLAIN = Clock(Listing, {})


class NotNowError(ConflictError):
    code = "not_now"


class Failing:
    """A use case that fails for one listing, after it has written something."""

    def __init__(self, listing_id: UUID, error: Exception) -> None:
        self.listing_id, self.error = listing_id, error
        self.tries = 0

    async def __call__(
        self, session: AsyncSession, listing: Listing, *, role: str, actor: Machine
    ) -> None:
        publish(session, "listing.tried", subject=role, actor=actor.label, data={})
        if listing.id == self.listing_id:
            self.tries += 1
            await session.flush()
            raise self.error
        listing.due_at = None


async def meet_a_deadlock(session: AsyncSession, *_: Any, **__: Any) -> None:
    await session.execute(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))


async def publish_listings(world: World, count: int) -> list[UUID]:
    """Listings that all expire in a year, and of whose past nobody speaks any more."""
    seller = await person(world.client, world.sessions)
    return [UUID(await list_right(seller)) for _ in range(count)]


async def rows(world: World, query: str) -> list[Any]:
    async with world.sessions() as session:
        return [tuple(row) for row in (await session.execute(text(query))).all()]


async def told(world: World, after: int) -> list[Any]:
    return (await rows(world, EVENTS))[after:]


async def due_at(world: World, listing_id: UUID) -> datetime | None:
    async with world.sessions() as session:
        return (await session.get_one(Listing, listing_id)).due_at


async def test_what_is_due_is_moved_once_and_by_the_clock(world: World) -> None:
    await publish_listings(world, 3)
    before = len(await told(world, 0))
    world.clock.offset = YEAR - timedelta(minutes=5)
    assert await run_due(world.sessions, PLAIN) == 0

    world.clock.offset = YEAR
    assert await run_due(world.sessions, PLAIN) == 3
    assert await run_due(world.sessions, PLAIN) == 0
    assert await told(world, before) == [("listing.expire", "clock", None)] * 3
    assert (
        await rows(world, "SELECT state, due_at, version FROM listing")
        == [("expired", None, 3)] * 3
    )


async def test_only_tables_with_something_due_are_run_and_one_that_fails_holds_no_other_up(
    world: World,
) -> None:
    await publish_listings(world, 2)
    stuck = Clock(Listing, {"expire": meet_a_deadlock})
    clocks = [stuck, Clock(Deal, {}), PLAIN]
    assert await run_all_due(world.sessions, clocks) == 0

    world.clock.offset = YEAR
    with pytest.raises(DBAPIError):
        await run_all_due(world.sessions, clocks)
    assert await rows(world, "SELECT state FROM listing") == [("expired",)] * 2
    assert await run_all_due(world.sessions, clocks) == 0


async def test_two_workers_share_what_is_due(world: World) -> None:
    await publish_listings(world, 8)
    before = len(await told(world, 0))
    world.clock.offset = YEAR

    done = await asyncio.gather(*(run_due(world.sessions, PLAIN) for _ in range(3)))

    assert sum(done) == 8 < BATCH
    assert await told(world, before) == [("listing.expire", "clock", None)] * 8


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotNowError("wait"), "not_now"), (RuntimeError("the secret"), "internal_error")],
)
async def test_a_failure_is_told_and_postponed_and_holds_nobody_up(
    world: World, error: Exception, code: str
) -> None:
    bad, *others = await publish_listings(world, 3)
    failing = Failing(bad, error)
    clock = Clock(Listing, {"expire": failing})
    before = len(await told(world, 0))
    world.clock.offset = YEAR

    assert await run_due(world.sessions, clock) == 3
    assert await told(world, before) == [
        ("listing.clock_refused", "clock", code),
        ("listing.tried", "clock", None),
        ("listing.tried", "clock", None),
    ]
    assert [await due_at(world, listing_id) for listing_id in others] == [None, None]
    again = await due_at(world, bad)
    assert again is not None
    remaining = again - world.clock.now()
    assert POSTPONED - timedelta(minutes=1) < remaining <= POSTPONED

    assert await run_due(world.sessions, clock) == 0
    world.clock.offset += POSTPONED
    assert await run_due(world.sessions, clock) == 1
    assert failing.tries == 2


async def test_a_busy_database_is_no_reason_to_postpone(world: World) -> None:
    (listing_id,) = await publish_listings(world, 1)
    before, due = len(await told(world, 0)), await due_at(world, listing_id)
    world.clock.offset = YEAR
    with pytest.raises(DBAPIError):
        await run_due(world.sessions, Clock(Listing, {"expire": meet_a_deadlock}))

    assert await told(world, before) == []
    assert await due_at(world, listing_id) == due
    assert await run_due(world.sessions, PLAIN) == 1


async def test_a_row_that_somebody_moved_meanwhile_keeps_its_new_clock(world: World) -> None:
    (listing_id,) = await publish_listings(world, 1)
    before, due = len(await told(world, 0)), await due_at(world, listing_id)

    await _postpone(world.sessions, _Seen(Listing, listing_id, version=1), NotNowError())

    assert await told(world, before) == []
    assert await due_at(world, listing_id) == due
