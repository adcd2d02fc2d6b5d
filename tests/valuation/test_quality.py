"""Sample surveys and validity surveys: two different cases, and what comes of them."""

from collections import Counter
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from marketplace.valuation.institutions.models import Tier
from marketplace.valuation.surveys.rules import (
    Reported,
    Result,
    draw,
    sample_size,
    tier_of,
    weighted_rate,
)
from marketplace.valuation.surveys.schemas import CheckItem
from tests.factories.clocks import StoppedClock
from tests.factories.deals import ok
from tests.factories.refusals import nothing_changes, told
from tests.factories.valuations import POINT_MINOR, Desk

SURVEYS = "/v1/valuation/sample-surveys"
VALIDITY = "/v1/valuation/validity-surveys"
BREACH = {
    "outcome": "standard_breached",
    "finding": "the comparables were not adjusted",
    "sanction": "lower_tier",
}


@pytest.mark.parametrize(
    ("population", "size"), [(6_000, 362), (0, 0), (1, 1), (10**9, 385), (385, 193)]
)
def test_the_size_of_a_sample(population: int, size: int) -> None:
    assert sample_size(population) == size


def reported(
    number: int, institution: str = "a", value: int = 1_000_000, *, nth: int = 99
) -> Reported:
    return Reported(f"{number:05}", institution, "loan", value, nth)


def test_first_reports_and_outliers_are_always_in() -> None:
    usual = [reported(n, "ab"[n % 2], 1_000_000 + n * 1_000) for n in range(100)]
    new = [reported(200 + n, "new", nth=n) for n in (1, 2, 3, 4)]
    far = [reported(300, value=10**12), reported(301, value=3)]
    found = draw([*usual, *new, *far], 20, seed=7)
    reasons = {one.report.id: one.reason for one in found}
    assert len(found) == 20
    assert [reasons.get(one.id) for one in new[:3]] == ["first_reports"] * 3
    assert [reasons[one.id] for one in far] == ["outlier"] * 2
    drawn = Counter(one.report.institution for one in found if one.reason == "drawn")
    assert abs(drawn["a"] - drawn["b"]) <= 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 10**10)), max_size=80),
    st.integers(0, 60),
    st.integers(0, 2**62),
)
def test_a_draw_is_of_its_size_and_stands_for_all(
    cases: list[tuple[str, int]], size: int, seed: int
) -> None:
    reports = [reported(n, name, value) for n, (name, value) in enumerate(cases)]
    found = draw(reports, size, seed)
    assert found == draw(reports[::-1], size, seed)
    assert len({one.report.id for one in found}) == len(found)
    always = [one for one in found if one.reason != "drawn"]
    assert len(found) == max(min(size, len(reports)), len(always))
    strata = Counter(one.report.stratum for one in found if one.reason == "drawn")
    for one in found:
        if one.reason == "drawn":
            assert one.sample == strata[one.report.stratum]
            assert one.population >= one.sample


def test_rates_use_the_weights_of_the_draw() -> None:
    results = [Result(9.0, 1.0, deviates=False), Result(1.0, 0.0, deviates=True)]
    assert weighted_rate(results) == pytest.approx(0.1)
    assert weighted_rate([]) is None
    assert tier_of(results) is None
    assert tier_of([*results, Result(1.0, 1.0, deviates=False)]) is Tier.A
    assert tier_of([Result(1.0, 0.4, deviates=False)] * 3) is Tier.C
    assert tier_of([Result(1.0, 0.7, deviates=False)] * 3) is Tier.B


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


@pytest.fixture
async def desk(client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock) -> Desk:
    return await Desk.open(client, sessions, clock)


async def review_all(desk: Desk, score: int, second_minor: int) -> int:
    body = {
        "checklist": {item.value: score for item in CheckItem},
        "second_value_minor": second_minor,
        "remarks": "as asked",
    }
    count = 0
    for who in desk.institutions:
        for one in (await ok(await who.get("/v1/valuation/reviews")))["items"]:
            await ok(await who.post(f"/v1/valuation/reviews/{one['id']}/submit", body))
            count += 1
    return count


async def test_a_sample_survey_is_blind_and_sets_tiers(desk: Desk) -> None:
    for _ in range(3):
        right = {"kind": "idea", "title": "Another", "language": "en"}
        desk.right_id = (await ok(await desk.owner.post("/v1/rights", right)))["id"]
        await desk.ordered(institution_id=str(desk.institutions[0].organisation_id))
        await desk.finish()
    author = desk.institutions[0]
    await desk.pass_time(days=2)
    period = {"period_from": str(desk.today - timedelta(days=9)), "period_until": str(desk.today)}
    survey = await ok(await desk.operator.post(SURVEYS, period))
    assert (survey["population"], survey["sample"]) == (3, 3)
    conclude = f"{SURVEYS}/{survey['id']}/conclude"
    assert told(await desk.operator.post(conclude)) == (409, "survey_running")

    assert (await ok(await author.get("/v1/valuation/reviews")))["items"] == []
    reviewers = [
        (who, one)
        for who in desk.institutions[1:]
        for one in (await ok(await who.get("/v1/valuation/reviews")))["items"]
    ]
    assert len(reviewers) == 3
    who, listed = reviewers[0]
    path = f"/v1/valuation/reviews/{listed['id']}"
    review = await ok(await who.get(path))
    assert review["content"]["value"]["point"]["amount_minor"] == POINT_MINOR
    said = str(review)
    for hidden in ("김평가", str(author.organisation_id), str(desk.owner.organisation_id), "Owner"):
        assert hidden not in said
    assert review["report_id"] is None
    assert told(await author.get(path)) == (404, "not_found")
    assert (await ok(await desk.operator.get(path)))["institution_id"] == str(
        author.organisation_id
    )

    assert await review_all(desk, 1, POINT_MINOR * 2) == 3
    concluded = await ok(await desk.operator.post(conclude))
    assert concluded["results"]["deviation_rate"] == 1.0
    (standing,) = (await ok(await author.get("/v1/valuation/institution-standings")))["items"]
    assert (standing["tier"], standing["weight"]) == ("c", 5_000)
    assert told(await desk.operator.post(conclude)) == (409, "survey_running")


async def test_a_period_that_is_not_over(desk: Desk) -> None:
    period = {"period_from": str(desk.today), "period_until": str(desk.today + timedelta(days=9))}
    assert told(await desk.operator.post(SURVEYS, period)) == (422, "survey_period")


async def surveyed(desk: Desk) -> tuple[Any, dict[str, Any]]:
    """The author of a delivered report, and a validity survey that its client asked for."""
    await desk.ordered()
    (report,) = await desk.finish()
    who, _ = await desk.case("reported")
    body = {"report_id": report["id"], "ground": "licences of another field"}
    survey = await ok(await desk.owner.post(VALIDITY, body))
    assert told(await desk.owner.post(VALIDITY, body)) == (409, "validity_survey_open")
    return who, survey


async def test_everybody_is_heard_before_a_finding_that_can_be_appealed_against(
    desk: Desk, connection: AsyncConnection
) -> None:
    who, survey = await surveyed(desk)
    path = f"{VALIDITY}/{survey['id']}"
    stranger = desk.bank.payer
    assert told(await stranger.get(path)) == (404, "not_found")
    async with nothing_changes(connection):
        answer = await desk.operator.post(f"{path}/find", BREACH)
    assert told(answer) == (409, "hearing_running")
    await ok(await who.post(f"{path}/opinion", {"opinion": "they were adjusted"}))
    assert told(await who.post(f"{path}/opinion", {"opinion": "again"})) == (409, "opinion_given")
    heard = await ok(await desk.owner.post(f"{path}/opinion", {"opinion": "they were not"}))
    assert [one["given_at"] is not None for one in heard["opinions"]] == [True] * 3
    found = await ok(await desk.operator.post(f"{path}/find", BREACH))
    assert found["outcome"] == "standard_breached"
    assert told(await desk.operator.post(f"{path}/enforce")) == (409, "appeal_time")
    await ok(await who.post(f"{path}/appeal", {"appeal": "see the second table"}))
    await ok(await desk.operator.post(f"{path}/overturn", {"decision": "the table does"}))
    assert (await ok(await who.get("/v1/valuation/institution-standings")))["items"] == []


async def test_a_suspension_rests_the_designation_and_no_case_comes(desk: Desk) -> None:
    who, survey = await surveyed(desk)
    path = f"{VALIDITY}/{survey['id']}"
    await desk.pass_time(days=15)
    ends = str(desk.today + timedelta(days=120))
    suspension = BREACH | {"sanction": "suspension", "suspend_until": ends}
    for unfit in (
        suspension | {"suspend_until": None},
        suspension | {"suspend_until": str(desk.today)},
        BREACH | {"outcome": "standard_followed"},
        BREACH | {"suspend_until": ends},
    ):
        assert told(await desk.operator.post(f"{path}/find", unfit)) == (422, "unfit_sanction")
    await ok(await desk.operator.post(f"{path}/find", suspension))
    await desk.pass_time(days=31)
    late = await who.post(f"{path}/appeal", {"appeal": "see the second table"})
    assert told(late) == (409, "appeal_time")
    final = await ok(await desk.operator.post(f"{path}/enforce"))
    assert final["state"] == "final"
    (standing,) = (await ok(await who.get("/v1/valuation/institution-standings")))["items"]
    assert standing["tier"] == "c"
    named = desk.body(institution_id=str(who.organisation_id))
    assert told(await desk.owner.post("/v1/valuation/orders", named)) == (409, "unfit_institution")


async def test_the_database_refuses_a_finding_without_a_hearing(
    desk: Desk, connection: AsyncConnection
) -> None:
    await surveyed(desk)
    finding = text(
        "UPDATE validity_survey SET outcome = 'standard_breached', finding = 'x',"
        " appealable_until = created_at + interval '30 days'"
    )
    with pytest.raises(IntegrityError, match="not everybody was heard"):
        await connection.execute(finding)
