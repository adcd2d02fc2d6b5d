"""Text search: a realistic mix against `ts_rank` over a GIN index, common words against rare."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from benchmarks.listings import listings_database
from benchmarks.load import Requests, Transactions
from benchmarks.place import Place
from benchmarks.report import Bar, Rounds, Run, costs, interleave, judge, rates, tails
from benchmarks.scale import Scale
from benchmarks.servers import product
from benchmarks.vocabulary import queries
from marketplace.search.text import query_tokens
from marketplace.settings import Settings

CONNECTIONS: Final = 8
MIX: Final = 400
MIXED: Final = Bar(4, 10)
COMMON: Final = Bar(10, at_most=True)
TAIL: Final = Bar(4, at_most=True)

_FLOOR_QUERIES: Final = """
    DROP TABLE IF EXISTS floor_query;
    CREATE TABLE floor_query (number int PRIMARY KEY, query tsquery)
"""
_FREQUENCIES: Final = """
    SELECT word, ndoc FROM ts_stat('SELECT words FROM floor_words ORDER BY listing_id LIMIT 20000')
    WHERE length(word) > 1 ORDER BY ndoc DESC, word
"""
RARE_PER_SAMPLE: Final = 5
"""A rare word stands in five of the 20,000 listings that are looked at."""


def measure_search(place: Place, scale: Scale) -> None:
    for rows in scale.listings:
        settings = listings_database(place, rows)
        asyncio.run(_write_floor_queries(settings))
        common, rare = asyncio.run(_extremes(settings))
        found = _measured(settings, scale, common, rare)
        judge(f"{rows:,} listings, mix, x ts_rank", rates(found, "product", "ts_rank"), MIXED)
        what = f"{rows:,} listings, {common!r} over {rare!r}"
        judge(f"{what}, 1 client", costs(found, "commonest word", "rare word"), COMMON)
        judge(f"{rows:,} listings, mix, p99 / p50", tails(found, "product"), TAIL)


def _measured(settings: Settings, scale: Scale, common: str, rare: str) -> Rounds:
    floor = Transactions(settings, "ts_rank.sql")
    with ExitStack() as running:
        url = running.enter_context(product(settings))
        mix = Requests(url, _paths(settings, "mix", queries(MIX)))
        commonest = Requests(url, _paths(settings, "common", [common]))
        rarest = Requests(url, _paths(settings, "rare", [rare]))
        contenders: dict[str, Run] = {
            "product": partial(mix.run, CONNECTIONS, scale.seconds),
            "ts_rank": partial(floor.run, CONNECTIONS, scale.seconds, queries=MIX),
            "commonest word": partial(commonest.run, 1, scale.seconds),
            "rare word": partial(rarest.run, 1, scale.seconds),
        }
        return interleave(contenders, scale.rounds)


def _paths(settings: Settings, name: str, texts: Sequence[str]) -> Path:
    file = settings.data_dir / f"{name}.paths"
    file.write_text("\n".join(f"/v1/listings?q={quote(text)}" for text in texts))
    return file


async def _write_floor_queries(settings: Settings) -> None:
    """The same searches as the floor understands them: all words must match."""
    connection = await asyncpg.connect(settings.asyncpg_url())
    await connection.execute(_FLOOR_QUERIES)
    await connection.executemany(
        "INSERT INTO floor_query VALUES ($1, CAST(CAST($2 AS text) AS tsquery))",
        [(number, " & ".join(query_tokens(text))) for number, text in enumerate(queries(MIX), 1)],
    )
    await connection.close()


async def _extremes(settings: Settings) -> tuple[str, str]:
    """The commonest word of the listings, and a rare one."""
    connection = await asyncpg.connect(settings.asyncpg_url())
    words = await connection.fetch(_FREQUENCIES)
    await connection.close()
    rare = next(word for word, listings in words if listings == RARE_PER_SAMPLE)
    return words[0]["word"], rare
