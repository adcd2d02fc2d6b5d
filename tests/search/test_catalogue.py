"""The catalogue over HTTP: what is published is found, and what is not public never is."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.pagination import encode
from marketplace.kernel.postgres import EmbeddedPostgres
from tests.conftest import new_world
from tests.factories.deals import Market, idea_body, list_right, offer, ok, right_body
from tests.factories.people import Person, person
from tests.factories.world import World
from tests.search.listed import PATH, page, walk


@dataclass
class Shelf:
    """Six listings that differ in everything one can filter by."""

    world: World
    ids: dict[str, str]

    def names(self, ids: list[str]) -> list[str]:
        return [name for name, listing_id in self.ids.items() if listing_id in ids]


def _patent(number: str, title: str, *symbols: str, **about: Any) -> dict[str, Any]:
    body = right_body(identifier={"number": number}, title=title, abstract=None)
    return body | {"classifications": list(symbols)} | about


async def _fill(world: World) -> dict[str, str]:
    client, sessions = world.client, world.sessions
    seoul = await person(client, sessions)
    busan = await person(client, sessions, name="Busan", region="KR-26")
    korea = await person(client, sessions, name="Somewhere in Korea", region=None)
    won = {"currency": "KRW"}
    return {
        "ko": await list_right(
            seoul,
            _patent("KR 10-1536536", "우산 건조 장치", "F26B 21/00", "G06Q 50/18"),
            teaser="젖은 우산을 말린다",
            asking_price_minor=100,
        ),
        "zh": await list_right(
            busan,
            _patent("CN107705012A", "专利交易资金的保管方法", "G06Q 20/38"),
            teaser="买方付款后保管资金",
            asking_price_minor=200,
        ),
        "ja": await list_right(
            busan,
            _patent("JP 2019123456 A", "特許権譲渡の照合装置", "G06Q 20/10"),
            teaser="入金を照合する",
            asking_price_minor=200,
            currency="JPY",
        ),
        "en": await list_right(
            korea,
            _patent("US 11,123,456 B2", "Portable filter cartridges", "C02F 1/28"),
            teaser="An umbrella for water",
            asking_price_minor=300,
        ),
        "open": await list_right(
            korea,
            _patent("EP1234567B1", "Trading of patents", "G06Q 20/00"),
            teaser="Open to offers",
            asking_price_minor=None,
            **won,
        ),
        "idea": await list_right(
            seoul,
            idea_body(title="Umbrella shelf", classifications=["A45B"], abstract=None),
            teaser="A shelf that dries",
            asking_price_minor=10**15 - 1,
        ),
    }


@pytest.fixture(scope="module")
async def shelf(server: EmbeddedPostgres, template: str, folder: Path) -> AsyncIterator[Shelf]:
    async with new_world(server, template, folder, "shelf", ShiftedClock()) as world:
        ids = await _fill(world)
        await world.work()
        yield Shelf(world, ids)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "ko zh ja en open idea"),
        ({"kind": "patent"}, "ko zh ja en open"),
        ({"kind": "idea"}, "idea"),
        ({"kind": "design"}, ""),
        ({"ipc": "G"}, "ko zh ja open"),
        ({"ipc": "G06Q"}, "ko zh ja open"),
        ({"ipc": "G06Q 20"}, "zh ja open"),
        ({"ipc": "g06q20/38"}, "zh"),
        ({"ipc": "A45B"}, "idea"),
        ({"ipc": "G06Q 20/99"}, ""),
        ({"office": "JP"}, "ja"),
        ({"office": "DE"}, ""),
        ({"region": "KR-11"}, "ko idea"),
        ({"region": "KR-26"}, "zh ja"),
        ({"region": "KR"}, "ko zh ja en open idea"),
        ({"region": "JP"}, ""),
        ({"currency": "KRW"}, "ko zh en open idea"),
        ({"currency": "KRW", "price_min": 0}, "ko zh en idea"),
        ({"currency": "KRW", "price_min": 100, "price_max": 200}, "ko zh"),
        ({"currency": "KRW", "price_min": 101, "price_max": 299}, "zh"),
        ({"currency": "JPY", "price_max": 200}, "ja"),
        ({"currency": "KRW", "price_min": 10**15 - 1}, "idea"),
        ({"q": "우산"}, "ko"),
        ({"q": "우산을"}, "ko"),
        ({"q": "건조 장치"}, "ko"),
        ({"q": "专利 资金"}, "zh"),
        ({"q": "照合"}, "ja"),
        ({"q": "特許権"}, "ja"),
        ({"q": "umbrellas"}, "en idea"),
        ({"q": "ＦＩＬＴＥＲ"}, "en"),
        ({"q": "patents trading"}, "open"),
        ({"q": "우산 umbrella"}, ""),
        ({"q": "  "}, "ko zh ja en open idea"),
        ({"q": "!?"}, ""),
        ({"q": "umbrella", "kind": "idea", "region": "KR-11", "ipc": "A"}, "idea"),
        ({"q": "umbrella", "currency": "KRW", "price_max": 300}, "en"),
        ({"q": "the secret of the shelf"}, ""),
    ],
)
@pytest.mark.parametrize("sort", ["newest", "best"])
async def test_words_and_filters_find_these_and_no_others(
    shelf: Shelf, query: dict[str, Any], names: str, sort: str
) -> None:
    found = await walk(shelf.world.client, **query, sort=sort, limit=2)

    assert len(found) == len(set(found))
    assert shelf.names(found) == names.split()


async def test_newest_is_by_publication_and_best_by_words(shelf: Shelf) -> None:
    client, ids = shelf.world.client, shelf.ids

    assert await walk(client) == list(reversed(ids.values()))
    assert await walk(client, kind="patent", limit=1) == list(reversed(ids.values()))[1:]
    assert await walk(client, q="umbrella") == [ids["idea"], ids["en"]]
    assert await walk(client, q="umbrella", sort="newest") == [ids["idea"], ids["en"]]
    assert await walk(client, sort="best") == list(reversed(ids.values()))


NEWEST, BEST = {"kind": "patent"}, {"q": "umbrella", "sort": "best"}
LISTING_ID = "01890a5d-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ({}, ("newest", 2**63 - 1, LISTING_ID)),
        ({}, ("newest", 253_402_300_800_000_000, LISTING_ID)),
        ({}, ("newest", -1, LISTING_ID)),
        ({}, ("newest", 1.5, LISTING_ID)),
        ({}, ("newest", 5, "no id")),
        ({}, ("newest", 5, 7)),
        ({}, ("newest", True, LISTING_ID)),
        ({}, ("newest", 5)),
        ({}, (5, LISTING_ID)),
        (NEWEST, ("newest", -1, LISTING_ID)),
        (NEWEST, ("best", 1.0, LISTING_ID)),
        (BEST, ("newest", 5, LISTING_ID)),
        (BEST, ("best", -1.0, LISTING_ID)),
        (BEST, ("best", "high", LISTING_ID)),
    ],
)
async def test_a_cursor_that_no_page_gave_is_refused(
    shelf: Shelf, query: dict[str, Any], parts: tuple[Any, ...]
) -> None:
    refused = await shelf.world.client.get(PATH, params=query | {"cursor": encode(*parts)})

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor")


async def test_a_cursor_of_one_order_is_refused_by_the_other(shelf: Shelf) -> None:
    client = shelf.world.client
    orders: list[dict[str, Any]] = [{"sort": "newest"}, {"sort": "best"}]
    for given, asked in (orders, reversed(orders)):
        cursor = (await page(client, q="umbrella", limit=1, **given))["next"]
        assert cursor is not None
        refused = await client.get(PATH, params={"q": "umbrella", "cursor": cursor} | asked)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "x"}, "invalid_cursor"),
        ({"cursor": "우산"}, "invalid_cursor"),
        ({"cursor": "x" * 201}, "validation_failed"),
        ({"q": "x" * 201}, "validation_failed"),
        ({"q": "nul\0"}, "validation_failed"),
        ({"kind": "trademark"}, "validation_failed"),
        ({"office": "kr"}, "validation_failed"),
        ({"region": "Seoul"}, "validation_failed"),
        ({"ipc": "Z99"}, "invalid_classification"),
        ({"ipc": "x" * 33}, "validation_failed"),
        ({"price_min": 1}, "search_query_invalid"),
        ({"price_min": 2, "price_max": 1, "currency": "KRW"}, "validation_failed"),
        ({"price_max": -1, "currency": "KRW"}, "validation_failed"),
        ({"price_max": 10**15, "currency": "KRW"}, "validation_failed"),
        ({"sort": "cheapest"}, "validation_failed"),
        ({"limit": 0}, "validation_failed"),
        ({"limit": 101}, "validation_failed"),
        ({"colour": "red"}, "validation_failed"),
    ],
)
async def test_a_search_that_cannot_be_is_refused(
    shelf: Shelf, query: dict[str, Any], code: str
) -> None:
    refused = await shelf.world.client.get(PATH, params=query)

    expected = 400 if code == "invalid_cursor" else 422
    assert (refused.status_code, refused.json()["code"]) == (expected, code)


SEARCHES: list[dict[str, Any]] = [{}, {"kind": "patent"}, {"q": "이중 양도"}]


async def found_by_all(world: World) -> list[list[str]]:
    return [await walk(world.client, **query) for query in SEARCHES]


async def test_a_listing_is_shown_only_while_it_is_published(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    path = f"{PATH}/{listing_id}"
    assert await found_by_all(world) == [[listing_id], [], []]
    await world.work()
    assert await found_by_all(world) == [[listing_id]] * 3

    await ok(await market.operator.post(f"{path}/suspend", {"reason": "a doubt"}))
    assert await found_by_all(world) == [[], [], []]
    await world.work()
    await ok(await market.operator.post(f"{path}/resume"))
    assert (await found_by_all(world))[0] == [listing_id]
    await world.work()
    assert await found_by_all(world) == [[listing_id]] * 3

    await ok(await market.seller.post(f"{path}/withdraw"))
    assert await found_by_all(world) == [[], [], []]
    await world.work()
    assert await found_by_all(world) == [[], [], []]


async def test_a_reserved_listing_is_not_offered_to_others(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller)
    await world.work()
    negotiation_id = await offer(market.buyer, listing_id)

    path = f"/v1/negotiations/{negotiation_id}/accept"
    await ok(await market.seller.post(path, {"offer_number": 1}))

    assert await found_by_all(world) == [[], [], []]
    await world.work()
    assert await found_by_all(world) == [[], [], []]


async def test_an_edited_listing_is_found_by_its_new_words_and_price(world: World) -> None:
    market = await Market.open(world)
    listing_id = await list_right(market.seller, asking_price_minor=100, title="Alpha")
    await world.work()

    change = {"title": "Omega", "asking_price_minor": 500}
    await ok(await market.seller.patch(f"{PATH}/{listing_id}", change))
    await world.work()

    assert await walk(world.client, q="omega") == [listing_id]
    assert await walk(world.client, q="alpha") == []
    band = {"currency": "KRW", "price_min": 400}
    assert await walk(world.client, **band) == [listing_id]
    (card,) = (await page(world.client, q="omega"))["items"]
    assert (card["title"], card["asking_price"]["amount_minor"]) == ("Omega", 500)


async def _withdraw(seller: Person, listing_id: str) -> None:
    await ok(await seller.post(f"{PATH}/{listing_id}/withdraw"))


@pytest.mark.parametrize("query", [{}, {"kind": "patent"}, {"q": "이중", "sort": "newest"}])
async def test_a_walk_amid_changes_shows_what_stayed_exactly_once(
    world: World, query: dict[str, Any]
) -> None:
    seller = await person(world.client, world.sessions)
    chance = random.Random(7)  # noqa: S311 - the same walk every time
    public = [await list_right(seller) for _ in range(10)]
    await world.work()
    stayed, seen = set(public), list[str]()
    cursor: dict[str, str] = {}
    while True:
        found = await page(world.client, limit=2, **query, **cursor)
        shown = [item["id"] for item in found["items"]]
        assert set(shown) <= set(public)
        seen += shown
        if found["next"] is None:
            break
        cursor = {"cursor": found["next"]}
        public.append(await list_right(seller))
        gone = public.pop(chance.randrange(len(public)))
        stayed.discard(gone)
        await _withdraw(seller, gone)
        if chance.random() < 0.5:
            await world.work()

    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)
    assert len(stayed) >= 4
