from tests.factories.deals import idea_body, list_right, ok
from tests.factories.people import person
from tests.factories.world import World


async def test_a_seller_with_another_name_is_shown_under_it(world: World) -> None:
    seller = await person(world.client, world.sessions, name="Old name")
    other = await person(world.client, world.sessions, name="Another")
    mine, theirs = [await list_right(one, idea_body()) for one in (seller, other)]
    before = await ok(await world.client.get(f"/v1/listings/{mine}"))
    own = f"/v1/organisations/{seller.organisation_id}"
    await ok(await seller.patch(own, {"industry": "C26"}))
    await world.work()
    assert await ok(await world.client.get(f"/v1/listings/{mine}")) == before

    await ok(await seller.patch(own, {"name": '새 이름 "Q"'}))
    await world.work()

    after = await ok(await world.client.get(f"/v1/listings/{mine}"))
    assert after == before | {"seller": '새 이름 "Q"'}
    assert (await ok(await world.client.get(f"/v1/listings/{theirs}")))["seller"] == "Another"
