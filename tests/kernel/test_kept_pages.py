"""What many ask for is made once, and nobody waits while it is made anew."""

import asyncio

from starlette.datastructures import Headers

from marketplace.kernel.kept_pages import KeptPages


class Maker:
    """Makes numbered pages, each when it is allowed to."""

    def __init__(self) -> None:
        self.made = 0
        self.fails = False
        self.allowed = asyncio.Event()
        self.allowed.set()

    async def __call__(self) -> bytes:
        await self.allowed.wait()
        if self.fails:
            raise ConnectionError
        self.made += 1
        return str(self.made).encode()


async def ask(pages: KeptPages, maker: Maker) -> bytes:
    return (await pages.get("page", maker, Headers(), ())).body


async def settled() -> None:
    """Let what goes on beside the answers come to its end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_at_once_gets_one_page() -> None:
    pages, maker = KeptPages(), Maker()
    assert await asyncio.gather(*(ask(pages, maker) for _ in range(9))) == [b"1"] * 9
    assert await ask(pages, maker) == b"1"
    assert maker.made == 1


async def test_while_a_page_is_made_anew_the_one_before_is_sent() -> None:
    pages, maker = KeptPages(fresh_seconds=0), Maker()
    assert await ask(pages, maker) == b"1"
    maker.allowed.clear()
    assert [await ask(pages, maker) for _ in range(3)] == [b"1"] * 3
    maker.allowed.set()
    await settled()
    assert maker.made == 2
    assert await ask(pages, maker) == b"2"


async def test_a_page_that_is_too_old_is_waited_for() -> None:
    pages, maker = KeptPages(fresh_seconds=0, stale_seconds=0), Maker()
    assert await ask(pages, maker) == b"1"
    assert await ask(pages, maker) == b"2"


async def test_a_page_that_cannot_be_made_anew_is_tried_again() -> None:
    pages, maker = KeptPages(fresh_seconds=0), Maker()
    assert await ask(pages, maker) == b"1"
    maker.fails = True
    assert await ask(pages, maker) == b"1"
    await settled()
    maker.fails = False
    assert await ask(pages, maker) == b"1"
    await settled()
    assert await ask(pages, maker) == b"2"
