"""What a pledge brings without being asked for pays the loan that it secures."""

from typing import Any

from tests.factories.deals import PRICE_MINOR, offer, ok, sign
from tests.factories.financing import Desk


async def consented_sale(desk: Desk, loan: dict[str, Any], claim_minor: int) -> None:
    """The pledged right is sold, with leave of the lender, who is paid of the price."""
    market, (pledge,) = desk.market, loan["pledges"]
    listing = {
        "right_id": pledge["right_id"],
        "title": "Solid electrolyte",
        "teaser": "for sale",
        "language": "en",
        "asking_price_minor": PRICE_MINOR,
        "currency": "KRW",
    }
    listed = (await ok(await desk.borrower.post("/v1/listings", listing)))["id"]
    await ok(await desk.borrower.post(f"/v1/listings/{listed}/publish"))
    talks = f"/v1/negotiations/{await offer(market.buyer, listed)}/accept"
    deal_id = (await ok(await market.seller.post(talks, {"offer_number": 1})))["id"]
    consent = {
        "act": "sell",
        "deal_id": deal_id,
        "price_at_least": {"amount_minor": PRICE_MINOR, "currency": "KRW"},
        "claim_minor": claim_minor,
        "expires_at": "2099-01-01T00:00:00Z",
    }
    await ok(
        await desk.lender.post(f"/v1/encumbrances/{pledge['encumbrance_id']}/consents", consent)
    )
    await sign((market.seller, market.buyer), deal_id)
    await market.pay(deal_id)
    path = f"/v1/deals/{deal_id}"
    await ok(await market.seller.post(f"{path}/file-transfer"))
    await ok(await market.operator.post(f"{path}/record", {"evidence": "register"}))
    await ok(await market.buyer.post(f"{path}/release"))
    await desk.world.work()


async def test_a_consented_sale_pays_the_loan_as_far_as_its_claim_goes(desk: Desk) -> None:
    loan = await desk.running(schedule="bullet")
    before = await desk.balance(desk.lender)
    await consented_sale(desk, loan, 100_000_000)
    assert await desk.balance(desk.lender) - before == 100_000_000
    found = await desk.loan(loan["id"])
    assert (found["state"], found["outstanding"]["amount_minor"]) == ("performing", 200_000_000)
    (used,) = await ok(await desk.borrower.get(f"/v1/loans/{loan['id']}/repayments"))
    parts = [used[f"{name}_minor"] for name in ("interest", "principal", "fee", "returned")]
    assert (used["kind"], parts, used["payment"]) == ("claim", [0, 100_000_000, 0, 0], None)
    assert await desk.world.proofs() == []


async def test_a_sale_that_pays_more_than_is_owed_ends_the_loan(desk: Desk) -> None:
    lent = PRICE_MINOR // 2
    terms = {"amount_minor": lent, "secured_minor": PRICE_MINOR, "schedule": "bullet"}
    loan = await desk.running(**terms)
    before = await desk.balance(desk.lender)
    await consented_sale(desk, loan, PRICE_MINOR)
    assert await desk.balance(desk.lender) - before == lent
    assert (await desk.loan(loan["id"]))["state"] == "repaid"
    used = (await ok(await desk.borrower.get(f"/v1/loans/{loan['id']}/repayments")))[0]
    assert (used["principal_minor"], used["returned_minor"]) == (lent, PRICE_MINOR - lent)
    assert await desk.world.proofs() == []
