"""The catalogue's newest page and the page of one listing, against bare ASGI with ordinary SQL."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from benchmarks.listings import listings_database
from benchmarks.load import Requests
from benchmarks.place import Place
from benchmarks.report import Bar, Rounds, Run, interleave, judge, rates, tails
from benchmarks.scale import Scale
from benchmarks.servers import product, raw
from marketplace.kernel.pagination import encode
from marketplace.search.schemas import Sort
from marketplace.settings import Settings

CONNECTIONS: Final = 32
PAGES: Final = 1_000
DETAILS: Final = 20_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

LIST: Final = Bar(0.7, 1.2)
DETAIL: Final = Bar(0.5)
TAIL: Final = Bar(4, at_most=True)
GROWTH: Final = Bar(0.8)

Sample = Sequence[tuple[UUID, datetime]]
"""Listings with their times of publication."""

Ask = Callable[[Sample], tuple[list[str], list[str]]]
"""The paths to ask of the product, and the same of the floor."""


def measure_list(place: Place, scale: Scale) -> None:
    """Pages of twenty: every other one the first, the rest from anywhere in the catalogue."""
    _measure(place, scale, _pages, PAGES, LIST)


def measure_detail(place: Place, scale: Scale) -> None:
    """The public page of any listing."""
    _measure(place, scale, _details, DETAILS, DETAIL)


def _pages(sample: Sample) -> tuple[list[str], list[str]]:
    mine, theirs = [], []
    for listing_id, at in sample:
        cursor = encode(Sort.NEWEST, (at - EPOCH) // timedelta(microseconds=1), str(listing_id))
        mine += ["/v1/listings", f"/v1/listings?cursor={cursor}"]
        theirs += ["/list", f"/list/{listing_id}"]
    return mine, theirs


def _details(sample: Sample) -> tuple[list[str], list[str]]:
    ids = [listing_id for listing_id, _ in sample]
    return [f"/v1/listings/{one}" for one in ids], [f"/detail/{one}" for one in ids]


def _measure(place: Place, scale: Scale, ask: Ask, size: int, bar: Bar) -> None:
    contenders: dict[str, Run] = {}
    with ExitStack() as running:
        for rows in scale.listings:
            settings = listings_database(place, rows)
            paths = ask(asyncio.run(_sample(settings, size)))
            for name, requests in _requests(running, settings, *paths).items():
                contenders[f"{name}, {rows:,}"] = partial(requests.run, CONNECTIONS, scale.seconds)
        found = interleave(contenders, scale.rounds)
    for rows in scale.listings:
        _judge(found, rows, bar)
    fewest, most = f"product, {scale.listings[0]:,}", f"product, {scale.listings[-1]:,}"
    judge("rate kept from the fewest to the most listings", rates(found, most, fewest), GROWTH)


def _requests(
    running: ExitStack, settings: Settings, mine: list[str], theirs: list[str]
) -> dict[str, Requests]:
    """Start what answers from one database, and say what each is asked."""
    my_paths = _written(settings, "product", mine)
    logging = product(settings, log_requests=True)
    return {
        "product": Requests(running.enter_context(product(settings)), my_paths),
        "product logging": Requests(running.enter_context(logging), my_paths),
        "raw": Requests(running.enter_context(raw(settings)), _written(settings, "raw", theirs)),
    }


def _judge(found: Rounds, rows: int, bar: Bar) -> None:
    mine, logging, floor = (f"{name}, {rows:,}" for name in ("product", "product logging", "raw"))
    judge(f"{rows:,} listings, x raw", rates(found, mine, floor), bar)
    judge(f"{rows:,} listings, a log line a request, x raw", rates(found, logging, floor), bar)
    judge(f"{rows:,} listings, p99 / p50", tails(found, mine), TAIL)


def _written(settings: Settings, name: str, paths: list[str]) -> Path:
    file = settings.data_dir / f"{name}.paths"
    file.write_text("\n".join(paths))
    return file


async def _sample(settings: Settings, size: int) -> Sample:
    """Listings drawn at random, the same in every run."""
    connection = await asyncpg.connect(settings.asyncpg_url())
    rows = await connection.fetch("SELECT listing_id, published_at FROM listing_card ORDER BY 1")
    await connection.close()
    return [(row[0], row[1]) for row in random.Random(size).choices(rows, k=size)]
