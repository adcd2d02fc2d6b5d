"""The search index on disk: how a listing lies in it, and its one writer.

The index is a projection of the event log and can be rebuilt from it at any time. It lies in a
folder of its schema version; a folder of another version, or one that cannot be opened, is thrown
away and built anew. The position in the event log is a document of the index, so that one commit
makes both durable or neither.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

import tantivy

from marketplace.kernel.errors import UnavailableError
from marketplace.search.text import tokens

SCHEMA_VERSION = 3
"""Raise it with every change of the schema or of the words: an older index is built anew then."""
SAMPLE_EVERY = 256
WRITER_HEAP_BYTES = 64_000_000
# A word of the title counts as often as so many words of the teaser.
TITLE_WEIGHT = 3
# An id lies in two unsigned columns of 64 bits.
LOW_BITS = (1 << 64) - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOLDER = re.compile(r"schema-\d+")


class IndexBusyError(UnavailableError):
    code = "search_index_busy"
    title = "Another process is writing this search index; try again when it has ended"


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """What search knows of one published listing.

    `classifications` holds every level that finds it: 'G', 'G06', 'G06Q', 'G06Q 10'.
    No `price_minor` means open to offers: no price filter finds it. `published_at` is after 1970.
    """

    listing_id: UUID
    title: str
    teaser: str
    extra: str
    kind: str
    office: str | None
    region: str | None
    classifications: tuple[str, ...]
    currency: str | None
    price_minor: int | None
    published_at: datetime


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    for name in ("listing_id", "kind", "office", "region", "classification", "currency", "mark"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("published", fast=True, indexed=True)
    builder.add_unsigned_field("id_high", fast=True)
    builder.add_unsigned_field("id_low", fast=True)
    builder.add_integer_field("price", fast=True)
    builder.add_text_field("position", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


SCHEMA = _build_schema()


def version_folder(directory: Path) -> Path:
    """Return the folder inside `directory` in which the index of this schema version lies."""
    return directory / f"schema-{SCHEMA_VERSION}"


def microseconds(moment: datetime) -> int:
    """Return the microseconds from 1970 UTC to `moment`, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class IndexWriter:
    """The only writer of an index directory; hold it for the life of the process.

    When it fails, close it and open another: the index then stands at its last commit. A process
    killed at any moment leaves it there too.
    """

    def __init__(self, directory: Path) -> None:
        """Open or make the index in `directory`; IndexBusyError when another writer has it."""
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = (directory / "writer.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise IndexBusyError from None
        _discard_other_versions(directory)
        self._folder = version_folder(directory)
        self._index = _open_or_make(self._folder)
        self._writer: tantivy.IndexWriter | None = self._index.writer(WRITER_HEAP_BYTES, 1)

    def is_whole(self) -> bool:
        """Tell whether the index is still on disk, and nobody removed it under the writer."""
        lock_exists = os.fstat(self._lock.fileno()).st_nlink > 0
        return lock_exists and (self._folder / "meta.json").exists()

    def position(self) -> str | None:
        """Return the event-log position of the last commit, None when the index must be built."""
        self._index.reload()
        return _stored_position(self._index.searcher())

    def apply(self, upserts: Iterable[IndexDocument], deletes: Iterable[UUID]) -> None:
        """Replace the `upserts`, then remove the `deletes`; nothing is visible before `commit`."""
        writer = self._open_writer()
        for document in upserts:
            writer.delete_documents_by_term("listing_id", document.listing_id.hex)
            writer.add_document(_stored_form(document))
        for listing_id in deletes:
            writer.delete_documents_by_term("listing_id", listing_id.hex)

    def commit(self, position: str) -> None:
        """Make all that was applied durable and visible to readers, with `position`."""
        writer = self._open_writer()
        writer.delete_documents_by_term("mark", "position")
        document = tantivy.Document()
        document.add_text("mark", "position")
        document.add_text("position", position)
        writer.add_document(document)
        writer.commit()

    def close(self) -> None:
        """Drop what was not committed and let another writer in."""
        self._writer = None
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_writer(self) -> tantivy.IndexWriter:
        assert self._writer is not None, "the writer was closed"
        return self._writer


def _discard_other_versions(directory: Path) -> None:
    for entry in directory.iterdir():
        if _FOLDER.fullmatch(entry.name) and entry != version_folder(directory):
            shutil.rmtree(entry)


def _open_or_make(folder: Path) -> tantivy.Index:
    try:
        return _open(folder)
    except (ValueError, OSError):
        # Damaged, left half made by a killed process, or not there: the event log builds it anew.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        tantivy.Index(SCHEMA, path=str(folder))
        return _open(folder)


def _open(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    # By default a thread would watch the folder for commits.
    index.config_reader("manual")
    index.reload()
    _stored_position(index.searcher())
    return index


def _stored_position(searcher: tantivy.Searcher) -> str | None:
    mark = tantivy.Query.term_query(SCHEMA, "mark", "position", "basic")
    hits = searcher.search(mark, 1, count=False).hits
    return str(searcher.doc(hits[0][1])["position"][0]) if hits else None


def _stored_form(document: IndexDocument) -> tantivy.Document:
    form = tantivy.Document()
    form.add_text("words", _words(document))
    form.add_text("listing_id", document.listing_id.hex)
    form.add_unsigned("id_high", document.listing_id.int >> 64)
    form.add_unsigned("id_low", document.listing_id.int & LOW_BITS)
    form.add_unsigned("published", microseconds(document.published_at))
    if document.listing_id.int % SAMPLE_EVERY == 0:
        form.add_text("mark", "sample")
    _add_filters(form, document)
    return form


def _words(document: IndexDocument) -> str:
    # All words in one field let the engine skip listings that cannot reach the page.
    words = tokens(document.title) * TITLE_WEIGHT
    return " ".join(words + tokens(document.teaser) + tokens(document.extra))


def _add_filters(form: tantivy.Document, document: IndexDocument) -> None:
    form.add_text("kind", document.kind)
    for classification in document.classifications:
        form.add_text("classification", classification)
    for region in _with_country(document.region):
        form.add_text("region", region)
    for name, value in (("office", document.office), ("currency", document.currency)):
        if value is not None:
            form.add_text(name, value)
    if document.price_minor is not None:
        form.add_integer("price", document.price_minor)


def _with_country(region: str | None) -> set[str]:
    """Seoul is found as KR-11 and as KR."""
    return {region, region.partition("-")[0]} if region else set()
