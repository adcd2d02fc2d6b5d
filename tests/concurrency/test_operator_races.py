"""Operators who do the same thing at the same moment: it happens once."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from marketplace.payments.funding.matching import match_received
from tests.factories.bank import BankDesk, bank_account
from tests.factories.deals import credit, ok, statement
from tests.factories.people import operator, person
from tests.factories.world import World

BATCHES = "/v1/payout-batches"


@pytest.fixture
async def desk(world: World) -> BankDesk:
    return await BankDesk.open(world.client, world.sessions)


def told(answer: Any) -> tuple[int, str | None]:
    return int(answer.status_code), answer.json().get("code")


async def test_one_file_imported_by_many_counts_once(world: World, desk: BankDesk) -> None:
    due = await desk.request(1_000)
    content = statement(credit(1_000, due.reference), *(credit(n, "unknown") for n in (1, 2, 3)))
    operators = [await operator(world.client, world.sessions) for _ in range(6)]

    answers = await asyncio.gather(
        *(one.upload("/v1/bank-statements", content) for one in operators)
    )

    assert {told(answer) for answer in answers} <= {
        (201, None),
        (409, "statement_being_imported"),
    }
    stored = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(stored) == 1
    again = await ok(await operators[0].upload("/v1/bank-statements", content))
    assert (again["id"], again["new_entries"]) == (stored.pop(), 4)
    assert await match_received(world.sessions) == 4
    assert await world.proofs() == []


async def test_overlapping_files_imported_at_once_tell_each_entry_once(
    world: World, desk: BankDesk
) -> None:
    lines = [credit(n, "unknown", entry=f"e{n:03}") for n in range(1, 41)]
    files = [statement(*lines), statement(*reversed(lines)), statement(*lines[10:30])]

    answers = await asyncio.gather(
        *(desk.operator.upload("/v1/bank-statements", content) for content in files)
    )

    assert Counter(told(answer) for answer in answers) == {(201, None): 3}
    assert sum(answer.json()["new_entries"] for answer in answers) == 40
    while await match_received(world.sessions):
        pass
    assert await desk.balance("world:bank") == -sum(range(1, 41))
    assert await world.proofs() == []


async def test_batches_created_at_once_pay_everybody_once(world: World, desk: BankDesk) -> None:
    first = desk.payer
    for amount in (100, 200, 300):
        desk.payer = await person(world.client, world.sessions)
        await desk.owe(amount)
        await desk.give_account(desk.payer)
    desk.payer = first

    answers = await asyncio.gather(
        *(desk.operator.post(BATCHES, {"currency": "KRW"}) for _ in range(5))
    )

    assert Counter(told(answer) for answer in answers) == {
        (201, None): 1,
        (409, "nothing_to_pay"): 4,
    }
    (batch,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert sorted(payout["amount_minor"] for payout in batch["payouts"]) == [100, 200, 300]
    sends = [desk.operator.post(f"{BATCHES}/{batch['id']}/send") for _ in range(5)]
    sent = Counter(told(answer) for answer in await asyncio.gather(*sends))
    assert sent == {(200, None): 1, (409, "batch_sent"): 4}
    assert await world.proofs() == []


@pytest.mark.parametrize("how", ["refund", "apply"])
async def test_an_entry_is_resolved_once_by_many(world: World, desk: BankDesk, how: str) -> None:
    due = await desk.request(1_000)
    entry = await desk.queued(credit(70, "unknown"))
    body = {"account": bank_account()} if how == "refund" else {"reference": due.reference}

    answers = await asyncio.gather(*(desk.resolve(entry, how, body) for _ in range(8)))

    assert Counter(told(answer) for answer in answers) == {
        (200, None): 1,
        (409, "illegal_move"): 7,
    }
    assert await world.proofs() == []


async def test_refund_races_apply(world: World, desk: BankDesk) -> None:
    for _ in range(4):
        due = await desk.request(1_000)
        entry = await desk.queued(credit(70, "unknown"))
        ways = {"refund": {"account": bank_account()}, "apply": {"reference": due.reference}}

        answers = await asyncio.gather(*(desk.resolve(entry, *way) for way in ways.items()))

        assert Counter(map(told, answers)) == {(200, None): 1, (409, "illegal_move"): 1}
    assert await world.proofs() == []


async def test_cancelling_a_payout_races_sending_its_batch(world: World, desk: BankDesk) -> None:
    await desk.give_account(desk.payer)
    for number in range(4):
        await desk.owe(500)
        batch = await desk.batch()
        (payout,) = batch["payouts"]
        race = [
            desk.operator.post(f"/v1/payouts/{payout['id']}/cancel"),
            desk.operator.post(f"{BATCHES}/{batch['id']}/send"),
        ]
        cancel, send = 0, 1
        if number % 2:
            race.reverse()
            cancel, send = 1, 0
        answers = await asyncio.gather(*race)

        state, owed = await desk.payout_state(payout), await desk.owed_to(desk.payer)
        assert (told(answers[cancel]), told(answers[send]), state, owed) in {
            ((200, None), (409, "batch_empty"), "cancelled", 500),
            ((409, "illegal_move"), (200, None), "sent", 0),
        }
        if state == "cancelled":
            await desk.batch()
    assert await world.proofs() == []
