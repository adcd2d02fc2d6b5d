"""The fast lane says exactly what the ordinary route says, or leaves the answer to it."""

from tests.factories.deals import list_right
from tests.factories.people import person
from tests.factories.world import World


async def test_fast_and_ordinary_answers_are_the_same(world: World) -> None:
    seller = await person(world.client, world.sessions)
    ids = [await list_right(seller) for _ in range(22)]
    client = world.client

    first = await client.get("/v1/listings")
    cursor = first.json()["next"]
    pairs = (
        ("/v1/listings", "/v1/listings?limit=20"),
        (f"/v1/listings?cursor={cursor}", f"/v1/listings?limit=20&cursor={cursor}"),
        (f"/v1/listings/{ids[0]}", f"/v1/listings/{ids[0]}?ordinary=1"),
    )
    for fast, ordinary in pairs:
        quick, slow = await client.get(fast), await client.get(ordinary)
        assert quick.status_code == slow.status_code == 200
        assert quick.content == slow.content
        names = set(slow.headers) - {"x-request-id"}
        assert {n: quick.headers[n] for n in names} == {n: slow.headers[n] for n in names}
        assert quick.headers["x-request-id"] != slow.headers["x-request-id"]
    assert [item["id"] for item in first.json()["items"]] == ids[:1:-1]


async def test_what_the_fast_lane_cannot_answer_is_explained_by_the_route(world: World) -> None:
    unknown = await world.client.get("/v1/listings/00000000-0000-7000-8000-000000000000")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    broken = await world.client.get("/v1/listings/not-an-id")
    assert (broken.status_code, broken.json()["code"]) == (422, "validation_failed")
    cursor = await world.client.get("/v1/listings?cursor=AAAA")
    assert (cursor.status_code, cursor.json()["code"]) == (400, "invalid_cursor")
    await world.app.state.reads.close()
    lost = await world.client.get("/v1/listings")
    assert (lost.status_code, lost.json()["code"]) == (503, "unavailable")
