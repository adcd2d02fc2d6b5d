"""One world with something of every kind in it, which each test leaves as it found it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.payments.currencies.ecb import Rate
from marketplace.payments.currencies.service import store_rates
from tests.conftest import _settings, clone
from tests.factories.deals import (
    PRICE_MINOR,
    Market,
    credit,
    idea_body,
    list_right,
    offer,
    ok,
    right_body,
)
from tests.factories.ideas import Idea
from tests.factories.licences import active, figures, file, pass_days, statement
from tests.factories.oauth import claims_of, flow_of, registered
from tests.factories.people import Person, person
from tests.factories.routes import ACCOUNT, BODIES, Operation, operations
from tests.factories.solicitations import Task
from tests.factories.store import Shown, application
from tests.factories.stripe import with_stripe
from tests.factories.undone import undone
from tests.factories.valuations import institution
from tests.factories.world import World

NOWHERE = "http://127.0.0.1:9"
"""Stripe is set up, and nothing of these tests calls it."""
NOWHERE = {"slug": "nowhere", "issuer": "https://127.0.0.1:9", "domains": ["nowhere.example"]}
"""An identity provider that nobody can be asked about."""


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
    agreement_id = await _developed(market)  # first, as ten days pass
    licensed = await _license(market)  # early, as a year passes
    await ok(await market.seller.put("/v1/payee-account", ACCOUNT))
    await market.deal("settled")
    billing = await _bill(market)
    batch = await ok(await market.operator.post("/v1/payout-batches", {"currency": "KRW"}))
    await ok(await market.operator.post(f"/v1/payout-batches/{batch['id']}/send"))
    bank = await market.bank(credit(PRICE_MINOR, "no such reference"))
    entries = await ok(await market.operator.get("/v1/bank-entries"))
    deal_id = await market.deal("signed", idea=True)
    listing_id = await list_right(market.seller, idea_body())
    listings = await ok(await market.seller.get("/v1/listings/mine"))
    key = await ok(await market.seller.post("/v1/api-keys", BODIES["create_api_key"]))
    client = await registered(market.seller)
    provider = BODIES["create_identity_provider"] | NOWHERE
    company_login = await ok(await market.operator.post("/v1/identity-providers", provider))
    ids: dict[str, Any] = {
        "deal_id": deal_id,
        "agreement_id": agreement_id,
        "listing_id": listing_id,
        "right_id": listings["items"][0]["right_id"],
        "negotiation_id": await offer(market.buyer, listing_id),
        "client_id": client["id"],
        "authorization_id": (await _allowed(market))["family"],
        "organisation_id": market.seller.organisation_id,
        "provider_id": company_login["id"],
        "batch_id": batch["id"],
        "payout_id": batch["payouts"][0]["id"],
        "statement_id": bank["id"],
        "key_id": key["id"],
        "entry_id": entries["items"][0]["id"],
    }
    ids |= licensed | billing | await _organise(market)
    ids["mandate_id"] = await _mandate(market)
    ids |= await _value(market, ids["right_id"])
    wanted = BODIES["publish_demand"] | {"right_ids": [ids["right_id"]]}
    ids["demand_id"] = (await ok(await market.seller.post("/v1/demands", wanted)))["id"]
    ids |= await _confide(market, ids["right_id"])
    await market.world.work()
    return {name: str(value) for name, value in ids.items()}


async def _mandate(market: Market) -> str:
    """What the seller offers to a broker."""
    world = market.world
    broker = await person(world.client, world.sessions, kind=OrganisationKind.AGENCY)
    ends_at = (world.clock.now() + timedelta(days=365)).isoformat()
    to = {"broker_organisation_id": str(broker.organisation_id), "ends_at": ends_at}
    made = await market.seller.post("/v1/mandates", BODIES["offer_mandate"] | to)
    return str((await ok(made))["id"])


async def _confide(market: Market, right_id: str) -> dict[str, Any]:
    """A file of the seller's idea, its proof, a disclosure of it, and a task of the seller's."""
    seller, path = market.seller, f"/v1/rights/{right_id}"
    file = await ok(await seller.post(f"{path}/confidential-files", BODIES["announce_file"]))
    sent = {"content": b"abc", "headers": seller.headers}
    content = f"{path}/confidential-files/{file['id']}/content"
    await ok(await market.world.client.put(content, **sent))
    assert (await seller.get(content)).content == b"abc"
    views = await ok(await seller.get(f"{path}/disclosure-views"))
    proofs = await ok(await seller.get(f"{path}/proofs"))
    to = {"organisation_id": str(market.buyer.organisation_id)}
    made = await seller.post(f"{path}/disclosures", BODIES["propose_disclosure"] | to)
    unwanted = await ok(await seller.post("/v1/unwanted-ideas", BODIES["add_unwanted_idea"]))
    return {
        "file_id": file["id"],
        "copy_id": views["items"][0]["copy_id"],
        "proof_id": proofs["items"][0]["id"],
        "disclosure_id": (await ok(made))["id"],
        "unwanted_id": unwanted["id"],
        "solicitation_id": await _task(market),
        **await _store(market),
    }


async def _store(market: Market) -> dict[str, str]:
    """An application of the seller's in the store, which the buyer wants."""
    clock, sessions = market.world.clock, market.world.sessions
    right_id = await application(market.seller, clock.now().date())
    shown = await Shown.of(market.seller, right_id, sessions, clock)
    return {
        "store_entry_id": shown.path.rpartition("/")[2],
        "application_id": await shown.apply(market.buyer),
    }


async def _developed(market: Market) -> str:
    """An agreement of the seller and the buyer to develop an idea together."""
    opened = Task(market.seller, market.operator, market.world.sessions, market.world.clock)
    share = {"numerator": 1, "denominator": 2}
    await opened.open(outcome="co_development", organiser_share=share)
    await opened.enter(await Idea.of(market.buyer))
    await opened.close()
    given = {"awards": [{"number": 1, "amount_minor": 9}]}
    (award,) = await ok(await market.seller.post(f"{opened.path}/awards", given))
    return str(award["co_development_id"])


async def _task(market: Market) -> str:
    """An open task of the seller's with an idea entered."""
    closes = {"closes_at": (market.world.clock.now() + timedelta(days=90)).isoformat()}
    task = BODIES["create_solicitation"] | closes
    made = await ok(await market.seller.post("/v1/solicitations", task))
    path = f"/v1/solicitations/{made['id']}"
    await ok(await market.operator.post(f"{path}/review"))
    await ok(await market.seller.post(f"{path}/open"))
    right = await ok(await market.buyer.post("/v1/rights", idea_body(classifications=[])))
    text = {"content": "the buyer's own idea"}
    await ok(await market.buyer.put(f"/v1/rights/{right['id']}/confidential-text", text))
    await ok(await market.buyer.post(f"{path}/submissions", {"right_id": right["id"]}))
    return str(made["id"])


async def _bill(market: Market) -> dict[str, Any]:
    """An invoice to the seller, and a conversion that waits for the operator."""
    await market.world.work()
    day = market.world.clock.now().date() - timedelta(days=1)
    rates = [Rate(day, "KRW", Decimal("1623.45")), Rate(day, "USD", Decimal("1.0876"))]
    async with market.world.sessions.begin() as session:
        await store_rates(session, rates)
    amount = {"amount_minor": 10_000, "currency": "KRW"}
    quote = await ok(await market.seller.post("/v1/conversions", {"amount": amount, "into": "USD"}))
    await ok(await market.seller.post(f"/v1/conversions/{quote['id']}/confirm"))
    invoices = await ok(await market.seller.get("/v1/invoices"))
    return {"conversion_id": quote["id"], "invoice_id": invoices["items"][0]["id"]}


async def _license(market: Market) -> dict[str, Any]:
    """A licence of the seller's with a report that was told, an audit, and a pool."""
    licence = await active(market)
    await pass_days(market, 366)
    report = await file(market, licence, 1, 100_000_000)
    claim = {"statement": "x", "findings": [figures(licence, 1) | {"number": 1}]}
    audits = f"/v1/licences/{licence['id']}/royalty-audits"
    audit = await ok(await market.seller.post(audits, claim))
    other = await person(market.world.client, market.world.sessions, name="Pooled")
    members = [
        {
            "organisation_id": str(who.organisation_id),
            "share": {"numerator": 1, "denominator": 2},
            "right_ids": [(await ok(await who.post("/v1/rights", right_body())))["id"]],
        }
        for who in (market.seller, other)
    ]
    pool = {"name": "Pool", "fee_basis_points": 100, "members": members}
    return {
        "licence_id": licence["id"],
        "report_id": report["id"],
        "audit_id": audit["id"],
        "royalty_payment_id": (await statement(market.seller, licence))["payments"][0]["id"],
        "pool_id": (await ok(await market.seller.post("/v1/pools", pool)))["id"],
    }


async def _value(market: Market, right_id: str) -> dict[str, Any]:
    """A valuation of the seller's that is reported, surveyed, and one that waits to be accepted."""
    world, seller, orders = market.world, market.seller, "/v1/valuation/orders"
    valuer = await institution(world.client, world.sessions, "Valuer")
    today = world.clock.now().date()
    days = {"base_date": str(today), "deadline": str(today + timedelta(days=90))}
    wanted = BODIES["place_valuation_order"] | days | {"right_ids": [right_id]}
    for name in ("payers", "parties", "institution_id", "region"):
        wanted.pop(name)
    order = await ok(await seller.post(orders, wanted))
    payment = order["payers"][0]["payment"]
    await market.bank(credit(payment["amount"]["amount_minor"], payment["reference"]))
    (case,) = (await ok(await valuer.get("/v1/valuation/assignments")))["items"]
    path = f"/v1/valuation/assignments/{case['id']}"
    await ok(await valuer.post(f"{path}/accept"))
    report = await ok(await valuer.post(f"{path}/report", BODIES["write_valuation_report"]))
    asked = {"report_id": report["id"], "ground": "licences of another field"}
    survey = await ok(await seller.post("/v1/valuation/validity-surveys", asked))
    decisions = await ok(await market.operator.get(f"{orders}/{order['id']}/decisions"))
    return {
        "order_id": order["id"],
        "assignment_id": case["id"],
        "valuation_report_id": report["id"],
        "decision_id": decisions[0]["id"],
        "survey_id": survey["id"],
    }


async def _organise(market: Market) -> dict[str, Any]:
    """A colleague, an invitation, a group and a designation of the seller."""
    seller, own = market.seller, f"/v1/organisations/{market.seller.organisation_id}"
    colleague = await person(
        market.world.client,
        market.world.sessions,
        organisation_id=seller.organisation_id,
        role=MemberRole.MEMBER,
    )
    affiliate = await person(market.world.client, market.world.sessions)
    invited = await ok(await seller.post(f"{own}/invitations", BODIES["invite"]))
    offered = {"own_side": "parent", "counterpart_id": str(affiliate.organisation_id)}
    terms = {"share_basis_points": 10_000, "valid_from": "2020-01-01"}
    proposal = await ok(await seller.post("/v1/affiliation-proposals", offered | terms))
    confirmed = f"/v1/affiliation-proposals/{proposal['id']}/confirm"
    affiliation = await ok(await affiliate.post(confirmed))
    applied = await ok(
        await seller.post("/v1/designations", {"sector": "private", "evidence": "filed"})
    )
    return {
        "user_id": colleague.user_id,
        "invitation_id": invited["id"],
        "proposal_id": proposal["id"],
        "affiliation_id": affiliation["id"],
        "designation_id": applied["id"],
    }


async def _allowed(market: Market) -> dict[str, Any]:
    """The claims of a token that the seller let an application have."""
    app, sessions = market.world.app, market.world.sessions
    flow = await flow_of(app, sessions, market.seller)
    return claims_of((await flow.tokens())["access_token"])


@pytest.fixture
async def nothing_stays(scene: Scene) -> AsyncIterator[AsyncConnection]:
    """The scene inside a transaction that is rolled back."""
    async with undone(scene.world) as connection:
        yield connection
