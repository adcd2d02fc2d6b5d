"""A pledged right: sold with its holder's consent alone, and the price pays the claim first."""

from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.deals.claims.rules import Claim
from marketplace.deals.royalties.paying import RoyaltyShares
from marketplace.deals.rules import Deductions, Held, Payee, divide
from marketplace.kernel.ids import new_id
from marketplace.kernel.money import share_of
from marketplace.payments.taxes.models import TaxRate
from tests.factories.deals import PRICE_MINOR, Market, credit, list_right, offer, ok, sign
from tests.factories.encumbrances import refusal
from tests.factories.parts import parts, payee
from tests.factories.people import Person, person
from tests.factories.refusals import told
from tests.factories.steady import steady
from tests.factories.world import World

CLAIM_MINOR = 40_000_000
NET_MINOR = PRICE_MINOR * 95 // 100


async def pledged(market: Market, lender: Person, *, number: str = "1") -> dict[str, Any]:
    """A right on the market, with a registered pledge; the encumbrance."""
    listing_id = await list_right(market.seller)
    mine = await ok(await market.seller.get("/v1/listings/mine"))
    right_id = next(one["right_id"] for one in mine["items"] if one["id"] == listing_id)
    return {"listing_id": listing_id, **await pledge(market, right_id, lender, number)}


async def pledge(market: Market, right_id: str, lender: Person, number: str = "1") -> Any:
    body = {
        "source": "KIPRIS",
        "entry_id": f"{right_id[:8]}-{right_id[-8:]}-{number}",
        "kind": "pledge",
        "holder_organisation_id": str(lender.organisation_id),
        "registration_number": f"2026-{number}",
        "received_on": "2026-01-06",
        "receipt_order": int(number),
        "secured": {"amount_minor": CLAIM_MINOR, "currency": "KRW"},
    }
    return await ok(await market.operator.post(f"/v1/rights/{right_id}/register-entries", body))


async def agreed(market: Market, listing_id: str) -> str:
    path = f"/v1/negotiations/{await offer(market.buyer, listing_id)}/accept"
    return str((await ok(await market.seller.post(path, {"offer_number": 1})))["id"])


def consent(deal_id: str, **changed: Any) -> dict[str, Any]:
    body = {
        "act": "sell",
        "deal_id": deal_id,
        "price_at_least": {"amount_minor": PRICE_MINOR, "currency": "KRW"},
        "expires_at": "2099-01-01T00:00:00Z",
    }
    return body | changed


async def consents(lender: Person, encumbrance_id: str, deal_id: str, **changed: Any) -> Any:
    path = f"/v1/encumbrances/{encumbrance_id}/consents"
    return await ok(await lender.post(path, consent(deal_id, **changed)))


async def try_to_sign(who: Person, deal_id: str) -> Any:
    agreement = await ok(await who.get(f"/v1/deals/{deal_id}/agreement"))
    return await who.post(f"/v1/deals/{deal_id}/sign", {"sha256": agreement["sha256"]})


async def balance(who: Person) -> int:
    found = (await ok(await who.get("/v1/balances")))["payable"]
    return sum(one["amount_minor"] for one in found)


@pytest.fixture
async def market(world: World) -> Market:
    return await Market.open(world)


async def finish(market: Market, deal_id: str) -> None:
    path = f"/v1/deals/{deal_id}"
    await market.pay(deal_id)
    await ok(await market.seller.post(f"{path}/file-transfer"))
    await ok(await market.operator.post(f"{path}/record", {"evidence": "register extract"}))
    await ok(await market.buyer.post(f"{path}/release"))


async def test_without_consent_nobody_signs_and_with_it_the_claim_is_paid_first(
    market: Market,
) -> None:
    lender = market.stranger
    found = await pledged(market, lender)
    deal_id = await agreed(market, found["listing_id"])
    refused = await try_to_sign(market.seller, deal_id)
    assert told(refused) == (409, "consent_missing")
    assert refused.json()["encumbrance"]["registration_number"] == "2026-1"
    assert await market.state(deal_id) == "agreed"

    path = f"/v1/encumbrances/{found['id']}/consents"
    for wrong in (
        consent(deal_id, claim_minor=CLAIM_MINOR + 1),
        consent(str(new_id())),
        consent(deal_id, expires_at="2020-01-01T00:00:00Z"),
        consent(deal_id, price_at_least={"amount_minor": 1, "currency": "USD"}),
    ):
        assert told(await lender.post(path, wrong)) == (422, "invalid_terms")
    assert told(await market.buyer.post(path, consent(deal_id))) == (404, "not_found")

    dearer = {"amount_minor": PRICE_MINOR + 1, "currency": "KRW"}
    too_dear = await consents(lender, found["id"], deal_id, price_at_least=dearer)
    assert told(await try_to_sign(market.seller, deal_id)) == (409, "consent_missing")
    assert told(await lender.post(path, consent(deal_id))) == (409, "consent_exists")
    await ok(await lender.post(f"{path}/{too_dear['id']}/revoke"))
    given_one = await consents(lender, found["id"], deal_id)
    await sign((market.seller, market.buyer), deal_id)
    revoked = await lender.post(f"{path}/{given_one['id']}/revoke")
    assert told(revoked) == (409, "consent_used")

    await finish(market, deal_id)
    assert await balance(lender) == CLAIM_MINOR
    assert await balance(market.seller) == NET_MINOR - CLAIM_MINOR
    (paid,) = [one for one in (await ok(await lender.get(path)))["items"] if one["used_at"]]
    assert paid["paid"]["amount_minor"] == CLAIM_MINOR
    assert await market.world.proofs() == []
    still = await ok(await market.buyer.get(f"/v1/encumbrances/{found['id']}"))
    assert still["state"] == "active"


async def test_the_text_names_what_burdens_the_right_and_nobody_signs_another(
    market: Market,
) -> None:
    lender = market.stranger
    listing_id = await list_right(market.seller)
    mine = await ok(await market.seller.get("/v1/listings/mine"))
    right_id = mine["items"][0]["right_id"]
    body = {"kind": "pledge", "holder_organisation_id": str(lender.organisation_id)}
    body["secured"] = {"amount_minor": CLAIM_MINOR, "currency": "KRW"}
    burden = await ok(await market.seller.post(f"/v1/rights/{right_id}/encumbrances", body))
    deal_id = await agreed(market, listing_id)
    path = f"/v1/deals/{deal_id}"
    drawn = (await ok(await market.buyer.get(f"{path}/agreement")))["content"]
    assert "\n부담       질권 (권리 전부)\n" in drawn
    assert "위에 적은 부담 외에 다른 부담이 없음을 보증한다" in drawn
    await consents(lender, burden["id"], deal_id)
    entered = {"registration_number": "2026-7", "received_on": "2026-01-06"}
    await ok(await market.operator.post(f"/v1/encumbrances/{burden['id']}/register", entered))
    assert told(await try_to_sign(market.seller, deal_id)) == (409, "burdens_changed")
    assert await market.state(deal_id) == "agreed"
    again = await ok(await market.buyer.post(f"{path}/amend", {"additional_terms": None}))
    assert "\n부담       질권 (2026-7; 권리 전부)\n" in again["content"]
    await sign((market.seller, market.buyer), deal_id)

    found = await ok(await market.buyer.get(f"{path}/due-diligence"))  # the consent is used
    (finding,) = [one for one in found["findings"] if one["topic"] == "encumbrances"]
    assert (finding["verdict"], finding["summary"]) == ("attention", "burdened by pledge")


async def test_two_pledges_are_paid_by_rank_and_never_more_than_there_is(market: Market) -> None:
    found = await pledged(market, market.stranger, number="2")
    second = await person(market.world.client, market.world.sessions, name="Other lender")
    third = await person(market.world.client, market.world.sessions, name="Third lender")
    earlier = await pledge(market, found["right_id"], second, "1")
    later = await pledge(market, found["right_id"], third, "3")
    deal_id = await agreed(market, found["listing_id"])
    for lender, one in ((market.stranger, found), (second, earlier), (third, later)):
        assert told(await try_to_sign(market.seller, deal_id)) == (409, "consent_missing")
        await consents(lender, one["id"], deal_id)
    await sign((market.seller, market.buyer), deal_id)
    await finish(market, deal_id)
    balances = [await balance(who) for who in (second, market.stranger, third, market.seller)]
    assert balances == [CLAIM_MINOR, CLAIM_MINOR, PRICE_MINOR - 2 * CLAIM_MINOR, 0]
    deal = await ok(await market.seller.get(f"/v1/deals/{deal_id}"))
    assert deal["commission"]["amount_minor"] == 0
    assert await market.world.proofs() == []


async def test_payees_bear_the_claim_together_and_parts_pay_it_as_they_come(market: Market) -> None:
    found = await pledged(market, market.stranger)
    partner = await person(market.world.client, market.world.sessions, name="Co-owner")
    deal_id = await agreed(market, found["listing_id"])
    path = f"/v1/deals/{deal_id}"
    shares = [payee(market.seller, "seller", 2, 3), payee(partner, "co_owner", 1, 3)]
    await ok(await market.seller.post(f"{path}/name-payees", {"payees": shares}))
    plan = [
        {"amount_minor": 30_000_000, "after_days": 0},
        {"amount_minor": 70_000_000, "after_days": 0, "before_transfer": False},
    ]
    await ok(await market.seller.post(f"{path}/plan-parts", {"parts": plan}))
    await consents(market.stranger, found["id"], deal_id)
    await sign((market.seller, market.buyer), deal_id)
    first, second = await parts(market, deal_id)
    await market.bank(credit(30_000_000, first["payment"]["reference"]))
    await ok(await market.seller.post(f"{path}/file-transfer"))
    await ok(await market.operator.post(f"{path}/record", {"evidence": "register extract"}))
    await ok(await market.buyer.post(f"{path}/release"))
    assert await balance(market.stranger) == 30_000_000
    assert [await balance(market.seller), await balance(partner)] == [0, 0]
    await market.bank(credit(70_000_000, second["payment"]["reference"]))
    await ok(await market.buyer.post(f"{path}/parts/2/release"))
    assert await balance(market.stranger) == CLAIM_MINOR
    left = NET_MINOR - CLAIM_MINOR
    assert await balance(market.seller) + await balance(partner) == left
    assert abs(await balance(partner) - left // 3) <= 2
    assert await market.world.proofs() == []


async def test_an_undone_sale_takes_nothing_back_from_whoever_was_paid_a_debt(
    market: Market,
) -> None:
    found = await pledged(market, market.stranger)
    deal_id = await agreed(market, found["listing_id"])
    await consents(market.stranger, found["id"], deal_id)
    await sign((market.seller, market.buyer), deal_id)
    await finish(market, deal_id)
    await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
    assert await balance(market.stranger) == CLAIM_MINOR
    assert await balance(market.seller) == -CLAIM_MINOR
    assert await balance(market.buyer) == PRICE_MINOR
    assert await market.world.proofs() == []


async def test_what_was_attached_before_the_transfer_holds_the_money_back(market: Market) -> None:
    deal_id = await market.deal("transfer_filed")
    right_id = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}")))["right_id"]
    attachment = {
        "source": "KIPRIS",
        "entry_id": "PP-1",
        "kind": "attachment",
        "holder_name": "서울중앙지방법원",
        "registration_number": "2026-9",
        "received_on": "2026-01-06",
    }
    entries = f"/v1/rights/{right_id}/register-entries"
    attached = await ok(await market.operator.post(entries, attachment))
    recorded = f"/v1/deals/{deal_id}/record"
    evidence = {"evidence": "register extract"}
    assert told(await market.operator.post(recorded, evidence)) == (409, "encumbered")
    await ok(await market.operator.post(f"/v1/encumbrances/{attached['id']}/delete", {}))
    await ok(await market.operator.post(recorded, evidence))
    late = attachment | {"entry_id": "PP-2", "registration_number": "2026-10"}
    again = await ok(await market.operator.post(entries, late))
    refused = await market.buyer.post(f"/v1/deals/{deal_id}/release")
    assert told(refused) == (409, "encumbered")
    assert await market.state(deal_id) == "recorded"
    await ok(await market.operator.post(f"/v1/encumbrances/{again['id']}/delete", {}))
    tomorrow = {"received_on": "2999-01-01"}
    assert told(await market.operator.post(entries, attachment | tomorrow))[0] in {409, 422}
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    assert await market.state(deal_id) == "settled"


async def test_what_the_buyer_grants_is_the_buyers_own_matter(market: Market) -> None:
    deal_id = await market.deal("recorded")
    right_id = (await ok(await market.buyer.get(f"/v1/deals/{deal_id}")))["right_id"]
    option = {"kind": "option", "holder_organisation_id": str(market.stranger.organisation_id)}
    waiting = await market.buyer.post(f"/v1/rights/{right_id}/encumbrances", option)
    assert told(waiting) == (409, "right_reserved")
    await ok(await market.buyer.post(f"/v1/deals/{deal_id}/release"))
    await ok(await market.buyer.post(f"/v1/rights/{right_id}/encumbrances", option))


async def test_the_database_itself_lets_no_pledged_right_change_hands(market: Market) -> None:
    found = await pledged(market, market.stranger)
    deal_id = await agreed(market, found["listing_id"])
    connection = await asyncpg.connect(market.world.settings.asyncpg_url())
    for statement in (
        "UPDATE deal SET state = 'signed' WHERE id = $1",
        (
            "INSERT INTO conveyance (id, created_at, right_id, kind, from_organisation_id,"
            " to_organisation_id, numerator, denominator, passed_at, basis, source)"
            " SELECT gen_random_uuid(), now(), right_id, 'assignment', seller_organisation_id,"
            " buyer_organisation_id, 1, 1, '2999-01-01', 'deal:' || id, 'here'"
            " FROM deal WHERE id = $1"
        ),
    ):
        undone = connection.transaction()
        await undone.start()
        with pytest.raises(asyncpg.ExclusionViolationError) as refused:
            await connection.execute(statement, deal_id)
        assert refusal(refused.value) == "conflict_consent"
        await undone.rollback()
    await connection.close()


MINOR = st.integers(min_value=0, max_value=10**15)


RATE = TaxRate(
    jurisdiction="KR",
    taxable_basis_points=10_000,
    rate_basis_points=2_000,
    surtax_basis_points=1_000,
    allowance_minor=0,
    exempt_up_to_minor=0,
    currency="KRW",
)


@given(
    amounts=st.lists(MINOR, max_size=4),
    shares=st.lists(st.integers(min_value=1, max_value=997), min_size=1, max_size=5),
    price=MINOR,
    own_pledge=st.booleans(),
)
@steady
def test_claims_come_before_commission_and_taxes_exactly_and_in_order(
    amounts: list[int], shares: list[int], price: int, own_pledge: bool
) -> None:
    payees = [Payee(new_id(), share, RATE) for share in shares]
    deal = RoyaltyShares("deal:1", new_id(), new_id(), "KRW", 500, 1_000, "KR")
    due = [Claim(new_id(), new_id(), new_id(), minor) for minor in amounts]
    if own_pledge:
        due.append(Claim(new_id(), new_id(), payees[0].organisation_id, price))
    division = divide(deal, Held("deal:1", price, 0), price, payees, Deductions(due))
    paid = {one.claim.consent_id: one.amount_minor for one in division.claimed}
    left = price
    for claim in due[: len(amounts)]:
        assert paid.get(claim.consent_id, 0) == min(claim.due_minor, left)
        left -= min(claim.due_minor, left)
    sums = division.sums
    if not own_pledge:
        assert sums.commission_minor == min(share_of(price, 500), left)
    out = sums.commission_minor + sums.commission_vat_minor + sums.withheld_minor
    assert out + sum(one.paid_minor for one in division.incomes) == price
    for position, income in enumerate(division.incomes):
        borne = sum(one.borne[position][1] for one in division.claimed)
        assert 0 <= borne <= income.paid_minor
