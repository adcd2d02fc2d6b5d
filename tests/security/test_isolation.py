"""What belongs to another organisation is not there: every route, with ids that are not yours."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.documentation import foreign_id
from tests.factories.people import Person
from tests.factories.routes import NOBODY, Operation
from tests.factories.tables import contents
from tests.security.conftest import Scene

PUBLIC_PAGES = {
    "GET /v1/listings/{listing_id}",
    "GET /v1/organisations/{organisation_id}",
    "GET /v1/organisations/{organisation_id}/group",
    "POST /v1/listings/{listing_id}/offers",
    "POST /v1/listings/{listing_id}/take",
    "POST /v1/solicitations/{solicitation_id}/submissions",
    "POST /v1/idea-store/{store_entry_id}/applications",
}
"""A published listing, an offer or a notice for it, an idea entered for a task, a word in the
store, and a party's profile and group are for everyone."""

OF_THE_BUYER = ["/v1/idea-store/my-applications"]
OWN_COLLECTIONS = [
    "/v1/authorizations",
    "/v1/clients",
    "/v1/rights",
    "/v1/listings/mine",
    "/v1/negotiations",
    "/v1/deals",
    "/v1/mandates",
    "/v1/affiliations",
    "/v1/affiliation-proposals",
    "/v1/designations",
    "/v1/invoices",
    "/v1/conversions",
    "/v1/valuation/orders",
    "/v1/valuation/validity-surveys",
    "/v1/disclosures",
    "/v1/unwanted-ideas",
    "/v1/solicitations/mine",
    "/v1/idea-store/mine",
    *OF_THE_BUYER,
]


def _foreign(scene: Scene) -> list[Operation]:
    """Operations on something that a company may have, and that the seller has."""
    return [
        op
        for op in scene.operations
        if op.parameters and op.needs_token and op.lets_companies and op.label not in PUBLIC_PAGES
    ]


async def _answer(
    scene: Scene, op: Operation, who: Person, ids: dict[str, str]
) -> tuple[int, dict[str, Any]]:
    answer = await scene.world.client.request(
        op.method,
        op.address(ids),
        json=op.body,
        headers=who.headers | {"x-request-id": "the-same-one"},
    )
    told = answer.json()
    return answer.status_code, told if isinstance(told, dict) else {"items": told}


async def test_a_strangers_request_finds_nothing_and_changes_nothing(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    before, told, found = await contents(nothing_stays), [], {}
    for op in _foreign(scene):
        foreign = await _answer(scene, op, scene.market.stranger, scene.ids)
        unknown = await _answer(scene, op, scene.market.stranger, {})
        found[op.label] = foreign[0], foreign[1].get("code")
        if foreign != unknown:
            told.append((op.label, foreign, unknown))

    assert told == []
    documented = {op.label: foreign_id(op.route) for op in _foreign(scene)}
    assert {op: f"`{status} {code}`" for op, (status, code) in found.items()} == documented
    confidential = "GET /v1/rights/{right_id}/confidential-"
    for path in ("text", "text/copy", "files", "files/{file_id}/content"):
        assert found.pop(confidential + path) == (404, "not_disclosed")
    assert len(found) >= 40
    assert found == dict.fromkeys(found, (404, "not_found"))
    assert await contents(nothing_stays) == before


async def test_an_operators_ids_tell_a_company_nothing(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    before = await contents(nothing_stays)
    closed = [op for op in scene.operations if op.parameters and not op.lets_companies]
    for op in closed:
        foreign = await _answer(scene, op, scene.market.seller, scene.ids)
        assert foreign == await _answer(scene, op, scene.market.seller, {}), op.label
        assert (foreign[0], foreign[1]["code"]) == (403, "permission_missing"), op.label
    assert len(closed) > 15
    assert await contents(nothing_stays) == before


async def test_a_right_in_a_body_is_as_hidden_as_one_in_a_path(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    before = await contents(nothing_stays)
    listing = next(op for op in scene.operations if op.name == "create_listing")
    for right_id in (scene.ids["right_id"], NOBODY):
        answer = await scene.market.stranger.post(
            listing.path, listing.body | {"right_id": right_id}
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.json()["detail"] == "no such right"
    assert await contents(nothing_stays) == before


async def test_a_draft_is_neither_read_nor_offered_for(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    seller, stranger = scene.market.seller, scene.market.stranger
    right = await seller.post("/v1/rights", {"kind": "idea", "title": "A draft", "language": "en"})
    draft = await seller.post(
        "/v1/listings",
        {
            "right_id": right.json()["id"],
            "title": "A draft",
            "teaser": "Not yet.",
            "language": "en",
            "currency": "KRW",
        },
    )
    before = await contents(nothing_stays)
    price = {"price": {"amount_minor": 1, "currency": "KRW"}}
    for listing_id in (draft.json()["id"], NOBODY):
        read = await stranger.get(f"/v1/listings/{listing_id}")
        offered = await stranger.post(f"/v1/listings/{listing_id}/offers", price)
        for answer in (read, offered):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await contents(nothing_stays) == before


@pytest.mark.parametrize("path", OWN_COLLECTIONS)
async def test_a_strangers_lists_are_empty(scene: Scene, path: str) -> None:
    listed = await scene.market.stranger.get(path)
    assert listed.json() == {"items": [], "next": None}
    owner = scene.market.buyer if path in OF_THE_BUYER else scene.market.seller
    assert (await owner.get(path)).json()["items"]


async def test_a_cursor_of_anothers_list_opens_nothing(scene: Scene) -> None:
    page = await scene.market.seller.get("/v1/deals", limit=1)
    assert page.json()["next"]
    answer = await scene.market.stranger.get("/v1/deals", cursor=page.json()["next"])
    assert answer.json() == {"items": [], "next": None}


async def test_a_strangers_balance_and_account_are_their_own(scene: Scene) -> None:
    balance = await scene.market.stranger.get("/v1/balances")
    account = await scene.market.stranger.get("/v1/payee-account")
    assert balance.json() == {"payable": []}
    assert (account.status_code, account.json()["code"]) == (404, "not_found")


async def test_an_operator_reads_no_confidential_text(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    before = await contents(nothing_stays)
    path = f"/v1/rights/{scene.ids['right_id']}"
    for part in ("confidential-text", "disclosure-views"):
        answer = await scene.market.operator.get(f"{path}/{part}")
        assert answer.status_code == 404
    assert await contents(nothing_stays) == before


async def test_a_key_of_one_person_replays_nothing_to_another(
    scene: Scene, nothing_stays: AsyncConnection
) -> None:
    key = {"idempotency-key": "the same key"}
    body = {"kind": "idea", "title": "Mine", "language": "en"}
    first = await scene.market.seller.post("/v1/rights", body, headers=key)
    again = await scene.market.seller.post("/v1/rights", body, headers=key)
    other = await scene.market.stranger.post("/v1/rights", body, headers=key)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 201
    assert other.json()["id"] != first.json()["id"]
    assert "idempotency-replayed" not in other.headers
