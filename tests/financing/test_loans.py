"""A loan against a right, from the request to the release, and all that can go another way."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.kernel.ids import new_id
from tests.factories.deals import ok, right_body
from tests.factories.financing import AMOUNT_MINOR, VALUE_MINOR, Desk
from tests.factories.people import person
from tests.factories.refusals import told

_SERIALS = count(12_345)


def _application(serial: int) -> dict[str, str]:
    return {"number": f"KR 10-2021-{serial:07}", "document_class": "application"}


async def test_from_the_request_to_the_release(desk: Desk) -> None:
    right_id = await desk.right()
    before = await desk.balance(desk.borrower)
    request = await desk.request(right_id)
    assert request["state"] == "prescreened"
    valued = await desk.value(request["id"], right_id)
    assert valued["state"] == "valued"
    cheap = await ok(await desk.offer(request["id"], rate_basis_points=500))
    dear = await ok(await desk.offer(request["id"], desk.rival, fee_minor=3_000_000))
    path = f"/v1/financing-requests/{request['id']}/loan-offers"
    seen = await ok(await desk.borrower.get(path))
    assert [one["id"] for one in seen] == [cheap["id"], dear["id"]]
    for lender, own in ((desk.lender, cheap), (desk.rival, dear)):
        assert [one["id"] for one in await ok(await lender.get(path))] == [own["id"]]
    assert told(await desk.rival.get(f"/v1/loan-offers/{cheap['id']}")) == (404, "not_found")

    loan = await ok(await desk.borrower.post(f"/v1/loan-offers/{cheap['id']}/accept"))
    lost = await ok(await desk.rival.get(f"/v1/loan-offers/{dear['id']}"))
    assert lost["state"] == "lost"
    await desk.sign(loan["id"])
    loan = await ok(await desk.borrower.post(f"/v1/loans/{loan['id']}/file-pledges"))
    assert loan["state"] == "pledge_filed"
    await desk.register(loan)
    loan = await desk.loan(loan["id"], desk.lender)
    assert (loan["state"], loan["payment"]["amount"]["amount_minor"]) == (
        "pledge_registered",
        AMOUNT_MINOR,
    )
    await desk.pay(loan["payment"])
    loan = await desk.loan(loan["id"])
    assert loan["state"] == "performing"
    assert await desk.balance(desk.borrower) - before == AMOUNT_MINOR

    await desk.days(15)
    assert (await desk.loan(loan["id"]))["accrued_interest"]["amount_minor"] > 0
    settled = await desk.repay(loan["id"], kind="settlement")
    assert settled["principal_minor"] == AMOUNT_MINOR
    assert settled["fee_minor"] > 0
    assert (await desk.loan(loan["id"]))["state"] == "repaid"

    await ok(await desk.lender.post(f"/v1/loans/{loan['id']}/file-release"))
    pledge = f"/v1/encumbrances/{loan['pledges'][0]['encumbrance_id']}"
    assert (await ok(await desk.borrower.get(pledge)))["state"] == "active"
    await ok(await desk.market.operator.post(f"{pledge}/delete", {}))
    await desk.world.work()
    assert (await desk.loan(loan["id"]))["state"] == "released"
    assert await desk.world.proofs() == []


async def test_instalments_are_asked_for_paid_and_prepaid(desk: Desk) -> None:
    loan = await desk.running()
    path = f"/v1/loans/{loan['id']}"
    plan = (await ok(await desk.borrower.get(f"{path}/schedule")))["instalments"]
    assert [row["interest_minor"] for row in plan][:2] == [1_350_000, 1_240_257]
    await desk.days(25)
    (asked,) = await ok(await desk.borrower.get(f"{path}/repayments"))
    assert asked["amount_minor"] == 25_737_269
    await desk.pay(asked["payment"])
    assert (await desk.loan(loan["id"]))["outstanding"]["amount_minor"] == 275_612_731

    await desk.days(20)
    paid = await desk.repay(loan["id"], kind="prepayment", amount_minor=100_000_000)
    assert paid["principal_minor"] + paid["fee_minor"] == 100_000_000
    after = await ok(await desk.borrower.get(f"{path}/schedule"))
    assert sum(row["principal_minor"] for row in after["instalments"]) == AMOUNT_MINOR
    assert [one["reason"] for one in after["versions"]] == ["disbursement", "prepayment"]
    assert len({row["due_on"] for row in after["instalments"] if row["kind"] == "scheduled"}) == 12
    assert await desk.world.proofs() == []


async def test_what_is_late_bears_more_and_is_paid_in_the_order_of_the_law(desk: Desk) -> None:
    loan = await desk.running(schedule="bullet", term_months=3)
    start = desk.today
    await desk.days(31 + 45)
    found = await desk.loan(loan["id"])
    assert found["state"] == "overdue"
    assert found["overdue"]["amount_minor"] == 2 * 1_350_000
    late = found["late_interest"]["amount_minor"]
    assert late > 0
    paid = await desk.repay(loan["id"], kind="due", amount_minor=2_700_000 + late // 2)
    assert (paid["interest_minor"], paid["late_interest_minor"]) == (2_700_000, late // 2)
    assert (await desk.loan(loan["id"]))["state"] == "performing"
    await desk.repay(loan["id"], kind="settlement", pay_on=str(start + timedelta(days=90)))
    assert (await desk.loan(loan["id"]))["state"] == "repaid"
    assert await desk.world.proofs() == []


async def test_a_floating_rate_is_set_anew_on_its_days(desk: Desk) -> None:
    rate = {"name": "COFIX", "source": "notice"}
    for day, points in ((desk.today - timedelta(days=9), 340), (desk.today + timedelta(80), 440)):
        body = rate | {"valid_from": str(day), "rate_basis_points": points}
        await ok(await desk.market.operator.post("/v1/reference-rates", body))
    floating = {"base_rate_name": "COFIX", "spread_basis_points": 200, "reset_months": 3}
    loan = await desk.running(rate_basis_points=None, floating=floating)
    assert loan["rate_basis_points"] == 540
    for _ in range(4):
        await desk.days(24)
        for one in await ok(await desk.borrower.get(f"/v1/loans/{loan['id']}/repayments")):
            if one["applied_at"] is None:
                await desk.pay(one["payment"])
    found = await desk.loan(loan["id"])
    assert found["rate_basis_points"] == 640
    schedule = await ok(await desk.borrower.get(f"/v1/loans/{loan['id']}/schedule"))
    assert [one["rate_basis_points"] for one in schedule["versions"]] == [540, 640]
    assert sum(row["principal_minor"] for row in schedule["instalments"]) == AMOUNT_MINOR


@pytest.mark.parametrize("unregistered", [True, False])
async def test_the_database_pays_nothing_out_before_every_pledge_is_registered(
    desk: Desk, unregistered: bool
) -> None:
    loan = await desk.filed(await desk.right(), await desk.right())
    if unregistered:
        loan["pledges"].pop()
    await desk.register(loan)
    wanted = "pledge_filed" if unregistered else "pledge_registered"
    assert (await desk.loan(loan["id"]))["state"] == wanted
    values = {
        "id": new_id(),
        "key": f"bold:{loan['id']}",
        "subject": f"loan:{loan['id']}",
        "source": f"held:loan:{loan['id']}",
        "to": f"payable:organisation:{desk.borrower.organisation_id}",
    }
    with pytest.raises(DBAPIError, match="is not secured"):
        await _bold(desk, _TRANSACTION, _POSTING, **values)
    if unregistered:
        with pytest.raises(DBAPIError, match="is not secured"):
            await _bold(desk, _RUN, id=loan["id"])


_TRANSACTION = (
    "INSERT INTO ledger_transaction (id, key, kind, subject, currency, recorded_at)"
    " VALUES (:id, :key, 'whatever', :subject, 'KRW', now())"
)
_POSTING = (
    "INSERT INTO ledger_posting (transaction_id, position, source, destination, amount_minor)"
    " VALUES (:id, 1, :source, :to, 5)"
)
_RUN = (
    "UPDATE loan SET state = 'performing', disbursed_minor = principal_minor, starts_on = now(),"
    " ends_on = now() WHERE id = :id"
)


async def _bold(desk: Desk, *statements: str, **values: Any) -> None:
    """Write past every service."""
    async with desk.world.engine.begin() as connection:
        for statement in statements:
            bound = text(statement)
            names = bound._bindparams
            await connection.execute(bound, {k: v for k, v in values.items() if k in names})


async def test_nobody_acts_around_a_pledge(desk: Desk) -> None:
    right_id = await desk.right()
    loan = await desk.filed(right_id)
    licence = {
        "kind": "exclusive",
        "holder_organisation_id": str(desk.market.buyer.organisation_id),
        "scope": {},
    }
    path = f"/v1/rights/{right_id}/encumbrances"
    assert told(await desk.borrower.post(path, licence)) == (409, "consent_missing")
    again = await desk.request(right_id)
    assert again["state"] == "prescreened"
    await desk.register(loan)
    screened = await ok(
        await desk.borrower.get(f"/v1/financing-requests/{again['id']}/prescreening")
    )
    assert screened["rights"][0]["reasons"] == ["ranks_behind"]
    await desk.value(again["id"], right_id)
    assert told(await desk.offer(again["id"])) == (409, "limit_exceeded")


async def test_a_chinese_patent_is_pledged_once(desk: Desk) -> None:
    right_id = await desk.right(office="CN")
    await desk.filed(right_id)
    second = await desk.request(right_id)
    assert second["state"] == "applied"
    screened = await ok(
        await desk.borrower.get(f"/v1/financing-requests/{second['id']}/prescreening")
    )
    assert (screened["clear"], screened["rights"][0]["reasons"]) == (False, ["pledged"])
    refused = await desk.borrower.post(f"/v1/financing-requests/{second['id']}/prescreen")
    assert told(refused) == (409, "collateral_blocked")


async def test_the_prescreening_says_all_that_blocks(desk: Desk) -> None:
    filed = right_body(identifier=_application(next(_SERIALS)))
    pending = await ok(await desk.borrower.post("/v1/rights", filed))
    short = await desk.right()
    request = await desk.request(pending["id"], short, term_months=360)
    screened = await ok(
        await desk.borrower.get(f"/v1/financing-requests/{request['id']}/prescreening")
    )
    reasons = {one["right_id"]: one["reasons"] for one in screened["rights"]}
    assert reasons[pending["id"]] == ["pending", "life_unknown"]
    assert reasons[short] == ["life_too_short"]
    sold = await desk.right()
    gone = {"kind": "lapsed", "occurred_on": "2026-01-01", "source": "register"}
    await ok(await desk.market.operator.post(f"/v1/rights/{sold}/legal-events", gone))
    lapsed = await desk.request(sold)
    screened = await ok(
        await desk.borrower.get(f"/v1/financing-requests/{lapsed['id']}/prescreening")
    )
    assert screened["rights"][0]["reasons"] == ["lapsed"]


async def test_co_owners_consent_to_the_very_terms(desk: Desk) -> None:
    other = await person(desk.world.client, desk.world.sessions, name="Co-owner")
    halves = [
        {"organisation_id": str(who.organisation_id), "share": {"numerator": 1, "denominator": 2}}
        for who in (desk.borrower, other)
    ]
    body = right_body(owners=halves)
    right_id = (await ok(await desk.borrower.post("/v1/rights", body)))["id"]
    for kind, day in (("filed", "2020-01-15"), ("granted", "2022-01-15")):
        event = {"kind": kind, "occurred_on": day, "source": "register"}
        await ok(await desk.market.operator.post(f"/v1/rights/{right_id}/legal-events", event))
    request = await desk.request(right_id)
    path = f"/v1/financing-requests/{request['id']}"
    assert request["state"] == "applied"
    (screened,) = (await ok(await desk.borrower.get(f"{path}/prescreening")))["rights"]
    assert screened["reasons"] == ["co_owner_consent_missing"]
    assert screened["owners_missing"] == [str(other.organisation_id)]
    terms = await ok(await desk.borrower.get(f"{path}/pledge-terms"))
    asked = {"act": "pledge", "terms": terms["text"]}
    (consent,) = await ok(await desk.borrower.post(f"/v1/rights/{right_id}/consents", asked))
    assert consent["terms_sha256"] == terms["sha256"]
    await ok(
        await other.post(f"/v1/consents/{consent['id']}/give", {"terms_sha256": terms["sha256"]})
    )
    assert (await ok(await desk.borrower.post(f"{path}/prescreen")))["state"] == "prescreened"
    await desk.value(request["id"], right_id)
    offer = await ok(await desk.offer(request["id"]))
    loan = await ok(await desk.borrower.post(f"/v1/loan-offers/{offer['id']}/accept"))
    await desk.sign(loan["id"])
    await ok(await desk.borrower.post(f"/v1/loans/{loan['id']}/file-pledges"))
    used = await ok(await other.get(f"/v1/consents/{consent['id']}"))
    assert (used["state"], used["used_for"]) == ("used", f"loan:{loan['id']}")


async def test_a_third_party_pledges_its_own_right(desk: Desk) -> None:
    third = desk.market.stranger
    right_id = await desk.right(third)
    named = [str(third.organisation_id)]
    request = await desk.request(pledgor_organisation_ids=named)
    path = f"/v1/financing-requests/{request['id']}"
    theirs = {"right_id": right_id}
    assert told(await desk.borrower.post(f"{path}/collateral", theirs)) == (404, "not_found")
    await ok(await third.post(f"{path}/collateral", theirs))
    await ok(await desk.borrower.post(f"{path}/prescreen"))
    await desk.value(request["id"], right_id)
    offer = await ok(await desk.offer(request["id"]))
    loan = await ok(await desk.borrower.post(f"/v1/loan-offers/{offer['id']}/accept"))
    await desk.sign(loan["id"])
    assert (await desk.loan(loan["id"]))["state"] == "agreed"
    await desk.sign(loan["id"], third)
    assert (await desk.loan(loan["id"], third))["state"] == "contracted"


async def test_documents_are_read_by_leave_alone_and_each_reading_is_logged(desk: Desk) -> None:
    request = await desk.request(await desk.right())
    path = f"/v1/financing-requests/{request['id']}/documents"
    put = {"name": "Balance sheet", "content": "assets 1,200,000,000"}
    document = await ok(await desk.borrower.post(path, put))
    assert [one["name"] for one in await ok(await desk.lender.get(path))] == ["Balance sheet"]
    own = f"/v1/sealed-documents/{document['id']}"
    assert told(await desk.lender.get(own)) == (404, "not_found")
    leave = {"organisation_id": str(desk.lender.organisation_id)}
    assert (await desk.borrower.post(f"{own}/grant", leave)).status_code == 204
    assert (await ok(await desk.lender.get(own)))["content"] == put["content"]
    assert told(await desk.rival.get(own)) == (404, "not_found")
    assert (await desk.borrower.post(f"{own}/revoke", leave)).status_code == 204
    assert told(await desk.lender.get(own)) == (404, "not_found")
    views = (await ok(await desk.borrower.get(f"{own}/views")))["items"]
    assert [one["organisation_id"] for one in views] == [str(desk.lender.organisation_id)]


async def test_products_match_with_reasons(desk: Desk) -> None:
    product = {
        "name": "IP loan",
        "currency": "KRW",
        "amount_min_minor": 1,
        "amount_max_minor": 10**9,
        "ltv_max_basis_points": 6_000,
        "term_months_max": 60,
        "rate_min_basis_points": 100,
        "rate_max_basis_points": 900,
        "regions": ["KR"],
        "right_kinds": ["patent"],
        "valid_from": "2026-01-01",
    }
    assert told(await desk.borrower.post("/v1/lender-products", product)) == (403, "lenders_only")
    good = await ok(await desk.lender.post("/v1/lender-products", product))
    strict = product | {"term_months_max": 6, "guarantee_required": True, "grade_min": "AA"}
    bad = await ok(await desk.rival.post("/v1/lender-products", strict))
    right_id = await desk.right()
    request = await desk.request(right_id)
    await desk.value(request["id"], right_id)
    matches = await ok(await desk.borrower.get(f"/v1/financing-requests/{request['id']}/products"))
    found = {one["product"]["id"]: one["reasons"] for one in matches}
    assert found[good["id"]] == []
    assert found[bad["id"]] == ["term_too_long", "guarantee_required", "grade_too_low"]
    over = await desk.offer(request["id"], product_id=good["id"], rate_basis_points=950)
    assert told(over) == (409, "limit_exceeded")
    assert (await desk.offer(request["id"], product_id=good["id"])).status_code == 201


async def test_offers_are_refused_for_good_reasons(desk: Desk) -> None:
    right_id = await desk.right()
    request = await desk.request(right_id)
    assert told(await desk.offer(request["id"])) == (409, "illegal_move")
    assert told(await desk.offer(request["id"], desk.market.buyer)) == (404, "not_found")
    await desk.value(request["id"], right_id)
    over = await desk.offer(request["id"], amount_minor=AMOUNT_MINOR + 1)
    assert told(over) == (409, "limit_exceeded")
    tight = await desk.offer(request["id"], ltv_max_basis_points=5_999)
    assert told(tight) == (409, "limit_exceeded")
    custom = await desk.offer(request["id"], schedule="custom", custom_minor=[1, 2])
    assert told(custom) == (422, "invalid_loan_terms")
    unknown = await desk.offer(request["id"], scheme="nowhere")
    assert told(unknown) == (422, "invalid_loan_terms")
    await ok(await desk.offer(request["id"]))
    assert told(await desk.offer(request["id"])) == (409, "loan_offer_exists")


async def test_a_valuer_is_designated_and_nobodys_kin(desk: Desk) -> None:
    right_id = await desk.right()
    request = await desk.request(right_id)
    path = f"/v1/financing-requests/{request['id']}"
    order = {"institution_organisation_id": str(desk.market.buyer.organisation_id)}
    refused = await desk.borrower.post(f"{path}/order-valuation", order)
    assert told(refused) == (409, "not_designated")
    order = {"institution_organisation_id": str(desk.valuer.organisation_id)}
    await ok(await desk.borrower.post(f"{path}/order-valuation", order))
    figure = await desk.appraise(request["id"], await desk.right(), VALUE_MINOR)
    assert told(figure) == (404, "not_found")
    figure = {"right_id": right_id, "valued_on": str(desk.today), "report_reference": "1"}
    value = {"value": {"amount_minor": 5, "currency": "KRW"}}
    refused = await desk.lender.post(f"{path}/appraisals", figure | value)
    assert told(refused) == (403, "valuers_only")
    await _make_kin(desk)
    await ok(await desk.appraise(request["id"], right_id, VALUE_MINOR))
    assert told(await desk.offer(request["id"], desk.rival)) == (409, "conflict_of_interest")
    desk.world.clock.offset += timedelta(days=3)  # they are kin no more


async def _make_kin(desk: Desk) -> None:
    """The rival lender owns the valuer."""
    body = {
        "parent_id": str(desk.rival.organisation_id),
        "affiliate_id": str(desk.valuer.organisation_id),
        "share_basis_points": 10_000,
        "valid_from": "2026-01-01",
        "valid_until": str(desk.today + timedelta(days=2)),
        "evidence": "annual report",
    }
    await ok(await desk.market.operator.post("/v1/affiliations", body))


async def test_a_loan_is_cancelled_and_the_request_is_open_again(desk: Desk) -> None:
    right_id = await desk.right()
    loan = await desk.filed(right_id)
    cancelled = await ok(await desk.lender.post(f"/v1/loans/{loan['id']}/cancel"))
    assert cancelled["state"] == "cancelled"
    pledge = f"/v1/encumbrances/{loan['pledges'][0]['encumbrance_id']}"
    assert (await ok(await desk.borrower.get(pledge)))["state"] == "cancelled"
    request = await ok(await desk.borrower.get(f"/v1/financing-requests/{loan['request_id']}"))
    assert request["state"] == "valued"
    again = await ok(await desk.offer(request["id"]))
    await ok(await desk.borrower.post(f"/v1/loan-offers/{again['id']}/accept"))


async def test_a_listed_right_that_is_pledged_is_not_sold_around_the_loan(desk: Desk) -> None:
    right_id = await desk.right()
    await desk.running(right_id)
    listing = {
        "right_id": right_id,
        "title": "x",
        "teaser": "x",
        "language": "en",
        "asking_price_minor": 5,
        "currency": "KRW",
    }
    draft = await ok(await desk.borrower.post("/v1/listings", listing))
    await ok(await desk.borrower.post(f"/v1/listings/{draft['id']}/publish"))
    price = {"price": {"amount_minor": 5, "currency": "KRW"}}
    talks = await ok(await desk.market.buyer.post(f"/v1/listings/{draft['id']}/offers", price))
    accepted = {"offer_number": 1}
    path = f"/v1/negotiations/{talks['id']}/accept"
    deal = await ok(await desk.borrower.post(path, accepted))
    agreement = await ok(await desk.borrower.get(f"/v1/deals/{deal['id']}/agreement"))
    signed = await desk.borrower.post(
        f"/v1/deals/{deal['id']}/sign", {"sha256": agreement["sha256"]}
    )
    assert told(signed) == (409, "consent_missing")
