"""The confidential text of an idea reaches its owner and its grantees, and no other place."""

import base64
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from sqlalchemy import text

from marketplace.app import create_app
from tests.factories.deals import Market, idea_body, list_right, offer, ok
from tests.factories.ideas import Idea
from tests.factories.people import Person
from tests.factories.routes import BODIES, operations
from tests.factories.solicitations import Task
from tests.factories.tables import values
from tests.factories.world import World
from tests.security.canary import KOREAN, SECRET, WORD, leaking_files, leaks, spellings

TEASER = "An umbrella rack, PUBLICmark8w2"
CONTROL = spellings("PUBLICmark8w2")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line of the structured log, with the traces of errors in it."""
    lines = io.StringIO()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(lines),
    )
    yield lines
    structlog.reset_defaults()


@pytest.fixture
async def market(world: World) -> Market:
    """A market whose service logs each request, and answers a bug as it would in earnest."""
    settings = world.settings.model_copy(update={"log_requests": True})
    app = create_app(settings, connect=False)
    app.state._state.update(world.app.state._state)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    await world.client.aclose()
    world.client = httpx2.AsyncClient(transport=transport, base_url="http://test", timeout=60)
    return await Market.open(world)


async def _idea(market: Market, state: str) -> dict[str, str]:
    """An idea with the secret in it, whose deal is brought to a state."""
    body = idea_body(title=f"Umbrella rack {state}")
    listing_id = await list_right(market.seller, body, confidential=SECRET, teaser=TEASER)
    mine = await ok(await market.seller.get("/v1/listings/mine", limit=1))
    ids = {"listing_id": listing_id, "right_id": mine["items"][0]["right_id"]}
    if state == "listed":
        return ids
    ids["negotiation_id"] = await offer(market.buyer, listing_id)
    accepted = f"/v1/negotiations/{ids['negotiation_id']}/accept"
    ids["deal_id"] = (await ok(await market.seller.post(accepted, {"offer_number": 1})))["id"]
    await market._bring(ids["deal_id"], "disputed" if state == "refunded" else state)
    if state != "signed":
        confidential = f"/v1/rights/{ids['right_id']}/confidential-text"
        assert (await ok(await market.buyer.get(confidential)))["content"] == SECRET
    if state == "refunded":
        path = f"/v1/deals/{ids['deal_id']}/resolve-refund"
        await ok(await market.operator.post(path))
    assert await market.state(ids["deal_id"]) == state
    return ids


def _malformed() -> Iterator[tuple[bytes, str]]:
    """Bodies for a confidential text that are refused, each with the secret in it."""
    for body in (
        {"content": SECRET * 200},
        {"content": [SECRET]},
        {"content": {SECRET: 1}},
        {"content": f"{SECRET}\x00"},
        {"content": f"{SECRET}\ud800"},
        {"contents": SECRET},
        {"content": SECRET, "more": SECRET},
        {"content": SECRET, SECRET: 1},
        {"content": SECRET, WORD + " " + KOREAN: SECRET},
        [SECRET],
        SECRET,
    ):
        yield json.dumps(body).encode(), "application/json"
    right = json.dumps({"content": SECRET}, ensure_ascii=False).encode()
    yield right[:-1], "application/json"
    yield right + right, "application/json"
    yield right[:-2] + b'\xff"}', "application/json"
    yield SECRET.encode(), "application/json"
    yield right, "text/plain"
    yield right, "application/x-www-form-urlencoded"
    yield b"--x\r\n\r\n" + right, "multipart/form-data; boundary=x"
    yield b'{"content": "' + SECRET.encode() * 600 + b'"}', "application/json"


async def _refusals(market: Market, right_id: str) -> list[httpx2.Response]:
    """The answers to everything wrong that is done with the secret in hand."""
    client, path = market.world.client, f"/v1/rights/{right_id}/confidential-text"
    answers = [
        await client.put(
            path, content=content, headers=market.seller.headers | {"content-type": media_type}
        )
        for content, media_type in _malformed()
    ]
    others = (market.buyer, market.stranger, market.operator)
    answers += [await who.put(path, {"content": SECRET}) for who in others]
    answers.append(await client.put(path, json={"content": SECRET}))
    answers.append(await market.seller.post(path, {"content": SECRET}))
    answers.append(
        await market.seller.put(f"/v1/rights/{WORD}/confidential-text", {"content": SECRET})
    )
    answers.append(await market.seller.put(path + "/" + WORD, {"content": SECRET}))
    answers.append(await market.seller.get("/v1/listings", q=SECRET[:190]))
    answers.append(await market.seller.get("/v1/listings", **{SECRET[:60]: "1"}))
    return answers


async def _failed_uploads(market: Market, right_id: str) -> list[httpx2.Response]:
    """Files with the secret in name and content that never come whole."""
    seller, path = market.seller, f"/v1/rights/{right_id}/confidential-files"
    content = SECRET.encode() * 400
    body = {"name": SECRET.splitlines()[0], "media_type": "text/plain", "size_bytes": len(content)}
    file = await ok(await seller.post(path, body))
    idea = Idea(seller, right_id)

    async def broken() -> AsyncIterator[bytes]:
        yield content[:500_000]
        raise ConnectionError

    answers = [
        await idea.send(file["id"], broken()),
        await idea.send(file["id"], content[:-1]),
        await idea.send(file["id"], content + b"more"),
        await seller.post(path, body | {"name": SECRET}),
        await seller.post(path, body | {"media_type": SECRET[:60]}),
    ]
    answers.append(
        await market.buyer.client.put(
            idea.content(file["id"]), content=content, headers=market.buyer.headers
        )
    )
    return answers


async def _disclosed(market: Market) -> dict[str, str]:
    """An idea with a file that the buyer reads under an agreement."""
    idea = await Idea.of(market.seller, SECRET)
    file = await idea.upload(SECRET.encode() * 400, name=WORD, media_type="text/plain")
    body = BODIES["propose_disclosure"] | {"organisation_id": str(market.buyer.organisation_id)}
    made = await ok(await market.seller.post(f"{idea.path}/disclosures", body))
    for signer in (market.seller, market.buyer):
        path = f"/v1/disclosures/{made['id']}/sign"
        await ok(await signer.post(path, {"sha256": made["sha256"]}))
    return {"right_id": idea.right_id, "file_id": file["id"], "disclosure_id": made["id"]}


async def _entered(market: Market) -> dict[str, str]:
    """An idea that the seller entered for a task of the buyer's, sealed."""
    opened = Task(market.buyer, market.operator, market.world.sessions, market.world.clock)
    await opened.open()
    idea = await Idea.of(market.seller, SECRET)
    await opened.enter(idea)
    return {"right_id": idea.right_id, "solicitation_id": opened.path.rpartition("/")[2]}


async def _readings(market: Market, ideas: dict[str, dict[str, str]]) -> set[tuple[str, str, str]]:
    """Which reading operation shows the secret of which idea to whom."""
    nobody = Person(
        market.world.client, market.stranger.user_id, market.stranger.organisation_id, ""
    )
    readers = {
        "nobody": nobody,
        "stranger": market.stranger,
        "seller": market.seller,
        "buyer": market.buyer,
        "operator": market.operator,
    }
    seen = set()
    for op in operations(market.world.app):
        for state, ids in ideas.items() if op.parameters else [("", {})]:
            for name, reader in readers.items():
                if op.method == "GET":
                    answer = await reader.get(op.address(ids))
                    if leaks(answer.content) or leaks(str(answer.headers).encode()):
                        seen.add((op.path, state, name))
    return seen


async def _break_ciphertext(market: Market, right_id: str) -> httpx2.Response:
    """Ask for a text whose encrypted bytes were changed in the database."""
    async with market.world.engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE confidential_body SET ciphertext = ciphertext || '\\x00'"
                " WHERE right_id = :id"
            ),
            {"id": right_id},
        )
    return await market.seller.get(f"/v1/rights/{right_id}/confidential-text")


@pytest.mark.timeout(300)  # every reading route, of each idea, by everybody
async def test_a_confidential_text_is_nowhere_but_with_its_readers(
    market: Market, log: io.StringIO, caplog: pytest.LogCaptureFixture, folder: Path
) -> None:
    states = ("listed", "signed", "settled", "disputed", "refunded")
    ideas = {state: await _idea(market, state) for state in states}
    refusals = await _refusals(market, ideas["listed"]["right_id"])
    refusals = await _failed_uploads(market, ideas["listed"]["right_id"]) + refusals
    ideas["disclosed"] = await _disclosed(market)
    ideas["entered"] = await _entered(market)
    await market.world.work()

    readers = {
        ("listed", "seller"),
        ("signed", "seller"),
        ("settled", "buyer"),
        ("disputed", "seller"),
        ("disputed", "buyer"),
        ("refunded", "seller"),
        ("disclosed", "seller"),
        ("disclosed", "buyer"),
        ("entered", "seller"),
    }
    text_path, files = "/v1/rights/{right_id}/confidential-text", "/v1/rights/{right_id}/"
    texts = {(p, *r) for p in (text_path, f"{text_path}/copy") for r in readers}
    of_files = {
        (f"{files}{path}", "disclosed", who)
        for path in ("confidential-files", "confidential-files/{file_id}/content")
        for who in ("seller", "buyer")
    }
    announced = (f"{files}confidential-files", "listed", "seller")  # its name, until it is swept
    assert await _readings(market, ideas) == texts | of_files | {announced}
    assert [answer.text for answer in refusals if leaks(answer.content)] == []
    *wrong, searched, misspelt = refusals
    assert {answer.status_code for answer in wrong} <= {
        400,
        401,
        403,
        404,
        405,
        409,
        413,
        422,
        500,
        503,
    }
    assert (searched.json()["items"], misspelt.status_code) == ([], 422)

    broken = await _break_ciphertext(market, ideas["listed"]["right_id"])
    assert (broken.status_code, broken.json()["code"]) == (503, "unavailable")
    assert "DecryptionError" in log.getvalue()
    assert not leaks(broken.content)

    assert log.getvalue().count('"event": "request"') > 300
    assert [line for line in log.getvalue().splitlines() if leaks(line.encode())] == []
    assert not leaks(caplog.text.encode())
    await _assert_nothing_is_kept(market.world, folder)


async def _assert_nothing_is_kept(world: World, folder: Path) -> None:
    """Neither the database nor a file has it; a public text shows that one would be found."""
    async with world.engine.connect() as connection:
        kept = [(column, _bytes(value)) async for column, value in values(connection)]
        database = (
            await connection.execute(
                text("SELECT oid FROM pg_database WHERE datname = current_database()")
            )
        ).scalar_one()
        await connection.execute(text("COMMIT"))
        await connection.execute(text("CHECKPOINT"))
    assert [column for column, value in kept if leaks(value)] == []
    assert {column for column, value in kept if leaks(value, CONTROL)} == {
        "listing.teaser",
        "listing_card.card",
        "listing_card.detail",
    }
    assert leaking_files(world.settings.data_dir) == []
    postgres = folder / "postgres"
    assert not leaks((postgres / "server.log").read_bytes())
    heap, plain = postgres / "data" / "base" / str(database), [WORD.encode(), KOREAN.encode()]
    assert leaking_files(heap, CONTROL) != []
    assert leaking_files(heap, plain) == []
    assert leaking_files(postgres / "data" / "pg_wal", plain) == []


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value, default=str).encode()


@pytest.mark.parametrize("word", [WORD, KOREAN])
@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_the_search_finds_each_spelling(word: str, before: str) -> None:
    whole = f"{before}{word} and more"
    for content in (
        whole.encode(),
        whole.encode("utf-16-le"),
        whole.upper().encode(),
        json.dumps({"x": [whole]}).encode(),
        json.dumps({"x": [whole]}, ensure_ascii=False).encode(),
        whole.encode().hex().encode(),
        base64.b64encode(whole.encode()),
    ):
        assert leaks(content), content
    assert not leaks(b"An umbrella rack " * 50)
