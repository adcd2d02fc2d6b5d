"""The index follows the events; whatever becomes of it, it can be made again from the tables."""

import shutil
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from marketplace.search import indexing
from marketplace.search.index import IndexBusyError
from marketplace.search.indexing import LISTINGS, Corpus, Indexer
from marketplace.search.reader import IndexReader
from marketplace.worker import IndexLoop
from tests.factories.deals import Market, idea_body, list_right, ok, right_body
from tests.factories.world import World
from tests.search.listed import PATH, page, walk

SEARCHES: list[dict[str, Any]] = [
    {"kind": "patent"},
    {"kind": "idea"},
    {"q": "이중 양도"},
    {"q": "umbrella", "sort": "newest"},
    {"region": "KR-11"},
    {"office": "KR", "ipc": "G06Q"},
    {"currency": "KRW", "price_min": 1, "price_max": 500},
]


async def found(world: World) -> list[list[str]]:
    world.app.state.index.refresh()
    return [await walk(world.client, **query) for query in SEARCHES]


async def some_life(market: Market) -> list[str]:
    """Listings published, edited, withdrawn and suspended; returns those that are public."""
    seller, world = market.seller, market.world
    ids = [await list_right(seller, right_body(), asking_price_minor=100 * n) for n in (1, 6, 2)]
    ids.append(await list_right(seller, idea_body(title="Umbrella shelf")))
    await world.work()
    ids.append(await list_right(seller, idea_body(title="Umbrella stand")))
    change = {"title": "Umbrella", "asking_price_minor": 400}
    await ok(await seller.patch(f"{PATH}/{ids[1]}", change))
    await ok(await seller.post(f"{PATH}/{ids[0]}/withdraw"))
    suspend = await market.operator.post(f"{PATH}/{ids[3]}/suspend", {"reason": "a doubt"})
    await ok(suspend)
    await world.work()
    return [ids[1], ids[2], ids[4]]


async def test_an_index_made_from_nothing_finds_what_the_followed_one_finds(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = await some_life(await Market.open(world))
    followed = await found(world)
    assert set(chain.from_iterable(followed)) == set(public)

    monkeypatch.setattr(indexing, "ROWS_AT_ONCE", 1)  # a few make several batches
    anew = Indexer(folder / "anew")
    assert await anew.catch_up(world.sessions) == len(public)
    world.app.state.index = IndexReader(folder / "anew")
    anew.close()

    assert await found(world) == followed


async def test_an_indexer_goes_on_where_the_one_before_it_ended(world: World) -> None:
    market = await Market.open(world)
    await list_right(market.seller)
    await world.work()
    world.indexer.close()
    last = await list_right(market.seller)

    world.indexer = Indexer(world.settings.index_path)
    events = await world.indexer.catch_up(world.sessions)

    assert events == len(await _events_of(market, last))
    assert await world.indexer.catch_up(world.sessions) == 0
    world.app.state.index.refresh()
    assert (await walk(world.client, kind="patent"))[0] == last


async def _events_of(market: Market, listing_id: str) -> list[Any]:
    """What the log says since the listing's right was registered, as the registering is first."""
    async with market.world.sessions() as session:
        query = """
            SELECT sequence FROM event WHERE sequence >= (
                SELECT min(e.sequence) FROM event e JOIN listing l
                ON e.subject = 'right:' || l.right_id WHERE l.id = CAST(:id AS uuid))
        """
        return list((await session.execute(indexing.text(query), {"id": listing_id})).all())


@pytest.fixture
def loop(world: World) -> IndexLoop:
    """The worker's own loop, in place of the indexer that tests step."""
    world.indexer.close()
    return IndexLoop(world.sessions, world.settings.index_path, LISTINGS)


async def until_idle(loop: IndexLoop) -> None:
    while await loop.run():
        pass


@pytest.mark.parametrize("part", ["search", "search/schema-*", "search/schema-*/meta.json"])
async def test_an_index_removed_while_it_is_written_is_made_anew(
    world: World, loop: IndexLoop, part: str
) -> None:
    market = await Market.open(world)
    public = [await list_right(market.seller)]
    await until_idle(loop)
    assert (await found(world))[0] == public

    (removed,) = world.settings.data_dir.glob(part)
    removed.unlink() if removed.is_file() else shutil.rmtree(removed)
    # What was read before goes on being shown, and cards are still asked for each.
    assert (await found(world))[0] == public
    await until_idle(loop)
    assert (await found(world))[0] == public
    fresh = IndexReader(world.settings.index_path)
    assert fresh.is_ready

    public.insert(0, await list_right(market.seller))
    await until_idle(loop)
    assert (await found(world))[0] == public
    loop.close()


async def test_a_second_worker_waits_until_the_first_lets_go(world: World, loop: IndexLoop) -> None:
    market = await Market.open(world)
    await list_right(market.seller)
    await until_idle(loop)
    second = IndexLoop(world.sessions, world.settings.index_path, LISTINGS)
    listing_id = await list_right(market.seller)

    assert await second.run() == 0
    with pytest.raises(IndexBusyError):
        Indexer(world.settings.index_path)
    loop.close()
    assert await second.run() > 0

    assert (await found(world))[0][0] == listing_id
    second.close()


async def test_a_failed_round_is_repeated_with_nothing_lost(
    world: World, loop: IndexLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = await Market.open(world)
    await until_idle(loop)
    listing_id = await list_right(market.seller)
    with monkeypatch.context() as broken:
        broken.setattr(Corpus, "these", lambda _: text("SELECT 1 / 0"))
        with pytest.raises(Exception, match="division by zero"):
            await loop.run()

    await until_idle(loop)

    assert (await found(world))[0] == [listing_id]
    loop.close()


async def test_before_there_is_an_index_only_the_plain_catalogue_is_shown(
    world: World, folder: Path
) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    await world.work()
    world.app.state.index = IndexReader(folder / "nothing-here")

    assert await walk(world.client) == [listing_id]
    assert await page(world.client, kind="patent") == {"items": [], "next": None}
