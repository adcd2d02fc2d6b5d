"""Licences brought to any state through the API itself, and the royalties under them."""

from datetime import timedelta
from typing import Any

from tests.factories.deals import Market, credit, list_right, offer, ok, right_body, sign
from tests.factories.people import Person
from tests.factories.register import look_up

LUMP_MINOR = 10_000_000
TIERS = [
    {"up_to": 1_000_000_000, "rate": {"numerator": 5, "denominator": 100}},
    {"up_to": 3_000_000_000, "rate": {"numerator": 4, "denominator": 100}},
    {"rate": {"numerator": 3, "denominator": 100}},
]


def royalty(**changed: Any) -> dict[str, Any]:
    terms = {
        "base": "net_sales",
        "deductions": ["returns", "freight"],
        "tiers": TIERS,
        "period_months": 12,
        "due_days": 30,
    }
    return terms | changed


def terms(**changed: Any) -> dict[str, Any]:
    """A non-exclusive licence for Korea with a royalty that is reported once a year."""
    wanted = {
        "kind": "non_exclusive",
        "territories": ["KR"],
        "fields": [],
        "acts": ["make", "use", "sell"],
        "term_months": 36,
        "royalty": royalty(),
    }
    return wanted | changed


async def agreed(market: Market, price_minor: int = LUMP_MINOR, **changed: Any) -> str:
    """A licence deal whose terms can still be changed; returns its id."""
    body = changed.pop("right", None) or right_body()
    listing_id = await list_right(market.seller, body, licence=terms(**changed))
    return await accepted(market, listing_id, price_minor)


async def accepted(market: Market, listing_id: str, price_minor: int = LUMP_MINOR) -> str:
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id, price_minor)}/accept"
    return str((await ok(await market.seller.post(path, {"offer_number": 1})))["id"])


async def signed(market: Market, price_minor: int = LUMP_MINOR, **changed: Any) -> str:
    deal_id = await agreed(market, price_minor, **changed)
    await sign((market.seller, market.buyer), deal_id)
    await market.world.work()
    return deal_id


async def active(market: Market, price_minor: int = LUMP_MINOR, **changed: Any) -> dict[str, Any]:
    """A licence in effect, its price paid and released."""
    deal_id = await signed(market, price_minor, **changed)
    if price_minor:
        await market.pay(deal_id)
    await release(market, deal_id)
    return await licence_of(market, deal_id)


async def release(market: Market, deal_id: str) -> dict[str, Any]:
    """The buyer releases the price, on the day on which the operator looked the rights up."""
    licences = await ok(await market.operator.get(f"/v1/deals/{deal_id}/licences"))
    today = market.world.clock.now().date().isoformat()
    for right_id in {one for licence in licences for one in licence["right_ids"]}:
        await look_up(market.operator, right_id, today)
    released: dict[str, Any] = await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    return released


async def licence_of(market: Market, deal_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/licences"))
    return found[0]


async def pass_days(market: Market, days: float) -> None:
    market.world.clock.offset += timedelta(days=days)
    await market.world.work()


async def reports(market: Market, licence: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/v1/licences/{licence['id']}/royalty-reports"
    found: list[dict[str, Any]] = await ok(await market.buyer.get(path))
    return found


def figures(licence: dict[str, Any], gross_minor: int, **changed: Any) -> dict[str, Any]:
    """Everything sold in Korea under the first right."""
    line = {"right_id": licence["right_ids"][0], "territory": "KR", "gross_minor": gross_minor}
    return {"lines": [line | changed]}


async def file(market: Market, licence: dict[str, Any], number: int, gross_minor: int) -> Any:
    report = (await reports(market, licence))[number - 1]
    path = f"/v1/royalty-reports/{report['id']}/file"
    return await ok(await market.buyer.post(path, figures(licence, gross_minor)))


async def correct(market: Market, licence: dict[str, Any], number: int, gross_minor: int) -> Any:
    report = (await reports(market, licence))[number - 1]
    path = f"/v1/royalty-reports/{report['id']}/correct"
    return await ok(await market.buyer.post(path, figures(licence, gross_minor)))


async def statement(who: Person, licence: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/licences/{licence['id']}/royalty-statement"
    found: dict[str, Any] = await ok(await who.get(path))
    return found


async def pay_royalties(market: Market, licence: dict[str, Any]) -> int:
    """Pay everything that is asked for; returns how much that was."""
    asked = [
        payment["payment"]
        for payment in (await statement(market.buyer, licence))["payments"]
        if payment["state"] == "requested"
    ]
    lines = [credit(p["amount"]["amount_minor"], p["reference"]) for p in asked]
    if lines:
        await market.bank(*lines)
    return sum(p["amount"]["amount_minor"] for p in asked)


def minor(found: dict[str, Any], *names: str) -> list[int]:
    return [found[name]["amount_minor"] for name in names]
