"""What a payee is owed is converted at the rate that was quoted, once, by two bookings."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import httpx2
import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.payments.currencies.ecb import Rate
from marketplace.payments.currencies.service import store_rates
from tests.factories.bank import BankDesk, refused
from tests.factories.deals import Market, ok
from tests.factories.figures import live_table
from tests.factories.world import World

ASKED: Final = {"amount": {"amount_minor": 10_000, "currency": "KRW"}, "into": "USD"}
GOT: Final = 670
"""10,000 KRW / 1623.45 * 1.0876 = 6.6993… USD."""


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock) -> BankDesk:
    desk = await BankDesk.open(client, sessions)
    await add_rates(sessions, clock)
    await desk.owe(12_000)
    return desk


async def add_rates(sessions: Sessions, clock: ShiftedClock, krw: str = "1623.45") -> None:
    day = clock.now().date() - timedelta(days=1)
    rates = [Rate(day, "KRW", Decimal(krw)), Rate(day, "USD", Decimal("1.0876"))]
    async with sessions.begin() as session:
        await store_rates(session, rates, force=True)


async def quoted(desk: BankDesk, **changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = await ok(await desk.payer.post("/v1/conversions", ASKED | changed))
    return found


async def test_a_quote_is_confirmed_and_booked_at_its_own_rate(
    desk: BankDesk, sessions: Sessions, clock: ShiftedClock
) -> None:
    quote = await quoted(desk)
    path = f"/v1/conversions/{quote['id']}"
    assert (quote["state"], quote["got"]) == ("quoted", {"amount_minor": GOT, "currency": "USD"})
    assert quote["rate"]["from_per_euro"] == "1623.45"
    assert quote["rate"]["source"].startswith("ECB")
    await refused(await desk.operator.post(f"{path}/convert"), 409, "illegal_move")
    await add_rates(sessions, clock, krw="9999.99")
    await ok(await desk.payer.post(f"{path}/confirm"))

    done = await ok(await desk.operator.post(f"{path}/convert"))

    assert done["state"] == "converted"
    assert (await desk.owed_to(desk.payer), await desk.owed_to(desk.payer, "USD")) == (2_000, GOT)
    assert await desk.balance("world:exchange:USD", "KRW") == 10_000
    assert await desk.balance("world:exchange:KRW", "USD") == -GOT
    await refused(await desk.operator.post(f"{path}/convert"), 409, "illegal_move")
    statement = await ok(await desk.payer.get("/v1/payee-statements", currency="USD"))
    (entry,) = statement["entries"]
    assert (entry["kind"], entry["subject"]) == ("convert", f"conversion:{quote['id']}")
    assert (await ok(await desk.payer.get("/v1/conversions")))["items"] == [done]


async def test_the_platforms_own_exchange_evens_the_accounts(desk: BankDesk) -> None:
    quote = await quoted(desk)
    path = f"/v1/conversions/{quote['id']}"
    await ok(await desk.payer.post(f"{path}/confirm"))
    await ok(await desk.operator.post(f"{path}/convert"))
    sold = await desk.queued("sold,2026-01-05,debit,10000,KRW,exchange,")
    bought = await desk.queued("bought,2026-01-05,credit,6.65,USD,exchange,")
    await refused(
        await desk.resolve(sold, "exchange", {"counterpart": "KRW"}), 422, "same_currency"
    )
    for entry, other in ((sold, "USD"), (bought, "KRW")):
        done = await ok(await desk.resolve(entry, "exchange", {"counterpart": other}))
        assert done["state"] == "exchanged"
    assert await desk.balance("world:exchange:USD", "KRW") == 0
    assert await desk.balance("world:exchange:KRW", "USD") == 665 - GOT  # the bank's margin


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"into": "KRW"}, 422, "same_currency"),
        ({"into": "JPY"}, 409, "no_exchange_rate"),
        ({"into": "XXX"}, 422, "unknown_currency"),
        ({"amount": {"amount_minor": 12_001, "currency": "KRW"}}, 409, "balance_too_low"),
        ({"amount": {"amount_minor": 7, "currency": "KRW"}}, 422, "converts_to_nothing"),
        ({"amount": {"amount_minor": 0, "currency": "KRW"}}, 422, "validation_failed"),
    ],
)
async def test_an_impossible_conversion_is_not_quoted(
    desk: BankDesk, changed: dict[str, Any], status: int, code: str
) -> None:
    before = await desk.books()
    await refused(await desk.payer.post("/v1/conversions", ASKED | changed), status, code)
    assert await desk.books() == before


async def test_a_quote_expires_and_can_be_withdrawn_or_declined(
    desk: BankDesk, clock: ShiftedClock
) -> None:
    kept, withdrawn, declined = [await quoted(desk) for _ in range(3)]
    for one in (kept, withdrawn, declined):
        await ok(await desk.payer.post(f"/v1/conversions/{one['id']}/confirm"))
    await ok(await desk.payer.post(f"/v1/conversions/{withdrawn['id']}/withdraw"))
    await ok(await desk.operator.post(f"/v1/conversions/{declined['id']}/decline"))
    late = await quoted(desk)
    await desk.pass_days(clock, 1.1)
    states = {
        one["id"]: one["state"]
        for one in (await ok(await desk.operator.get("/v1/conversions")))["items"]
    }
    assert states == {
        kept["id"]: "expired",
        late["id"]: "expired",
        withdrawn["id"]: "withdrawn",
        declined["id"]: "declined",
    }
    before = await desk.books()
    answer = await desk.operator.post(f"/v1/conversions/{kept['id']}/convert")
    await refused(answer, 409, "illegal_move")
    assert await desk.books() == before
    assert await desk.owed_to(desk.payer) == 12_000


async def test_what_was_paid_out_meanwhile_is_not_converted(desk: BankDesk) -> None:
    quote = await quoted(desk)
    await ok(await desk.payer.post(f"/v1/conversions/{quote['id']}/confirm"))
    await desk.give_account(desk.payer)
    await desk.batch()
    before = await desk.books()
    answer = await desk.operator.post(f"/v1/conversions/{quote['id']}/convert")
    await refused(answer, 409, "balance_too_low")
    assert await desk.books() == before


async def test_ten_operators_convert_once(world: World, clock: ShiftedClock) -> None:
    market = await Market.open(world)
    await market.deal("settled")
    await add_rates(world.sessions, clock)
    quotes = [await ok(await market.seller.post("/v1/conversions", ASKED)) for _ in range(2)]
    for one in quotes:
        await ok(await market.seller.post(f"/v1/conversions/{one['id']}/confirm"))
    answers = await asyncio.gather(
        *(
            market.operator.post(f"/v1/conversions/{one['id']}/convert")
            for one in quotes
            for _ in range(5)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [409] * 8
    balances = (await ok(await market.seller.get("/v1/balances")))["payable"]
    assert {one["currency"]: one["amount_minor"] for one in balances} == {
        "KRW": 95_000_000 - 20_000,
        "USD": 2 * GOT,
    }
    assert await world.proofs() == []
    asked = {"convert_to": "USD", "rates_of": clock.now().date().isoformat()}
    table = await live_table(world, **asked)
    (krw,) = table["converted"]["by_currency"]
    assert (krw["currency"], krw["deals"], krw["amount_minor"]) == ("KRW", 1, 100_000_000)
    assert table["converted"]["amount_minor"] == krw["converted_minor"] == 6_699_313
    assert {rate["currency"] for rate in table["converted"]["rates"]} == {"KRW", "USD"}
