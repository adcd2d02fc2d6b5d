import hashlib

import pytest

from tests.factories.deals import PRICE_MINOR, list_right, offer, ok, right_body, sign
from tests.factories.stage import Stage, figures
from tests.factories.undone import undone

TERMS = {"additional_terms": "Delivery within ten days."}


async def agreement_of(stage: Stage, deal_id: str) -> dict:
    return await ok(await stage.market.buyer.get(f"/v1/deals/{deal_id}/agreement"))


async def agree(stage: Stage, **about: object) -> str:
    """A fresh deal over a listing described by `about`."""
    market = stage.market
    price = {"amount_minor": about.pop("price_minor", PRICE_MINOR)}
    listing_id = await list_right(market.seller, right_body(title="잠금 장치"), **about)
    body = {"price": price | {"currency": about.get("currency", "KRW")}}
    made = await ok(await market.buyer.post(f"/v1/listings/{listing_id}/offers", body))
    accepted = f"/v1/negotiations/{made['id']}/accept"
    return (await ok(await market.seller.post(accepted, {"offer_number": 1})))["id"]


@pytest.mark.parametrize(
    ("language", "title", "price_minor", "currency", "price", "commission"),
    [
        ("ko", "지식재산권 양도 계약서", 100_000_000, "KRW", "100000000 KRW", "5000000 KRW"),
        ("en", "AGREEMENT FOR THE TRANSFER", 1_234, "USD", "12.34 USD", "0.62 USD"),
        ("zh", "知识产权转让合同", 10_001, "CNY", "100.01 CNY", "5.00 CNY"),
        ("ja", "AGREEMENT FOR THE TRANSFER", 1_001, "KWD", "1.001 KWD", "0.050 KWD"),
    ],
    ids=["ko", "en", "zh", "another language"],
)
async def test_the_text_names_parties_numbers_and_price(
    stage: Stage,
    language: str,
    title: str,
    price_minor: int,
    currency: str,
    price: str,
    commission: str,
) -> None:
    async with undone(stage.world):
        deal_id = await agree(stage, language=language, price_minor=price_minor, currency=currency)
        right = await ok(
            await stage.market.seller.get(f"/v1/rights/{await stage.right_of(deal_id)}")
        )

        agreement = await agreement_of(stage, deal_id)

    text = agreement["content"]
    assert text.startswith(title)
    number = right["identifiers"][0]["display"]
    for part in (deal_id, "Seller", "Buyer", "잠금 장치 (patent)", number, commission, "5.00 %"):
        assert part in text
    assert f" {price}\n" in text
    assert agreement["sha256"] == hashlib.sha256(text.encode("utf-8")).hexdigest()
    assert agreement["signatures"] == []


async def test_a_change_of_terms_voids_signatures_and_so_does_changing_them_back(
    stage: Stage,
) -> None:
    deal_id = stage.deals["partly_signed"]
    seller, buyer = stage.market.seller, stage.market.buyer
    path = f"/v1/deals/{deal_id}"
    async with undone(stage.world):
        first = await agreement_of(stage, deal_id)
        assert [s["organisation_id"] for s in first["signatures"]] == [str(seller.organisation_id)]

        changed = await ok(await buyer.post(f"{path}/amend", TERMS))
        again = await ok(await seller.post(f"{path}/amend", {"additional_terms": None}))

        assert TERMS["additional_terms"] in changed["content"]
        assert TERMS["additional_terms"] not in again["content"]
        assert changed["signatures"] == again["signatures"] == []
        assert len({first["sha256"], changed["sha256"], again["sha256"]}) == 3
        assert await stage.market.state(deal_id) == "agreed"
        for old in (first, changed):
            refused = await buyer.post(f"{path}/sign", {"sha256": old["sha256"]})
            assert (refused.status_code, refused.json()["code"]) == (409, "agreement_changed")
        await sign((buyer, seller), deal_id)
        assert await stage.market.state(deal_id) == "signed"
        signed = await agreement_of(stage, deal_id)
        assert [s["user_id"] for s in signed["signatures"]] == [
            str(buyer.user_id),
            str(seller.user_id),
        ]


@pytest.mark.parametrize(
    ("state", "who", "body", "status", "code"),
    [
        ("agreed", "buyer", {"sha256": "0" * 64}, 409, "agreement_changed"),
        ("partly_signed", "buyer", {"sha256": "0" * 64}, 409, "agreement_changed"),
        ("partly_signed", "seller", None, 409, "already_signed"),
        ("agreed", "member", None, 403, "permission_missing"),
        ("partly_signed", "member", None, 403, "permission_missing"),
        ("partly_signed", "viewer", None, 403, "permission_missing"),
        ("agreed", "buyer", {"sha256": "A" * 64}, 422, "validation_failed"),
        ("agreed", "buyer", {"sha256": "0" * 64, "as": "seller"}, 422, "validation_failed"),
    ],
)
async def test_a_signature_that_is_not_one(
    stage: Stage, state: str, who: str, body: dict | None, status: int, code: str
) -> None:
    deal_id = stage.deals[state]
    body = body or {"sha256": (await agreement_of(stage, deal_id))["sha256"]}
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)

        answer = await stage.people[who].post(f"/v1/deals/{deal_id}/sign", body)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await figures(connection, deal_id) == before


async def test_a_member_may_amend_and_the_second_signature_asks_for_payment(stage: Stage) -> None:
    deal_id = stage.deals["agreed"]
    async with undone(stage.world):
        await ok(await stage.people["member"].post(f"/v1/deals/{deal_id}/amend", TERMS))
        await sign((stage.market.buyer,), deal_id)
        assert (await stage.deal(deal_id))["payment"] is None

        await sign((stage.market.seller,), deal_id)

        payment = (await stage.deal(deal_id))["payment"]
        assert payment["state"] == "open"
        assert payment["amount"] == {"amount_minor": PRICE_MINOR, "currency": "KRW"}
        assert payment["received"] == {"amount_minor": 0, "currency": "KRW"}


async def test_terms_are_frozen_from_the_offer_on(stage: Stage) -> None:
    """A later offer, edit or fee policy changes nothing of a deal that was agreed."""
    market = stage.market
    async with undone(stage.world):
        deal_id = stage.deals["agreed"]
        before = await stage.deal(deal_id)
        policy = {"commission_basis_points": 900, "reason": "new prices"}
        await ok(await market.operator.post("/v1/fee-policies", policy))
        edited = await market.seller.patch(
            f"/v1/listings/{before['listing_id']}", {"asking_price_minor": 1}
        )
        assert (edited.status_code, edited.json()["code"]) == (409, "illegal_move")

        assert await stage.deal(deal_id) == before
        later = await list_right(market.seller)
        accepted = await market.seller.post(
            f"/v1/negotiations/{await offer(market.buyer, later)}/accept", {"offer_number": 1}
        )
        assert (await ok(accepted))["commission_basis_points"] == 900
