"""Guarantees, equity, sales with a licence back and notes: asked for, offered, and carried out."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.models import OrganisationKind
from marketplace.financing.securitisation.rules import Claim, attachments, waterfall
from tests.factories.deals import credit, ok, sign
from tests.factories.financing import Desk
from tests.factories.people import Person, person
from tests.factories.refusals import told
from tests.factories.steady import steady

MINOR = 100_000_000
EQUITY = {
    "product": "equity",
    "instrument": "preferred",
    "stake_max_basis_points": 1_500,
    "use_of_proceeds": "machines",
}
LICENCE = {
    "kind": "exclusive",
    "territories": ["KR"],
    "acts": ["make", "use", "sell"],
    "term_months": 24,
}
SHARES = {"product": "equity", "stake_basis_points": 1_200}


async def demand(desk: Desk, terms: dict[str, Any], *rights: str, **changed: Any) -> Any:
    body = {
        "amount": {"amount_minor": MINOR, "currency": "KRW"},
        "summary": "a second line",
        "terms": terms,
        "right_ids": list(rights or (await desk.right(),)),
    }
    return await desk.borrower.post("/v1/demands", body | changed)


async def offered(demand_id: str, who: Person, terms: dict[str, Any], minor: int = MINOR) -> Any:
    body = {"amount_minor": minor, "terms": terms}
    return await who.post(f"/v1/demands/{demand_id}/offers", body)


async def accepted(desk: Desk, offer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await ok(
        await desk.borrower.post(f"/v1/demand-offers/{offer['id']}/accept")
    )
    return found


async def signed(desk: Desk, demand_id: str, offerer: Person) -> dict[str, Any]:
    """Both sign; what the offerer reads."""
    path = f"/v1/demands/{demand_id}"
    for who in (desk.borrower, offerer):
        text = await ok(await who.get(f"{path}/agreement"))
        await ok(await who.post(f"{path}/sign", {"sha256": text["sha256"]}))
    found: dict[str, Any] = await ok(await offerer.get(path))
    return found


async def test_a_guaranteed_loan_goes_on_as_a_request(desk: Desk) -> None:
    terms = {"product": "guarantee_loan", "term_months": 12, "guaranteed_basis_points": 8_500}
    wanted = await ok(await demand(desk, terms))
    path = f"/v1/demands/{wanted['id']}"
    answer = {"product": "guarantee_loan", "guaranteed_basis_points": 9_000}
    good = answer | {"fee_basis_points": 120}
    assert told(await desk.lender.get(path)) == (404, "not_found")
    assert told(await offered(wanted["id"], desk.lender, good)) == (404, "not_found")
    low = await offered(wanted["id"], desk.guarantor, good | {"guaranteed_basis_points": 8_499})
    assert told(low) == (409, "offer_unfit")
    assert low.json()["reasons"] == ["guarantee_too_low"]
    other = await offered(wanted["id"], desk.guarantor, SHARES)
    assert told(other) == (409, "offer_unfit")
    offer = await ok(await offered(wanted["id"], desk.guarantor, good))
    again = await offered(wanted["id"], desk.guarantor, good)
    assert told(again) == (409, "demand_offer_exists")

    found = await accepted(desk, offer)

    assert found["state"] == "handed_over"
    kind, _, request_id = found["leads_to"].partition(":")
    request = await ok(await desk.borrower.get(f"/v1/financing-requests/{request_id}"))
    assert (kind, request["state"], request["guarantee_offered"]) == (
        "financing_request",
        "prescreened",
        True,
    )
    await _the_guarantor_joins_the_loan(desk, request_id)


async def _the_guarantor_joins_the_loan(desk: Desk, request_id: str) -> None:
    """For the part and the fee that were agreed, which is kept back when the loan is paid out."""
    await desk.value(request_id)
    made = await ok(await desk.offer(request_id, amount_minor=100_000_000))
    loan = await ok(await desk.borrower.post(f"/v1/loan-offers/{made['id']}/accept"))
    path = f"/v1/loans/{loan['id']}"
    (named,) = await ok(await desk.borrower.get(f"{path}/participants"))
    assert [named[name] for name in ("role", "cap_minor", "fee_basis_points")] == [
        "guarantor",
        90_000_000,
        120,
    ]
    text = await ok(await desk.borrower.get(f"{path}/contract"))
    unsigned = await desk.borrower.post(f"{path}/sign", {"sha256": text["sha256"]})
    assert told(unsigned) == (409, "parties_missing")
    await ok(await desk.guarantor.post(f"{path}/participants/join", {"role": "guarantor"}))
    await desk.sign(loan["id"])
    before = await desk.balance(desk.guarantor), await desk.balance(desk.borrower)
    await desk.register(await ok(await desk.borrower.post(f"{path}/file-pledges")))
    await desk.pay((await desk.loan(loan["id"], desk.lender))["payment"])
    fee = await desk.balance(desk.guarantor) - before[0]
    paid = await desk.loan(loan["id"])
    days = (date.fromisoformat(paid["ends_on"]) - date.fromisoformat(paid["starts_on"])).days
    assert fee == round(1_080_000 * days / 365)
    assert await desk.balance(desk.borrower) - before[1] == 100_000_000 - fee
    assert await desk.world.proofs() == []


async def test_of_two_investors_one_pays_and_neither_sees_the_other(desk: Desk) -> None:
    wanted = await ok(await demand(desk, EQUITY))
    path = f"/v1/demands/{wanted['id']}"
    own = await offered(wanted["id"], desk.borrower, SHARES)
    assert told(own) == (409, "own_demand")
    much = await offered(wanted["id"], desk.rival, SHARES | {"stake_basis_points": 1_501})
    assert told(much) == (409, "offer_unfit")
    best = await ok(await offered(wanted["id"], desk.lender, SHARES))
    worse = await ok(await offered(wanted["id"], desk.rival, SHARES, MINOR // 2))
    assert [one["id"] for one in await ok(await desk.rival.get(f"{path}/offers"))] == [worse["id"]]
    assert told(await desk.rival.get(f"/v1/demand-offers/{best['id']}")) == (404, "not_found")
    taken = await desk.lender.post(f"/v1/demand-offers/{best['id']}/accept")
    assert told(taken) == (403, "not_your_move")
    await accepted(desk, best)
    lost = await ok(await desk.rival.get(f"/v1/demand-offers/{worse['id']}"))
    assert lost["state"] == "lost"
    seen = await ok(await desk.rival.get(path))
    assert (seen["agreed"], seen["leads_to"], seen["payment"]) == (None, None, None)
    assert told(await desk.rival.get(f"{path}/agreement")) == (404, "not_found")

    before = await desk.balance(desk.borrower)
    contracted = await signed(desk, wanted["id"], desk.lender)
    assert contracted["state"] == "contracted"
    await desk.pay(contracted["payment"])

    assert (await ok(await desk.borrower.get(path)))["state"] == "settled"
    assert await desk.balance(desk.borrower) - before == MINOR
    assert await desk.world.proofs() == []


async def test_what_is_sold_is_licensed_back_when_its_title_passes(desk: Desk) -> None:
    right_id = await desk.right()
    terms = {"product": "sale_and_licence_back", "licence": LICENCE, "repurchase_months": 12}
    several = await demand(desk, terms, right_id, await desk.right())
    assert told(several) == (422, "invalid_demand")
    wanted = await ok(await demand(desk, terms, right_id))
    plain = {"product": "sale_and_licence_back"}
    assert told(await offered(wanted["id"], desk.lender, plain)) == (409, "offer_unfit")
    price = plain | {"repurchase_price_minor": 110_000_000}
    offer = await ok(await offered(wanted["id"], desk.lender, price))

    found = await accepted(desk, offer)

    deal_id = found["leads_to"].removeprefix("deal:")
    path = f"/v1/deals/{deal_id}"
    text = (await ok(await desk.lender.get(f"{path}/agreement")))["content"]
    assert "the buyer grants the seller this licence" in text
    assert "within 12 months" in text
    await sign((desk.borrower, desk.lender), deal_id)
    payment = (await ok(await desk.lender.get(path)))["payment"]
    await desk.market.bank(credit(payment["amount"]["amount_minor"], payment["reference"]))
    await ok(await desk.borrower.post(f"{path}/file-transfer"))
    await ok(await desk.market.operator.post(f"{path}/record", {"evidence": "register extract"}))
    await desk.world.work()
    (licence,) = await ok(await desk.borrower.get(f"{path}/licences"))
    assert (licence["state"], licence["your_role"]) == ("active", "licensee")
    (entry,) = (await ok(await desk.lender.get(f"/v1/rights/{right_id}/encumbrances")))["items"]
    assert (entry["kind"], entry["state"]) == ("exclusive", "active")
    await ok(await desk.lender.post(f"{path}/release"))
    await desk.world.work()
    assert await desk.world.proofs() == []


async def test_notes_are_paid_by_rank_and_the_rest_is_the_companys(desk: Desk) -> None:
    right_id = await desk.right()
    receivable = {"right_id": right_id, "kind": "royalty", "amount_minor": 130_000_000}
    terms = {
        "product": "securitisation",
        "receivables": [receivable | {"due_on": "2027-06-30"}],
        "tranches": [
            {"name": "A", "size_minor": 70_000_000, "coupon_max_basis_points": 400},
            {"name": "B", "size_minor": 30_000_000, "coupon_max_basis_points": 800},
        ],
        "equity_minor": 20_000_000,
    }
    less = await demand(desk, terms, right_id, amount={"amount_minor": 5, "currency": "KRW"})
    assert told(less) == (422, "invalid_demand")
    wanted = await ok(await demand(desk, terms, right_id))
    path = f"/v1/demands/{wanted['id']}"
    notes = {"product": "securitisation", "coupons_basis_points": [400, 801]}
    assert told(await offered(wanted["id"], desk.lender, notes)) == (409, "offer_unfit")
    notes["coupons_basis_points"] = [400, 800]
    await accepted(desk, await ok(await offered(wanted["id"], desk.lender, notes)))
    assert told(await desk.borrower.get(f"{path}/tranches")) == (409, "not_securitised")
    await desk.pay((await signed(desk, wanted["id"], desk.lender))["payment"])
    tranches = await ok(await desk.lender.get(f"{path}/tranches"))
    bounds = [
        (one["attachment"]["amount_minor"], one["detachment"]["amount_minor"]) for one in tranches
    ]
    assert bounds == [(50_000_000, 120_000_000), (20_000_000, 50_000_000)]

    await desk.days(73)
    cash = {"ends_on": str(desk.today), "cash_minor": 70_000_000}
    assert told(await desk.lender.post(f"{path}/collections", cash)) == (403, "not_your_move")
    late = cash | {"ends_on": str(desk.today + timedelta(days=9))}
    assert told(await desk.borrower.post(f"{path}/collections", late)) == (
        422,
        "invalid_collection",
    )
    made = await ok(await desk.borrower.post(f"{path}/collections", cash))
    twice = await desk.borrower.post(f"{path}/collections", cash)
    assert told(twice) == (409, "collection_open")
    before = await desk.balance(desk.lender)
    await desk.pay(made["payment"])
    (found,) = await ok(await desk.lender.get(f"{path}/collections"))
    # 70 m at 4 % and 30 m at 8 % over 73 days of 365; the rest repays A.
    assert [one["interest_minor"] for one in found["shares"]] == [560_000, 480_000]
    assert [one["principal_minor"] for one in found["shares"]] == [68_960_000, 0]
    assert (found["residue"]["amount_minor"], found["payment"]) == (0, None)
    assert await desk.balance(desk.lender) - before == 70_000_000

    await desk.days(73)
    last = {"ends_on": str(desk.today), "cash_minor": 60_000_000}
    made = await ok(await desk.borrower.post(f"{path}/collections", last))
    await desk.pay(made["payment"])
    done = (await ok(await desk.borrower.get(f"{path}/collections")))[0]
    assert [one["balance_minor"] for one in done["shares"]] == [0, 0]
    paid = sum(one["interest_minor"] + one["principal_minor"] for one in done["shares"])
    assert paid + done["residue"]["amount_minor"] == 60_000_000
    assert await desk.world.proofs() == []


async def test_demands_and_offers_end_by_hand_and_by_the_clock(desk: Desk) -> None:
    wanted = await ok(await demand(desk, EQUITY))
    offer = await ok(await offered(wanted["id"], desk.lender, SHARES))
    await ok(await desk.borrower.post(f"/v1/demands/{wanted['id']}/withdraw"))
    assert (await ok(await desk.lender.get(f"/v1/demand-offers/{offer['id']}")))["state"] == "lost"
    over = await offered(wanted["id"], desk.rival, SHARES)
    assert told(over) == (404, "not_found")

    unpaid = await ok(await demand(desk, EQUITY))
    await accepted(desk, await ok(await offered(unpaid["id"], desk.lender, SHARES)))
    await signed(desk, unpaid["id"], desk.lender)
    soon = str((desk.world.clock.now() + timedelta(days=5)).isoformat())
    short = await ok(await demand(desk, EQUITY, closes_at=soon))
    stranger = await person(
        desk.world.client, desk.world.sessions, kind=OrganisationKind.AGENCY, name="Agency"
    )
    assert told(await stranger.get(f"/v1/demands/{short['id']}")) == (404, "not_found")
    offer = await ok(await offered(short["id"], desk.lender, SHARES))
    await desk.days(6)
    assert (await ok(await desk.borrower.get(f"/v1/demands/{short['id']}")))["state"] == "expired"
    assert (await ok(await desk.lender.get(f"/v1/demand-offers/{offer['id']}")))["state"] == "lost"
    await desk.days(30)
    lapsed = await ok(await desk.borrower.get(f"/v1/demands/{unpaid['id']}"))
    assert (lapsed["state"], lapsed["payment"]) == ("lapsed", None)
    assert await desk.world.proofs() == []


CLAIMS = st.lists(
    st.builds(
        Claim,
        st.integers(0, 10**12),
        st.integers(0, 3_000),
        st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=8,
)


@steady
@given(cash=st.integers(0, 10**13), claims=CLAIMS, days=st.integers(1, 366))
def test_all_cash_is_distributed_and_nobody_is_paid_before_who_ranks_above(
    cash: int, claims: list[Claim], days: int
) -> None:
    found = waterfall(cash, claims, days)

    assert sum(one.paid_minor for one in found.shares) + found.residue_minor == cash
    for claim, share in zip(claims, found.shares, strict=True):
        assert share.balance_minor + share.principal_minor == claim.balance_minor
        due = claim.unpaid_minor + share.interest_due_minor
        assert share.interest_minor + share.unpaid_minor == due
    owed = [one.unpaid_minor for one in found.shares] + [one.balance_minor for one in found.shares]
    paid = [one.interest_minor for one in found.shares]
    paid += [one.principal_minor for one in found.shares]
    short = next((place for place, left in enumerate(owed) if left), len(owed))
    assert not any(paid[short + 1 :])
    assert not (found.residue_minor and any(owed))


def test_the_equity_bears_the_first_loss() -> None:
    assert attachments([70, 20], 10) == [(30, 100), (10, 30)]
