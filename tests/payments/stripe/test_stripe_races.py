"""Everybody at once, with real commits: it happens once."""

import asyncio
from collections import Counter
from typing import Any

from marketplace.kernel.events import deliver
from marketplace.payments.errands.service import run_errands
from marketplace.payments.inbox.service import handle_events
from marketplace.wiring import CONSUMERS, ERRANDS
from tests.factories.deals import ok
from tests.factories.stripe import PRICE_MINOR, StripeWorld

TIMES = 20
RETRYABLE = 503


def told(answer: Any) -> tuple[int, str | None]:
    return int(answer.status_code), answer.json().get("code")


async def test_many_deliveries_and_confirmations_settle_once(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    await stripe.choose(deal_id)
    await stripe.pay(deal_id)
    news = stripe.fake.books.events[-1]
    assert news["type"] == "payment_intent.succeeded"
    path = f"/v1/payment-requests/{await stripe.request_of(deal_id)}/confirm"

    async def work() -> None:
        for _ in range(3):
            await handle_events(stripe.world.sessions, stripe.desk.keyring)
            await run_errands(stripe.desk, ERRANDS)

    answers = await asyncio.gather(
        *(stripe.send(news) for _ in range(TIMES)),
        *(stripe.market.buyer.post(path) for _ in range(TIMES)),
        *(work() for _ in range(4)),
    )

    statuses = {answer.status_code for answer in answers if answer is not None}
    assert statuses <= {200, RETRYABLE}
    await stripe.work()
    deal = await stripe.deal(deal_id)
    assert (deal["state"], deal["held"]["amount_minor"]) == ("funded", PRICE_MINOR)
    subject = f"deal:{deal_id}"
    funded = "SELECT kind FROM ledger_transaction WHERE subject = :subject ORDER BY kind"
    found = [row.kind for row in await stripe.rows(funded, subject=subject)]
    assert found == ["fund", "provider_fee"]
    captured = "SELECT type FROM event WHERE type = 'deal.fund' AND subject = :subject"
    assert len(await stripe.rows(captured, subject=subject)) == 1
    await stripe.require_agreement()


async def test_many_who_choose_at_once_open_one_intent(stripe: StripeWorld) -> None:
    deal_id = await stripe.signed_deal()
    path = f"/v1/payment-requests/{await stripe.request_of(deal_id)}/provider"
    chosen = (stripe.market.buyer.put(path, {"provider": "stripe"}) for _ in range(TIMES))
    answers = await asyncio.gather(*chosen, *(run_errands(stripe.desk, ERRANDS) for _ in range(4)))
    assert Counter(told(one) for one in answers if not isinstance(one, int)) == {(200, None): TIMES}
    await stripe.work()
    assert len(stripe.at_stripe("payment_intent", deal_id)) == 1
    assert await stripe.payments_of(deal_id) == ["pending"]


async def test_workers_who_share_a_release_transfer_once(stripe: StripeWorld) -> None:
    await stripe.onboard(stripe.market.seller)
    deal_id = await stripe.funded_deal()
    await stripe.deliver_right(deal_id)
    await ok(await stripe.market.buyer.post(f"/v1/deals/{deal_id}/release"))

    async def work() -> None:
        for _ in range(3):
            for consumer in CONSUMERS:
                await deliver(stripe.world.sessions, consumer)
            await run_errands(stripe.desk, ERRANDS)

    await asyncio.gather(*(work() for _ in range(5)))
    await stripe.work()
    assert len(stripe.at_stripe("transfer", deal_id)) == 1
    await stripe.require_agreement()


async def test_card_and_bank_at_once_are_held_once(stripe: StripeWorld) -> None:
    for _ in range(3):
        deal_id = await stripe.signed_deal()
        await stripe.choose(deal_id)
        reference = (await stripe.deal(deal_id))["payment"]["reference"]
        await stripe.pay(deal_id)
        line = f"race-{deal_id},2026-01-05,credit,{PRICE_MINOR // 100}.00,USD,{reference},"
        await asyncio.gather(
            stripe.courier.deliver(),
            stripe.market.operator.upload("/v1/bank-statements", _csv(line)),
        )
        await asyncio.gather(stripe.work(), stripe.world._work_once())
        await stripe.work()
        deal = await stripe.deal(deal_id)
        assert (deal["state"], deal["held"]["amount_minor"]) == ("funded", PRICE_MINOR)
        assert deal["payment"]["online"]["state"] in {"held", "returned"}
    await stripe.require_agreement()


def _csv(line: str) -> bytes:
    header = "entry_id,booked_on,direction,amount,currency,remittance,end_to_end_id"
    return f"{header}\n{line}".encode()
