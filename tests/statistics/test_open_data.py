"""Files of a release: one content in three forms, described and with checksums."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from marketplace.statistics.open_data import packages
from marketplace.statistics.open_data.packages import Format, file_of
from marketplace.statistics.open_data.parquet import Column, Type, write

ROWS = [
    ("right_kind", "KRW", "year", date(2025, 1, 1), "total", "known", 240, 2**40),
    ("right_kind", "KRW", "year", date(2025, 1, 1), "특허", "suppressed", None, None),
    *(
        ("right_kind", "KRW", "month", date(1969, n % 12 + 1, 1), str(n), "known", n, -n)
        for n in range(999)
    ),
]


def test_a_parquet_file_is_read_by_another_reader(tmp_path: Path) -> None:
    names, rows = _read(tmp_path, file_of(ROWS, Format.PARQUET))
    assert names == packages.NAMES
    assert rows == ROWS


def test_an_empty_file_is_one_too(tmp_path: Path) -> None:
    columns = [Column(f"c{n}", Type.INTEGER, is_optional=True) for n in range(20)]
    names = [column.name for column in columns]
    nothing = (None,) * 20
    assert _read(tmp_path, write(columns, [])) == (names, [])
    assert _read(tmp_path, write(columns, [nothing])) == (names, [nothing])


def _read(folder: Path, content: bytes) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names and rows of a Parquet file, as DuckDB understands it."""
    path = folder / "read.parquet"
    path.write_bytes(content)
    found = duckdb.read_parquet(str(path))
    return found.columns, found.fetchall()
