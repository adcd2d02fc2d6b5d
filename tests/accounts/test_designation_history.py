"""Published designations: the printed counts come out for every day, and loading again is safe."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.designations.errors import (
    DesignationsDifferError,
    MalformedDesignationsError,
)
from marketplace.accounts.designations.importing import Imported, import_designations
from marketplace.kernel.db import Sessions
from marketplace.kernel.errors import MarketplaceError
from tests.factories.deals import ok
from tests.factories.people import operator, person
from tests.factories.refusals import nothing_changes, told

PUBLISHED = Path(__file__).parent / "data" / "designations.json"
COUNTS = "/v1/valuation-institutions/counts"
BUSINESS = {"scheme": "kr_business", "number": "124-81-00998"}
ONE = {
    "reference": "7",
    "name": "감정원",
    "country": "KR",
    "sector": "public",
    "designated_on": "2015-01-01",
}


async def load(sessions: Sessions, *institutions: dict[str, Any], source: str = "S") -> Imported:
    content = json.dumps({"source": source, "institutions": institutions}).encode()
    async with sessions.begin() as session:
        return await import_designations(session, content)


async def counts(client: httpx2.AsyncClient, day: str) -> tuple[int, int, int]:
    found = await ok(await client.get(COUNTS, params={"as_of": day}))
    return found["private"], found["public"], found["total"]


async def test_the_printed_counts_come_out(
    client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    content = PUBLISHED.read_bytes()
    async with sessions.begin() as session:
        assert await import_designations(session, content) == Imported(34, 0, 0)
    async with nothing_changes(connection), sessions.begin() as session:
        assert await import_designations(session, content) == Imported(0, 0, 34)

    assert {
        day: await counts(client, day)
        for day in ("2013-12-31", "2014-05-01", "2022-04-30", "2023-11-30", "2023-12-31")
    } == {
        "2013-12-31": (0, 0, 0),
        "2014-05-01": (0, 9, 9),
        "2022-04-30": (14, 9, 23),
        "2023-11-30": (14, 8, 22),
        "2023-12-31": (25, 8, 33),
    }
    page = await ok(
        await client.get("/v1/valuation-institutions", params={"as_of": "2023-12-31", "limit": 100})
    )
    assert len(page["items"]) == 33
    assert {one["since"] for one in page["items"]} == {"2014-05-01", "2016-03-02", "2023-12-01"}


async def test_a_later_edition_ends_what_has_ended(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    other = ONE | {"reference": "8", "sector": "private"}
    assert await load(sessions, ONE) == Imported(1, 0, 0)
    ended = ONE | {"withdrawn_on": "2020-01-01"}
    assert await load(sessions, ended, other) == Imported(1, 1, 0)
    assert await load(sessions, ended, other) == Imported(0, 0, 2)
    assert await load(sessions, ONE, source="T") == Imported(1, 0, 0)
    assert await counts(client, "2019-12-31") == (1, 2, 3)
    assert await counts(client, "2020-01-01") == (1, 1, 2)


async def test_an_institution_that_is_here_keeps_its_organisation_and_members(
    client: httpx2.AsyncClient, sessions: Sessions, app: FastAPI
) -> None:
    owner, boss = await person(client, sessions), await operator(client, sessions)
    own = f"/v1/organisations/{owner.organisation_id}"
    await ok(await owner.patch(own, {"numbers": [BUSINESS]}))

    again = {"reference": "9", "designated_on": "2020-01-01"}
    numbers = {"numbers": [BUSINESS | {"number": "1248100998"}]}
    first = ONE | numbers | {"withdrawn_on": "2018-01-01"}
    assert await load(sessions, first, ONE | numbers | again) == Imported(2, 0, 0)

    mine = (await ok(await owner.get("/v1/designations")))["items"]
    assert [(one["designated_on"], one["withdrawn_on"], one["state"]) for one in mine] == [
        ("2020-01-01", None, "designated"),
        ("2015-01-01", "2018-01-01", "withdrawn"),
    ]
    path = f"/v1/designations/{mine[0]['id']}"
    step = {"until": "2099-01-01", "evidence": "decision 1"}
    assert (await ok(await boss.post(f"{path}/suspend", step)))["state"] == "suspended"
    ended = ONE | numbers | again | {"withdrawn_on": "2020-01-02"}
    with pytest.raises(Exception, match="designation_period_period_check"):
        await load(sessions, first, ended)
    assert told(await owner.post(f"{path}/withdraw", {"evidence": "we close"})) == (200, None)


@pytest.mark.parametrize(
    ("institutions", "error", "words"),
    [
        ([ONE, ONE], MalformedDesignationsError, "twice"),
        ([ONE | {"sector": "secret"}], MalformedDesignationsError, "sector"),
        ([ONE | {"designated_on": 1}], MalformedDesignationsError, "designated_on"),
        ([ONE | {"withdrawn_on": "2015-01-01"}], MalformedDesignationsError, "withdrawn"),
        ([ONE | {"extra": 1}], MalformedDesignationsError, "extra"),
        ([ONE | {"region": "CN-GD"}], MalformedDesignationsError, "7: no such region"),
        (
            [ONE | {"numbers": [BUSINESS | {"number": "1"}]}],
            MalformedDesignationsError,
            "7: correct",
        ),
        ([ONE | {"reference": "1", "sector": "private"}], DesignationsDifferError, "other facts"),
        ([ONE | {"reference": "2"}], DesignationsDifferError, "other facts"),
    ],
    ids=str,
)
async def test_a_file_that_is_refused_changes_nothing(
    sessions: Sessions,
    connection: AsyncConnection,
    institutions: list[dict[str, Any]],
    error: type[MarketplaceError],
    words: str,
) -> None:
    withdrawn = ONE | {"reference": "2", "withdrawn_on": "2016-01-01"}
    await load(sessions, ONE | {"reference": "1"}, withdrawn)
    async with nothing_changes(connection):
        with pytest.raises(error, match=words):
            await load(sessions, ONE | {"reference": "new"}, *institutions)


async def test_nobody_acts_for_an_imported_organisation(
    sessions: Sessions, connection: AsyncConnection
) -> None:
    await load(sessions, ONE)
    query = text(
        "SELECT o.kind, count(m.id) FROM organisation o"
        " LEFT JOIN membership m ON m.organisation_id = o.id WHERE o.name = '감정원' GROUP BY 1"
    )
    assert (await connection.execute(query)).all() == [("valuation_institution", 0)]
