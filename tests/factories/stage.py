"""One world with a deal in every state, for tests that undo what they did."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.permissions import MemberRole
from marketplace.deals.lifecycle import DealState
from marketplace.deals.models import Deal
from marketplace.kernel.db import lock
from marketplace.kernel.lifecycle import BY_CLOCK, CLOCK, move
from tests.factories.deals import Market, credit, list_right, offer, ok
from tests.factories.parts import partly_released
from tests.factories.people import Person, person
from tests.factories.world import World

COUNTER = {"price": {"amount_minor": 110_000_000, "currency": "KRW"}}


@dataclass(frozen=True)
class Step:
    """One request about a deal."""

    who: str
    move: str
    body: Any = None


FILED = Step("seller", "file-transfer")
RECORDED = Step("operator", "record", {"evidence": "register extract"})
DISPUTED = Step("buyer", "dispute", {"reason": "wrong right"})
RELEASED = Step("buyer", "release")
UNPAID = ("agreed", "partly_signed", "signed")
STEPS: dict[str, tuple[Step, ...]] = {
    "funded": (),
    "transfer_filed": (FILED,),
    "disputed": (FILED, DISPUTED),
    "recorded": (FILED, RECORDED),
    "disputed_after_recordal": (FILED, RECORDED, DISPUTED),
    "settled": (FILED, RECORDED, RELEASED),
    "closed": (FILED, RECORDED, RELEASED),
    "refunded": (Step("seller", "refund"),),
    "reversed": (FILED, RECORDED, RELEASED, Step("operator", "reverse")),
}
"""How a paid deal comes to each state."""


@dataclass
class Stage:
    """A market, its people by what they are to a deal, and deals and negotiations by state."""

    world: World
    market: Market
    people: dict[str, Person]
    deals: dict[str, str] = field(default_factory=dict)
    negotiations: dict[str, str] = field(default_factory=dict)
    idea_deal: str = ""

    @classmethod
    async def build(cls, world: World) -> "Stage":
        market = await Market.open(world)
        stage = cls(world, market, await _people(market))
        stage.deals = {state: await market.deal(state) for state in UNPAID}
        stage.deals["cancelled"] = await market.deal("signed")
        stage.deals |= {state: await market.deal("signed") for state in STEPS}
        stage.idea_deal = await market.deal("signed", idea=True)
        await stage._pay([*(stage.deals[state] for state in STEPS), stage.idea_deal])
        for state, steps in STEPS.items():
            for step in steps:
                await stage.take(step, stage.deals[state])
        await ok(await market.buyer.post(f"/v1/deals/{stage.deals['cancelled']}/cancel"))
        stage.deals["partly_released"] = await partly_released(market)
        await stage._close()
        await stage._negotiate()
        await world.work()
        for state in DealState:
            assert await market.state(stage.deals[state]) == state
        return stage

    async def take(self, step: "Step", deal_id: str) -> None:
        answer = await self.people[step.who].post(f"/v1/deals/{deal_id}/{step.move}", step.body)
        await ok(answer)

    async def _pay(self, deal_ids: list[str]) -> None:
        """All in one statement, because the worker's round costs more than a payment."""
        payments = [await self.market.payment(deal_id) for deal_id in deal_ids]
        lines = [credit(p["amount"]["amount_minor"], p["reference"]) for p in payments]
        await self.market.bank(*lines)

    async def _close(self) -> None:
        """The clock closes one settled deal a year later; nothing else of the stage hears it."""
        deal_id = self.deals["closed"]
        async with self.world.sessions.begin() as session:
            deal = await lock(session, Deal, UUID(deal_id))
            move(session, deal, "close", role=CLOCK, actor=BY_CLOCK)

    async def _negotiate(self) -> None:
        """A negotiation in each live state: those over a reserved right are suspended."""
        market = self.market
        for prefix in ("", "suspended_"):
            listing_id = await list_right(market.seller)
            waiting = await offer(market.stranger, listing_id)
            answered = await offer(self.people["member"], listing_id)
            await ok(await market.seller.post(f"/v1/negotiations/{answered}/counter", COUNTER))
            self.negotiations[f"{prefix}awaiting_seller"] = waiting
            self.negotiations[f"{prefix}awaiting_buyer"] = answered
        winner = await offer(self.people["rival"], listing_id)
        accepted = f"/v1/negotiations/{winner}/accept"
        await ok(await market.seller.post(accepted, {"offer_number": 1}))

    async def deal(self, deal_id: str) -> dict[str, Any]:
        return dict(await ok(await self.market.operator.get(f"/v1/deals/{deal_id}")))

    async def right_of(self, deal_id: str) -> str:
        return str((await self.deal(deal_id))["right_id"])

    async def payable(self, who: str) -> int:
        """What the platform owes somebody in KRW; negative when it is owed."""
        found = (await ok(await self.people[who].get("/v1/balances")))["payable"]
        return sum(row["amount_minor"] for row in found if row["currency"] == "KRW")


async def _people(market: Market) -> dict[str, Person]:
    """Those of the market, and colleagues of the buyer with less to say."""
    client, sessions = market.world.client, market.world.sessions
    own = market.buyer.organisation_id
    return {
        "seller": market.seller,
        "buyer": market.buyer,
        "operator": market.operator,
        "stranger": market.stranger,
        "viewer": await person(client, sessions, organisation_id=own, role=MemberRole.VIEWER),
        "member": await person(client, sessions, organisation_id=own, role=MemberRole.MEMBER),
        "rival": await person(client, sessions, name="Rival"),
    }


@dataclass(frozen=True)
class Owned:
    """One period of ownership."""

    organisation_id: UUID
    basis: str


async def title_chain(connection: AsyncConnection, right_id: str) -> list[Owned]:
    """Who owned a right, oldest first; fails unless each period begins where the last one ended."""
    query = text("SELECT * FROM ownership WHERE right_id = :right_id ORDER BY owned_from")
    rows = (await connection.execute(query, {"right_id": right_id})).all()
    assert [row.owned_until for row in rows] == [*[row.owned_from for row in rows][1:], None]
    return [Owned(row.organisation_id, row.basis) for row in rows]


async def figures(connection: AsyncConnection, deal_id: str) -> tuple[Any, ...]:
    """What a refused request must leave as it was."""
    query = text(
        """
        SELECT (SELECT d::text FROM deal d WHERE id = CAST(:deal_id AS uuid)),
            (SELECT count(*) FROM event), (SELECT count(*) FROM ledger_posting),
            (SELECT sum(abs(balance_minor)) FROM ledger_account), (SELECT count(*) FROM ownership),
            (SELECT count(*) FROM signature), (SELECT count(*) FROM document),
            (SELECT count(*) FROM disclosure_grant WHERE revoked_at IS NULL),
            (SELECT count(*) FROM right_reservation WHERE reserved_until IS NULL),
            (SELECT count(*) FROM offer), (SELECT count(*) FROM confidential_body),
            (SELECT string_agg(state || version, ' ' ORDER BY id) FROM negotiation),
            (SELECT string_agg(state || version, ' ' ORDER BY id) FROM listing)
        """
    )
    return tuple((await connection.execute(query, {"deal_id": deal_id})).one())


async def moves_told(connection: AsyncConnection, subject: str) -> list[tuple[str, str]]:
    """The history of a subject as `(type, actor)`, oldest first."""
    query = text("SELECT type, actor FROM event WHERE subject = :subject ORDER BY sequence")
    return [
        (row.type, row.actor) for row in (await connection.execute(query, {"subject": subject}))
    ]
