"""Orders from the payment to the fee: what people see, and where the money goes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.assets.encumbrances.certificates.verifying import verify_certificate
from marketplace.assets.encumbrances.errors import InvalidCertificateError
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.payments.ledger.verify import run_checks
from marketplace.valuation.reports.verifying import verify_report
from marketplace.wiring import PROOFS
from tests.factories.clocks import StoppedClock
from tests.factories.deals import idea_body, list_right, ok
from tests.factories.pdf import texts
from tests.factories.people import person
from tests.factories.refusals import nothing_changes, told
from tests.factories.valuations import FEE_MINOR, POINT_MINOR, ROYALTY, Desk, report_body

ORDERS = "/v1/valuation/orders"


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


@pytest.fixture
async def desk(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock
) -> AsyncIterator[Desk]:
    desk = await Desk.open(client, sessions, clock)
    yield desk
    async with sessions() as session:
        broken = [check for check in await run_checks(session, PROOFS) if check.problems]
    assert broken == []


async def state(desk: Desk, order: dict[str, Any]) -> str:
    return str((await desk.read(order))["state"])


async def test_from_the_order_to_the_fee(desk: Desk) -> None:
    order = await desk.place()
    assert (order["state"], order["total"]["amount_minor"]) == ("awaiting_payment", FEE_MINOR)
    await desk.pay(order)
    assert await state(desk, order) == "open"
    who, case = await desk.case()
    seen = await ok(await who.get(f"/v1/valuation/assignments/{case['id']}"))
    assert [right["id"] for right in seen["rights"]] == [desk.right_id]
    assert (await desk.read(order))["valuers"][0]["institution_id"] is None
    await desk.act(who, case, "accept")
    assert (await desk.read(order))["valuers"][0]["institution_id"] == str(who.organisation_id)

    report = await desk.report(who, case)
    assert report["value"] == {"amount_minor": POINT_MINOR, "currency": "KRW"}
    delivered = await desk.read(order)
    assert delivered["state"] == "delivered"
    assert delivered["valuers"][0]["report_id"] == report["id"]
    await ok(await desk.owner.post(f"{ORDERS}/{order['id']}/accept"))
    assert await desk.owed(who) == FEE_MINOR
    done = await desk.read(order)
    assert (done["state"], done["released"]["amount_minor"]) == ("completed", FEE_MINOR)


async def test_time_accepts(desk: Desk) -> None:
    order = await desk.ordered()
    await desk.finish()
    await desk.pass_time(days=7)
    assert await state(desk, order) == "completed"


async def test_payers_pay_exact_shares_and_get_what_is_left(desk: Desk) -> None:
    other = desk.bank.payer
    thirds = [
        {"organisation_id": str(desk.owner.organisation_id), "numerator": 2, "denominator": 3},
        {"organisation_id": str(other.organisation_id), "numerator": 1, "denominator": 3},
    ]
    order = await desk.ordered(payers=thirds, valuations=2)
    amounts = [payer["amount"]["amount_minor"] for payer in (await desk.read(order))["payers"]]
    assert amounts == [10_000_000, 5_000_000]
    seen = await desk.read(order, other)
    assert (seen["your_role"], seen["your_moves"]) == ("payer", [])
    assert [payer["payment"] is None for payer in seen["payers"]] == [True, False]
    reports = await desk.finish([POINT_MINOR, POINT_MINOR])
    seen = await desk.read(order, other)
    assert [valuer["value"] for valuer in seen["valuers"]] == [None, None]
    assert told(await other.get(f"/v1/valuation/reports/{reports[0]['id']}")) == (404, "not_found")
    await ok(await desk.owner.post(f"{ORDERS}/{order['id']}/accept"))
    assert [await desk.owed(who) for who in (desk.owner, other)] == [3_333_333, 1_666_667]
    fees = sorted([await desk.owed(who) for who in desk.institutions])
    assert fees == [0, FEE_MINOR, FEE_MINOR]


@pytest.mark.parametrize(
    ("shares", "code"),
    [([(1, 2), (1, 3)], "invalid_fee_shares"), ([(1, 1)] * 2, "invalid_fee_shares")],
)
async def test_shares_are_the_whole(
    desk: Desk, connection: AsyncConnection, shares: list[tuple[int, int]], code: str
) -> None:
    people = [desk.owner, desk.bank.payer]
    payers = [
        {"organisation_id": str(who.organisation_id), "numerator": n, "denominator": d}
        for who, (n, d) in zip(people, shares, strict=True)
    ]
    async with nothing_changes(connection):
        answer = await desk.owner.post(ORDERS, desk.body(payers=payers))
    assert told(answer) == (422, code)


async def test_nobody_chooses_the_institution_for_a_loan(
    desk: Desk, connection: AsyncConnection
) -> None:
    named = {"institution_id": str(desk.institutions[1].organisation_id)}
    async with nothing_changes(connection):
        answer = await desk.owner.post(ORDERS, desk.body(purpose="loan", **named))
    assert told(answer) == (403, "institution_not_chosen")
    await desk.ordered(**named)
    who, _ = await desk.case()
    assert who is desk.institutions[1]


async def test_a_named_institution_is_still_looked_at(
    desk: Desk, connection: AsyncConnection
) -> None:
    valuer = desk.institutions[0]
    interest = {"kind": "prosecution", "right_id": desk.right_id, "valid_from": "2020-01-01"}
    await ok(
        await valuer.post("/v1/valuation/institution-interests", interest | {"note": "we filed"})
    )
    named = {"institution_id": str(valuer.organisation_id)}
    async with nothing_changes(connection):
        answer = await desk.owner.post(ORDERS, desk.body(**named))
    assert told(answer) == (409, "unfit_institution")
    assert "prosecution" not in answer.text


async def test_whose_rights_may_be_valued(desk: Desk, connection: AsyncConnection) -> None:
    stranger = await person(desk.client, desk.sessions, name="Stranger")
    for role in ("owner", "buyer", "lender"):
        async with nothing_changes(connection):
            answer = await stranger.post(ORDERS, desk.body(client_role=role))
        assert told(answer) == (404, "not_found")
    listing_id = await list_right(desk.owner, idea_body())
    right_id = (await ok(await desk.owner.get("/v1/listings/mine")))["items"][0]["right_id"]
    assert listing_id
    offered = desk.body(client_role="buyer", right_ids=[right_id])
    assert told(await stranger.post(ORDERS, offered)) == (201, None)
    assert told(await stranger.post(ORDERS, offered | {"client_role": "owner"}))[0] == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"base_date": 2, "deadline": 60},
        {"base_date": -25 * 366 - 2, "deadline": 60},
        {"base_date": 0, "deadline": 20},
        {"deadline": 400},
    ],
)
async def test_days_that_do_not_fit(desk: Desk, changed: dict[str, int]) -> None:
    days = {name: str(desk.today + timedelta(days=days)) for name, days in changed.items()}
    answer = await desk.owner.post(ORDERS, desk.body(**days))
    assert told(answer) == (422, "unfit_dates")


async def test_an_order_that_is_not_paid_ends_and_gives_a_part_back(desk: Desk) -> None:
    halves = [
        {"organisation_id": str(who.organisation_id), "numerator": 1, "denominator": 2}
        for who in (desk.owner, desk.bank.payer)
    ]
    order = await desk.place(payers=halves)
    payment = (await desk.read(order, desk.owner))["payers"][0]["payment"]
    line = f"e1,2026-01-05,credit,{payment['amount']['amount_minor']},KRW,{payment['reference']},"
    await desk.bank.bank(line)
    await desk.hear()
    assert await state(desk, order) == "awaiting_payment"
    await desk.pass_time(days=14)
    assert await state(desk, order) == "cancelled"
    assert await desk.owed(desk.owner) == FEE_MINOR // 2


async def test_no_answer_goes_on_to_the_next_and_in_the_end_all_comes_back(desk: Desk) -> None:
    order = await desk.ordered()
    asked = set()
    for _ in desk.institutions:
        who, _case = await desk.case()
        asked.add(who.organisation_id)
        await desk.pass_time(hours=49)
    assert len(asked) == 3
    assert await desk.cases() == []
    await desk.pass_time(days=100)
    assert await state(desk, order) == "failed"
    assert await desk.owed(desk.owner) == FEE_MINOR


async def test_who_declines_is_not_asked_again(desk: Desk) -> None:
    await desk.ordered()
    first, case = await desk.case()
    await desk.act(first, case, "decline", {"reason": "no expert of this field"})
    await desk.draw()
    second, _ = await desk.case()
    assert second is not first
    answer = await first.post(f"/v1/valuation/assignments/{case['id']}/accept")
    assert told(answer) == (409, "illegal_move")


async def test_a_pause_moves_the_deadline_and_being_late_loses_the_case(desk: Desk) -> None:
    order = await desk.ordered()
    who, case = await desk.case()
    accepted = await desk.act(who, case, "accept")
    await desk.pass_time(days=2)
    paused = await desk.act(who, case, "pause", {"reason": "waiting for the accounts"})
    assert paused["state"] == "paused"
    await desk.pass_time(days=14)
    resumed = await ok(await who.get(f"/v1/valuation/assignments/{case['id']}"))
    assert (resumed["state"], resumed["paused_seconds"]) == ("accepted", 14 * 86_400)
    before = await desk.read(order)
    assert resumed["work_due_at"] > accepted["work_due_at"]
    assert before["state"] == "open"
    answer = await who.post(
        f"/v1/valuation/assignments/{case['id']}/pause", {"reason": "still waiting"}
    )
    assert told(answer) == (409, "pause_used_up")
    await desk.pass_time(days=18)
    late = await ok(await desk.operator.get("/v1/valuation/assignments", state="late"))
    assert [one["id"] for one in late["items"]] == [case["id"]]
    await desk.pass_time(days=3)
    other, again = await desk.case()
    assert other is not who
    answer = await who.post(f"/v1/valuation/assignments/{case['id']}/report", report_body())
    assert told(answer) == (409, "illegal_move")
    await desk.act(other, again, "accept")


async def test_an_institution_sees_nothing_of_anothers_case(desk: Desk) -> None:
    await desk.ordered(valuations=2)
    (one, case), (other, _) = await desk.cases()
    assert "slot" not in case
    await desk.act(one, case, "accept")
    report = await desk.report(one, case)
    for path in (
        f"/v1/valuation/assignments/{case['id']}",
        f"/v1/valuation/reports/{report['id']}",
        f"/v1/valuation/reports/{report['id']}/pdf",
        f"/v1/valuation/orders/{case['order_id']}",
    ):
        assert told(await other.get(path)) == (404, "not_found")
    for name in ("accept", "resume"):
        answer = await other.post(f"/v1/valuation/assignments/{case['id']}/{name}")
        assert told(answer) == (404, "not_found")
    assert told(await desk.owner.get(f"/v1/valuation/reports/{report['id']}"))[0] == 404
    assert await desk.owed(other) == 0


async def test_two_that_lie_apart_call_for_a_third(desk: Desk) -> None:
    order = await desk.ordered(valuations=2)
    assert (await desk.read(order))["total"]["amount_minor"] == 3 * FEE_MINOR
    await desk.finish([11_000_000, 20_000_000])
    waiting = await desk.read(order)
    assert (waiting["state"], waiting["reports_in"]) == ("open", 2)
    assert waiting["dispersion"] is None
    assert {valuer["state"] for valuer in waiting["valuers"]} == {"hidden"}
    await desk.draw()
    await desk.finish([15_000_000])
    delivered = await desk.read(order)
    assert delivered["state"] == "delivered"
    dispersion = delivered["dispersion"]
    assert [dispersion[name]["amount_minor"] for name in ("low", "middle", "high")] == [
        11_000_000,
        15_000_000,
        20_000_000,
    ]
    assert dispersion["spread_basis_points"] == 6_000
    await ok(await desk.owner.post(f"{ORDERS}/{order['id']}/accept"))
    assert [await desk.owed(who) for who in desk.institutions] == [FEE_MINOR] * 3
    assert await desk.owed(desk.owner) == 0


async def test_of_two_the_report_that_is_in_is_delivered_when_time_is_over(desk: Desk) -> None:
    order = await desk.ordered(valuations=2)
    (who, case), _ = await desk.cases()
    await desk.act(who, case, "accept")
    await desk.report(who, case)
    await desk.pass_time(days=95)
    assert await state(desk, order) == "delivered"
    await ok(await desk.owner.post(f"{ORDERS}/{order['id']}/accept"))
    assert (await desk.owed(who), await desk.owed(desk.owner)) == (FEE_MINOR, 2 * FEE_MINOR)


@pytest.mark.parametrize(("name", "paid"), [("dismiss", FEE_MINOR), ("sustain", 0)])
async def test_an_objection_is_decided(desk: Desk, name: str, paid: int) -> None:
    order = await desk.ordered()
    await desk.finish()
    (who, _) = await desk.case("reported")
    path = f"{ORDERS}/{order['id']}"
    await ok(await desk.owner.post(f"{path}/object", {"reason": "of another claim"}))
    assert told(await desk.owner.post(f"{path}/accept")) == (409, "illegal_move")
    await ok(await desk.operator.post(f"{path}/{name}"))
    assert (await desk.owed(who), await desk.owed(desk.owner)) == (paid, FEE_MINOR - paid)


async def test_a_client_withdraws_until_somebody_works(desk: Desk) -> None:
    order, other = await desk.ordered(), await desk.ordered()
    path = f"{ORDERS}/{order['id']}/withdraw"
    assert told(await desk.owner.post(path)) == (200, None)
    assert await desk.owed(desk.owner) == FEE_MINOR
    (who, case) = await desk.case()
    await desk.act(who, case, "accept")
    answer = await desk.owner.post(f"{ORDERS}/{other['id']}/withdraw")
    assert told(answer) == (409, "already_accepted")


async def test_what_came_between_is_found_when_the_case_is_accepted(
    desk: Desk, connection: AsyncConnection
) -> None:
    await desk.ordered()
    who, case = await desk.case()
    bought = {
        "parent_id": str(desk.owner.organisation_id),
        "affiliate_id": str(who.organisation_id),
        "share_basis_points": 5_100,
        "valid_from": str(desk.today - timedelta(days=1)),
        "evidence": "bought yesterday",
    }
    await ok(await desk.operator.post("/v1/affiliations", bought))
    async with nothing_changes(connection):
        answer = await who.post(f"/v1/valuation/assignments/{case['id']}/accept")
    assert told(answer) == (409, "conflict_of_interest")


async def test_a_report_is_signed_never_changed_and_corrected_anew(
    desk: Desk, connection: AsyncConnection
) -> None:
    order = await desk.ordered()
    (report,) = await desk.finish()
    who, _ = await desk.case("reported")
    keys = KeySet.import_key_set(await ok(await desk.client.get("/v1/certificate-keys")))
    signed = jws.deserialize_compact(report["jws"].encode(), keys, algorithms=["ES256"])
    content = orjson.loads(signed.payload)
    assert content == report["content"]
    assert content["calculations"][0]["result"]["amount"]["amount_minor"] == POINT_MINOR
    assert content["appraisers"][0]["name"] == "김평가"
    pdf = await desk.owner.get(f"/v1/valuation/reports/{report['id']}/pdf")
    assert pdf.status_code == 200
    paper = " ".join(texts(pdf.content).split())
    assert report["content_sha256"] in paper
    for shown in (
        order["id"],
        "relief from royalty",
        "15,551,772 KRW",
        "100,000,000 KRW; 120,000,000 KRW",
        "at the end of each year",
        "mode 5 %",
        content["calculations"][0]["models"][0]["edition"],
        "21,772,481",
    ):
        assert shown in paper, shown
    assert "e+0" not in paper
    keys_file = orjson.dumps(keys.as_dict(private=False))
    for file in (pdf.content, report["jws"].encode(), orjson.dumps(report)):
        assert verify_report(file, keys_file) == content
    with pytest.raises(InvalidCertificateError, match="not what was signed"):
        verify_report(pdf.content + b"%", keys_file)
    with pytest.raises(InvalidCertificateError, match="no certificate of encumbrances"):
        verify_certificate(pdf.content, keys_file)
    for statement in ("UPDATE valuation_report SET version = 9", "DELETE FROM valuation_report"):
        with pytest.raises(IntegrityError, match="append-only"):
            async with connection.begin_nested():
                await connection.execute(text(statement))

    path = f"/v1/valuation/reports/{report['id']}/correct"
    body = report_body(15_000_000, correction="a revenue was mistyped")
    corrected = await ok(await who.post(path, body))
    assert (corrected["version"], corrected["previous_id"]) == (2, report["id"])
    assert told(await who.post(path, body)) == (409, "report_superseded")
    assert (await desk.read(order))["valuers"][0]["report_id"] == corrected["id"]
    assert told(await desk.owner.post(path, body)) == (404, "not_found")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"point_minor": 99_000_000, "high_minor": 99_000_000}, "value_unsupported"),
        ({"low_minor": 16_000_000}, "value_unsupported"),
        ({"low_minor": 0}, "value_unsupported"),
        ({"high_minor": 999_999_999_999}, "value_unsupported"),
        ({"calculations": [ROYALTY | {"purpose": "loan"}]}, "report_strays"),
        ({"calculations": [ROYALTY | {"base_date": "2025-01-01"}]}, "report_strays"),
        ({"rating_id": "00000000-0000-0000-0000-000000000007"}, "not_found"),
    ],
)
async def test_a_value_follows_from_calculations(
    desk: Desk, connection: AsyncConnection, changed: dict[str, Any], code: str
) -> None:
    await desk.ordered()
    who, case = await desk.case()
    await desk.act(who, case, "accept")
    for one in changed.get("calculations", ()):
        one.setdefault("purpose", "transaction")
    async with nothing_changes(connection):
        path = f"/v1/valuation/assignments/{case['id']}/report"
        answer = await who.post(path, report_body() | changed)
    assert told(answer)[1] == code


async def test_decisions_are_told_to_operators_and_replayed(desk: Desk) -> None:
    order = await desk.ordered()
    path = f"{ORDERS}/{order['id']}/decisions"
    assert told(await desk.owner.get(path)) == (403, "permission_missing")
    (decision,) = await ok(await desk.operator.get(path))
    assert len(decision["candidates"]) == len(decision["judgements"]) == 3
    who, _ = await desk.case()
    assert decision["institution_id"] == str(who.organisation_id)
    again = await ok(await desk.operator.post(f"/v1/valuation/decisions/{decision['id']}/replay"))
    assert (again["same"], again["institution_id"]) == (True, decision["institution_id"])


async def test_the_database_keeps_capacity_and_groups(
    desk: Desk, connection: AsyncConnection
) -> None:
    """Whatever program writes: the rules choose, and this is behind them."""
    order = await desk.ordered()
    who, _ = await desk.case()
    other = next(one for one in desk.institutions if one is not who)
    copied = text(
        """
        INSERT INTO valuation_assignment (id, created_at, version, order_id, slot, institution_id,
            decision_id, fee_minor, currency, paused_seconds, state)
        SELECT gen_random_uuid(), created_at, 1, order_id, 3, :other, decision_id, fee_minor,
            currency, 0, 'offered'
        FROM valuation_assignment WHERE order_id = :order
        """
    )
    values = {"other": other.organisation_id, "order": order["id"]}
    no_room = text("UPDATE institution_profile SET capacity = 0 WHERE organisation_id = :other")
    kin = text(
        "INSERT INTO valuation_party (id, created_at, order_id, organisation_id, role)"
        " SELECT gen_random_uuid(), now(), :order, :other, 'lender'"
    )
    for spoil, used, told_why in (
        (no_room, {"other": other.organisation_id}, "takes no more cases"),
        (kin, values, "is of a group of order"),
    ):
        savepoint = await connection.begin_nested()
        await connection.execute(spoil, used)
        with pytest.raises(IntegrityError, match=told_why):
            await connection.execute(copied, values)
        await savepoint.rollback()
