"""Uploads pass a virus scanner where one is set up; what it objects to is nowhere."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from marketplace.kernel.db import Sessions
from tests.factories.accounts import assert_refused
from tests.factories.ideas import Idea, in_parts, on_disk
from tests.factories.people import person
from tests.fakes.clamd import EICAR, FakeClamd, clamd


@pytest.fixture
async def idea(client: httpx2.AsyncClient, sessions: Sessions) -> Idea:
    return await Idea.of(await person(client, sessions))


@pytest.fixture
async def scanner(app: FastAPI, tmp_path: Path) -> AsyncIterator[FakeClamd]:
    usual = app.state.settings
    async with clamd(tmp_path) as fake:
        app.state.settings = usual.model_copy(update={"clamd": fake.url})
        yield fake
    app.state.settings = usual


async def test_a_clean_file_is_seen_whole_and_kept(idea: Idea, scanner: FakeClamd) -> None:
    content = os.urandom(300_001)
    file = await idea.upload(content)
    assert (await idea.download(idea.owner, file["id"])).content == content
    assert scanner.seen == [content]


async def test_an_infected_file_is_refused_and_nothing_is_kept(
    idea: Idea, app: FastAPI, scanner: FakeClamd
) -> None:
    content = os.urandom(200_000) + EICAR + os.urandom(99)
    before = on_disk(app)
    file = await idea.announce(len(content))
    assert_refused(await idea.send(file["id"], in_parts(content)), 422, "file_infected")
    assert_refused(await idea.download(idea.owner, file["id"]), 404, "not_disclosed")
    assert {path for path in on_disk(app) - before if not path.startswith("keys")} == set()


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR", b"", b"stream: OKAY"])
async def test_a_scanner_that_does_not_tell_lets_nothing_in(
    idea: Idea, app: FastAPI, scanner: FakeClamd, answer: bytes
) -> None:
    before = on_disk(app)
    file = await idea.announce(3)
    scanner.answers.append(answer)
    assert_refused(await idea.send(file["id"], b"abc"), 503, "scanner_unavailable")
    assert on_disk(app) == before | {path for path in on_disk(app) if path.startswith("keys")}
    assert (await idea.send(file["id"], b"abc")).status_code == 200


async def test_no_scanner_lets_nothing_in(idea: Idea, app: FastAPI, scanner: FakeClamd) -> None:
    usual = app.state.settings
    app.state.settings = usual.model_copy(update={"clamd": "unix:///nowhere/clamd.ctl"})
    file = await idea.announce(3)
    before = on_disk(app)
    assert_refused(await idea.send(file["id"], b"abc"), 503, "scanner_unavailable")
    app.state.settings = usual
    assert on_disk(app) == before
    assert (await idea.send(file["id"], b"abc")).status_code == 200
