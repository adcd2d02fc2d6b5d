"""What many ask for is made once, and nobody waits while it is made anew."""

import asyncio

import pytest
from starlette.datastructures import Headers

from marketplace.kernel import kept_pages
from marketplace.kernel.kept_pages import KeptPages


class Maker:
    """Makes numbered pages, each when it is allowed to."""

    def __init__(self) -> None:
        self.made = 0
        self.allowed = asyncio.Event()
        self.allowed.set()

    async def __call__(self) -> bytes:
        await self.allowed.wait()
        self.made += 1
        return str(self.made).encode()


async def ask(pages: KeptPages, maker: Maker) -> bytes:
    return (await pages.get("page", maker, Headers(), ())).body


async def test_who_asks_at_once_gets_one_page() -> None:
    pages, maker = KeptPages(), Maker()
    assert await asyncio.gather(*(ask(pages, maker) for _ in range(9))) == [b"1"] * 9
    assert await ask(pages, maker) == b"1"
    assert maker.made == 1


@pytest.mark.parametrize(("stale_seconds", "meanwhile"), [(60.0, b"1"), (0.0, b"3")])
async def test_while_a_page_is_made_anew_the_one_before_is_sent_unless_it_is_too_old(
    monkeypatch: pytest.MonkeyPatch, stale_seconds: float, meanwhile: bytes
) -> None:
    monkeypatch.setattr(kept_pages, "STALE_SECONDS", stale_seconds)
    pages, maker = KeptPages(fresh_seconds=0), Maker()
    assert await ask(pages, maker) == b"1"
    maker.allowed.clear()
    renewing = asyncio.create_task(ask(pages, maker))
    await asyncio.sleep(0)
    other = asyncio.create_task(ask(pages, maker))
    await asyncio.sleep(0)
    assert other.done() is bool(stale_seconds)
    maker.allowed.set()
    assert await renewing == b"2"
    assert await other == meanwhile
