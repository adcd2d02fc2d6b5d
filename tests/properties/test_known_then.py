"""Over random histories: what was said at each past moment is what is said of it ever after.

The register is told facts in any order, of any day, some of which it takes back. At each step the
projection that is stored is noted; at the end, each is found again by asking as of that moment, and
equals a plain replay of the facts known then, written here a second time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import MemberRole
from marketplace.assets.models import LegalEventKind, Right
from marketplace.assets.standing.queries import standing_of
from marketplace.assets.standing.service import Told, record_legal_event, retract_event
from marketplace.assets.title.errors import ReceiptOrderNeededError, ShareNotOwnedError
from marketplace.assets.title.models import ConveyanceKind
from marketplace.assets.title.queries import conveyances_known, owners_of
from marketplace.assets.title.recordal import Recordal
from marketplace.assets.title.rules import replay
from marketplace.assets.title.service import record_conveyance, retract_conveyance
from marketplace.kernel.db import now
from tests.factories.people import Person, operator, person
from tests.factories.register import registered
from tests.factories.world import World

K = LegalEventKind
FIRST = date(2015, 1, 1)
DECIDING = {
    K.GRANTED: "in_force",
    K.RESTORED: "in_force",
    K.LAPSED: "lapsed",
    K.SURRENDERED: "surrendered",
    K.INVALIDATED: "invalidated",
}


@dataclass(frozen=True)
class Legal:
    kind: LegalEventKind
    day: int
    claims: bool = False


@dataclass(frozen=True)
class Transfer:
    giver: int
    taker: int
    share: Fraction
    day: int
    order: int


@dataclass(frozen=True)
class TakeBack:
    which: int


STEPS = st.lists(
    st.one_of(
        st.builds(Legal, st.sampled_from([*DECIDING, K.CHALLENGED]), st.integers(0, 2_000)),
        st.builds(Legal, st.just(K.INVALIDATED), st.integers(0, 2_000), st.just(True)),
        st.builds(
            Transfer,
            st.integers(0, 2),
            st.integers(0, 2),
            st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 3)]),
            st.integers(0, 2_000),
            st.integers(1, 3),
        ),
        st.builds(TakeBack, st.integers(0, 9)),
    ),
    min_size=1,
    max_size=9,
)


@dataclass
class History:
    """The facts told so far, and what was said after each."""

    right_id: UUID
    people: Sequence[Person]
    actor: Actor
    legal: dict[UUID, Legal] = field(default_factory=dict)
    transfers: dict[UUID, Transfer] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)
    said: list[tuple[datetime, str, dict[UUID, Fraction], str]] = field(default_factory=list)

    async def take(self, session: AsyncSession, step: object) -> None:
        if isinstance(step, Legal):
            await self._legal(session, step)
        elif isinstance(step, Transfer):
            await self._transfer(session, step)
        elif isinstance(step, TakeBack):
            await self._take_back(session, step)

    async def _legal(self, session: AsyncSession, step: Legal) -> None:
        told = Told(step.kind, on(step.day), "extract", claims=[1] if step.claims else None)
        event, _ = await record_legal_event(session, self.right_id, told, actor=self.actor)
        self.legal[event.id] = step

    async def _transfer(self, session: AsyncSession, step: Transfer) -> None:
        if step.giver == step.taker:
            return
        link, _ = await record_conveyance(
            session,
            self.right_id,
            kind=ConveyanceKind.ASSIGNMENT,
            giver=self.people[step.giver].organisation_id,
            to=self.people[step.taker].organisation_id,
            share=step.share,
            recordal=Recordal(received_on=on(step.day), receipt_order=step.order),
            source="extract",
            actor=self.actor,
        )
        self.transfers[link.id] = step

    async def _take_back(self, session: AsyncSession, step: TakeBack) -> None:
        known = [one for one in (*self.legal, *self.transfers) if one not in self.gone]
        if not known:
            return
        fact_id = known[step.which % len(known)]
        take_back: Any = retract_event if fact_id in self.legal else retract_conveyance
        await take_back(session, self.right_id, fact_id, "correction", actor=self.actor)
        self.gone.add(fact_id)

    def expected(self) -> str:
        """The status, worked out again from what was told and not taken back."""
        facts = [
            (one.day, place, one)
            for place, (fact_id, one) in enumerate(self.legal.items())
            if fact_id not in self.gone and one.kind in DECIDING and not one.claims
        ]
        facts.sort(key=lambda fact: fact[:2])
        granted = any(one.kind is K.GRANTED for _, _, one in facts)
        statuses = [DECIDING[one.kind] for _, _, one in facts]
        if "invalidated" in statuses:
            return "invalidated"
        return statuses[-1] if statuses else ("pending" if granted else "in_force")


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


@pytest.fixture
async def place(world: World) -> tuple[World, list[Person], Actor]:
    names = ("ann", "ben", "cho")
    people = [await person(world.client, world.sessions, name=name) for name in names]
    boss = await operator(world.client, world.sessions)
    return world, people, Actor.in_role(boss.organisation_id, boss.user_id, MemberRole.OPERATOR)


_SERIALS = iter(range(1, 10_000))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=STEPS)
async def test_what_was_known_at_each_moment_is_found_again(
    place: tuple[World, list[Person], Actor], steps: list[object]
) -> None:
    world, people, actor = place
    right_id = UUID(await registered(people[0], serial=next(_SERIALS)))
    history = History(right_id, people, actor)
    for step in steps:
        try:
            async with world.sessions.begin() as session:
                await history.take(session, step)
        except (ShareNotOwnedError, ReceiptOrderNeededError):
            pass
        await _note(world, history)

    async with world.sessions() as session:
        right = await session.get_one(Right, right_id)
        for known_at, status, owners, expected in history.said:
            found = await standing_of(session, right, known_at=known_at)
            assert found.status == status == expected
            links = await conveyances_known(session, right_id, known_at)
            assert replay(links).owners_at(known_at) == owners
            assert sum(owners.values()) == 1
            assert _boundaries_are_whole(replay(links).periods)
    assert await world.proofs() == []


async def _note(world: World, history: History) -> None:
    """What the rows say at this moment."""
    async with world.sessions() as session:
        right = await session.get_one(Right, history.right_id)
        assert right.known_at is not None
        known_at = max(now(session), right.known_at)
        owners = await owners_of(session, history.right_id)
        history.said.append((known_at, right.legal_status, owners, history.expected()))


def _boundaries_are_whole(periods: Iterable[Any]) -> bool:
    periods = list(periods)
    moments = {p.owned_from for p in periods} | {p.owned_until for p in periods if p.owned_until}
    return all(
        sum((p.share for p in periods if p.covers(moment)), Fraction(0)) == 1
        for moment in moments | {datetime.now(UTC)}
    )
