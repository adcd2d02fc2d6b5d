from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

from marketplace.kernel.db import Sessions, lock, now
from marketplace.kernel.errors import ForbiddenError, MarketplaceError
from marketplace.kernel.events import history
from marketplace.kernel.lifecycle import (
    CLOCK,
    SYSTEM,
    Due,
    IllegalMoveError,
    Lifecycle,
    Machine,
    Move,
    NotYourMoveError,
    VersionMismatchError,
    move,
    moves,
)
from marketplace.listings.lifecycle import ListingState
from marketplace.listings.models import Listing
from tests.factories.deals import list_right
from tests.factories.people import person


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


DAY = timedelta(days=1)
SHUT = moves("shut", Door.OPEN, Door.SHUT, "porter")
REMOVE = moves("remove", {Door.OPEN, Door.SHUT}, Door.GONE, "owner", CLOCK)
BOTH = {Door.OPEN: Due("remove", DAY), Door.SHUT: Due("remove", DAY)}


def door(table: Iterable[Move[Door]], due: Mapping[Door, Due[Door]]) -> Lifecycle[Door]:
    return Lifecycle("door", Door, Door.OPEN, table, due)


def test_a_whole_table_is_accepted() -> None:
    found = door((SHUT, REMOVE), BOTH)

    assert found.names == ("shut", "remove")
    assert found.terminal() == {Door.GONE}
    assert found.step(Door.OPEN, "shut", role="porter").target is Door.SHUT
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert found.due_at(Door.SHUT, moment) == moment + DAY
    assert found.due_at(Door.GONE, moment) is None


FROM_OPEN = moves("remove", Door.OPEN, Door.GONE, "owner", CLOCK)
KNOCK = moves("knock", Door.SHUT, Door.SHUT, "guest")


@pytest.mark.parametrize(
    ("table", "due", "problem"),
    [
        ((REMOVE,), BOTH, "nothing leads to shut"),
        ((moves("shut", Door.OPEN, Door.SHUT, "porter"),), {}, "nothing leads to gone"),
        ((SHUT, REMOVE, SHUT), BOTH, "listed twice"),
        ((SHUT, REMOVE, moves("shut", Door.OPEN, Door.GONE, "owner")), BOTH, "listed twice"),
        ((SHUT, REMOVE), {Door.OPEN: Due("remove", DAY)}, "time never ends shut"),
        ((SHUT, REMOVE), BOTH | {Door.SHUT: Due("paint", DAY)}, "time never ends shut"),
        ((SHUT, REMOVE), BOTH | {Door.OPEN: Due("shut", DAY)}, "time never ends open"),
        ((SHUT, REMOVE), BOTH | {Door.GONE: Due("remove", DAY)}, "clock on the end gone"),
        (
            (SHUT, FROM_OPEN, moves("remove", Door.SHUT, Door.GONE, CLOCK, SYSTEM)),
            BOTH,
            "nobody can leave shut",
        ),
        (
            (SHUT, FROM_OPEN, KNOCK, moves("remove", Door.SHUT, Door.GONE, CLOCK)),
            BOTH,
            "nobody can leave shut",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_table_fails_where_it_is_written(
    table: Iterable[Move[Door]], due: Mapping[Door, Due[Door]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        door(table, due)


def test_a_reminder_may_be_all_that_time_does() -> None:
    remind = moves("remind", Door.SHUT, Door.SHUT, CLOCK)
    taken = moves("take", Door.SHUT, Door.GONE, "owner")

    found = door((SHUT, FROM_OPEN, remind, taken), BOTH | {Door.SHUT: Due("remind", DAY)})

    assert found.open_to(Door.SHUT, CLOCK) == ["remind"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (IllegalMoveError, 409, "illegal_move"),
        (NotYourMoveError, 403, "not_your_move"),
        (VersionMismatchError, 409, "version_mismatch"),
    ],
)
def test_refusals_have_stable_codes(error: type[MarketplaceError], status: int, code: str) -> None:
    assert (error.status, error.code) == (status, code)
    assert issubclass(NotYourMoveError, ForbiddenError)


@pytest.fixture
async def listing_id(client: httpx2.AsyncClient, sessions: Sessions) -> UUID:
    return UUID(await list_right(await person(client, sessions)))


async def stored(sessions: Sessions, listing_id: UUID) -> tuple[Any, ...]:
    """Everything that a move could have changed."""
    query = text(
        "SELECT state, version, due_at, (SELECT count(*) FROM event) FROM listing WHERE id = :id"
    )
    async with sessions.begin() as session:
        return tuple((await session.execute(query, {"id": listing_id})).one())


async def test_a_move_is_stored_with_its_event(sessions: Sessions, listing_id: UUID) -> None:
    state, version, _, events = await stored(sessions, listing_id)
    assert (state, version) == ("published", 2)

    async with sessions.begin() as session:
        moment = now(session)
        listing = await lock(session, Listing, listing_id)
        move(session, listing, "reserve", role=SYSTEM, actor=Machine("deal:1"), version=2, deal="1")

    due_at = moment + timedelta(days=730)
    assert await stored(sessions, listing_id) == ("reserved", 3, due_at, events + 1)
    async with sessions() as session:
        last = (await history(session, f"listing:{listing_id}"))[-1]
    assert (last.type, last.actor, last.recorded_at) == ("listing.reserve", "deal:1", moment)
    assert last.data == {"from": "published", "to": "reserved", "as": "system", "deal": "1"}


async def test_parties_may_set_the_clock_themselves(sessions: Sessions, listing_id: UUID) -> None:
    due_at = datetime(2031, 1, 1, tzinfo=UTC)
    async with sessions.begin() as session:
        listing = await lock(session, Listing, listing_id)
        move(session, listing, "reserve", role=SYSTEM, actor=Machine("x"), due_at=due_at)
    assert (await stored(sessions, listing_id))[:3] == ("reserved", 3, due_at)


async def test_the_end_has_no_clock(sessions: Sessions, listing_id: UUID) -> None:
    async with sessions.begin() as session:
        listing = await lock(session, Listing, listing_id)
        move(session, listing, "withdraw", role="seller", actor=Machine("x"))
    assert (await stored(sessions, listing_id))[:3] == ("withdrawn", 3, None)


@pytest.mark.parametrize(
    ("name", "role", "version", "refusal"),
    [
        ("publish", "seller", None, IllegalMoveError),
        ("suspend", "seller", None, NotYourMoveError),
        ("withdraw", "seller", 1, VersionMismatchError),
        ("withdraw", "seller", 3, VersionMismatchError),
        ("fly", "seller", None, IllegalMoveError),
    ],
)
async def test_a_refused_move_stores_nothing(
    sessions: Sessions,
    listing_id: UUID,
    name: str,
    role: str,
    version: int | None,
    refusal: type[MarketplaceError],
) -> None:
    before = await stored(sessions, listing_id)
    async with sessions.begin() as session:
        listing = await lock(session, Listing, listing_id)
        with pytest.raises(refusal):
            move(session, listing, name, role=role, actor=Machine("x"), version=version)
    assert await stored(sessions, listing_id) == before


async def test_a_move_without_the_row_lock_is_a_bug(sessions: Sessions, listing_id: UUID) -> None:
    before = await stored(sessions, listing_id)
    async with sessions.begin() as session:
        listing = await session.get_one(Listing, listing_id)
        with pytest.raises(RuntimeError, match="Listing is moved without its row lock"):
            move(session, listing, "withdraw", role="seller", actor=Machine("x"))
        assert listing.state is ListingState.PUBLISHED
    assert await stored(sessions, listing_id) == before


async def test_a_lock_does_not_outlive_its_transaction(
    sessions: Sessions, listing_id: UUID
) -> None:
    async with sessions.begin() as session:
        listing = await lock(session, Listing, listing_id)
    async with sessions.begin() as later:
        with pytest.raises(RuntimeError, match="without its row lock"):
            move(later, listing, "withdraw", role="seller", actor=Machine("x"))
