"""For a loan nobody chooses the institution: not by whom they name, and not by trying again."""

from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.clocks import StoppedClock
from tests.factories.deals import ok
from tests.factories.people import Person
from tests.factories.refusals import nothing_changes, told
from tests.factories.valuations import Desk

ORDERS = "/v1/valuation/orders"


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock) -> Desk:
    return await Desk.open(client, sessions, clock, count=4)


def party(who: Person, role: str = "lender") -> dict[str, str]:
    return {"organisation_id": str(who.organisation_id), "role": role}


def share(who: Person, numerator: int, denominator: int = 1_000) -> dict[str, Any]:
    organisation_id = str(who.organisation_id)
    return {
        "organisation_id": organisation_id,
        "numerator": numerator,
        "denominator": denominator,
    }


async def test_nobody_is_kept_out_by_being_named(desk: Desk, connection: AsyncConnection) -> None:
    bank, (first, second, *_) = desk.bank.payer, desk.institutions
    refused = (403, "institution_not_chosen")
    unfit: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"parties": [party(bank), party(first, "buyer")]}, refused),
        ({"parties": [party(first), party(second)]}, refused),
        ({"parties": [party(bank)], "payers": [share(desk.owner, 999), share(first, 1)]}, refused),
        ({"parties": []}, (422, "lender_missing")),
        ({"parties": [party(bank, "guarantor")]}, (422, "lender_missing")),
    ]
    for changed, answer in unfit:
        async with nothing_changes(connection):
            body = desk.body(purpose="loan", **changed)
            assert told(await desk.owner.post(ORDERS, body)) == answer, changed
    both = [party(first), party(second, "guarantor")]
    paid = [share(desk.owner, 999), share(first, 1)]
    order = await desk.ordered(purpose="loan", parties=both, payers=paid)
    who, case = await desk.case()
    assert case["order_id"] == order["id"]
    assert who not in {first, second}
    assert told(await desk.owner.post(ORDERS, desk.body(parties=[party(first, "buyer")])))[0] == 201


async def test_withdrawing_draws_nobody_else(desk: Desk) -> None:
    loan = {"purpose": "loan", "parties": [party(desk.bank.payer)]}
    drawn = []
    for _ in range(4):
        order = await desk.ordered(**loan)
        who, _case = await desk.case()
        drawn.append(who)
        await ok(await desk.owner.post(f"{ORDERS}/{order['id']}/withdraw"))
    assert drawn == drawn[:1] * 4
    order = await desk.ordered(**loan)
    _, case = await desk.case()
    await desk.act(drawn[0], case, "decline", {"reason": "no expert of this field"})
    await desk.draw()
    other, _ = await desk.case()
    assert other is not drawn[0]
    (last, _) = await ok(await desk.operator.get(f"{ORDERS}/{order['id']}/decisions"))
    again = await ok(await desk.operator.post(f"/v1/valuation/decisions/{last['id']}/replay"))
    assert again["same"]


async def test_who_is_to_pay_may_say_no(desk: Desk) -> None:
    other = desk.bank.payer
    order = await desk.place(payers=[share(desk.owner, 1, 2), share(other, 1, 2)])
    seen = await desk.read(order, other)
    assert (seen["your_role"], seen["your_moves"]) == ("payer", ["cancel"])
    assert told(await desk.institutions[0].post(f"{ORDERS}/{order['id']}/cancel"))[0] == 404
    cancelled = await ok(await other.post(f"{ORDERS}/{order['id']}/cancel"))
    assert cancelled["state"] == "cancelled"
    assert await desk.owed(desk.owner) == 0
