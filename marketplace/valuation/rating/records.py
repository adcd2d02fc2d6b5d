"""Reading patent records: what a rating needs of each, and nothing more."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from marketplace.kernel.errors import UnprocessableError

Said = Callable[[str], None]

_NUMBER: Final = re.compile(r"([A-Z]{2})\W*([A-Z]*)0*(\d+)")
_IPC: Final = re.compile(r"([A-H])(\d{2})([A-Z])?")
DEAD: Final = {
    "소멸": "lapsed",
    "거절": "refused",
    "포기": "surrendered",
    "취하": "withdrawn",
    "무효": "invalidated",
    "lapsed": "lapsed",
    "expired": "expired",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "surrendered": "surrendered",
    "abandoned": "withdrawn",
    "invalidated": "invalidated",
}
"""Words of offices for a right that is over, and ours for it."""
GRANTED: Final = {"등록", "granted", "registered"}


class UnreadableRecordError(UnprocessableError):
    code = "unreadable_record"
    title = "A line of the file is no patent record"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one right. Numbers that nobody recorded are None, never zero.

    `granted` is what the file says of its own day, where it tells no day of the grant.
    """

    number: str
    key: str
    family: str
    kind: str
    language: str
    began: date | None
    ended_as: str | None
    granted: bool
    granted_on: date | None
    owner: str
    subclasses: tuple[str, ...]
    offices: int
    cites: tuple[str, ...]
    cited_by: int | None
    claims: int | None
    readiness: int | None
    products: int | None
    deals: int | None
    challenges_survived: int | None
    challenges_open: int
    title: str
    text: str
    first_claim: str

    def is_granted(self, as_of: date) -> bool:
        """Whether it was granted on a day."""
        return self.granted if self.granted_on is None else self.granted_on <= as_of

    def is_filed(self, as_of: date) -> bool:
        """Whether it was there on a day; without a date of its own nobody can tell, so not."""
        return self.began is not None and self.began <= as_of


def read(path: Path) -> Iterator[Facts]:
    """Each record of a file of JSON lines, one at a time.

    Raises:
        UnreadableRecordError: a line is not JSON, or names no record.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield facts_of(orjson.loads(line))
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as e:
                raise UnreadableRecordError(f"line {number} of {path.name}") from e


def digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def facts_of(record: dict[str, Any]) -> Facts:
    """Raises KeyError, TypeError, AttributeError or ValueError: no record."""
    number = str(record["id"])
    status = str(record.get("status") or "").strip().lower()
    title = _joined(record.get("title"), record.get("titles_other"))
    abstract = _joined(record.get("abstract"), record.get("abstracts_other"))
    began = _day(record.get("priority_date")) or _day(record.get("filing_date"))
    return Facts(
        number=number,
        key=number_key(number),
        family=str(record.get("family_id") or record.get("application_number") or number),
        kind=_kind(record),
        language=str(record.get("language") or ""),
        began=began,
        ended_as=DEAD.get(status),
        granted=bool(record.get("grant_date")) or status in GRANTED,
        granted_on=_day(record.get("grant_date")),
        owner=_owner(record),
        subclasses=_subclasses(record),
        offices=max(1, len(record.get("family_countries") or ())),
        cites=tuple(number_key(str(cited)) for cited in record.get("citations") or ()),
        cited_by=record.get("cited_by_count"),
        claims=record.get("claims_count"),
        readiness=record.get("technology_readiness_level"),
        products=record.get("products_and_licences"),
        deals=record.get("deals_recorded"),
        challenges_survived=record.get("challenges_survived"),
        challenges_open=int(record.get("challenges_open") or 0),
        title=title,
        text=f"{title}\n{abstract}".strip(),
        first_claim=str(record.get("first_claim") or ""),
    )


def number_key(number: str) -> str:
    """A number without its kind code and leading zeros, by which citations find it."""
    found = _NUMBER.match(number.replace(" ", "").upper())
    return "".join(found.groups()) if found else number


def _joined(text: Any, by_language: Any) -> str:
    """A text in its own language and all others."""
    return "\n".join(str(one) for one in (text, *(by_language or {}).values()) if one)


def _kind(record: dict[str, Any]) -> str:
    code = str(record.get("kind") or "")
    return "design" if code[:1] == "S" else "utility_model" if code[:1] in {"U", "Y"} else "patent"


def _owner(record: dict[str, Any]) -> str:
    """The first applicant; where none is recorded, the first inventor, who owns it then."""
    for people in (record.get("applicants"), record.get("inventors")):
        for one in people or ():
            return str(one["name"]).casefold()
    return ""


def _subclasses(record: dict[str, Any]) -> tuple[str, ...]:
    codes = (_IPC.match(str(code).upper()) for code in record.get("ipc") or record.get("cpc") or ())
    return tuple(sorted({found[0] for found in codes if found}))


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None
