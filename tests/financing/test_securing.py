"""What has to hold before a loan is paid out, and what becomes of it when it does not."""

from typing import Any

from tests.factories.deals import ok
from tests.factories.financing import AMOUNT_MINOR, Desk
from tests.factories.people import Person
from tests.factories.refusals import told


async def accepted(desk: Desk, right_id: str, lender: Person, **changed: Any) -> dict[str, Any]:
    """An offer of a lender that is accepted, for a request of its own."""
    request = await desk.request(right_id)
    await desk.value(request["id"])
    offer = await ok(await desk.offer(request["id"], lender, **changed))
    found: dict[str, Any] = await ok(
        await desk.borrower.post(f"/v1/loan-offers/{offer['id']}/accept")
    )
    return found


async def registered(desk: Desk, loan: dict[str, Any], lender: Person) -> dict[str, Any]:
    await desk.sign(loan["id"], desk.borrower, lender)
    await desk.register(await ok(await desk.borrower.post(f"/v1/loans/{loan['id']}/file-pledges")))
    return await desk.loan(loan["id"], lender)


async def test_two_lenders_do_not_lend_the_same_value(desk: Desk) -> None:
    right_id = await desk.right()
    first = await accepted(desk, right_id, desk.lender)
    request = await desk.request(right_id)
    await desk.value(request["id"])
    waiting = await ok(await desk.offer(request["id"], desk.rival))
    second = await accepted(desk, right_id, desk.rival)
    await registered(desk, first, desk.lender)
    late = await desk.borrower.post(f"/v1/loan-offers/{waiting['id']}/accept")
    assert told(late) == (409, "limit_exceeded")
    await desk.sign(second["id"], desk.borrower, desk.rival)
    path = f"/v1/loans/{second['id']}"
    assert told(await desk.borrower.post(f"{path}/file-pledges")) == (409, "limit_exceeded")
    assert (await desk.loan(second["id"]))["state"] == "contracted"


async def test_money_that_cannot_be_paid_out_waits_and_is_told(desk: Desk) -> None:
    right_id = await desk.right()
    loan = await registered(desk, await accepted(desk, right_id, desk.lender), desk.lender)
    gone = {"kind": "invalidated", "occurred_on": str(desk.today), "source": "decision"}
    events = f"/v1/rights/{right_id}/legal-events"
    event = await ok(await desk.market.operator.post(events, gone))
    before = await desk.balance(desk.borrower)
    await desk.pay(loan["payment"])
    for reader in (desk.borrower, desk.lender):
        held = await desk.loan(loan["id"], reader)
        assert (held["state"], held["held_back"]) == ("pledge_registered", "pledges_not_registered")
    assert await desk.balance(desk.borrower) == before
    assert await desk.world.proofs() == []
    undone = {"source": "it was another patent"}
    await desk.market.operator.post(f"{events}/{event['id']}/retract", undone)
    await desk.world.work()
    paid = await desk.loan(loan["id"])
    assert (paid["state"], paid["held_back"]) == ("performing", None)
    assert await desk.balance(desk.borrower) - before == AMOUNT_MINOR


async def test_what_was_given_up_can_be_financed_again(desk: Desk) -> None:
    loan = await registered(
        desk, await accepted(desk, await desk.right(), desk.lender), desk.lender
    )
    before = await desk.balance(desk.lender)
    await ok(await desk.lender.post(f"/v1/loans/{loan['id']}/give-up"))
    (pledge,) = loan["pledges"]
    deleted = f"/v1/encumbrances/{pledge['encumbrance_id']}/delete"
    await ok(await desk.market.operator.post(deleted, {}))
    await desk.world.work()
    assert (await desk.loan(loan["id"]))["state"] == "cancelled"
    assert await desk.balance(desk.lender) == before
    again = await ok(await desk.offer(loan["request_id"]))
    path = f"/v1/loan-offers/{again['id']}/accept"
    assert (await ok(await desk.borrower.post(path)))["state"] == "agreed"


async def test_the_money_is_asked_for_anew_until_it_is_given_up(desk: Desk) -> None:
    loan = await registered(
        desk, await accepted(desk, await desk.right(), desk.lender), desk.lender
    )
    await desk.days(120)
    anew = (await desk.loan(loan["id"], desk.lender))["payment"]
    assert anew["reference"] != loan["payment"]["reference"]
    await desk.pay(anew)
    assert (await desk.loan(loan["id"]))["state"] == "performing"


async def test_cancelling_with_one_pledge_registered_waits_for_its_deletion(desk: Desk) -> None:
    loan = await desk.filed(await desk.right(), await desk.right())
    one, other = loan["pledges"]
    await desk.register({"pledges": [one]})
    ended = await ok(await desk.lender.post(f"/v1/loans/{loan['id']}/cancel"))
    assert ended["state"] == "release_filed"
    read = await ok(await desk.borrower.get(f"/v1/encumbrances/{other['encumbrance_id']}"))
    assert read["state"] == "cancelled"
    deleted = f"/v1/encumbrances/{one['encumbrance_id']}/delete"
    await ok(await desk.market.operator.post(deleted, {}))
    await desk.world.work()
    assert (await desk.loan(loan["id"]))["state"] == "cancelled"


async def test_nothing_is_paid_out_without_the_guarantor_that_is_required(desk: Desk) -> None:
    right_id = await desk.right()
    loan = await accepted(desk, right_id, desk.lender, guarantee_required=True)
    path = f"/v1/loans/{loan['id']}"
    contract = await ok(await desk.borrower.get(f"{path}/contract"))
    assert "without a guarantor" in contract["text"]
    unsigned = await desk.borrower.post(f"{path}/sign", {"sha256": contract["sha256"]})
    assert told(unsigned) == (409, "parties_missing")
    wrong = {"role": "guarantor", "organisation_id": str(desk.market.buyer.organisation_id)}
    named = f"{path}/participants"
    assert told(await desk.lender.post(named, wrong)) == (422, "invalid_loan_terms")
    right = {"role": "guarantor", "organisation_id": str(desk.guarantor.organisation_id)}
    for cap_minor in (90_000_000, 120_000_000):
        await ok(await desk.lender.post(named, right | {"cap_minor": cap_minor}))
    (one,) = await ok(await desk.lender.get(named))
    assert one["cap_minor"] == 120_000_000
    await ok(await desk.guarantor.post(f"{named}/join", {"role": "guarantor"}))
    loan = await registered(desk, loan, desk.lender)
    await desk.pay(loan["payment"])
    assert (await desk.loan(loan["id"]))["state"] == "performing"


async def test_a_right_that_is_lost_counts_for_nothing(desk: Desk) -> None:
    kept, lost = await desk.right(), await desk.right()
    loan = await desk.running(kept, lost)
    gone = {"kind": "invalidated", "occurred_on": str(desk.today), "source": "decision"}
    await ok(await desk.market.operator.post(f"/v1/rights/{lost}/legal-events", gone))
    await desk.world.work()
    found = await ok(await desk.lender.get(f"/v1/loans/{loan['id']}/breaches"))
    told_of = {one["kind"]: one["ltv_basis_points"] for one in found}
    assert told_of == {"right_lost": None, "loan_to_value": 12_000}


async def test_who_buys_collateral_gets_the_title_and_nobody_else(desk: Desk) -> None:
    right_id = await desk.right()
    loan = await desk.running(right_id, schedule="bullet", term_months=3, months_each=3)
    await desk.days(93 + 91)
    path, buyer = f"/v1/loans/{loan['id']}", desk.market.buyer
    await ok(await desk.lender.post(f"{path}/default"))
    sale = {
        "path": "private_sale",
        "right_id": right_id,
        "payer_organisation_id": str(buyer.organisation_id),
        "amount_minor": 120_000_000,
    }
    begun = await ok(await desk.lender.post(f"{path}/enforcements", sale))
    record = f"/v1/enforcements/{begun['id']}/record"
    evidence = {"evidence": "extract"}
    assert told(await desk.market.operator.post(record, evidence)) == (409, "illegal_move")
    await desk.pay(begun["payment"])
    again = await desk.lender.post(f"{path}/enforcements", sale)
    assert told(again) == (409, "sold_already")
    assert told(await desk.lender.post(record, evidence)) == (403, "permission_missing")
    done = await ok(await desk.market.operator.post(record, evidence))
    assert done["recorded_at"] is not None
    owners = (await ok(await buyer.get(f"/v1/rights/{right_id}")))["owners"]
    assert [one["organisation_id"] for one in owners] == [str(buyer.organisation_id)]
    assert told(await desk.market.operator.post(record, evidence)) == (409, "illegal_move")
    await ok(await desk.lender.post(f"{path}/share-loss"))
    over = await ok(await desk.lender.post(f"{path}/write-off"))
    assert over["state"] == "written_off"
    assert await desk.world.proofs() == []


async def test_a_pledge_that_the_register_loses_breaks_the_covenants(desk: Desk) -> None:
    loan = await desk.running()
    deleted = f"/v1/encumbrances/{loan['pledges'][0]['encumbrance_id']}/delete"
    await ok(await desk.market.operator.post(deleted, {}))
    await desk.world.work()
    found = await ok(await desk.lender.get(f"/v1/loans/{loan['id']}/breaches"))
    assert {one["kind"] for one in found} == {"pledge_deleted", "loan_to_value"}
