"""Disclosures: signed by both, for one purpose, ended at once, each copy leading to its reader."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.permissions import MemberRole
from marketplace.documents.traces import marks_in
from marketplace.documents.watermarks import name_of
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.accounts import assert_refused
from tests.factories.deals import ok
from tests.factories.ideas import TEXT, Idea
from tests.factories.people import Person, person

STAMPED = text(
    "WITH made AS (INSERT INTO proof_batch (id, created_at, root, leaves, answer, timestamped_at,"
    " received_at, accuracy_ms) VALUES (gen_random_uuid(), now(), '', 1, '', :at, :at, 0)"
    " RETURNING id) UPDATE existence_proof SET batch_id = made.id, position = 0 FROM made"
    " WHERE right_id = :right_id"
)


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, name="Owner")


@pytest.fixture
async def reader(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions, name="Reader")


def proposal(reader: Person, clock: ShiftedClock, **changed: Any) -> dict[str, Any]:
    expires_at = (clock.now() + timedelta(days=30)).isoformat()
    return {
        "organisation_id": str(reader.organisation_id),
        "purpose": "evaluation for a licence",
        "expires_at": expires_at,
    } | changed


async def disclosed(idea: Idea, reader: Person, clock: ShiftedClock, **changed: Any) -> str:
    """A disclosure that both signed; returns its path."""
    body = proposal(reader, clock, **changed)
    made = await ok(await idea.owner.post(f"{idea.path}/disclosures", body))
    path = f"/v1/disclosures/{made['id']}"
    for signer in (idea.owner, reader):
        await ok(await signer.post(f"{path}/sign", {"sha256": made["sha256"]}))
    return path


async def reads(idea: Idea, who: Person) -> bool:
    answer = await who.get(f"{idea.path}/confidential-text")
    if not answer.is_success:
        assert_refused(answer, 404, "not_disclosed")
    return answer.is_success


async def test_nothing_is_read_before_both_signed_and_after_either_ended(
    owner: Person, reader: Person, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner)
    made = await ok(await owner.post(f"{idea.path}/disclosures", proposal(reader, clock)))
    path, sign = f"/v1/disclosures/{made['id']}", {"sha256": made["sha256"]}
    assert "evaluation for a licence" in made["agreement"]
    again = await owner.post(f"{idea.path}/disclosures", proposal(reader, clock))
    assert_refused(again, 409, "disclosure_exists")
    assert_refused(await owner.post(f"{path}/sign", {"sha256": "0" * 64}), 409, "agreement_changed")
    await ok(await owner.post(f"{path}/sign", sign))
    assert_refused(await owner.post(f"{path}/sign", sign), 409, "already_signed")
    assert not await reads(idea, reader)

    active = await ok(await reader.post(f"{path}/sign", sign))

    assert (active["state"], active["your_moves"]) == ("active", ["revoke"])
    assert await reads(idea, reader)
    assert (await ok(await owner.post(f"{path}/revoke")))["state"] == "revoked"
    assert not await reads(idea, reader)
    assert_refused(await reader.post(f"{path}/revoke"), 409, "illegal_move")
    views = (await ok(await owner.get(f"{idea.path}/disclosure-views")))["items"]
    assert [view["user_id"] for view in views] == [str(reader.user_id)]


async def test_leave_ends_at_its_moment_whatever_the_clock_does(
    owner: Person, reader: Person, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner)
    await disclosed(idea, reader, clock)
    clock.offset += timedelta(days=29)
    assert await reads(idea, reader)
    clock.offset += timedelta(days=1)
    assert not await reads(idea, reader)


async def test_leave_for_one_person_is_nobody_elses(
    owner: Person,
    reader: Person,
    client: httpx2.AsyncClient,
    sessions: Sessions,
    clock: ShiftedClock,
) -> None:
    own = reader.organisation_id
    colleague = await person(client, sessions, organisation_id=own, role=MemberRole.OWNER)
    idea = await Idea.of(owner)
    outside = proposal(reader, clock, user_id=str(owner.user_id))
    assert_refused(await owner.post(f"{idea.path}/disclosures", outside), 422, "invalid_recipient")
    path = await disclosed(idea, reader, clock, user_id=str(reader.user_id))
    assert await reads(idea, reader)
    assert not await reads(idea, colleague)
    assert_refused(await colleague.get(path), 404, "not_found")


async def test_the_database_itself_refuses_a_reading_without_leave(
    owner: Person, reader: Person, sessions: Sessions, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner)
    path = await disclosed(idea, reader, clock)
    view = text(
        "INSERT INTO disclosure_view (id, created_at, right_id, version, grant_id, organisation_id,"
        " user_id) SELECT gen_random_uuid(), :now, g.right_id, 1, g.id, g.organisation_id, :user"
        " FROM disclosure_grant g WHERE g.right_id = :right_id"
    )
    values = {"now": clock.now(), "right_id": idea.right_id, "user": reader.user_id}
    async with sessions.begin() as session:
        await session.execute(view, values)
    await ok(await owner.post(f"{path}/revoke"))
    with pytest.raises(DBAPIError, match="no leave to read"):
        async with sessions.begin() as session:
            await session.execute(view, values)


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("drawing.txt", "a hinge")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/pdf", b"%PDF-1.7 a hinge\n%%EOF\n"),
        ("text/plain", "경첩".encode()),
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(700_000)),
        ("application/zip", _archive()),
        ("video/mp4", b"\x00\x00\x00\x08ftyp" + bytes(300_000)),
    ],
)
async def test_a_leaked_copy_leads_back_to_its_reader(
    owner: Person, reader: Person, clock: ShiftedClock, media_type: str, content: bytes
) -> None:
    idea = await Idea.of(owner)
    file = await idea.upload(content, media_type=media_type)
    await disclosed(idea, reader, clock)

    copy = await idea.download(reader, file["id"])

    (view_id,) = marks_in(io.BytesIO(copy.content))
    assert copy.headers["disclosure-copy"] == name_of(view_id)
    assert int(copy.headers["content-length"]) == len(copy.content)
    traced = await ok(await owner.get(f"{idea.path}/disclosure-views/{name_of(view_id)}"))
    assert (traced["user_id"], traced["file_id"]) == (str(reader.user_id), file["id"])
    part = await idea.download(reader, file["id"], range=f"bytes=0-{len(content) - 1}")
    assert (part.status_code, part.headers["accept-ranges"]) == (200, "none")
    assert len(list(marks_in(io.BytesIO(part.content)))) == 1
    (told,) = await ok(await reader.get(f"{idea.path}/confidential-files"))
    assert (told["size_bytes"], told["sha256"]) == (None, None)
    if media_type == "application/zip":
        assert zipfile.ZipFile(io.BytesIO(copy.content)).read("drawing.txt") == b"a hinge"
    else:
        assert copy.content.startswith(content)
    stranger = await reader.get(f"{idea.path}/disclosure-views/{name_of(view_id)}")
    assert_refused(stranger, 404, "not_found")
    assert (await idea.download(owner, file["id"])).content == content


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("model/step", b"ISO-10303-21;\nHEADER;\n"),
        ("application/octet-stream", bytes(600_000)),
        ("video/webm", b"\x1aE\xdf\xa3" + bytes(100)),
        ("application/pdf", b"it is no PDF"),
        ("text/plain", "경첩".encode("utf-16")),
        ("application/zip", b"it is no archive"),
        ("image/png", b""),
    ],
)
async def test_what_has_no_room_for_a_mark_comes_in_an_archive_that_has(
    owner: Person, reader: Person, clock: ShiftedClock, media_type: str, content: bytes
) -> None:
    idea = await Idea.of(owner)
    file = await idea.upload(content, media_type=media_type)
    await disclosed(idea, reader, clock)

    copy = await idea.download(reader, file["id"], range="bytes=0-3")

    assert (copy.status_code, copy.headers["content-type"]) == (200, "application/zip")
    assert copy.headers["content-disposition"].endswith(".pdf.zip")
    assert [name_of(one) for one in marks_in(io.BytesIO(copy.content))] == [
        copy.headers["disclosure-copy"]
    ]
    with zipfile.ZipFile(io.BytesIO(copy.content)) as archive:
        assert archive.testzip() is None
        assert {one.filename: archive.read(one) for one in archive.infolist()} == {
            file["name"]: content
        }
    exact = await idea.download(owner, file["id"])
    assert exact.content == content
    assert exact.headers["content-type"].startswith(media_type)


async def test_whoever_reads_what_files_there_are_is_written_down(
    owner: Person, reader: Person, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner)
    await idea.upload(b"a drawing")
    await disclosed(idea, reader, clock)
    listed = f"{idea.path}/confidential-files"

    assert len(await ok(await reader.get(listed))) == 1
    await ok(await owner.get(listed))

    (view,) = (await ok(await owner.get(f"{idea.path}/disclosure-views")))["items"]
    assert (view["viewed"], view["version"], view["file_id"]) == ("file_list", 0, None)
    assert view["user_id"] == str(reader.user_id)


async def test_a_copied_text_is_marked_where_it_is_not_seen(
    owner: Person, reader: Person, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner, "first paragraph\n\nsecond paragraph")
    await disclosed(idea, reader, clock)
    copy = (await reader.get(f"{idea.path}/confidential-text/copy")).text
    whole, quoted = copy.encode(), copy.split("\n\n")[0].encode()
    assert "first paragraph" in copy
    assert b"MPW-" not in quoted
    assert list(marks_in(io.BytesIO(quoted))) == list(marks_in(io.BytesIO(whole)))


async def test_a_text_that_is_shown_is_marked_however_it_is_kept(
    owner: Person, reader: Person, clock: ShiftedClock
) -> None:
    idea = await Idea.of(owner)
    await disclosed(idea, reader, clock)
    answer = await reader.get(f"{idea.path}/confidential-text")
    shown = answer.json()
    assert shown["content"] != TEXT
    assert shown["content"].startswith(TEXT)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:t>{shown['content']}</w:t>")
    for kept in (
        answer.content,
        json.dumps(shown["content"]).encode(),
        shown["content"].encode("ascii", errors="xmlcharrefreplace"),
        shown["content"].encode("utf-16"),
        b"x" + shown["content"].encode("utf-16-be"),
        packed.getvalue(),
    ):
        assert shown["copy_id"] in {name_of(one) for one in marks_in(io.BytesIO(kept))}
    assert (await ok(await owner.get(f"{idea.path}/confidential-text")))["content"] == TEXT


async def test_what_was_known_is_declared_in_time_by_an_older_proof(
    owner: Person, reader: Person, clock: ShiftedClock, connection: AsyncConnection
) -> None:
    idea, own = await Idea.of(owner), await Idea.of(reader, "I had it before")
    path = await disclosed(idea, reader, clock)
    proof_id = (await ok(await reader.get(f"{own.path}/proofs")))["items"][0]["id"]
    other_id = (await ok(await owner.get(f"{idea.path}/proofs")))["items"][0]["id"]
    declare, body = f"{path}/declare-known", {"proof_id": proof_id}
    assert_refused(await reader.post(declare, body), 409, "known_too_late")
    assert await reads(idea, reader)
    assert_refused(await reader.post(declare, body), 409, "proof_not_earlier")
    assert_refused(await reader.post(declare, {"proof_id": other_id}), 404, "not_found")
    assert_refused(await owner.post(declare, {"proof_id": other_id}), 404, "not_found")
    before = clock.now() - timedelta(days=100)
    await connection.execute(STAMPED, {"at": before, "right_id": own.right_id})

    known = (await ok(await reader.post(declare, body)))["known"]

    assert [one["proof_id"] for one in known] == [proof_id]
    assert (await ok(await owner.get(path)))["known"] == known
    assert "I had it before" not in (await owner.get(path)).text
    assert_refused(await reader.post(declare, body), 409, "known_declared")
    clock.offset += timedelta(days=15)
    assert_refused(await reader.post(declare, body), 409, "known_too_late")


async def test_what_is_not_wanted_is_not_shown(
    owner: Person, reader: Person, clock: ShiftedClock, app: FastAPI
) -> None:
    idea = await Idea.of(owner, classifications=["G06Q 50/18"])
    await disclosed(idea, reader, clock)
    path = "/v1/unwanted-ideas"
    assert_refused(await reader.post(path, {}), 422, "validation_failed")
    entry = await ok(await reader.post(path, {"classification": "G06Q"}))
    assert not await reads(idea, reader)
    other = await Idea.of(owner, classifications=["G06Q 50/18"])
    refused = await owner.post(f"{other.path}/disclosures", proposal(reader, clock))
    assert_refused(refused, 409, "not_wanted")
    assert_refused(await owner.delete(f"{path}/{entry['id']}"), 404, "not_found")
    assert (await reader.delete(f"{path}/{entry['id']}")).status_code == 204
    assert await reads(idea, reader)
    author = {"author_organisation_id": str(owner.organisation_id)}
    await ok(await reader.post(path, author))
    assert not await reads(idea, reader)
    assert TEXT not in (await reader.get(path)).text
