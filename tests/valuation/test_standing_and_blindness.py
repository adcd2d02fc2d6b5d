"""Who may still sign on the day of a report, and what stays blind until all are in."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.kernel.events import Fact
from marketplace.valuation.assignments.handlers import RESTING, on_standing_lost
from tests.factories.clocks import StoppedClock
from tests.factories.deals import ok
from tests.factories.people import Person
from tests.factories.refusals import nothing_changes, told
from tests.factories.valuations import FEE_MINOR, POINT_MINOR, Desk, report_body

ORDERS = "/v1/valuation/orders"
VALIDITY = "/v1/valuation/validity-surveys"
_RESTING = text(
    "SELECT transaction_id, sequence, type, subject, actor, data, recorded_at FROM event"
    " WHERE type = ANY (:types) ORDER BY sequence"
)


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock) -> Desk:
    return await Desk.open(client, sessions, clock)


async def suspend(desk: Desk, who: Person) -> None:
    async with desk.sessions() as session:
        query = text("SELECT id FROM designation WHERE organisation_id = :id")
        values = {"id": who.organisation_id}
        designation_id = (await session.execute(query, values)).scalar_one()
    until = str(desk.today + timedelta(days=90))
    step = {"until": until, "evidence": "decision 2026-9"}
    await ok(await desk.operator.post(f"/v1/designations/{designation_id}/suspend", step))


async def hear_of_standings(desk: Desk) -> None:
    """What the worker does with the news of suspensions."""
    async with desk.sessions.begin() as session:
        rows = (await session.execute(_RESTING, {"types": list(RESTING)})).mappings().all()
        for row in rows:
            await on_standing_lost(session, Fact(**row))


async def correct(
    who: Person, report: dict[str, Any], point_minor: int, **changed: Any
) -> httpx2.Response:
    body = report_body(point_minor, correction="a revenue was mistyped", **changed)
    return await who.post(f"/v1/valuation/reports/{report['id']}/correct", body)


async def test_a_suspended_institution_takes_and_signs_nothing_and_its_cases_go_on(
    desk: Desk, connection: AsyncConnection
) -> None:
    delivered = await desk.ordered()
    author, case = await desk.case()
    await desk.act(author, case, "accept")
    report = await desk.report(author, case)
    right = {"kind": "idea", "title": "Another", "language": "en"}
    desk.right_id = (await ok(await desk.owner.post("/v1/rights", right)))["id"]
    named = {"institution_id": str(author.organisation_id)}
    lender = {"organisation_id": str(desk.bank.payer.organisation_id), "role": "lender"}
    working = await desk.ordered(**named)
    offered = await desk.ordered(purpose="loan", parties=[lender])
    first = next(one for who, one in await desk.cases() if one["order_id"] == working["id"])
    await desk.act(author, first, "accept")
    holder, second = next(
        (who, one) for who, one in await desk.cases() if one["order_id"] == offered["id"]
    )
    await suspend(desk, author)
    if holder is not author:
        await suspend(desk, holder)
    refused = (409, "standing_lost")
    async with nothing_changes(connection):
        accepted = await holder.post(f"/v1/valuation/assignments/{second['id']}/accept")
        assert told(accepted) == refused
        path = f"/v1/valuation/assignments/{first['id']}/report"
        assert told(await author.post(path, report_body())) == refused
        assert told(await correct(author, report, POINT_MINOR)) == refused

    await hear_of_standings(desk)
    states = {
        one["id"]: one["state"]
        for who in {author, holder}
        for one in (await ok(await who.get("/v1/valuation/assignments")))["items"]
    }
    assert [states[one["id"]] for one in (case, first, second)] == [
        "reported",
        "reassigned",
        "cancelled",
    ]
    await desk.draw()
    taken = [(who, one["order_id"]) for who, one in await desk.cases()]
    assert offered["id"] in [order_id for _, order_id in taken]
    assert not {author, holder} & {who for who, _ in taken}
    assert (await desk.read(delivered))["state"] == "delivered"
    await hear_of_standings(desk)
    assert [(who, one["order_id"]) for who, one in await desk.cases()] == taken


async def test_an_interest_that_came_about_since_is_found_when_the_report_is_signed(
    desk: Desk, connection: AsyncConnection
) -> None:
    await desk.ordered()
    who, case = await desk.case()
    await desk.act(who, case, "accept")
    bought = {
        "kind": "stake",
        "counterpart_id": str(desk.owner.organisation_id),
        "valid_from": str(desk.today),
        "note": "we bought a tenth of it today",
    }
    await ok(await who.post("/v1/valuation/institution-interests", bought))
    async with nothing_changes(connection):
        path = f"/v1/valuation/assignments/{case['id']}/report"
        answer = await who.post(path, report_body())
    assert told(answer) == (409, "conflict_of_interest")


async def test_nobody_asks_for_a_survey_of_a_report_that_is_blind(
    desk: Desk, connection: AsyncConnection
) -> None:
    await desk.ordered(valuations=2)
    (author, case), (other, last) = await desk.cases()
    await desk.act(author, case, "accept")
    report = await desk.report(author, case)
    asked = {"report_id": report["id"], "ground": "the comparables"}
    async with nothing_changes(connection):
        assert told(await author.post(VALIDITY, asked)) == (403, "own_report")
        early = await desk.operator.post(VALIDITY, asked)
        assert told(early) == (409, "report_not_delivered")
    await desk.act(other, last, "accept")
    await desk.report(other, last)
    assert told(await desk.operator.post(VALIDITY, asked)) == (201, None)


async def test_a_correction_never_undoes_the_rule_of_dispersion(
    desk: Desk, connection: AsyncConnection
) -> None:
    order = await desk.ordered(valuations=2)
    (one, case), (other, last) = await desk.cases()
    for who, its in ((one, case), (other, last)):
        await desk.act(who, its, "accept")
    first = await desk.report(one, case, 12_000_000)
    async with nothing_changes(connection):
        assert told(await correct(one, first, 13_000_000)) == (409, "value_frozen")
    said = {"assumptions": ["Annuities are paid."]}
    first = await ok(await correct(one, first, 12_000_000, **said))
    await desk.report(other, last, 13_000_000)
    await desk.pass_time(days=6)
    nearer = await ok(await correct(one, first, 12_500_000))
    await desk.pass_time(days=6)
    found = await desk.read(order)
    assert (found["state"], found["dispersion"]["spread_basis_points"]) == ("delivered", 392)

    away = await ok(await correct(one, nearer, 20_000_000))
    opened = await desk.read(order)
    assert (opened["state"], opened["dispersion"]) == ("open", None)
    assert told(await desk.owner.get(f"/v1/valuation/reports/{away['id']}"))[0] == 404
    async with nothing_changes(connection):
        assert told(await correct(one, away, 13_100_000)) == (409, "value_frozen")
    await desk.draw()
    await desk.finish([14_000_000])
    found = await desk.read(order)
    assert (found["state"], found["dispersion"]["spread_basis_points"]) == ("delivered", 5_000)
    await ok(await desk.owner.post(f"{ORDERS}/{order['id']}/accept"))
    assert [await desk.owed(who) for who in desk.institutions] == [FEE_MINOR] * 3


async def test_after_acceptance_a_pair_stays_within_the_limit(
    desk: Desk, connection: AsyncConnection
) -> None:
    order = await desk.ordered(valuations=2)
    first, _ = await desk.finish([12_000_000, 13_000_000])
    path = f"{ORDERS}/{order['id']}"
    author = next(
        who for who in desk.institutions if str(who.organisation_id) == first["institution_id"]
    )
    await ok(await desk.owner.post(f"{path}/object", {"reason": "of another claim"}))
    async with nothing_changes(connection):
        assert told(await correct(author, first, 12_500_000)) == (409, "value_frozen")
    await ok(await desk.operator.post(f"{path}/dismiss"))
    async with nothing_changes(connection):
        assert told(await correct(author, first, 20_000_000)) == (409, "value_frozen")
    assert told(await correct(author, first, 12_500_000)) == (201, None)
    assert (await desk.read(order))["dispersion"]["spread_basis_points"] == 392
