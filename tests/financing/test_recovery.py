"""Default, enforcement by rank, losses shared to the minor unit, and what comes back later."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from marketplace.accounts.models import OrganisationKind
from marketplace.financing.loans.accruing import accrue
from tests.factories.auctions import terms
from tests.factories.deals import ok
from tests.factories.financing import AMOUNT_MINOR, VALUE_MINOR, Desk
from tests.factories.people import Person, person
from tests.factories.refusals import told


async def a_scheme(desk: Desk, name: str, *shares: tuple[str, int]) -> None:
    body = {
        "name": name,
        "valid_from": "2026-01-01",
        "source": "programme",
        "shares": [{"role": role, "basis_points": points} for role, points in shares],
    }
    await ok(await desk.market.operator.post("/v1/risk-sharing-schemes", body))


async def defaulted(desk: Desk, **changed: Any) -> dict[str, Any]:
    """A called loan of one instalment at its end, ninety days too late."""
    loan = await desk.running(schedule="bullet", term_months=3, months_each=3, **changed)
    await desk.days(93 + 91)
    return await ok(await desk.lender.post(f"/v1/loans/{loan['id']}/default"))


async def enforce(
    desk: Desk, loan: dict[str, Any], buyer: Person, amount: int, **changed: Any
) -> dict[str, Any]:
    body = {
        "path": "private_sale",
        "right_id": loan["pledges"][0]["right_id"],
        "payer_organisation_id": str(buyer.organisation_id),
        "amount_minor": amount,
        "costs_minor": 6_000_000,
    }
    path = f"/v1/loans/{loan['id']}/enforcements"
    found: dict[str, Any] = await ok(await desk.lender.post(path, body | changed))
    return found


async def a_fund(desk: Desk) -> str:
    """A fund of the buyer's, with five hundred million in it."""
    opened = {"organisation_id": str(desk.market.buyer.organisation_id), "name": "City fund"}
    opened |= {"currency": "KRW"}
    fund = await ok(await desk.market.operator.post("/v1/compensation-funds", opened))
    money = {"amount": {"amount_minor": 500_000_000, "currency": "KRW"}}
    path = f"/v1/compensation-funds/{fund['id']}/top-ups"
    assert told(await desk.lender.post(path, money)) == (404, "not_found")
    await desk.pay((await ok(await desk.market.buyer.post(path, money)))["payment"])
    return str(fund["id"])


async def shared_loan(
    desk: Desk, scheme: str, *parties: tuple[Person, dict[str, Any]]
) -> dict[str, Any]:
    """A loan under a scheme, paid out, with everybody who takes part."""
    right_id = await desk.right()
    request = await desk.request(right_id)
    await desk.value(request["id"])
    terms = {"scheme": scheme, "schedule": "bullet", "term_months": 3, "months_each": 3}
    offer = await ok(await desk.offer(request["id"], **terms))
    loan = await ok(await desk.borrower.post(f"/v1/loan-offers/{offer['id']}/accept"))
    path = f"/v1/loans/{loan['id']}"
    contract = await ok(await desk.borrower.get(f"{path}/contract"))
    unsigned = await desk.borrower.post(f"{path}/sign", {"sha256": contract["sha256"]})
    assert told(unsigned) == (409, "parties_missing")
    for who, body in parties:
        await ok(await desk.lender.post(f"{path}/participants", body))
        await ok(await who.post(f"{path}/participants/join", {"role": body["role"]}))
    await desk.sign(loan["id"])
    await desk.register(await ok(await desk.lender.post(f"{path}/file-pledges")))
    await desk.pay((await desk.loan(loan["id"], desk.lender))["payment"])
    return await desk.loan(loan["id"])


def party(role: str, who: Person, **more: Any) -> tuple[Person, dict[str, Any]]:
    return who, {"role": role, "organisation_id": str(who.organisation_id), **more}


async def test_a_default_is_recovered_in_part_and_the_loss_is_shared(desk: Desk) -> None:
    shares_of = (("fund", 5_400), ("lender", 2_600), ("insurer", 1_600), ("guarantor", 400))
    await a_scheme(desk, "Zhongshan", *shares_of)
    await desk.days(2)
    since = desk.today
    fund_id = await a_fund(desk)
    world = desk.world
    insurer = await person(
        world.client, world.sessions, kind=OrganisationKind.INSURER, name="Insurer"
    )
    loan = await shared_loan(
        desk,
        "Zhongshan",
        (desk.market.buyer, {"role": "fund", "fund_id": fund_id}),
        party("insurer", insurer),
        party("guarantor", desk.guarantor),
    )
    path = f"/v1/loans/{loan['id']}"
    await desk.days(93)
    assert told(await desk.lender.post(f"{path}/default")) == (409, "not_ripe")
    await desk.days(91)
    loan = await ok(await desk.lender.post(f"{path}/default"))
    late = loan["late_interest"]["amount_minor"]
    assert loan["overdue"]["amount_minor"] == AMOUNT_MINOR + 4_050_000
    begun = await enforce(desk, loan, desk.market.buyer, 120_000_000)
    assert told(await desk.lender.post(f"{path}/share-loss")) == (409, "proceeds_outstanding")
    await desk.pay(begun["payment"])
    (done,) = await ok(await desk.lender.get(f"{path}/enforcements"))
    parts = [done[f"{name}_minor"] for name in ("costs_paid", "interest", "late_interest")]
    assert (done["state"], parts) == ("realised", [6_000_000, 4_050_000, late])
    assert done["principal_minor"] == 120_000_000 - sum(parts)
    await _share(desk, path, AMOUNT_MINOR - done["principal_minor"])
    await _told_by_the_log(desk, since, done["principal_minor"] + 50_000_000)
    assert await desk.world.proofs() == []


async def _told_by_the_log(desk: Desk, since: date, recovered_minor: int) -> None:
    """Of what began on a day: how long each stage took, and what came back, later too."""
    period = {"since": str(since), "until": str(since + timedelta(days=1))}
    figures = await ok(await desk.lender.get("/v1/statistics/financing", **period))
    points = round(10_000 * recovered_minor / AMOUNT_MINOR)
    assert [figures[name] for name in ("approval", "default", "recovery")] == [
        {"of": 1, "basis_points": 10_000},
        {"of": 1, "basis_points": 10_000},
        {"of": 1, "basis_points": points},
    ]
    taken = {(one["kind"], one["stage"]): one["typical_seconds"] for one in figures["stages"]}
    assert {"prescreened", "valuation_ordered", "valued"} <= {stage for _, stage in taken}
    assert taken["loan", "performing"] >= 90 * 86_400


async def _share(desk: Desk, path: str, loss: int) -> None:
    """The loss is shared, compensated, and a part of it recovered."""
    shared = await ok(await desk.lender.post(f"{path}/share-loss"))
    assert (shared["state"], shared["loss"]["amount_minor"]) == ("loss_shared", loss)
    shares = await ok(await desk.lender.get(f"{path}/loss-shares"))
    assert sum(one["amount_minor"] for one in shares) == loss
    assert [one["role"] for one in shares] == ["fund", "lender", "insurer", "guarantor"]
    assert abs(shares[0]["amount_minor"] - loss * 54 // 100) <= 1
    assert shares[0]["paid_minor"] == shares[0]["amount_minor"]
    left = (await ok(await desk.market.buyer.get("/v1/compensation-funds")))["items"][0]["balance"]
    assert left["amount_minor"] == 500_000_000 - shares[0]["amount_minor"]
    assert told(await desk.lender.post(f"{path}/share-loss")) == (409, "illegal_move")
    await desk.pay(*(one["payment"] for one in shares if one["payment"]))
    shares = await ok(await desk.lender.get(f"{path}/loss-shares"))
    assert all(one["paid_minor"] == one["amount_minor"] for one in shares)
    ask = {"payer_organisation_id": str(desk.borrower.organisation_id), "amount_minor": 50_000_000}
    recovery = await ok(await desk.lender.post(f"{path}/recoveries", ask))
    await desk.pay(recovery["payment"])
    shares = await ok(await desk.lender.get(f"{path}/loss-shares"))
    assert sum(one["recovered_minor"] for one in shares) == 50_000_000
    assert abs(shares[0]["recovered_minor"] - 27_000_000) <= 1


async def test_a_recovery_organisation_pays_at_most_half_and_a_surplus_is_the_pledgors(
    desk: Desk,
) -> None:
    loan = await defaulted(desk)
    too_much = await desk.lender.post(
        f"/v1/loans/{loan['id']}/enforcements",
        {
            "path": "recovery_purchase",
            "right_id": loan["pledges"][0]["right_id"],
            "payer_organisation_id": str(desk.market.buyer.organisation_id),
            "amount_minor": VALUE_MINOR // 2 + 1,
        },
    )
    assert told(too_much) == (409, "price_too_high")
    before = await desk.balance(desk.borrower)
    begun = await enforce(desk, loan, desk.market.buyer, 400_000_000)
    await desk.pay(begun["payment"])
    assert (await desk.loan(loan["id"]))["state"] == "repaid"
    (done,) = await ok(await desk.lender.get(f"/v1/loans/{loan['id']}/enforcements"))
    owed = AMOUNT_MINOR + 4_050_000 + loan["late_interest"]["amount_minor"]
    assert done["surplus_minor"] == 400_000_000 - 6_000_000 - owed
    assert await desk.balance(desk.borrower) - before == done["surplus_minor"]
    await desk.days(8)
    assert (await desk.loan(loan["id"]))["state"] == "release_filed"
    assert await desk.world.proofs() == []


async def test_a_lost_right_is_a_breach_that_lets_the_lender_call(desk: Desk) -> None:
    right_id = await desk.right()
    loan = await desk.running(right_id, cure_days=5)
    path = f"/v1/loans/{loan['id']}"
    gone = {"kind": "invalidated", "occurred_on": str(desk.today), "source": "decision"}
    told_of = f"/v1/rights/{right_id}/legal-events"
    event = await ok(await desk.market.operator.post(told_of, gone))
    await desk.world.work()
    found = await ok(await desk.lender.get(f"{path}/breaches"))
    assert {one["kind"]: one["state"] for one in found} == {
        "right_lost": "open",
        "loan_to_value": "open",
    }
    assert told(await desk.lender.post(f"{path}/default")) == (409, "not_ripe")
    undone = {"source": "it was another patent"}
    await desk.market.operator.post(f"{told_of}/{event['id']}/retract", undone)
    await desk.world.work()
    found = await ok(await desk.lender.get(f"{path}/breaches"))
    assert [one["state"] for one in found] == ["cured", "cured"]
    await ok(await desk.market.operator.post(told_of, gone))
    await desk.world.work()
    await desk.days(6)
    called = await ok(await desk.lender.post(f"{path}/default"))
    assert called["state"] == "defaulted"


async def test_less_value_breaks_the_loan_to_value_until_it_is_mended(desk: Desk) -> None:
    loan = await desk.running()
    order = await ok(await desk.order(f"/v1/loans/{loan['id']}", desk.lender))
    roles = {one["role"] for one in order["parties"]}
    assert {"client", "lender", "borrower"} <= roles
    await desk.report(order, 350_000_000)
    value = await ok(await desk.borrower.get(f"/v1/loans/{loan['id']}/valuation"))
    assert (value["order_id"], value["value"]["amount_minor"]) == (order["id"], 350_000_000)
    path = f"/v1/loans/{loan['id']}/breaches"
    (breach,) = await ok(await desk.lender.get(path))
    assert (breach["kind"], breach["ltv_basis_points"]) == ("loan_to_value", 8_571)
    await desk.repay(loan["id"], kind="prepayment", amount_minor=100_000_000)
    assert (await ok(await desk.lender.get(path)))[0]["state"] == "cured"
    assert told(await desk.lender.post(f"/v1/breaches/{breach['id']}/waive")) == (
        409,
        "illegal_move",
    )


async def test_a_guarantee_pays_and_is_recovered_before_others_gain(desk: Desk) -> None:
    await a_scheme(desk, "Pair", ("lender", 5_000), ("guarantor", 5_000))
    guarantor = party("guarantor", desk.guarantor, cap_minor=100_000_000)
    loan = await shared_loan(desk, "Pair", guarantor)
    path = f"/v1/loans/{loan['id']}"
    await desk.days(93 + 91)
    loan = await ok(await desk.lender.post(f"{path}/default"))
    call = {"path": "guarantee", "right_id": None, "costs_minor": 0}
    over = await desk.lender.post(
        f"{path}/enforcements",
        call
        | {
            "payer_organisation_id": str(desk.guarantor.organisation_id),
            "amount_minor": 100_000_001,
        },
    )
    assert told(over) == (409, "price_too_high")
    begun = await enforce(desk, loan, desk.guarantor, 90_000_000, **call)
    await desk.pay(begun["payment"])
    about = {"payer_organisation_id": str(desk.guarantor.organisation_id)}
    more = call | about | {"amount_minor": 10_000_001}
    assert told(await desk.lender.post(f"{path}/enforcements", more)) == (409, "price_too_high")
    await ok(await desk.lender.post(f"{path}/share-loss"))
    shares = await ok(await desk.lender.get(f"{path}/loss-shares"))
    capped = {one["role"]: one["amount_minor"] for one in shares}
    assert capped["guarantor"] == 10_000_000
    ask = {"payer_organisation_id": str(desk.borrower.organisation_id), "amount_minor": 40_000_000}
    before = await desk.balance(desk.guarantor)
    recovery = await ok(await desk.lender.post(f"{path}/recoveries", ask))
    await desk.pay(recovery["payment"])
    assert await desk.balance(desk.guarantor) > before
    assert await desk.world.proofs() == []


async def test_the_daily_job_is_shared_and_done_once(desk: Desk) -> None:
    loans = [await desk.running() for _ in range(2)]
    await desk.days(1)
    desk.world.clock.offset += timedelta(days=1)
    done = await asyncio.gather(*(accrue(desk.world.sessions) for _ in range(4)))
    assert sum(done) >= len(loans)
    assert await accrue(desk.world.sessions) == 0
    found = [await desk.loan(loan["id"]) for loan in loans]
    assert {one["accrued_on"] for one in found} == {str(desk.today)}


@pytest.mark.parametrize("who", ["borrower", "rival"])
async def test_only_the_lender_calls_and_waives(desk: Desk, who: str) -> None:
    loan = await desk.running()
    actor = getattr(desk, who)
    wanted = (403, "not_your_move") if who == "borrower" else (404, "not_found")
    for name in ("default", "waive"):
        assert told(await actor.post(f"/v1/loans/{loan['id']}/{name}")) == wanted
    if who == "borrower":
        waived = await ok(await desk.lender.post(f"/v1/loans/{loan['id']}/waive"))
        assert waived["state"] == "repaid"
        assert await desk.world.proofs() == []


async def test_each_rank_gets_what_it_is_owed_and_no_more(desk: Desk) -> None:
    right_id = await desk.right()
    senior = await desk.running(right_id, amount_minor=50_000_000, schedule="bullet")
    await desk.days(1)
    short = {"schedule": "bullet", "term_months": 3, "months_each": 3, "amount_minor": 100_000_000}
    junior = await desk.running(right_id, **short)
    await desk.days(93 + 91)
    await ok(await desk.lender.post(f"/v1/loans/{junior['id']}/default"))
    owed = await _owed(desk, senior), await _owed(desk, junior)
    before = await desk.balance(desk.borrower)
    begun = await enforce(desk, junior, desk.market.buyer, 300_000_000, costs_minor=0)
    await desk.pay(begun["payment"])
    (done,) = await ok(await desk.lender.get(f"/v1/loans/{junior['id']}/enforcements"))
    paid = done["other_claims_minor"], done["principal_minor"] + done["interest_minor"]
    assert (paid[0], paid[1] + done["late_interest_minor"]) == owed
    assert done["surplus_minor"] == 300_000_000 - sum(owed)
    assert await desk.balance(desk.borrower) - before == done["surplus_minor"]
    for loan in (senior, junior):
        assert (await desk.loan(loan["id"]))["state"] == "repaid"
    assert await desk.world.proofs() == []


async def _owed(desk: Desk, loan: dict[str, Any]) -> int:
    found = await desk.loan(loan["id"])
    names = ("outstanding", "accrued_interest", "late_interest")
    return sum(found[name]["amount_minor"] for name in names)


async def test_who_repays_keeps_the_patent(desk: Desk) -> None:
    loan = await defaulted(desk)
    path = f"/v1/loans/{loan['id']}"
    begun = await enforce(desk, loan, desk.market.buyer, 120_000_000)
    await desk.repay(loan["id"], kind="settlement")
    assert (await desk.loan(loan["id"]))["state"] == "repaid"
    (over,) = await ok(await desk.lender.get(f"{path}/enforcements"))
    assert over["state"] == "abandoned"
    before = await desk.balance(desk.market.buyer)
    await desk.pay(begun["payment"])
    assert await desk.balance(desk.market.buyer) - before in {0, 120_000_000}
    assert (await ok(await desk.lender.get(f"{path}/enforcements")))[0]["state"] == "abandoned"
    loan = await defaulted(desk)
    path = f"/v1/loans/{loan['id']}"
    wanted = {"right_id": loan["pledges"][0]["right_id"], "costs_minor": 0, "payment_days": 5}
    body = terms(desk.market, **wanted)
    auction = await ok(await desk.lender.post(f"{path}/auctions", body))
    await desk.repay(loan["id"], kind="settlement")
    assert (await desk.loan(loan["id"]))["state"] == "repaid"
    found = await ok(await desk.borrower.get(f"/v1/auctions/{auction['id']}"))
    assert found["state"] == "cancelled"
    assert await desk.world.proofs() == []


async def test_interest_that_was_never_paid_comes_before_a_surplus(desk: Desk) -> None:
    loan = await defaulted(desk)
    path = f"/v1/loans/{loan['id']}"
    begun = await enforce(desk, loan, desk.market.buyer, 1_000_000, costs_minor=0)
    await desk.pay(begun["payment"])
    late = loan["late_interest"]["amount_minor"]
    await ok(await desk.lender.post(f"{path}/share-loss"))
    ask = {
        "payer_organisation_id": str(desk.borrower.organisation_id),
        "amount_minor": AMOUNT_MINOR + 3_050_000 + late + 7,
    }
    recovery = await ok(await desk.lender.post(f"{path}/recoveries", ask))
    await desk.pay(recovery["payment"])
    (found,) = await ok(await desk.lender.get(f"{path}/recoveries"))
    names = ("interest_minor", "late_interest_minor", "surplus_minor")
    assert [found[name] for name in names] == [3_050_000, late, 7]
    assert await desk.world.proofs() == []
