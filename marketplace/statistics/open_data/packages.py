"""A release as files that anyone may take: CSV, JSON and Parquet, with a Frictionless dictionary.

Each file is made of the release's stored tables and so always has the same bytes.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

import orjson

from marketplace.kernel.driver_pools import Reads
from marketplace.kernel.errors import NotFoundError
from marketplace.statistics.dimensions import DIMENSIONS
from marketplace.statistics.open_data.parquet import Column, Type, write
from marketplace.statistics.releases.queries import COLUMNS, release_of
from marketplace.statistics.releases.schemas import ReleaseRead

LICENCE: Final = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
FIELDS: Final = (
    (Column("dimension", Type.TEXT), "by what the deals are divided"),
    (Column("currency", Type.TEXT), "ISO 4217; amounts of two currencies are never added"),
    (Column("period", Type.TEXT), "month, quarter or year"),
    (Column("begins", Type.DAY), "first day of the period, in the reporting time zone"),
    (Column("value", Type.TEXT), "the dimension's value; `total`; or `withheld`: the rest"),
    (Column("status", Type.TEXT), "known; or suppressed, as it would tell of a few parties"),
    (Column("deals", Type.INTEGER, is_optional=True), "settled deals (flow), each counted once"),
    (Column("amount_minor", Type.INTEGER, is_optional=True), "realised prices in minor units"),
)
_COLUMNS: Final = [column for column, _ in FIELDS]
NAMES: Final = [column.name for column in _COLUMNS]
_TABLES: Final = f"""
    SELECT {COLUMNS}, t.dimension, t.currency, t.content
    FROM statistics_release r JOIN released_table t ON t.release = r.number
    WHERE r.number = $1 AND t.dimension = ANY ($2) ORDER BY t.dimension, t.currency
"""  # noqa: S608 - built from constants

Rows = Sequence[Sequence[Any]]


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


MEDIA: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.PARQUET: "application/vnd.apache.parquet",
}


async def read_release(reads: Reads, number: int) -> tuple[ReleaseRead, Rows]:
    """A release and all its cells.

    Raises:
        NotFoundError: no such release.
    """
    found = await reads.rows(_TABLES, number, [*DIMENSIONS])
    if not found:
        raise NotFoundError("no such release")
    rows = [
        (
            table["dimension"],
            table["currency"],
            cell["period"],
            date.fromisoformat(cell["begins"]),
            cell["value"],
            cell["status"],
            cell["deals"],
            cell["amount_minor"],
        )
        for table in found
        for cell in orjson.loads(table["content"])
    ]
    return release_of(found[0]), rows


def file_of(rows: Rows, wanted: Format) -> bytes:
    return _WRITERS[wanted](rows)


def _csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(NAMES)
    writer.writerows(rows)
    return text.getvalue().encode()


def _json(rows: Rows) -> bytes:
    return orjson.dumps([dict(zip(NAMES, row, strict=True)) for row in rows])


def _parquet(rows: Rows) -> bytes:
    return write(_COLUMNS, rows)


_WRITERS: Final[dict[Format, Callable[[Rows], bytes]]] = {
    Format.CSV: _csv,
    Format.JSON: _json,
    Format.PARQUET: _parquet,
}
_TYPES: Final = {Type.TEXT: "string", Type.INTEGER: "integer", Type.DAY: "date"}


def data_package(release: ReleaseRead, rows: Rows, issuer: str) -> dict[str, Any]:
    """The data dictionary (Frictionless Data Package), with the checksum of each file."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "settled-deals",
        "title": "Settled deals of ideas and patents, under disclosure control",
        "version": f"{release.number}.0.0",
        "created": release.made_at,
        "homepage": issuer,
        "licenses": [LICENCE],
        "temporal": {"end": release.as_of},
        "disclosure_control": release.rules,
        "dimensions": DIMENSIONS,
        "resources": [_resource(release, rows, one, issuer) for one in Format],
    }


def _resource(release: ReleaseRead, rows: Rows, wanted: Format, issuer: str) -> dict[str, Any]:
    content = file_of(rows, wanted)
    return {
        "name": f"deals-{wanted}",
        "path": f"{issuer}/v1/open-data/{release.number}/deals.{wanted}",
        "format": wanted.value,
        "mediatype": MEDIA[wanted].partition(";")[0],
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [
                {
                    "name": column.name,
                    "type": _TYPES[column.type],
                    "description": about,
                    "constraints": {"required": not column.is_optional},
                }
                for column, about in FIELDS
            ],
            "primaryKey": NAMES[:5],
            "missingValues": [""],
        },
    }
