"""Deals whose price is paid in parts, and shared among payees."""

from typing import Any

from tests.factories.deals import PRICE_MINOR, Market, credit, list_right, offer, ok, sign
from tests.factories.people import Person

FIRST_MINOR = 60_000_000
PLAN = [
    {"amount_minor": FIRST_MINOR, "after_days": 0},
    {"amount_minor": 30_000_000, "after_days": 90, "before_transfer": False},
    {
        "amount_minor": PRICE_MINOR - FIRST_MINOR - 30_000_000,
        "milestone": "two engineers are trained",
        "before_transfer": False,
    },
]


async def agreed(market: Market, price_minor: int = PRICE_MINOR) -> str:
    """A deal whose terms can still be changed; returns its id."""
    listing_id = await list_right(market.seller, asking_price_minor=price_minor)
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id, price_minor)}/accept"
    return str((await ok(await market.seller.post(path, {"offer_number": 1})))["id"])


async def signed(market: Market, plan: list[dict[str, Any]], price_minor: int = PRICE_MINOR) -> str:
    """A signed deal in parts; what is due at once is asked for."""
    deal_id = await agreed(market, price_minor)
    await ok(await market.seller.post(f"/v1/deals/{deal_id}/plan-parts", {"parts": plan}))
    await sign((market.seller, market.buyer), deal_id)
    return deal_id


def payee(who: Person, role: str, numerator: int, denominator: int) -> dict[str, Any]:
    share = {"numerator": numerator, "denominator": denominator}
    return {"organisation_id": str(who.organisation_id), "role": role, "share": share}


async def parts(market: Market, deal_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await ok(await market.buyer.get(f"/v1/deals/{deal_id}/parts"))
    return found


async def states(market: Market, deal_id: str) -> list[str]:
    return [part["state"] for part in await parts(market, deal_id)]


async def pay_part(market: Market, deal_id: str, number: int) -> None:
    payment = (await parts(market, deal_id))[number - 1]["payment"]
    await market.bank(credit(payment["amount"]["amount_minor"], payment["reference"]))


async def move_part(market: Market, who: str, deal_id: str, number: int, move: str) -> Any:
    """Make a move of one part by the seller, buyer or operator of the market."""
    path = f"/v1/deals/{deal_id}/parts/{number}/{move}"
    return await ok(await getattr(market, who).post(path))


async def transferred(market: Market, deal_id: str) -> None:
    """File and record the transfer of a funded deal."""
    path = f"/v1/deals/{deal_id}"
    await ok(await market.seller.post(f"{path}/file-transfer"))
    await ok(await market.operator.post(f"{path}/record", {"evidence": "register extract"}))


async def partly_released(market: Market) -> str:
    """A deal in three parts, of which the first was released and two are to be paid."""
    deal_id = await signed(market, PLAN)
    await pay_part(market, deal_id, 1)
    await transferred(market, deal_id)
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    return deal_id
