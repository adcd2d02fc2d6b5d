"""The public pages: what they tell, in which language, and that they load and leak nothing."""

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.accounts.models import OrganisationKind
from marketplace.kernel.db import Sessions
from marketplace.pages.public.texts import TEXTS
from marketplace.statistics.history import import_history
from tests.conftest import waiting_pages
from tests.factories.deals import idea_body, list_right
from tests.factories.npm import installed
from tests.factories.people import person
from tests.statistics.facts import fact, record

HISTORY = b"""
{"source": "Printed <report>", "unit": "10,000 KRW", "currency": "KRW", "as_of": "2023-12-31",
 "periods": [{"label": "2023", "from": "2023-01-01", "to": "2024-01-01",
              "transactions": 295, "amount": 14210}],
 "cumulative": {"transactions": 296, "amount": 14210}}
"""
EVIL = '</script><script>alert("x")</script>'


@pytest.fixture
def restricted(app: FastAPI) -> None:
    """As it is by default: everybody reads what is printed and released."""
    app.state.settings = app.state.settings.model_copy(update={"live_statistics": "restricted"})


@pytest.fixture(autouse=True)
def live(app: FastAPI) -> Iterator[None]:
    """Live totals for everybody, as an operator may choose; then there is something to show."""
    settings = app.state.settings
    app.state.settings = settings.model_copy(update={"live_statistics": "public"})
    app.state.pages = waiting_pages()
    yield
    app.state.settings = settings


@pytest.fixture
async def listed(client: httpx2.AsyncClient, sessions: Sessions) -> str:
    """Figures of three years, and an idea on offer whose title is an attack."""
    async with sessions.begin() as session:
        await import_history(session, HISTORY, time_zone="Asia/Seoul")
    await record(
        sessions,
        fact("2025-02-01T00:00", 120_000_000),
        fact("2026-03-01T00:00", 80_004_999, right_kind="idea"),
        fact("2026-04-01T00:00", 4_999),
    )
    seller = await person(client, sessions)
    body = idea_body(title=EVIL)
    return await list_right(seller, body, confidential="the hidden recipe", title=EVIL)


def test_every_language_says_everything() -> None:
    assert TEXTS["ko"].keys() == TEXTS["en"].keys() == TEXTS["zh"].keys()


async def test_the_front_page_tells_the_figures_in_three_languages_and_units(
    client: httpx2.AsyncClient, listed: str
) -> None:
    for language, unit, total, parts in (
        ("ko", "10000KRW", "34,211", "부분의 합은 295건"),
        ("zh", "100000000KRW", "3", "各部分之和为 295 笔"),
        ("en", "KRW", "342,109,998", "its parts give 295"),
    ):
        page = await client.get("/", params={"lang": language, "unit": unit})
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.text
        assert TEXTS[language]["table.title"] in page.text
        assert f"<td>298</td><td>{total}</td>" in page.text
        assert "Printed &lt;report&gt;" in page.text
        assert parts in page.text
    chosen = await client.get("/", headers={"accept-language": "fr, zh-CN;q=0.8, en;q=0.5"})
    assert '<html lang="zh">' in chosen.text
    odd = await client.get("/?unit=nonsense&period=decade&lang=xx&x=%FF")
    assert odd.status_code == 200
    assert (await client.get("/?" + "&".join(["a=1"] * 50))).status_code == 200


async def test_months_are_months_and_years_that_were_printed_are_told_once(
    client: httpx2.AsyncClient, listed: str
) -> None:
    months = (await client.get("/?period=month&lang=ko")).text
    rows = re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', months)
    labels = [re.sub("<.*?>", " ", label).split("  ")[0].strip() for label, _ in rows]
    assert labels[:4] == ["2023", "2025년 2월", "2025년 3월", "2025년 4월"]
    assert [deals for _, deals in rows[:4]] == ["295", "1", "0", "0"]
    note = TEXTS["ko"]["table.coarse.month"].format(span="2023")
    assert note.strip() in months
    assert TEXTS["ko"]["table.coarse.year"][:12] not in (await client.get("/?lang=ko")).text
    proof = re.findall(r'href="(/v1/statistics/proof[^"]*)"', months)[0].replace("&amp;", "&")
    told = (await client.get(proof)).json()
    assert (told["begins"], told["deals"]) == ("2025-02-01", 1)


async def test_a_page_is_kept_a_second_and_sent_once(
    app: FastAPI, client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    first = await client.get("/?lang=en")
    tag = first.headers["etag"]
    same = await client.get("/?lang=en", headers={"if-none-match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert "script-src" not in first.headers["content-security-policy"]
    await record(sessions, fact("2026-02-01T00:00", 5))
    assert (await client.get("/?lang=en")).content == first.content
    app.state.pages = waiting_pages(fresh_seconds=0)
    fresh = await client.get("/?lang=en", headers={"if-none-match": tag})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != tag
    plain = await client.head("/?lang=en")
    assert (plain.status_code, plain.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_where_totals_are_restricted_the_page_tells_none_that_was_not_released(
    client: httpx2.AsyncClient, restricted: None, listed: str
) -> None:
    page = await client.get("/?lang=en")
    (table,) = re.findall("<tbody>(.*?)</tbody>", page.text, re.DOTALL)
    assert "<td>295</td><td>14,210</td>" in table
    assert table.count("<tr>") == 1
    assert TEXTS["en"]["home.released"] in page.text


async def test_a_listing_shows_its_teaser_and_runs_nothing(
    client: httpx2.AsyncClient, listed: str
) -> None:
    for path in (
        "/catalogue?lang=en",
        f"/catalogue/{listed}?lang=en",
        "/catalogue?cursor=bad&kind=x",
    ):
        page = await client.get(path)
        assert page.status_code == 200
        assert "&lt;/script&gt;" in page.text
        assert "alert(" not in re.sub(r"&lt;.*?alert.*?&gt;|\\u003c[^<]*", "", page.text)
        assert "hidden recipe" not in page.text
    (data,) = re.findall(r'ld\+json">(.*?)</script>', page.text)
    assert json.loads(data)["itemListElement"][0]["name"] == EVIL
    one = await client.get(f"/catalogue/{listed}")
    (data,) = re.findall(r'ld\+json">(.*?)</script>', one.text)
    assert json.loads(data)["offers"]["price"] == "100000000"
    assert json.loads(data)["offers"]["seller"] == {"@type": "Organization", "name": "Somebody"}
    for language, place in (("ko", "서울"), ("zh", "首尔"), ("en", "Seoul")):
        for path in ("/catalogue", f"/catalogue/{listed}"):
            found = await client.get(path, params={"lang": language})
            assert (place in found.text, "KR-11" in found.text) == (True, False)
    for missing in (str(uuid4()), "x"):
        page = await client.get(f"/catalogue/{missing}?lang=ko")
        assert (page.status_code, TEXTS["ko"]["listing.missing"] in page.text) == (404, True)


async def test_a_private_seller_is_not_named(
    client: httpx2.AsyncClient, sessions: Sessions
) -> None:
    seller = await person(client, sessions, kind=OrganisationKind.PERSON, name="Kim Private")
    page = (await client.get(f"/catalogue/{await list_right(seller)}?lang=en")).text
    (data,) = re.findall(r'ld\+json">(.*?)</script>', page)
    assert "seller" not in json.loads(data)["offers"]
    assert f"<dd>{TEXTS['en']['listing.private']}</dd>" in page
    assert "Kim Private" not in page


async def test_search_engines_find_each_listing(client: httpx2.AsyncClient, listed: str) -> None:
    robots = (await client.get("/robots.txt")).text
    (index,) = re.findall(r"Sitemap: http://[^/]+(/.*)", robots)
    (part,) = re.findall(r"<loc>http://[^/]+(/.*?)</loc>", (await client.get(index)).text)
    assert f"/catalogue/{listed}</loc>" in (await client.get(part)).text
    assert (await client.get("/sitemaps/x.xml")).status_code == 404


@pytest.fixture
async def scripts() -> list[Path]:
    """Installed before the database is opened: the first time takes longer than it waits."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is needed to look at pages")
    playwright = await installed("playwright-core@1.65.1", "index.js")
    return [playwright, await installed("axe-core@4.14.1", "axe.min.js")]


async def test_a_browser_finds_nothing_wrong_and_loads_nothing_else(
    scripts: list[Path],
    client: httpx2.AsyncClient,
    connection: AsyncConnection,
    listed: str,
    tmp_path: Path,
) -> None:
    # Nothing is asked of the database while the browser looks.
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    paths = [
        "/?lang=ko",
        "/?lang=zh",
        "/?lang=en",
        "/?lang=ko&unit=KRW&period=month",
        "/catalogue?lang=en",
        f"/catalogue/{listed}?lang=ko",
        "/auctions?lang=zh",
    ]
    style = re.findall(r'href="(/pages/public.css[^"]*)"', (await client.get("/")).text)[0]
    told: dict[str, Any] = {}
    for number, path in enumerate([*paths, style]):
        answer = await client.get(path)
        (tmp_path / str(number)).write_bytes(answer.content)
        policy = {"content-security-policy": answer.headers.get("content-security-policy", "")}
        told[path] = {
            "file": str(number),
            "type": answer.headers["content-type"],
            "headers": policy,
        }
    (tmp_path / "pages.json").write_text(json.dumps(told))
    command = [
        "node",
        str(Path(__file__).with_name("browsing.mjs")),
        *map(str, scripts),
        str(tmp_path),
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    found, _ = await process.communicate()
    assert json.loads(found) == []
