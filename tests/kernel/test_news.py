"""Who waits for events asks with the others, and hears of each one."""

import asyncio
from collections.abc import Mapping

import pytest

from marketplace.kernel.db import Sessions
from marketplace.kernel.events import ensure_position, publish
from marketplace.kernel.news import News
from tests.factories.world import World

NAMES = ("one", "two", "three")


class CountedNews(News):
    def __init__(self, sessions: Sessions) -> None:
        super().__init__(sessions)
        self.asked = 0

    async def _ask(self) -> Mapping[str, bool]:
        self.asked += 1
        return await super()._ask()


async def one() -> int:
    return 1


async def heed_all(news: News, *names: str) -> list[int]:
    return await asyncio.gather(*(news.heed(name, one) for name in names))


@pytest.fixture
async def news(world: World) -> CountedNews:
    async with world.sessions.begin() as session:
        for name in NAMES:
            await ensure_position(session, name)
    return CountedNews(world.sessions)


async def test_one_question_answers_all_who_wait(world: World, news: CountedNews) -> None:
    assert await heed_all(news, *NAMES) == [0, 0, 0]
    assert news.asked == 1
    async with world.sessions.begin() as session:
        publish(session, "test.told", subject="test:1", actor="clock", data={})
    assert await heed_all(news, *NAMES) == [1, 1, 1]
    assert news.asked == 2


async def test_a_consumer_without_a_position_is_run_to_get_one(news: CountedNews) -> None:
    assert await heed_all(news, "new", *NAMES) == [1, 0, 0, 0]


async def test_who_stops_waiting_takes_nobodys_answer(news: CountedNews) -> None:
    leaving = asyncio.create_task(news.heed("one", one))
    staying = asyncio.create_task(news.heed("two", one))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 0
    assert news.asked == 1
