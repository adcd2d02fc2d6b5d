"""One world with something of every kind in it, which each test leaves as it found it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import _settings, clone
from tests.factories.deals import PRICE_MINOR, Market, credit, idea_body, list_right, offer, ok
from tests.factories.people import Person
from tests.factories.routes import ACCOUNT, Operation, operations
from tests.factories.stripe import with_stripe
from tests.factories.undone import undone
from tests.factories.world import World

NOWHERE = "http://127.0.0.1:9"
"""Stripe is set up, and nothing of these tests calls it."""


@dataclass
class Scene:
    """Ids by the name that paths call them by; all of them are the seller's or the operator's."""

    market: Market
    ids: dict[str, str]
    bold: httpx2.AsyncClient
    """Sees the answer to a bug as a caller does, where the other client raises it."""

    @property
    def world(self) -> World:
        return self.market.world

    @property
    def operations(self) -> list[Operation]:
        return operations(self.world.app)

    def someone_for(self, operation: Operation) -> Person:
        """Who gets through the door of an operation, and where a side matters, is on turn."""
        if operation.permissions and all("operate" in asked for asked in operation.permissions):
            return self.market.operator
        return self.market.buyer if operation.name == "make_offer" else self.market.seller


@pytest.fixture(scope="session")
async def scene(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Scene]:
    await clone(server, template, "scene")
    settings = with_stripe(_settings(server, "scene", folder / "scene"), NOWHERE)
    world = await World.open(settings, ShiftedClock())
    transport = httpx2.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as bold:
        market = await Market.open(world)
        yield Scene(market, await _fill(market), bold)
    await world.close()


async def _fill(market: Market) -> dict[str, str]:
    await ok(await market.seller.put("/v1/payee-account", ACCOUNT))
    await market.deal("settled")
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    await ok(await market.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    bank = await market.bank(credit(PRICE_MINOR, "no such reference"))
    entries = await ok(await market.operator.get("/v1/bank-entries"))
    deal_id = await market.deal("signed", idea=True)
    listing_id = await list_right(market.seller, idea_body())
    listings = await ok(await market.seller.get("/v1/listings/mine"))
    ids: dict[str, Any] = {
        "deal_id": deal_id,
        "listing_id": listing_id,
        "right_id": listings["items"][0]["right_id"],
        "negotiation_id": await offer(market.buyer, listing_id),
        "organisation_id": market.seller.organisation_id,
        "batch_id": batch["id"],
        "payout_id": batch["payouts"][0]["id"],
        "statement_id": bank["id"],
        "entry_id": entries["items"][0]["id"],
    }
    await market.world.work()
    return {name: str(value) for name, value in ids.items()}


@pytest.fixture
async def nothing_stays(scene: Scene) -> AsyncIterator[AsyncConnection]:
    """The scene inside a transaction that is rolled back."""
    async with undone(scene.world) as connection:
        yield connection
