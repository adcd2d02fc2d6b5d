"""Every identifier and symbol of real records from thirteen offices is understood."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from marketplace.assets.identifiers import (
    DocumentClass,
    InvalidIdentifierError,
    is_granted,
    parse,
    parse_ipc,
)

RECORDS = Path(__file__).parents[3].parent / "shared" / "data" / "patents.jsonl"

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason=f"no real records at {RECORDS}")

OFFICES_WITHOUT_OWN_FORMS = {"AU", "CA", "DE", "DK", "EA", "LU", "MX", "YU"}
"""Their numbering is not modelled, so the caller has to say that these are publications."""

NUMBERS_WITHOUT_THEIR_SERIES = {"20220154759", "2003008354"}
"""A Korean one without its type digits, a Japanese one without its letter: of which right?"""


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    with RECORDS.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def asked_class(record: dict[str, Any]) -> DocumentClass | None:
    if record["id"] == f"KR{record.get('application_number')}":
        return DocumentClass.APPLICATION  # KR gives thirteen digits to either document
    if record["country"] in OFFICES_WITHOUT_OWN_FORMS:
        return DocumentClass.PUBLICATION
    return None


def test_every_record_id_is_understood(
    records: list[dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    understood = Counter[str]()
    for record in records:
        identifier = parse(record["id"], record["country"], asked_class(record))
        assert identifier.office == record["country"]
        understood[str(asked_class(record))] += 1
    record_property("record_ids_understood", f"{understood.total()} of {len(records)}")
    assert understood == {"None": 540, "application": 325, "publication": 19}


def test_records_that_need_their_class_say_so(records: list[dict[str, Any]]) -> None:
    for record in records:
        if asked_class(record) is not None:
            with pytest.raises(InvalidIdentifierError, match="give its document_class"):
                parse(record["id"], record["country"])


def test_every_application_number_is_understood(records: list[dict[str, Any]]) -> None:
    refused = {}
    for record in records:
        if number := record.get("application_number"):
            try:
                parse(number, record["country"], DocumentClass.APPLICATION)
            except InvalidIdentifierError as refusal:
                refused[number] = str(refusal)
    assert refused.keys() == NUMBERS_WITHOUT_THEIR_SERIES
    assert all("say which" in message for message in refused.values())


def test_grants_are_told_from_applications_as_the_records_do(
    records: list[dict[str, Any]],
) -> None:
    for record in records:
        if record["country"] == "US" and record["publication_date"]:
            day = date.fromisoformat(record["publication_date"])
            granted = is_granted("US", record["kind"], day)
            assert granted is not record["kind"].startswith("A1"), record["id"]


def test_every_classification_symbol_is_understood(records: list[dict[str, Any]]) -> None:
    symbols = [symbol for record in records for symbol in record["ipc"] + record["cpc"]]
    assert len(symbols) == 2_981
    for symbol in symbols:
        assert parse_ipc(symbol).symbol.replace(" ", "") == symbol
