"""Requests that nobody should send, made from one that is right."""

import base64
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote

from tests.factories.routes import NOBODY

MARK = "z7Qx-echo-9k"
"""Stands in everything hostile that has room for it; no answer may repeat it."""

MARKED_KEY = f"{MARK} 열쇠"

T = TypeVar("T")

SHARES = 1 if os.environ.get("FUZZ") == "whole" else 3
"""A place meets one of so many shares of what is hostile, its neighbour the next; with
`FUZZ=whole` each place meets everything, which takes minutes more."""


def share(hostile: Sequence[T], turn: int) -> Iterator[tuple[int, T]]:
    """What a place meets whose turn it is, with its number."""
    return ((n, one) for n, one in enumerate(hostile) if n % SHARES == turn % SHARES)


@dataclass(frozen=True)
class Request:
    """One request, said in bytes where a well-behaved client would refuse to say it."""

    method: str
    path: str
    about: str = "as it should be"
    content: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)

    def with_headers(self, about: str, **headers: bytes) -> "Request":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, about=about, headers=self.headers | named)


class Raw(str):
    """JSON text that Python's encoder would not write."""

    __slots__ = ()


NASTY: tuple[Any, ...] = (
    None,
    True,
    [],
    {},
    [MARK],
    {MARKED_KEY: MARK},
    " \t\n",
    MARK,
    MARK * 20_000,
    f"{MARK}\x00",
    f"{MARK}\ud800",
    f"'; DROP TABLE event; -- {{{{7*7}}}}${{7*7}}%s%n\u202e{MARK}",
    "ZZZ",
    "\uff11\uff12",
    0,
    10**30,
    Raw("1e400"),
    Raw("NaN"),
    Raw("1" * 5_000),
    Raw("[" * 500 + "]" * 500),
    "9999-12-31",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "00000000-0000-0000-0000-000000000000",
)

PATH_PARTS = (
    "1",
    "null",
    quote(MARK),
    quote(f"{MARK}'\";--"),
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    "{00000000-0000-0000-0000-000000000007}",
    "0" * 5_000,
    "-1",
    str(10**30),
    "9223372036854775808",
)

QUERIES: dict[str, tuple[str, ...]] = {
    "limit": ("0", "101", "-1", "1e3", "true", "", "10" * 50, "%00", "1&limit=2"),
    "cursor": (
        quote(MARK),
        "%00",
        "%ff",
        "A" * 201,
        *(
            base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
            for text in (
                "[]",
                "[1]",
                '["000"]',
                "[null]",
                "[[]]",
                '[{"":[]}]',
                "[" * 140,
                f'[9223372036854775806,"{NOBODY}"]',
                f'[-9223372036854775806,"{NOBODY}"]',
                f'["newest",9223372036854775806,"{NOBODY}"]',
                f'["newest",-1,"{NOBODY}"]',
                f'["newest",1e300,"{NOBODY}"]',
                f'["best",1e999,"{NOBODY}"]',
                f'[true,"{NOBODY}"]',
                '["\\u0000","\\ud800"]',
            )
        ),
    ),
    "q": (
        "%00",
        "%ff",
        "%22%28" * 30,
        quote("한" * 201),
        quote("NOT ( OR title:* AND [a TO z}^9~"),
    ),
    "price_min": ("1", "-1&currency=KRW", "true&currency=KRW", "2&price_max=1&currency=KRW"),
    "price_max": (f"{10**30}&currency=KRW", "1.5&currency=KRW"),
    "ipc": (quote(MARK), "%00"),
    "office": ("kr", "%ff"),
    "region": ("%ff", "KR-"),
    "currency": ("ZZZ", "krw"),
    "sort": ("worst", "best&q=a&cursor=W10"),
    "kind": (quote(MARK),),
    "state": (quote(MARK),),
    "unit": (quote(MARK), "7KRW", "XAU", "%00", "9" * 20),
    "period": ("week", "%00"),
    "purpose": (quote(MARK), "%00"),
    "name": ("UPPER", "%00", "a" * 41),
    "record": (quote(MARK), "%00", "a" * 201),
    "as_of": (quote(MARK), "1", "2026-02-30", "0001-01-01", "9999-12-31", "10000-01-01", "%00"),
}
ANYWHERE = (f"{quote(MARKED_KEY)}=1", "%ff=%fe&%ed%a0%80=1&%00=%00", "&" * 500)


def queries(names: set[str]) -> Iterator[str]:
    """Query strings for an operation that takes these parameters."""
    for name in sorted(names & QUERIES.keys()):
        yield from (f"{name}={value}" for value in QUERIES[name])
    yield from ANYWHERE if names else ANYWHERE[:1]


HEADERS: tuple[tuple[str, bytes], ...] = (
    *(
        ("if-match", value)
        for value in (b"", b"0", b"-1", b'"1"', b"*", b"1e3", b"9" * 5_000, b"\xe9\xff", b"NaN")
    ),
    *(("idempotency-key", value) for value in (b"", b"x" * 201, b"\xe9", b"a\tb", b"\x7f")),
    ("authorization", b"Bearer " + MARK.encode()),
    ("authorization", b"Basic Og=="),
    ("authorization", b"\xff" * 100),
    ("x-request-id", MARK.encode() * 30),
    ("x-request-id", b'"}{\xff'),
    ("accept", b"text/html, */*;q=nan"),
    ("accept-encoding", b"zstd;q=9, \xff"),
    ("content-type", b"\xff/\xfe"),
    ("host", b"[::1"),
    ("host", b"\xff:99999999"),
    ("x-forwarded-for", b"\x00"),
    ("range", b"bytes=9-1"),
    ("cookie", b"\xff=\xfe; " * 50),
)

CONTENT_TYPES = (
    b"text/plain",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/xml",
    b"application/json; charset=utf-7",
    b"json",
    b"",
    b";;;",
)


def encoded(value: Any) -> bytes:
    """JSON with what `Raw` says put in as it is."""
    raw: list[Raw] = []

    def marked(part: Any) -> Any:
        if isinstance(part, Raw):
            raw.append(part)
            return f"\x1a{len(raw) - 1}\x1a"
        if isinstance(part, dict):
            return {key: marked(item) for key, item in part.items()}
        return [marked(item) for item in part] if isinstance(part, list) else part

    text = json.dumps(marked(value))
    for number, part in enumerate(raw):
        text = text.replace(f'"\\u001a{number}\\u001a"', part)
    return text.encode()


def bodies(right: Any, first_turn: int) -> Iterator[tuple[str, Any]]:
    """A right body with each of its parts, in turn, replaced by things that it is not."""
    for turn, place in enumerate(_places(right), first_turn):
        for number, nasty in share(NASTY, turn):
            yield (
                f"{'.'.join(map(str, place)) or 'body'} = nasty {number}",
                replaced(right, place, nasty),
            )
    for place in _places(right):
        if place:
            yield f"without {'.'.join(map(str, place))}", replaced(right, place, ...)
    if isinstance(right, dict):
        yield "with a field too many", right | {MARKED_KEY: MARK}
        yield "with a field of broken Unicode", right | {"\ud800": 1}


def raw_bodies(right: bytes) -> Iterator[tuple[str, bytes]]:
    yield "empty", b""
    yield "cut short", right[:-1]
    yield "twice", right + right
    yield "each key twice", right.replace(b"{", b"{" + right[1:-1] + b",", 1)
    yield "broken UTF-8", right.replace(b'": "', b'": "\xff' + MARK.encode(), 1) + b"\xff"
    yield "with a byte order mark", b"\xef\xbb\xbf" + right
    yield "in UTF-16", right.decode().encode("utf-16")
    yield "in single quotes", right.replace(b'"', b"'")
    yield "very deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "a list that is very deep", b"[" * 100_000
    yield "over the limit", b'{"a": "' + MARK.encode() * 120_000 + b'"}'
    yield "null", b"null"
    yield "no JSON", MARK.encode()


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    items = value.items() if isinstance(value, dict) else ()
    for key, item in items or (enumerate(value) if isinstance(value, list) else ()):
        yield from _places(item, (*place, key))


def replaced(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    """A copy with one part replaced, or left out for `...`."""
    if not place:
        return other
    if isinstance(value, list):
        changed = (
            replaced(item, place[1:], other) if at == place[0] else item
            for at, item in enumerate(value)
        )
        return [item for item in changed if item is not ...]
    kept_items = {
        key: replaced(item, place[1:], other) if key == place[0] else item
        for key, item in value.items()
    }
    return {key: item for key, item in kept_items.items() if item is not ...}
