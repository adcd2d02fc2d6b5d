"""Files of a release: one content in three forms, described and with checksums."""

import io
from datetime import date

import pytest

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


def test_a_parquet_file_is_read_by_another_reader() -> None:
    reader = pytest.importorskip("pyarrow.parquet")
    found = reader.read_table(io.BytesIO(file_of(ROWS, Format.PARQUET)))
    assert found.column_names == packages.NAMES
    assert [tuple(row.values()) for row in found.to_pylist()] == [tuple(row) for row in ROWS]


def test_an_empty_file_is_one_too() -> None:
    reader = pytest.importorskip("pyarrow.parquet")
    columns = [Column(f"c{n}", Type.INTEGER, is_optional=True) for n in range(20)]
    assert reader.read_table(io.BytesIO(write(columns, []))).shape == (0, 20)
    assert reader.read_table(io.BytesIO(write(columns, [[None] * 20]))).shape == (1, 20)
