"""Databases of generated listings: rows, the product's search index, and the floors' tables."""

import asyncio
import random
from functools import partial
from multiprocessing import Pool
from typing import Final

import asyncpg

from benchmarks.generated import ORGANISATIONS, TABLES, Row, generate
from benchmarks.place import Place
from benchmarks.vocabulary import LANGUAGE_WEIGHTS, vocabularies
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import create_engine, create_sessions
from marketplace.search.indexing import Indexer
from marketplace.settings import Settings

BATCH: Final = 10_000

Batch = dict[str, list[Row]]
"""The rows of each table."""

_ORGANISATIONS: Final = """
    INSERT INTO organisation (id, created_at, name, kind, country)
    SELECT lpad(to_hex(n), 32, '0')::uuid, now(), 'Organisation ' || n, 'company', 'KR'
    FROM generate_series(1, $1::int) n
"""
_FLOOR_TABLE: Final = "CREATE UNLOGGED TABLE floor_text (listing_id uuid, words text)"
_FLOOR_INDEXES: Final = """
    CREATE INDEX floor_newest ON listing (published_at DESC, id DESC) WHERE state = 'published';
    CREATE TABLE floor_words AS
        SELECT listing_id, to_tsvector('simple', words) AS words FROM floor_text;
    DROP TABLE floor_text;
    CREATE INDEX floor_words_index ON floor_words USING gin (words);
"""


def listings_database(place: Place, rows: int) -> Settings:
    """A database with so many published listings."""
    settings = place.database(f"listings_{rows}", partial(_fill, rows=rows))
    asyncio.run(_index(settings))
    return settings


async def _fill(connection: asyncpg.Connection, *, rows: int) -> None:
    await prepare(connection)
    with Pool() as processes:
        for batch in processes.imap(batch_of, _ranges(rows)):
            await copy(connection, batch)
    print("\n  building indexes …", flush=True)
    await connection.execute(_FLOOR_INDEXES)


async def prepare(connection: asyncpg.Connection) -> None:
    """Who lists, and the table that the floor reads."""
    await connection.execute(_ORGANISATIONS, ORGANISATIONS)
    await connection.execute(_FLOOR_TABLE)


def _ranges(rows: int) -> list[range]:
    return [range(first, min(first + BATCH, rows)) for first in range(0, rows, BATCH)]


def batch_of(numbers: range) -> Batch:
    """Listings with these numbers, as rows of each table; the same ones each time."""
    chance = random.Random(numbers.start)
    languages = chance.choices(vocabularies(), weights=LANGUAGE_WEIGHTS, k=len(numbers))
    made = [generate(*pair, chance) for pair in zip(numbers, languages, strict=True)]
    rows = {table: map(row_of, made) for table, (_, row_of) in TABLES.items()}
    return {table: [row for row in found if row] for table, found in rows.items()}


async def copy(connection: asyncpg.Connection, batch: Batch) -> None:
    """Write rows of each table."""
    for table, (columns, _) in TABLES.items():
        await connection.copy_records_to_table(table, records=batch[table], columns=columns.split())
    print(".", end="", flush=True)


async def _index(settings: Settings) -> None:
    """Build the search index as the product's worker does, unless it is there."""
    engine = create_engine(settings.sqlalchemy_url(), pool_size=2)
    indexer = Indexer(settings.index_path)
    await indexer.catch_up(create_sessions(engine, SystemClock()))
    indexer.close()
    await engine.dispose()
