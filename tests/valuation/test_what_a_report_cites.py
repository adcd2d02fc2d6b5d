"""A grade is cited for the right that was rated, as of a day that the report may know."""

from datetime import date, timedelta

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions, now
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.rating import service
from marketplace.valuation.rating.models import Rating, RatingRun
from tests.factories.clocks import StoppedClock
from tests.factories.deals import ok, right_body
from tests.factories.refusals import nothing_changes, told
from tests.factories.valuations import Desk, report_body


@pytest.fixture
def clock() -> ShiftedClock:
    return StoppedClock()


async def rating(sessions: Sessions, record: str, as_of: date) -> str:
    async with sessions.begin() as session:
        terms = await service.terms_in_force(session, Purpose.TRANSACTION, as_of=as_of, seed=1)
        run = RatingRun(
            created_at=now(session),
            model_id=terms.model.id,
            weight_set_id=terms.weight_set.id,
            corpus="made up",
            corpus_sha256="0" * 64,
            records=1,
            as_of=as_of,
            seed=1,
            software="none",
            summary={},
        )
        session.add(run)
        await session.flush()
        one = Rating(
            created_at=now(session),
            run_id=run.id,
            record=record,
            reasons=[],
            score=0.9,
            grade="AAA",
            at_risk=False,
            indicators={},
        )
        session.add(one)
    return str(one.id)


async def test_a_grade_of_another_right_or_of_a_later_day_is_not_cited(
    client: httpx2.AsyncClient, sessions: Sessions, clock: ShiftedClock, connection: AsyncConnection
) -> None:
    desk = await Desk.open(client, sessions, clock, count=1)
    right = right_body(identifier={"number": "KR 10-1536500"})
    desk.right_id = (await ok(await desk.owner.post("/v1/rights", right)))["id"]
    base_date = desk.today - timedelta(days=1)
    await desk.ordered(base_date=str(base_date))
    who, case = await desk.case()
    await desk.act(who, case, "accept")
    path = f"/v1/valuation/assignments/{case['id']}/report"
    strays = [("US8927118B2", base_date), ("KR101536500B1", base_date + timedelta(days=1))]
    for record, as_of in strays:
        cited = await rating(sessions, record, as_of)
        async with nothing_changes(connection):
            answer = await who.post(path, report_body(rating_id=cited))
        assert told(answer) == (422, "report_strays")
    cited = await rating(sessions, "KR101536500B1", base_date)
    report = await ok(await who.post(path, report_body(rating_id=cited)))
    assert report["grade"] == "AAA"
