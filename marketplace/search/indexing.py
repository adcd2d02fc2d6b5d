"""Feeding the index from the event log: one writer a machine, any number of events a commit."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.identifiers import parse_ipc
from marketplace.kernel.db import Sessions
from marketplace.kernel.events import read_after
from marketplace.search.index import IndexDocument, IndexWriter

EVENTS_AT_ONCE: Final = 2_000
ROWS_AT_ONCE: Final = 2_000

_LISTED: Final = """
    SELECT l.id, l.title, l.teaser, l.region, l.currency, l.asking_price_minor, l.published_at,
        r.kind, r.office, r.classifications, r.title AS right_title, r.abstract,
        (SELECT string_agg(i.display, ' ') FROM right_identifier i WHERE i.right_id = r.id) AS ids
    FROM listing_card c JOIN listing l ON l.id = c.listing_id JOIN ip_right r ON r.id = l.right_id
    WHERE c.listed
"""
_REGISTERED: Final = """
    SELECT r.id, r.title, coalesce(r.abstract, '') AS teaser, NULL AS region, NULL AS currency,
        NULL AS asking_price_minor, r.created_at AS published_at,
        r.kind, r.office, r.classifications, NULL AS right_title, NULL AS abstract,
        (SELECT string_agg(i.display, ' ') FROM right_identifier i WHERE i.right_id = r.id) AS ids
    FROM ip_right r
    WHERE r.kind <> 'idea' AND EXISTS (
        SELECT FROM legal_event e WHERE e.right_id = r.id AND e.kind IN ('published', 'granted')
            AND NOT EXISTS (SELECT FROM retraction t WHERE t.legal_event_id = e.id))
"""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What an index holds: the subject whose events tell of changes, and how to read it."""

    subject: str
    rows: str
    key: str

    def these(self) -> TextClause:
        return text(f"{self.rows} AND {self.key} = ANY (:ids)")

    def after(self) -> TextClause:
        return text(f"{self.rows} AND {self.key} > :after ORDER BY {self.key} LIMIT {ROWS_AT_ONCE}")


LISTINGS: Final = Corpus("listing:", _LISTED, "c.listing_id")
"""What is on the market."""
REGISTER: Final = Corpus("right:", _REGISTERED, "r.id")
"""Rights that their offices have published: everybody may read those."""
_HORIZON: Final = text(
    """
    SELECT transaction_id::text::bigint, sequence FROM event
    WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY transaction_id DESC, sequence DESC LIMIT 1
    """
)


class Indexer:
    """Keeps one machine's search index up to date with the listings, or with the register."""

    def __init__(self, directory: Path, corpus: Corpus = LISTINGS) -> None:
        """Open the index; raises IndexBusyError when another process writes it."""
        self._corpus = corpus
        self._writer = IndexWriter(directory)
        position = self._writer.position()
        self._position = _read_position(position) if position else None

    async def catch_up(self, sessions: Sessions) -> int:
        """Index what happened since the last call; returns how many events were passed.

        The position is committed with the index, so after a crash the same events are indexed
        again, to the same result.
        """
        async with sessions() as session:
            if self._position is None:
                return await self._rebuild(session)
            facts = await read_after(session, self._position, EVENTS_AT_ONCE)
            if not facts:
                return 0
            changed = {
                UUID(fact.subject.removeprefix(self._corpus.subject))
                for fact in facts
                if fact.subject.startswith(self._corpus.subject)
            }
            if changed:
                rows = (await session.execute(self._corpus.these(), {"ids": list(changed)})).all()
                self._writer.apply(map(_document, rows), changed - {row.id for row in rows})
                self._writer.commit(_write_position(facts[-1].position))
            self._position = facts[-1].position
            return len(facts)

    def is_whole(self) -> bool:
        """Tell whether the index is still on disk; if not, close this and open another."""
        return self._writer.is_whole()

    def close(self) -> None:
        self._writer.close()

    async def _rebuild(self, session: AsyncSession) -> int:
        """Index all of it, as of a position read before the first of them."""
        row = (await session.execute(_HORIZON)).first()
        position = (row[0], row[1]) if row else (0, 0)
        count = 0
        async for batch in _all_of(session, self._corpus):
            self._writer.apply(map(_document, batch), ())
            count += len(batch)
        self._writer.commit(_write_position(position))
        self._position = position
        return count


async def _all_of(session: AsyncSession, corpus: Corpus) -> AsyncIterator[Sequence[Row[Any]]]:
    after = UUID(int=0)
    while batch := (await session.execute(corpus.after(), {"after": after})).all():
        yield batch
        after = batch[-1].id


def _document(row: Row[Any]) -> IndexDocument:
    prefixes = {prefix for symbol in row.classifications for prefix in parse_ipc(symbol).prefixes()}
    return IndexDocument(
        listing_id=row.id,
        title=row.title,
        teaser=row.teaser,
        extra=" ".join(filter(None, (row.right_title, row.abstract, row.ids))),
        kind=row.kind,
        office=row.office,
        region=row.region,
        classifications=tuple(sorted(prefixes)),
        currency=row.currency,
        price_minor=row.asking_price_minor,
        published_at=row.published_at,
    )


def _write_position(position: tuple[int, int]) -> str:
    return f"{position[0]}:{position[1]}"


def _read_position(written: str) -> tuple[int, int]:
    transaction_id, _, sequence = written.partition(":")
    return int(transaction_id), int(sequence)
