"""Published models: never changed, allowed by purpose and day, and withdrawn by a day."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from marketplace.kernel.db import Sessions
from marketplace.valuation.indicators import Indicator
from marketplace.valuation.registry.contents import (
    Method,
    ModelKind,
    PremiumContent,
    RatingContent,
    WeightSetContent,
    content_hash,
    is_whole,
)
from marketplace.valuation.registry.models import ValuationModel
from marketplace.valuation.registry.service import with_weights
from tests.factories.bank import refused
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.routes import BODIES
from tests.valuation.test_worked_numbers import CONTRADICTING, MATRIX, TABLE

PATH = "/v1/valuation/models"
TABLE_BODY: dict[str, Any] = BODIES["publish_valuation_model"]
EVEN = [[1.0] * 4] * 4
COMPARISONS = {
    "categories": [[float(one) for one in row] for row in MATRIX],
    "within": {
        "technical_quality": EVEN,
        "market_value": EVEN,
        "life_cycle": [[1.0, 3.0], [1 / 3, 1.0]],
        "legal_protection": EVEN,
    },
}


def day(days: int) -> str:
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Seoul")).date()
    return (today + timedelta(days=days)).isoformat()


def weight_set(**content: Any) -> dict[str, Any]:
    return {
        "edition": "2",
        "source": "experts of 2026",
        "content": {"kind": "weight_set", **content},
    }


@pytest.fixture
async def centre(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


@pytest.fixture
async def institution(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


async def editions(who: Person, **query: Any) -> list[str]:
    listed = await ok(await who.get(PATH, name="commercialisation_premium", **query))
    return [one["edition"] for one in listed["items"]]


async def events(sessions: Sessions) -> list[str]:
    query = text("SELECT type FROM event WHERE type LIKE 'valuation_model.%' ORDER BY sequence")
    async with sessions() as session:
        return [row.type for row in await session.execute(query)]


async def test_an_edition_follows_another_by_purpose_and_day(
    centre: Person, institution: Person, sessions: Sessions
) -> None:
    made = await ok(await centre.post(PATH, TABLE_BODY))
    assert (made["uses"], made["withdrawn_from"]) == ([], None)
    assert await editions(institution, purpose="loan", as_of=day(40)) == ["1"]

    begins = {"purpose": "loan", "valid_from": day(30)}
    await ok(await centre.post(f"{PATH}/{made['id']}/allow", begins))

    assert await editions(institution, purpose="loan", as_of=day(29)) == ["1"]
    assert await editions(institution, purpose="loan", as_of=day(30)) == ["2027.1"]
    assert await editions(institution, purpose="guarantee", as_of=day(30)) == ["1"]
    assert await editions(institution) == ["2027.1", "1"]
    ended = await ok(
        await centre.post(
            f"{PATH}/{made['id']}/withdraw", {"withdrawn_from": day(50), "reason": "x"}
        )
    )
    assert ended["withdrawn_from"] == day(50)
    assert await editions(institution, purpose="loan", as_of=day(49)) == ["2027.1"]
    assert await editions(institution, purpose="loan", as_of=day(50)) == []
    again = {"purpose": "transfer", "valid_from": day(60)}
    await refused(await centre.post(f"{PATH}/{made['id']}/allow", again), 409, "model_withdrawn")
    deeds = ["valuation_model.publish", "valuation_model.allow", "valuation_model.withdraw"]
    assert await events(sessions) == deeds


async def test_an_institution_checks_what_it_pulls(institution: Person) -> None:
    (listed,) = (await ok(await institution.get(PATH, name="commercialisation_premium")))["items"]
    pulled = await ok(await institution.get(f"{PATH}/{listed['id']}"))
    written = json.dumps(
        pulled["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert sha256(written.encode()).hexdigest() == listed["content_sha256"]
    content = PremiumContent(**pulled["content"])
    assert content.table() == TABLE
    assert {use["purpose"] for use in pulled["uses"]} >= {"loan", "misappropriation"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (TABLE_BODY | {"edition": "1"}, 409, "edition_exists"),
        (
            TABLE_BODY | {"content": TABLE_BODY["content"] | {"intercept": 0.11}},
            422,
            "formula_strays",
        ),
        (weight_set(comparisons=COMPARISONS | {"categories": CONTRADICTING}), 422, None),
        (weight_set(weights=dict.fromkeys(Indicator, 0.0)), 422, "weights_not_whole"),
        (weight_set(weights={"patent_life": 1.0}), 422, "weights_not_whole"),
        (weight_set(), 422, "validation_failed"),
        (TABLE_BODY | {"content": {"kind": "spell"}}, 422, "validation_failed"),
    ],
)
async def test_what_is_not_published_leaves_no_trace(
    centre: Person, sessions: Sessions, body: dict[str, Any], status: int, code: str | None
) -> None:
    answer = await centre.post(PATH, json.loads(json.dumps(body)))
    await refused(answer, status, code or "inconsistent_comparisons")
    assert await events(sessions) == []


async def test_comparisons_make_whole_weights(centre: Person) -> None:
    made = await ok(await centre.post(PATH, weight_set(comparisons=COMPARISONS, entropy_share=0.4)))
    assert is_whole(made["content"]["weights"])
    assert made["content"]["weights"]["technological_advancement"] == pytest.approx(
        0.423587 / 4, abs=1e-6
    )
    assert made["consistency_ratio"] == pytest.approx(0.003838, abs=1e-6)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"valid_from": day(-1)}, 422, "model_use_in_past"),
        ({"valid_from": day(5), "valid_until": day(5)}, 422, "model_use_in_past"),
        ({"valid_from": day(29)}, 409, "model_use_overlap"),
        ({"valid_from": day(29), "valid_until": day(31)}, 409, "model_use_overlap"),
    ],
)
async def test_two_editions_are_never_allowed_at_once(
    centre: Person, institution: Person, asked: dict[str, Any], status: int, code: str
) -> None:
    made = await ok(await centre.post(PATH, TABLE_BODY))
    path = f"{PATH}/{made['id']}/allow"
    await ok(await centre.post(path, {"purpose": "loan", "valid_from": day(30)}))

    await refused(await centre.post(path, {"purpose": "loan"} | asked), status, code)

    assert len((await ok(await institution.get(f"{PATH}/{made['id']}")))["uses"]) == 1


async def test_only_the_centre_publishes(institution: Person) -> None:
    await refused(await institution.post(PATH, TABLE_BODY), 403, "permission_missing")


WEIGHTS = "FROM valuation_model WHERE kind = 'weight_set'"
BROKEN = "jsonb_set(content, '{weights,patent_life}', '0.5')"
REFUSED = {
    "a change": "UPDATE valuation_model SET source = 'another'",
    "a withdrawal that is taken back": "DELETE FROM valuation_model_withdrawal",
    "a better grade": "UPDATE rating SET grade = 'AAA'",
    "weights that are not whole": "INSERT INTO valuation_model SELECT gen_random_uuid(), now(),"
    f" name, kind, '9', {BROKEN}, '', NULL, '' {WEIGHTS}",
    "comparisons that contradict": "INSERT INTO valuation_model SELECT gen_random_uuid(), now(),"
    f" name, kind, '9', content, '', 0.1, '' {WEIGHTS}",
    "two at once": "INSERT INTO valuation_model_use SELECT gen_random_uuid(), now(), model_id,"
    " name, purpose, '2099-01-01', NULL FROM valuation_model_use",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
async def test_the_database_itself_refuses(sessions: Sessions, statement: str) -> None:
    async with sessions() as session:
        with pytest.raises(DBAPIError):
            await session.execute(text(statement))


async def test_the_first_editions_are_right(sessions: Sessions) -> None:
    async with sessions() as session:
        found = (await session.execute(select(ValuationModel))).scalars().all()
    assert {one.content_sha256 for one in found} == {content_hash(one.content) for one in found}
    by_kind = {one.kind: one for one in found}
    assert {one.name for one in found if one.kind is ModelKind.METHOD} == set(Method)
    RatingContent(**by_kind[ModelKind.RATING].content)
    weights = WeightSetContent(**by_kind[ModelKind.WEIGHT_SET].content)
    assert with_weights(weights) == (weights, by_kind[ModelKind.WEIGHT_SET].consistency_ratio)
