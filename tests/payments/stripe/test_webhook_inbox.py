"""Stripe's news at the door: believed when signed, kept once, acknowledged, and handled later."""

import json
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from marketplace.payments.inbox.service import KEPT, forget_old, handle_events, replay
from tests.factories.bank import refused
from tests.factories.deals import ok
from tests.factories.stripe import SECRET, StripeWorld
from tests.factories.tables import contents
from tests.fakes.stripe.books import Body
from tests.fakes.stripe.webhooks import signed

PATH = "/v1/webhooks/stripe"
FILES = sorted(Path("/work/shared/data/stripe/webhook_events").glob("*.json"))

NO_REASON_TO_LOOK = {
    "balance.available",
    "charge.dispute.closed",  # so old that the dispute has no id
    "charge.refunded",  # of a charge without an intent
    "transfer.created",
}


def event(id_: str, type_: str = "invoice.created", **about: Any) -> Body:
    return {"id": id_, "object": "event", "type": type_, "data": {"object": about}}


async def post(stripe: StripeWorld, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    return await stripe.world.client.post(PATH, content=body, headers=headers)


async def kept(stripe: StripeWorld, id_: str) -> list[Any]:
    query = "SELECT type, outcome, handled_at FROM provider_event WHERE external_id = :id"
    return await stripe.rows(query, id=id_)


async def test_an_unknown_type_is_kept_and_acknowledged(stripe: StripeWorld) -> None:
    answer = await stripe.send(event("evt_unknown", "treasury.unheard_of"))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    await stripe.work()
    ((type_, outcome, handled_at),) = await kept(stripe, "evt_unknown")
    assert (type_, outcome) == ("treasury.unheard_of", "ignored")
    assert handled_at
    shown = await ok(await stripe.market.operator.get("/v1/provider-events", limit=1))
    assert (shown[0]["external_id"], shown[0]["outcome"]) == ("evt_unknown", "ignored")


async def test_a_body_that_stripe_did_not_sign_changes_nothing(stripe: StripeWorld) -> None:
    body, headers = signed(event("evt_forged"), SECRET)
    _, elsewhere = signed(body, "whsec_of_somebody_else")
    _, old = signed(body, SECRET, at=int(time.time()) - 301)
    _, ahead = signed(body, SECRET, at=int(stripe.world.clock.now().timestamp()) + 4_000)
    forged = [
        (body, {}),
        (body, {"stripe-signature": ""}),
        (body, {"stripe-signature": "t=1,v1=zz"}),
        (body, {"stripe-signature": "nonsense"}),
        (body, {"stripe-signature": "t=x,v1=y"}),
        (body, elsewhere),
        (body, old),
        (body, ahead),
        (body + b" ", headers),
        (body.replace(b"evt_forged", b"evt_forgee"), headers),
        (b"\xff" + body, headers),
        (b"", headers),
    ]
    async with stripe.world.engine.connect() as connection:
        before = await contents(connection)
    for content, wrong in forged:
        await refused(await post(stripe, content, wrong), 400, "invalid_signature")
    async with stripe.world.engine.connect() as connection:
        assert await contents(connection) == before


async def test_what_is_signed_and_no_event_is_refused(stripe: StripeWorld) -> None:
    for content in (b"[]", b"{", b"{}", b'{"id": 1, "type": "x"}', b'{"id": "e", "type": ""}'):
        await refused(await post(stripe, *signed(content, SECRET)), 400, "malformed_event")
    large = signed(event("evt_large", padding="x" * 300_000), SECRET)
    await refused(await post(stripe, *large), 413, "too_large")


async def test_without_a_secret_stripe_is_asked_to_come_again(stripe: StripeWorld) -> None:
    state = stripe.world.app.state
    settings = state.settings
    state.settings = settings.model_copy(update={"stripe_webhook_secrets": None})
    answer = await stripe.send(event("evt_early"))
    state.settings = settings
    await refused(answer, 503, "stripe_off")


async def test_an_event_exists_once_and_can_be_replayed(stripe: StripeWorld) -> None:
    deal_id = await stripe.funded_deal()
    (news,) = [
        one
        for one in stripe.fake.books.events
        if one["type"] == "payment_intent.succeeded"
        and one["data"]["object"]["transfer_group"] == f"deal:{deal_id}"
    ]
    before = await stripe.rows("SELECT count(*) FROM ledger_posting")
    for _ in range(3):
        assert (await stripe.send(news)).status_code == 200
    assert len(await kept(stripe, news["id"])) == 1
    async with stripe.world.sessions.begin() as session:
        await replay(session, news["id"])
    assert await handle_events(stripe.world.sessions, stripe.desk.keyring) == 1
    await stripe.work()
    ((_, outcome, _),) = await kept(stripe, news["id"])
    assert outcome == "look_at_payment"
    assert await stripe.rows("SELECT count(*) FROM ledger_posting") == before
    with pytest.raises(Exception, match="no event evt_nowhere is kept"):
        async with stripe.world.sessions.begin() as session:
            await replay(session, "evt_nowhere")


async def test_events_are_not_kept_for_ever(own_stripe: StripeWorld) -> None:
    stripe = own_stripe
    await stripe.send(event("evt_old"))
    await stripe.work()
    stripe.world.clock.offset += KEPT * 1.01
    await stripe.send(event("evt_new"))
    async with stripe.world.sessions.begin() as session:
        await forget_old(session)
    assert await kept(stripe, "evt_old") == []
    assert len(await kept(stripe, "evt_new")) == 1


async def test_news_of_what_is_not_ours_is_left_alone(stripe: StripeWorld) -> None:
    before = await stripe.rows("SELECT count(*) FROM ledger_posting")
    for number, (type_, kind) in enumerate(
        {
            "payment_intent.succeeded": "payment_intent",
            "charge.refund.updated": "refund",
            "charge.dispute.created": "dispute",
            "payout.paid": "payout",
            "account.updated": "account",
        }.items()
    ):
        await stripe.send(event(f"evt_foreign_{number}", type_, object=kind, id=f"{kind}_other"))
    for about in ({}, {"object": "charge"}, {"object": "charge", "payment_intent": None}):
        await stripe.send(event(f"evt_odd_{len(about)}", "charge.succeeded", **about))
    for number, id_ in enumerate(("re/../../x", "no such\u00a0refund", "r" * 256)):
        await stripe.send(event(f"evt_nonsense_{number}", "refund.failed", object="refund", id=id_))
    await stripe.work()
    assert await stripe.rows("SELECT kind, target FROM provider_errand") == []
    assert await stripe.rows("SELECT count(*) FROM ledger_posting") == before


@pytest.mark.skipif(not FILES, reason="the recorded events of ../shared/data/stripe are not here")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_recorded_event_of_any_age_is_taken(stripe: StripeWorld, file: Path) -> None:
    """They carry API versions from 2018 on; only their ids are read."""
    recorded = json.loads(file.read_text())  # noqa: ASYNC240 - a small local file
    recorded["id"] = f"evt_{file.stem}"
    assert (await stripe.send(recorded)).status_code == 200
    await stripe.work()
    ((type_, outcome, _),) = await kept(stripe, recorded["id"])
    assert type_ == recorded["type"] == file.stem
    assert (outcome == "ignored") is (file.stem in NO_REASON_TO_LOOK)
    assert await stripe.rows("SELECT kind, target FROM provider_errand") == []
