"""The figures of a marketplace that was: 74 tasks, 123 ideas bought of them.

All of them are counted as they stand in the tables; a sixth of them goes the whole way there, from
the draft of each task to the money of each deal.
"""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.permissions import MemberRole
from marketplace.assets.schemas import RightRegister
from marketplace.assets.service import register_right
from marketplace.deals.awards.schemas import AwardGive
from marketplace.deals.awards.service import give_awards
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.lifecycle import BUYER
from marketplace.deals.settling import release
from marketplace.deals.signing import sign_agreement
from marketplace.deals.transferring import confirm_waiver, file_transfer
from marketplace.documents.service import put_body
from marketplace.documents.signatures import newest
from marketplace.kernel.db import lock
from marketplace.listings.solicitations import service
from marketplace.listings.solicitations.schemas import SolicitationCreate
from marketplace.listings.solicitations.submitting import submit
from marketplace.payments.funding.service import request_of
from tests.factories.deals import Market, credit, idea_body, ok
from tests.factories.ideas import Idea
from tests.factories.people import Person, person
from tests.factories.solicitations import OPEN_DAYS, task
from tests.factories.world import World

FIGURES = "/v1/statistics/solicitations"
PER_TASK_MAX = 5
SOLICITATION = text(
    "INSERT INTO solicitation (id, created_at, version, organiser_organisation_id, title, task,"
    " language, outcome, budget_minor, currency, awards_max, compensation_minor, criteria,"
    " closes_at, opened_at, state) VALUES (:id, :at, 5, :organiser, 't', 't', 'ko', 'purchase',"
    " 10000000, 'KRW', 5, 1, '[]', :at, :at, 'open')"
)
SUBMISSION = text(
    "INSERT INTO submission (id, created_at, solicitation_id, number, right_id, organisation_id,"
    " sha256, shares) SELECT :id, :at, :solicitation, :number, :right_id, :author, '', '[]'"
)
AWARD = text(
    "INSERT INTO award (id, created_at, solicitation_id, submission_id, amount_minor)"
    " VALUES (:id, :at, :solicitation, :submission, :amount_minor)"
)


def published(tasks: int, awards: int, seed: int = 74) -> list[list[int]]:
    """Awards of some tasks in won: of each task as many as some draw gives it."""
    draw = random.Random(seed)  # noqa: S311 - the same figures in every run
    found: list[list[int]] = [[] for _ in range(tasks)]
    for _ in range(awards):
        one = draw.choice([one for one in found if len(one) < PER_TASK_MAX])
        one.append(draw.randrange(100, 2_000) * 1_000 + 1)
    return found


def acting(who: Person, role: MemberRole = MemberRole.OWNER) -> Actor:
    return Actor.in_role(who.organisation_id, who.user_id, role)


async def test_74_tasks_with_123_awards_are_counted_as_such(
    client: httpx2.AsyncClient, sessions: Any, connection: AsyncConnection, clock: Any
) -> None:
    organiser, author = await person(client, sessions), await person(client, sessions)
    ideas = [await Idea.of(author, None) for _ in range(PER_TASK_MAX)]
    at, tasks = clock.now(), published(74, 123)
    for awards in tasks:
        task_id = uuid4()
        values = {"id": task_id, "at": at, "organiser": organiser.organisation_id}
        await connection.execute(SOLICITATION, values)
        for number, idea in enumerate(ideas, 1):
            submission = {
                "id": uuid4(),
                "at": at - timedelta(seconds=1),
                "solicitation": task_id,
                "number": number,
                "right_id": UUID(idea.right_id),
                "author": author.organisation_id,
            }
            await connection.execute(SUBMISSION, submission)
            if number <= len(awards):
                award = {"submission": submission["id"], "amount_minor": awards[number - 1]}
                await connection.execute(AWARD, submission | award | {"id": uuid4()})

    figures = await ok(await client.get(FIGURES))

    given = [amount for awards in tasks for amount in awards]
    assert (figures["solicitations"], figures["awards"], figures["submissions"]) == (74, 123, 370)
    assert figures["with_awards"] == sum(1 for awards in tasks if awards)
    assert figures["amounts"] == [
        {
            "currency": "KRW",
            "awarded_minor": sum(given),
            "settled_minor": 0,
            "mean_award_minor": round(sum(given) / 123),
            "largest_award_minor": max(given),
        }
    ]


async def test_what_is_settled_is_counted_from_the_draft_to_the_money(world: World) -> None:
    market, tasks = await Market.open(world), published(12, 20)
    entered = await _entered(market, tasks)
    world.clock.offset += timedelta(days=OPEN_DAYS, seconds=1)
    await world.work()
    deals = await _awarded(market, entered, tasks)
    await _settled(market, deals)

    figures = await ok(await world.client.get(FIGURES))

    given = [amount for awards in tasks for amount in awards]
    assert figures == {
        "solicitations": 12,
        "with_awards": sum(1 for awards in tasks if awards),
        "submissions": 20,
        "awards": 20,
        "settled_awards": 20,
        "amounts": [
            {
                "currency": "KRW",
                "awarded_minor": sum(given),
                "settled_minor": sum(given),
                "mean_award_minor": round(sum(given) / 20),
                "largest_award_minor": max(given),
            }
        ],
    }
    assert await world.proofs() == []


async def _entered(market: Market, tasks: Sequence[Sequence[int]]) -> list[UUID]:
    """Every task opened, with as many ideas as it will award."""
    world = market.world
    organiser, author = acting(market.buyer), acting(market.seller)
    operator = acting(market.operator, MemberRole.OPERATOR)
    wanted = SolicitationCreate(**task(world.clock, awards_max=PER_TASK_MAX))
    found = []
    async with world.sessions.begin() as session:
        for awards in tasks:
            one = await service.create(session, wanted, actor=organiser)
            await service.review(session, one.id, actor=operator)
            await service.open_task(session, one.id, actor=organiser)
            await session.flush()
            for _ in awards:
                await _enter(session, world, one.id, author)
            found.append(one.id)
    return found


async def _enter(session: AsyncSession, world: World, task_id: UUID, author: Actor) -> None:
    right = await register_right(session, RightRegister(**idea_body()), actor=author)
    await put_body(session, world.app.state.keyring, right.id, "a shelf", actor=author)
    await submit(session, task_id, right.id, actor=author)


async def _awarded(
    market: Market, entered: Sequence[UUID], tasks: Sequence[Sequence[int]]
) -> list[UUID]:
    world, organiser, found = market.world, acting(market.buyer), []
    async with world.sessions.begin() as session:
        for task_id, awards in zip(entered, tasks, strict=True):
            given = [AwardGive(number=n, amount_minor=won) for n, won in enumerate(awards, 1)]
            if not given:
                continue
            keyring = world.app.state.keyring
            told = await give_awards(session, keyring, task_id, given, actor=organiser)
            found += [one.deal_id for one in told if one.deal_id]
    return found


async def _settled(market: Market, deals: Sequence[UUID]) -> None:
    """Signed by both, paid by one statement of the bank, delivered, accepted and released."""
    world, seller, buyer = market.world, acting(market.seller), acting(market.buyer)
    lines = []
    async with world.sessions.begin() as session:
        for deal_id in deals:
            for actor in (seller, buyer):
                document = await newest(session, f"deal:{deal_id}")
                await sign_agreement(session, deal_id, document.sha256, actor=actor)
            request = await request_of(session, f"deal:{deal_id}")
            assert request is not None
            lines.append(credit(request.amount_minor, request.reference))
    await market.bank(*lines)
    async with world.sessions.begin() as session:
        for deal_id in deals:
            await file_transfer(session, deal_id, actor=seller)
            await confirm_waiver(session, deal_id, actor=buyer)
            deal = await lock(session, Deal, deal_id)
            await release(session, deal, role=BUYER, actor=buyer)
    await world.work()
    async with world.sessions.begin() as session:
        states = (await session.execute(select(col(Deal.state)))).scalars()
        assert Counter(map(str, states)) == {"settled": len(deals)}
