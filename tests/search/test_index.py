import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

import pytest

from marketplace.search.index import (
    IndexBusyError,
    IndexDocument,
    IndexWriter,
    microseconds,
    version_folder,
)
from marketplace.search.page import CatalogueQuery
from marketplace.search.reader import IndexReader

START = datetime(2026, 1, 1, tzinfo=UTC)


def listing(number: int, title: str = "pump") -> IndexDocument:
    return IndexDocument(
        listing_id=UUID(int=number),
        title=title,
        teaser="",
        extra="",
        kind="sale",
        office=None,
        region=None,
        classifications=(),
        currency=None,
        price_minor=None,
        published_at=START + timedelta(seconds=number),
    )


def found(directory: Path, text: str = "pump") -> set[int]:
    reader = IndexReader(directory)
    page = reader.search(CatalogueQuery(text=text, limit=100))
    return {listing_id.int for listing_id in page.listing_ids}


def test_commit_publishes_upserts_and_deletes_together_with_the_position(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        assert writer.position() is None
        writer.apply([listing(1), listing(2), listing(3)], [])
        assert found(tmp_path) == set()
        writer.commit("7")
        writer.apply([listing(2, title="valve"), listing(4)], [UUID(int=3), UUID(int=4)])
        assert (found(tmp_path), writer.position()) == ({1, 2, 3}, "7")
        writer.commit("9")
        assert (found(tmp_path), writer.position()) == ({1}, "9")
        assert found(tmp_path, "valve") == {2}


def test_what_was_not_committed_is_dropped_on_close(tmp_path: Path) -> None:
    with IndexWriter(tmp_path) as writer:
        writer.apply([listing(1)], [])
        writer.commit("1")
        writer.apply([listing(2)], [UUID(int=1)])
    with IndexWriter(tmp_path) as writer:
        assert (found(tmp_path), writer.position()) == ({1}, "1")


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with IndexWriter(tmp_path), pytest.raises(IndexBusyError):
        IndexWriter(tmp_path)
    IndexWriter(tmp_path).close()


def test_times_are_exact_microseconds() -> None:
    latest = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert microseconds(latest) == 253_402_300_799_999_999


def _garble_meta(folder: Path) -> None:
    (folder / "meta.json").write_text("{")


def _remove_meta(folder: Path) -> None:
    (folder / "meta.json").unlink()


def _truncate_segments(folder: Path) -> None:
    for file in folder.glob("*.idx"):
        file.write_bytes(file.read_bytes()[:10])


def _remove_segments(folder: Path) -> None:
    for file in folder.glob("*.term"):
        file.unlink()


@pytest.mark.parametrize(
    "damage", [_garble_meta, _remove_meta, _truncate_segments, _remove_segments]
)
def test_damaged_index_is_discarded_and_built_anew(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    with IndexWriter(tmp_path) as writer:
        writer.apply([listing(1)], [])
        writer.commit("1")
    reader = IndexReader(tmp_path)
    damage(version_folder(tmp_path))
    with IndexWriter(tmp_path) as writer:
        assert (found(tmp_path), writer.position()) == (set(), None)
        writer.apply([listing(2)], [])
        writer.commit("2")
    reader.refresh()
    assert [i.int for i in reader.search(CatalogueQuery()).listing_ids] == [2]


def test_index_of_another_schema_version_is_removed(tmp_path: Path) -> None:
    stranger = tmp_path / "kept"
    for folder in (stranger, tmp_path / "schema-0"):
        folder.mkdir()
    with IndexWriter(tmp_path) as writer:
        assert writer.position() is None
    folders = {entry for entry in tmp_path.iterdir() if entry.is_dir()}
    assert folders == {stranger, version_folder(tmp_path)}


def test_reader_waits_for_the_first_writer(tmp_path: Path) -> None:
    reader = IndexReader(tmp_path)
    assert (reader.is_ready, reader.search(CatalogueQuery()).listing_ids) == (False, ())
    with IndexWriter(tmp_path) as writer:
        writer.apply([listing(1)], [])
        writer.commit("1")
    reader.refresh()
    assert (reader.is_ready, reader.search(CatalogueQuery()).next) == (True, None)


def _write_for_ever(directory: Path, parent: Connection) -> None:
    with IndexWriter(directory) as writer:
        number = int(writer.position() or 0)
        while True:
            number += 1
            writer.apply([listing(number), replace(listing(0), title=f"last {number}")], [])
            writer.commit(str(number))
            parent.send(number)


def test_killed_writer_leaves_exactly_its_last_commit(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    for moment in (0, 0.004, 0.011, 0.023):
        parent, child = spawn.Pipe()
        process = spawn.Process(target=_write_for_ever, args=(tmp_path, child))
        process.start()
        announced = [parent.recv() for _ in range(6)][-1]
        time.sleep(moment)
        process.kill()
        process.join()
        with IndexWriter(tmp_path) as writer:
            position = int(writer.position() or 0)
            assert position >= announced
            assert found(tmp_path) == set(range(1, position + 1))
            assert found(tmp_path, f"last {position}") == {0}
