"""Who reads the confidential text of an idea, from when on, and who learns of each reading."""

import hashlib

import pytest
from sqlalchemy import text

from tests.factories.deals import ok
from tests.factories.stage import Stage, figures
from tests.factories.undone import undone

SECRET = "the secret of the shelf"


async def readers(stage: Stage, right_id: str) -> set[str]:
    """Everybody who gets the text now; each other one gets the same refusal."""
    found = set()
    for who, reader in stage.people.items():
        answer = await reader.get(f"/v1/rights/{right_id}/confidential-text")
        if answer.is_success:
            assert answer.json()["content"] == SECRET
            found.add(who)
        else:
            assert (answer.status_code, answer.json()["code"]) == (404, "not_disclosed")
            assert SECRET not in answer.text
    return found


async def views(stage: Stage, who: str, right_id: str) -> list[str]:
    """Who read the text, newest first, as the owner sees it."""
    rows = await ok(await stage.people[who].get(f"/v1/rights/{right_id}/disclosure-views"))
    names = {str(p.user_id): name for name, p in stage.people.items()}
    return [names[row["user_id"]] for row in rows["items"]]


BUYERS = {"buyer", "viewer", "member"}


async def test_the_text_is_the_owners_until_delivery_and_each_reading_is_told(
    stage: Stage,
) -> None:
    market, deal_id = stage.market, stage.idea_deal
    right_id = await stage.right_of(deal_id)
    async with undone(stage.world):
        assert await readers(stage, right_id) == {"seller"}
        await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
        assert await readers(stage, right_id) == {"seller"} | BUYERS
        assert (await views(stage, "seller", right_id))[:4] == [
            "member",
            "viewer",
            "buyer",
            "seller",
        ]
        assert len(await views(stage, "seller", right_id)) == 5
        hidden = await market.buyer.get(f"/v1/rights/{right_id}/disclosure-views")
        assert (hidden.status_code, hidden.json()["code"]) == (404, "not_found")

        await ok(await market.buyer.post(f"/v1/deals/{deal_id}/confirm-waiver"))

        assert await readers(stage, right_id) == BUYERS
        assert len(await views(stage, "buyer", right_id)) == 8
        await ok(await market.operator.post(f"/v1/deals/{deal_id}/release"))
        assert await market.state(deal_id) == "settled"
        await ok(await market.operator.post(f"/v1/deals/{deal_id}/reverse"))
        assert await readers(stage, right_id) == {"seller"}


async def test_the_agreement_binds_the_text_that_is_disclosed(stage: Stage) -> None:
    market, digest = stage.market, hashlib.sha256(SECRET.encode()).hexdigest()
    path = f"/v1/deals/{stage.idea_deal}"
    patent = await ok(await market.buyer.get(f"/v1/deals/{stage.deals['agreed']}/agreement"))
    agreement = await ok(await market.buyer.get(f"{path}/agreement"))

    assert f"SHA-256 {digest}" in agreement["content"]
    assert SECRET not in agreement["content"]
    assert "SHA-256 -" not in patent["content"]
    async with undone(stage.world):
        deal = await ok(await market.seller.post(f"{path}/file-transfer"))
        assert "waive_recordal" not in deal["your_moves"]
        right = f"/v1/rights/{deal['right_id']}/confidential-text"
        content = (await ok(await market.buyer.get(right)))["content"]
        assert hashlib.sha256(content.encode()).hexdigest() == digest


@pytest.mark.parametrize(
    "path",
    [
        ("refund",),
        ("dispute", "resolve-refund"),
        ("confirm-waiver", "refund"),
        ("confirm-waiver", "dispute", "resolve-refund"),
    ],
    ids="-".join,
)
async def test_a_refund_ends_the_buyers_leave_to_read(stage: Stage, path: tuple[str, ...]) -> None:
    market, deal_id = stage.market, stage.idea_deal
    right_id = await stage.right_of(deal_id)
    async with undone(stage.world):
        await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
        for move in path:
            mover = market.buyer if move in {"dispute", "confirm-waiver"} else market.operator
            body = {"reason": "not as described"} if move == "dispute" else None
            await ok(await mover.post(f"/v1/deals/{deal_id}/{move}", body))

        assert await readers(stage, right_id) == {"seller"}


async def test_a_dispute_won_before_delivery_delivers(stage: Stage) -> None:
    market, deal_id = stage.market, stage.idea_deal
    right_id = await stage.right_of(deal_id)
    async with undone(stage.world):
        await ok(await market.buyer.post(f"/v1/deals/{deal_id}/dispute", {"reason": "late"}))
        assert await readers(stage, right_id) == {"seller"}
        await ok(await market.operator.post(f"/v1/deals/{deal_id}/resolve-release"))
        assert await readers(stage, right_id) == BUYERS


async def test_filing_again_after_a_rejection_discloses_once(stage: Stage) -> None:
    market, deal_id = stage.market, stage.idea_deal
    right_id = await stage.right_of(deal_id)
    async with undone(stage.world) as connection:
        for _ in range(2):
            await ok(await market.seller.post(f"/v1/deals/{deal_id}/file-transfer"))
            rejected = {"evidence": "unreadable"}
            await ok(await market.operator.post(f"/v1/deals/{deal_id}/reject-recordal", rejected))
        query = text("SELECT count(*) FROM disclosure_grant WHERE right_id = :right_id")
        assert (await connection.execute(query, {"right_id": right_id})).scalar_one() == 1


async def test_what_is_sold_is_what_is_delivered(stage: Stage) -> None:
    """From the accepted offer to the end of the deal nobody changes the text."""
    market, deal_id = stage.market, stage.idea_deal
    right_id = await stage.right_of(deal_id)
    path, changed = f"/v1/rights/{right_id}/confidential-text", {"content": "something else"}
    async with undone(stage.world) as connection:
        before = await figures(connection, deal_id)
        for who, status, code in (
            ("seller", 409, "body_frozen"),
            ("buyer", 404, "not_found"),
            ("stranger", 404, "not_found"),
            ("viewer", 403, "permission_missing"),
            ("operator", 403, "permission_missing"),
        ):
            answer = await stage.people[who].put(path, changed)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert await figures(connection, deal_id) == before

        await ok(await market.seller.post(f"/v1/deals/{deal_id}/refund"))
        assert (await ok(await market.seller.put(path, changed)))["version"] == 2
        read = await ok(await market.seller.get(path))
        assert (read["version"], read["content"]) == (2, "something else")
