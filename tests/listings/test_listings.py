from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.listings.lifecycle import LISTING, ListingState
from tests.factories.deals import idea_body, list_right, offer, ok, right_body
from tests.factories.people import Person, operator, person

DRAFT = {"title": "Lock", "teaser": "It locks.", "language": "en", "currency": "KRW"}


@pytest.fixture
async def people(client: httpx2.AsyncClient, sessions: Sessions) -> dict[str, Person]:
    """Everybody whom a listing can meet."""
    seller = await person(client, sessions, name="Seller", region="KR-26")
    own = seller.organisation_id
    return {
        "seller": seller,
        "member": await person(client, sessions, organisation_id=own, role=MemberRole.MEMBER),
        "viewer": await person(client, sessions, organisation_id=own, role=MemberRole.VIEWER),
        "operator": await operator(client, sessions),
        "stranger": await person(client, sessions),
    }


async def draft(seller: Person, **about: Any) -> dict[str, Any]:
    """A draft of a fresh right."""
    right = await ok(await seller.post("/v1/rights", right_body()))
    body = DRAFT | {"right_id": right["id"]} | about
    return dict(await ok(await seller.post("/v1/listings", body)))


async def snapshot(connection: AsyncConnection) -> tuple[Any, ...]:
    query = text(
        """
        SELECT (SELECT count(*) FROM event), (SELECT string_agg(l::text, ' ' ORDER BY id)
            FROM listing l), (SELECT string_agg(c::text, ' ' ORDER BY listing_id)
            FROM listing_card c)
        """
    )
    return tuple((await connection.execute(query)).one())


async def listing_in(people: dict[str, Person], state: ListingState) -> str:
    seller, op = people["seller"], people["operator"]
    if state is ListingState.DRAFT:
        return str((await draft(seller))["id"])
    listing_id = await list_right(seller)
    path = f"/v1/listings/{listing_id}"
    if state is ListingState.SUSPENDED:
        await ok(await op.post(f"{path}/suspend"))
    if state is ListingState.WITHDRAWN:
        await ok(await seller.post(f"{path}/withdraw"))
    if state is ListingState.RESERVED:
        negotiation_id = await offer(people["stranger"], listing_id)
        accepted = f"/v1/negotiations/{negotiation_id}/accept"
        await ok(await seller.post(accepted, {"offer_number": 1}))
    return listing_id


SELLERS = {"seller", "member"}
OPERATORS = {"operator"}
ROUTES = {
    "edit": SELLERS,
    "publish": SELLERS,
    "withdraw": SELLERS,
    "suspend": OPERATORS,
    "resume": OPERATORS,
    "reopen": OPERATORS,
}
"""Which of the people has the permission that a route asks for."""
STATES = ("draft", "published", "suspended", "reserved", "withdrawn")


def expected(move: str, state: ListingState, who: str) -> tuple[int, str | None]:
    if who not in ROUTES[move] and not (who == "stranger" and ROUTES[move] == SELLERS):
        return 403, "permission_missing"
    if who == "stranger":
        return 404, "not_found"
    allowed = any(m.name == move and state in m.sources for m in LISTING.table)
    return (200, None) if allowed else (409, "illegal_move")


@pytest.mark.parametrize("state", [ListingState(state) for state in STATES])
@pytest.mark.parametrize("move", ROUTES)
async def test_a_move_is_open_to_whom_the_table_says(
    people: dict[str, Person], connection: AsyncConnection, move: str, state: ListingState
) -> None:
    listing_id = await listing_in(people, state)
    path = f"/v1/listings/{listing_id}"
    before = await snapshot(connection)
    for who, actor in people.items():
        attempt = await connection.begin_nested()
        if move == "edit":
            answer = await actor.patch(path, {"title": "Key"})
        else:
            answer = await actor.post(f"{path}/{move}")
        status, code = expected(move, state, who)
        assert (answer.status_code, answer.json().get("code")) == (status, code), who
        if status == 200:
            target = LISTING.step(state, move, role="operator" if who == "operator" else "seller")
            assert answer.json()["state"] == target.target
            public = await actor.client.get(path)
            assert public.is_success == (target.target in {"published", "reserved"})
        else:
            assert await snapshot(connection) == before
        await attempt.rollback()


async def test_the_public_page_and_card_say_exactly_this(people: dict[str, Person]) -> None:
    seller, client = people["seller"], people["seller"].client
    right = right_body(
        title="Right",
        abstract="초록",
        identifier={"number": "KR 10-1536536"},
        classifications=[
            "g06q 50/18",
            "H04L 9/00",
            "A01B 1/00",
            "B60L 3/00",
            "C07D 1/00",
            "F16B 1/00",
        ],
    )
    teaser = "가" * 300
    listing_id = await list_right(seller, right, title="Lock", teaser=teaser, language="ko")

    page = await client.get(f"/v1/listings/{listing_id}")

    found = page.json()
    assert page.headers["content-type"] == "application/json"
    published_at = found.pop("published_at")
    assert abs(datetime.fromisoformat(published_at).timestamp() - datetime.now().timestamp()) < 60  # noqa: DTZ005
    symbols = ["G06Q 50/18", "H04L 9/00", "A01B 1/00", "B60L 3/00", "C07D 1/00", "F16B 1/00"]
    card = {
        "id": listing_id,
        "title": "Lock",
        "excerpt": teaser[:200],
        "deal_type": "sale",
        "kind": "patent",
        "office": "KR",
        "classifications": symbols[:5],
        "region": "KR-26",
        "language": "ko",
        "asking_price": {"amount_minor": 100_000_000, "currency": "KRW"},
        "currency": "KRW",
    }
    assert found == card | {
        "classifications": symbols,
        "teaser": teaser,
        "abstract": "초록",
        "legal_status": "in_force",
        "identifiers": [{"office": "KR", "display": "KR 10-1536536"}],
        "licence": None,
        "licence_sha256": None,
        "items": [],
        "seller": "Seller",
        "video": None,
        "state": "published",
    }
    listed = (await ok(await client.get("/v1/listings")))["items"]
    assert listed == [card | {"published_at": published_at}]


async def test_an_edit_that_names_nothing_changes_nothing(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    path = f"/v1/listings/{await list_right(people['seller'])}"
    before = await snapshot(connection)

    answer = await ok(await people["seller"].patch(path, {}))

    assert answer["version"] == 2
    assert await snapshot(connection) == before


async def test_a_method_that_a_path_does_not_take_is_told_all_that_it_takes(
    client: httpx2.AsyncClient,
) -> None:
    for path, methods in (
        ("/v1/listings", "GET, POST"),
        (f"/v1/listings/{uuid4()}", "GET, PATCH"),
    ):
        refused = await client.delete(path)
        assert (refused.status_code, refused.headers["allow"]) == (405, methods)


async def test_an_edit_changes_what_it_names_and_keeps_the_clock(
    people: dict[str, Person], connection: AsyncConnection, clock: ShiftedClock
) -> None:
    seller, client = people["seller"], people["seller"].client
    listing_id = await list_right(seller)
    path = f"/v1/listings/{listing_id}"
    due = text("SELECT due_at, published_at FROM listing WHERE id = :id")
    before = (await connection.execute(due, {"id": listing_id})).one()
    page = await ok(await client.get(path))

    edited = await ok(await seller.patch(path, {"asking_price_minor": None, "teaser": "new"}))

    assert (edited["version"], edited["state"]) == (3, "published")
    assert (await connection.execute(due, {"id": listing_id})).one() == before
    changed = {"asking_price": None, "teaser": "new", "excerpt": "new"}
    assert await ok(await client.get(path)) == page | changed
    stale = await seller.patch(path, {"title": "x"}, headers={"if-match": "2"})
    assert (stale.status_code, stale.json()["code"]) == (409, "version_mismatch")
    assert await ok(await client.get(path)) == page | changed
    fresh = await ok(await seller.patch(path, {"title": "x"}, headers={"if-match": "3"}))
    assert (fresh["title"], fresh["version"]) == ("x", 4)
    late = await seller.post(f"{path}/withdraw", headers={"if-match": "3"})
    assert (late.status_code, late.json()["code"]) == (409, "version_mismatch")


@pytest.mark.parametrize(
    ("changed", "headers", "code"),
    [
        ({"teasr": "x"}, {}, "validation_failed"),
        ({"currency": "USD"}, {}, "validation_failed"),
        ({"state": "sold"}, {}, "validation_failed"),
        ({"title": ""}, {}, "validation_failed"),
        ({"title": "two\nlines"}, {}, "validation_failed"),
        ({"title": "\u200b\u200d \u3164"}, {}, "validation_failed"),
        ({"title": "lamp \u202egnp.exe"}, {}, "validation_failed"),
        ({"title": "lamp \u2066x"}, {}, "validation_failed"),
        ({"teaser": "x" * 2_001}, {}, "validation_failed"),
        ({"teaser": "a\x00b"}, {}, "validation_failed"),
        ({"asking_price_minor": 0}, {}, "validation_failed"),
        ({"asking_price_minor": 1.5}, {}, "validation_failed"),
        ({"asking_price_minor": "1"}, {}, "validation_failed"),
        ({"asking_price_minor": 10**15}, {}, "validation_failed"),
        ({"title": "x"}, {"if-match": "0"}, "validation_failed"),
        ({"title": "x"}, {"if-match": "*"}, "validation_failed"),
        ({"title": "x"}, {"if-match": "99999999999999999999"}, "version_mismatch"),
    ],
    ids=str,
)
async def test_an_edit_that_is_refused_changes_nothing(
    people: dict[str, Person],
    connection: AsyncConnection,
    changed: dict[str, Any],
    headers: dict[str, str],
    code: str,
) -> None:
    path = f"/v1/listings/{await list_right(people['seller'])}"
    before = await snapshot(connection)

    answer = await people["seller"].patch(path, changed, headers=headers)

    status = 409 if code == "version_mismatch" else 422
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await snapshot(connection) == before


async def test_a_right_has_one_live_listing(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    seller = people["seller"]
    first = await draft(seller)
    body = DRAFT | {"right_id": first["right_id"]}
    path = f"/v1/listings/{first['id']}"

    async def assert_taken() -> None:
        before = await snapshot(connection)
        again = await seller.post("/v1/listings", body)
        assert (again.status_code, again.json()["code"]) == (409, "already_listed")
        assert await snapshot(connection) == before

    await assert_taken()
    await ok(await seller.post(f"{path}/publish"))
    await assert_taken()
    await ok(await people["operator"].post(f"{path}/suspend"))
    await assert_taken()
    await ok(await seller.post(f"{path}/withdraw"))
    await ok(await seller.post("/v1/listings", body))
    mine = (await ok(await seller.get("/v1/listings/mine")))["items"]
    assert [row["state"] for row in mine] == ["draft", "withdrawn"]


async def test_only_the_owner_lists_a_right(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    right = await ok(await people["seller"].post("/v1/rights", right_body()))
    body = DRAFT | {"right_id": right["id"]}
    before = await snapshot(connection)
    for who, status, code in (
        ("stranger", 404, "not_found"),
        ("viewer", 403, "permission_missing"),
        ("operator", 403, "permission_missing"),
    ):
        answer = await people[who].post("/v1/listings", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await snapshot(connection) == before
    assert (await ok(await people["member"].post("/v1/listings", body)))["state"] == "draft"


async def test_who_sold_a_right_no_longer_lists_it(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    """They still see it, because it was theirs; so the answer says why, instead of hiding it."""
    seller, stranger = people["seller"], people["stranger"]
    right = await ok(await seller.post("/v1/rights", right_body()))
    await connection.execute(
        text(
            "UPDATE ownership SET owned_until = owned_from + interval '1 microsecond'"
            " WHERE right_id = :right_id"
        ),
        {"right_id": right["id"]},
    )
    values = {"right_id": right["id"], "organisation_id": stranger.organisation_id}
    await connection.execute(
        text(
            "INSERT INTO ownership (id, created_at, right_id, organisation_id, numerator,"
            " denominator, owned_from, basis) SELECT gen_random_uuid(), now(), :right_id,"
            " :organisation_id, 1, 1, owned_until, 'sale' FROM ownership"
            " WHERE right_id = :right_id"
        ),
        values,
    )

    answer = await seller.post("/v1/listings", DRAFT | {"right_id": right["id"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_owner")
    assert (await ok(await stranger.post("/v1/listings", DRAFT | {"right_id": right["id"]})))["id"]


async def test_an_idea_is_published_with_its_confidential_text_only(
    people: dict[str, Person], connection: AsyncConnection
) -> None:
    seller = people["seller"]
    right = await ok(await seller.post("/v1/rights", idea_body()))
    listing = await ok(await seller.post("/v1/listings", DRAFT | {"right_id": right["id"]}))
    path = f"/v1/listings/{listing['id']}"
    before = await snapshot(connection)

    refused = await seller.post(f"{path}/publish")

    assert (refused.status_code, refused.json()["code"]) == (409, "confidential_text_missing")
    assert await snapshot(connection) == before
    await ok(await seller.put(f"/v1/rights/{right['id']}/confidential-text", {"content": "s3cret"}))
    await ok(await seller.post(f"{path}/publish"))
    page = await seller.client.get(path)
    assert page.json()["kind"] == "idea"
    assert "s3cret" not in page.text


async def test_what_is_withdrawn_is_gone_at_once(people: dict[str, Person]) -> None:
    seller, client = people["seller"], people["seller"].client
    path = f"/v1/listings/{await list_right(seller)}"
    assert len((await ok(await client.get("/v1/listings")))["items"]) == 1

    await ok(await seller.post(f"{path}/withdraw"))

    gone = await client.get(path)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert (await ok(await client.get("/v1/listings")))["items"] == []


async def test_mine_are_mine(people: dict[str, Person]) -> None:
    made = [(await draft(people["seller"]))["id"] for _ in range(3)]
    seen: dict[str, list[str]] = {}
    for who, reader in people.items():
        page = await ok(await reader.get("/v1/listings/mine", limit=2))
        rest = []
        if page["next"]:
            rest = (await ok(await reader.get("/v1/listings/mine", cursor=page["next"])))["items"]
        seen[who] = [row["id"] for row in page["items"] + rest]

    newest = made[::-1]
    assert seen == dict.fromkeys(("seller", "member", "viewer", "operator"), newest) | {
        "stranger": []
    }
