import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.db import Sessions
from marketplace.kernel.ids import new_id
from marketplace.kernel.pagination import InvalidCursorError, decode, encode
from tests.factories.deals import idea_body
from tests.factories.people import Person, operator, person
from tests.factories.steady import steady

KINDS = (datetime, UUID, int, float, str)
AN_ID = "01890a5d-0000-7000-8000-000000000001"
PARTS = {
    datetime: st.datetimes(timezones=st.just(UTC)),
    UUID: st.uuids(),
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def packed(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)).decode()


@steady
@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), st.data())
def test_a_cursor_gives_back_what_it_was_made_of(kinds: list[type], data: st.DataObject) -> None:
    parts = tuple(data.draw(PARTS[kind]) for kind in kinds)
    cursor = encode(*parts)
    assert httpx2.QueryParams({"cursor": cursor})["cursor"] == cursor
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert decode(cursor, *kinds) == parts


@steady
@given(
    st.text(max_size=40)
    | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode()),
    st.lists(st.sampled_from(KINDS), max_size=3),
)
def test_garbage_is_refused_and_nothing_else_happens(cursor: str, kinds: list[type]) -> None:
    read_or_refused(cursor, kinds)


@steady
@given(JSON, st.lists(st.sampled_from(KINDS), max_size=3))
def test_any_json_is_read_as_the_types_or_refused(value: Any, kinds: list[type]) -> None:
    try:
        cursor = packed(value)
    except TypeError:  # lone surrogates, which no JSON of UTF-8 has
        return
    read_or_refused(cursor, kinds)


def read_or_refused(cursor: str, kinds: list[type]) -> None:
    try:
        parts = decode(cursor, *kinds)
    except InvalidCursorError:
        return
    assert [type(part) for part in parts] == kinds


WRONG: list[tuple[object, type]] = [
    (5, UUID),
    (None, UUID),
    ([AN_ID], UUID),
    ("not-a-uuid", UUID),
    ("", UUID),
    (5, datetime),
    (None, datetime),
    ("yesterday", datetime),
    ("2026-01-01T00:00:00", datetime),
    ("0001-01-01T00:00:00+14:00", datetime),
    ("9999-12-31T23:59:59-14:00", datetime),
    (2**63, int),
    (-(2**63), int),
    (2**64 - 1, int),
    (1.5, int),
    (True, int),
    ("5", int),
    ("x", float),
    (True, float),
    (None, float),
    (5, str),
    ("a\x00b", str),
    ("a\x1fb", str),
]


@pytest.mark.parametrize(("part", "kind"), WRONG)
def test_a_part_of_another_type_is_refused(part: object, kind: type) -> None:
    with pytest.raises(InvalidCursorError) as refused:
        decode(packed([part]), kind)
    assert (refused.value.status, refused.value.code) == (400, "invalid_cursor")


@pytest.mark.parametrize("value", [[], [1, 2], {"0": 1}, 1, None, "1", [[1]]])
def test_another_shape_is_refused(value: object) -> None:
    with pytest.raises(InvalidCursorError):
        decode(packed(value), int)


LISTS = (
    "/v1/rights",
    "/v1/listings/mine",
    "/v1/negotiations",
    "/v1/deals",
    "/v1/bank-entries",
    "/v1/listings",
)
GARBAGE = (
    "x",
    "%00",
    "é",
    "W10",
    packed([5]),
    packed([None]),
    packed([[AN_ID]]),
    packed(["x"]),
    packed([AN_ID, AN_ID, AN_ID]),
    packed([2**63 - 1, AN_ID]),
    packed([-(2**63) + 1, AN_ID]),
    packed([1e308, AN_ID]),
    packed(["0001-01-01T00:00:00+14:00", AN_ID]),
    packed([0, 0]),
    "A" * 200,
    "A" * 201,
)


@pytest.fixture
async def reader(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


@pytest.mark.parametrize("path", LISTS)
async def test_no_list_fails_on_a_foreign_cursor(reader: Person, path: str) -> None:
    for cursor in GARBAGE:
        answer = await reader.get(path, cursor=cursor)
        too_long = len(cursor) > 200
        expected = (422, "validation_failed") if too_long else (400, "invalid_cursor")
        assert (answer.status_code, answer.json().get("code")) == expected, cursor


async def test_pages_are_whole_disjoint_and_end(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    owner = await person(client, sessions)
    made = [(await owner.post("/v1/rights", idea_body())).json()["id"] for _ in range(5)]

    found, cursor, sizes = [], {}, []
    while True:
        page = (await owner.get("/v1/rights", limit=2, **cursor)).json()
        sizes.append(len(page["items"]))
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert sizes == [2, 2, 1]
    assert found == made[::-1]
    unknown = (await owner.get("/v1/rights", cursor=encode(new_id()))).json()
    assert [item["id"] for item in unknown["items"]] == found


@pytest.mark.parametrize("limit", [0, 101, -1, "x", 2**70])
async def test_a_page_has_bounds(reader: Person, limit: object) -> None:
    answer = await reader.get("/v1/rights", limit=limit)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
