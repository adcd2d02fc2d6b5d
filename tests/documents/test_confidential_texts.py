from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Sessions
from tests.factories.deals import idea_body, ok, right_body
from tests.factories.people import Person, operator, person

SECRET = "접이식 선반의 비밀 — the hinge is a living hinge"


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


async def idea(owner: Person) -> str:
    """Register an idea; returns the path of its confidential text."""
    right = await ok(await owner.post("/v1/rights", idea_body()))
    return f"/v1/rights/{right['id']}/confidential-text"


async def snapshot(connection: AsyncConnection) -> tuple[Any, ...]:
    query = text(
        "SELECT (SELECT count(*) FROM confidential_body), (SELECT count(*) FROM event),"
        " (SELECT count(*) FROM disclosure_view)"
    )
    return tuple((await connection.execute(query)).one())


async def test_each_text_is_a_version_and_the_newest_is_read(owner: Person) -> None:
    path = await idea(owner)
    for version, content in enumerate((SECRET, "  second, with its spaces\n", SECRET), 1):
        put = await ok(await owner.put(path, {"content": content}))
        assert put["version"] == version
        assert set(put) == {"right_id", "version", "created_at"}
        read = await ok(await owner.get(path))
        assert read.pop("copy_id").startswith("MPW-")
        assert read == put | {"content": content}


async def test_nothing_readable_is_stored(owner: Person, connection: AsyncConnection) -> None:
    path = await idea(owner)
    await ok(await owner.put(path, {"content": SECRET}))
    await ok(await owner.get(path))

    tables = await connection.execute(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    )
    for table in tables.scalars().all():
        rows = await connection.execute(text(f"SELECT t::text FROM {table} t"))  # noqa: S608
        stored = "\n".join(rows.scalars().all())
        assert "living hinge" not in stored, table
        assert SECRET.encode().hex() not in stored, table
    query = text("SELECT ciphertext, wrapped_key FROM confidential_body")
    body = (await connection.execute(query)).one()
    assert SECRET.encode() not in body.ciphertext
    assert body.wrapped_key is None, "keys are outside the database"


async def test_a_text_opens_in_its_own_row_only(owner: Person, connection: AsyncConnection) -> None:
    """Somebody with the database cannot show one idea's text as another's."""
    mine, other = await idea(owner), await idea(owner)
    for path in (mine, other):
        await ok(await owner.put(path, {"content": SECRET}))
    await connection.execute(
        text(
            "UPDATE confidential_body b SET ciphertext = o.ciphertext"
            " FROM confidential_body o WHERE o.id <> b.id"
        )
    )

    refused = await owner.get(mine)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")

    views = text("SELECT count(*) FROM disclosure_view")
    assert (await connection.execute(views)).scalar_one() == 0


@pytest.mark.parametrize(
    "content", ["", "x" * 200_001, "a\x00b", "\x1b[2J", None, 5, ["x"]], ids=lambda c: repr(c)[:20]
)
async def test_what_is_no_text_is_refused_and_not_repeated(
    owner: Person, connection: AsyncConnection, content: object
) -> None:
    path = await idea(owner)
    before = await snapshot(connection)

    answer = await owner.put(path, {"content": content})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert "xxxx" not in answer.text
    assert await snapshot(connection) == before


async def test_only_an_idea_has_a_confidential_text(
    owner: Person, connection: AsyncConnection
) -> None:
    right = await ok(await owner.post("/v1/rights", right_body()))
    path = f"/v1/rights/{right['id']}/confidential-text"
    before = await snapshot(connection)

    put, read = await owner.put(path, {"content": SECRET}), await owner.get(path)

    assert (put.status_code, put.json()["code"]) == (422, "kind_mismatch")
    assert (read.status_code, read.json()["code"]) == (404, "not_disclosed")
    assert await snapshot(connection) == before


async def test_nobody_but_the_owner_reads_or_learns_that_there_is_a_text(
    owner: Person, client: httpx2.AsyncClient, sessions: Sessions, connection: AsyncConnection
) -> None:
    written, empty = await idea(owner), await idea(owner)
    await ok(await owner.put(written, {"content": SECRET}))
    own = owner.organisation_id
    before = await snapshot(connection)
    answers = set()
    for other in (await person(client, sessions), await operator(client, sessions)):
        for path in (written, empty, written.replace(written[11:19], "00000000")):
            answer = await other.get(path)
            answers.add((answer.status_code, answer.json()["code"], answer.json()["detail"]))
            views = await other.get(path.replace("confidential-text", "disclosure-views"))
            assert (views.status_code, views.json()["code"]) == (404, "not_found")
    assert len(answers) == 1
    assert answers.pop()[:2] == (404, "not_disclosed")
    assert await snapshot(connection) == before
    viewer = await person(client, sessions, organisation_id=own, role=MemberRole.VIEWER)
    assert (await ok(await viewer.get(written)))["content"] == SECRET


async def test_every_reading_is_on_record_for_good(owner: Person, sessions: Sessions) -> None:
    path = await idea(owner)
    for content in ("first", "second"):
        await ok(await owner.put(path, {"content": content}))
        await ok(await owner.get(path))
        await ok(await owner.get(path))
    views = path.replace("confidential-text", "disclosure-views")

    page = await ok(await owner.get(views, limit=3))
    rest = await ok(await owner.get(views, limit=3, cursor=page["next"]))

    assert [row["version"] for row in page["items"] + rest["items"]] == [2, 2, 1, 1]
    assert {row["user_id"] for row in page["items"]} == {str(owner.user_id)}
    assert rest["next"] is None
    for statement in ("UPDATE disclosure_view SET version = 9", "DELETE FROM disclosure_view"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with sessions.begin() as session:
                await session.execute(text(statement))
