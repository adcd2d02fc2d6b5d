"""Auctions as everybody watches them: how they stand, and nothing that is kept secret."""

from uuid import uuid4

from marketplace.pages.public.texts import TEXTS
from tests.factories.auctions import auctioned, bid, seal, take_part
from tests.factories.deals import Market, ok
from tests.factories.world import World

EN = TEXTS["en"]


async def test_everybody_sees_the_highest_bid_and_the_close_but_neither_reserve_nor_sealed_bids(
    world: World,
) -> None:
    market = await Market.open(world)
    ascending = await auctioned(market, deposit_minor=0, reserve_minor=123_456_789)
    sealed = await auctioned(market, deposit_minor=0, kind="sealed", starting_minor=70_000_000)
    for one in (ascending, sealed):
        (bidder_id,) = await take_part(market, one, market.buyer)
    await ok(await bid(market.buyer, ascending, 81_000_000))
    hidden = seal(sealed, bidder_id, 99_000_000)
    await ok(await market.buyer.post(f"/v1/auctions/{sealed['id']}/sealed-bids", hidden))

    listed = (await world.client.get("/auctions?lang=en")).text
    page = (await world.client.get(f"/auctions/{ascending['id']}?lang=en")).text
    for told in (listed, page):
        assert "₩81,000,000" in told
        assert EN["auction.closes"] in told
        assert "123,456,789" not in told
    assert f"/auctions/{sealed['id']}?lang=en" in listed
    closed = (await world.client.get(f"/auctions/{sealed['id']}?lang=en")).text
    assert EN["auction.sealed"] in closed
    assert f"<dt>{EN['auction.bids']}</dt>" not in closed
    assert hidden["sha256"] not in closed
    offered = (await world.client.get(f"/catalogue/{ascending['listing_id']}?lang=en")).text
    assert f"/auctions/{ascending['id']}?lang=en" in offered


async def test_what_is_not_there_is_said_in_the_readers_language(world: World) -> None:
    for missing in (str(uuid4()), "x"):
        page = await world.client.get(f"/auctions/{missing}?lang=zh")
        assert (page.status_code, TEXTS["zh"]["auction.missing"] in page.text) == (404, True)
    odd = await world.client.get("/auctions?state=nonsense&cursor=bad&lang=ko")
    assert (odd.status_code, TEXTS["ko"]["auctions.none"] in odd.text) == (200, True)
