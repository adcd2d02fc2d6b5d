"""Last days and paid years by the rules of each jurisdiction: the boundary dates of the field."""

from datetime import UTC, date, datetime
from typing import Any

import httpx2
import pytest

from marketplace.assets.standing.days import (
    business_days_before,
    last_day_of_years,
    months_after,
    years_begun,
)
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.db import Sessions
from tests.factories.deals import ok
from tests.factories.people import Person, operator, person
from tests.factories.register import registered, standing, tell


@pytest.fixture
async def owner(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await person(client, sessions)


@pytest.fixture
async def registrar(client: httpx2.AsyncClient, sessions: Sessions) -> Person:
    return await operator(client, sessions)


@pytest.mark.parametrize(
    ("start", "years", "first_day_counts", "last"),
    [
        ("2021-03-15", 20, False, "2041-03-15"),
        ("1999-09-06", 10, True, "2009-09-05"),
        ("2004-02-29", 10, False, "2014-02-28"),
        ("2004-02-29", 10, True, "2014-02-28"),
        ("2004-02-29", 20, True, "2024-02-28"),
        ("2004-02-29", 20, False, "2024-02-29"),
        ("2004-01-01", 10, True, "2013-12-31"),
    ],
)
def test_the_last_day_of_years(start: str, years: int, first_day_counts: bool, last: str) -> None:
    began = date.fromisoformat(start)
    found = last_day_of_years(began, years, first_day_counts=first_day_counts)
    assert found == date.fromisoformat(last)


def test_months_and_years_and_business_days() -> None:
    assert months_after(date(2018, 8, 31), 6) == date(2019, 2, 28)
    assert months_after(date(2019, 11, 30), 3) == date(2020, 2, 29)
    assert [years_begun(date(2015, 3, 2), date(2018, 3, day)) for day in (1, 2)] == [3, 4]
    friday = date(2026, 11, 20)
    days = [date(2026, 11, day) for day in (20, 21, 22, 23, 24)]
    found = [business_days_before(day, 1) for day in days]
    assert found == [date(2026, 11, 19), friday, friday, friday, date(2026, 11, 23)]


@pytest.mark.parametrize(
    ("office", "kind", "filed", "granted", "extended", "last"),
    [
        ("KR", "patent", "2021-03-15", "2023-01-02", 0, "2041-03-15"),
        ("KR", "patent", "2021-03-15", "2023-01-02", 1_000, "2043-12-10"),
        ("KR", "patent", "2021-03-15", "2023-01-02", 3_000, "2046-03-15"),
        ("KR", "utility_model", "2004-02-29", "2005-01-02", 0, "2014-02-28"),
        ("KR", "design", "2014-06-30", "2015-01-02", 0, "2030-01-02"),
        ("KR", "design", "2014-07-01", "2015-01-02", 0, "2034-07-01"),
        ("CN", "patent", "2010-05-20", "2013-01-02", 0, "2030-05-19"),
        ("CN", "utility_model", "1999-09-06", "2000-08-01", 0, "2009-09-05"),
        ("CN", "utility_model", "2004-02-29", "2005-01-02", 0, "2014-02-28"),
        ("CN", "design", "2021-05-31", "2021-12-01", 0, "2031-05-30"),
        ("CN", "design", "2021-06-01", "2021-12-01", 0, "2036-05-31"),
        ("US", "patent", "2010-05-20", "2013-01-02", 90, "2030-08-18"),
        ("US", "design", "2015-05-12", "2016-03-01", 0, "2030-03-01"),
        ("US", "design", "2015-05-13", "2016-03-01", 0, "2031-03-01"),
    ],
)
async def test_the_last_day_of_a_right(
    owner: Person,
    registrar: Person,
    office: str,
    kind: str,
    filed: str,
    granted: str,
    extended: int,
    last: str,
) -> None:
    right_id = await registered(owner, office, kind)
    await tell(registrar, right_id, "filed", filed)
    await tell(registrar, right_id, "granted", granted)
    if extended:
        await tell(registrar, right_id, "extended", granted, extension_days=extended)

    found = await standing(owner, right_id)

    assert (found["filed_on"], found["granted_on"], found["last_day"]) == (filed, granted, last)
    day_after = date.fromisoformat(last).toordinal() + 1
    known = {"known_at": "2060-01-01T00:00:00Z"}
    statuses = [
        (await standing(owner, right_id, on=date.fromordinal(day).isoformat(), **known))["status"]
        for day in (day_after - 1, day_after)
    ]
    assert statuses == ["in_force", "expired"]
    assert (await ok(await owner.get(f"/v1/rights/{right_id}")))["last_day"] == last


@pytest.mark.parametrize(
    ("office", "filed", "granted", "fee_year", "until", "grace", "lapsed_from"),
    [
        # Korea: three years at registration, then yearly; retroactive after six months
        ("KR", "2013-01-02", "2015-03-02", 3, "2018-03-02", "2018-09-02", "2018-03-03"),
        ("KR", "2013-01-02", "2015-03-02", 4, "2019-03-02", "2019-09-02", "2019-03-03"),
        # China: by the filing date, which is the first day; the grant pays for its own year
        ("CN", "2013-01-02", "2015-03-02", 1, "2016-01-01", "2016-07-01", "2016-01-02"),
        ("CN", "2013-01-02", "2015-03-02", 5, "2018-01-01", "2018-07-01", "2018-01-02"),
        # United States: the grace is the end of the paid years
        ("US", "2011-01-02", "2013-03-05", 1, "2017-03-05", "2017-03-05", "2017-03-06"),
        ("US", "2011-01-02", "2013-03-05", 8, "2021-03-05", "2021-03-05", "2021-03-06"),
    ],
)
async def test_unpaid_fees_end_a_right_from_the_day_after_the_paid_years(
    owner: Person,
    registrar: Person,
    office: str,
    filed: str,
    granted: str,
    fee_year: int,
    until: str,
    grace: str,
    lapsed_from: str,
) -> None:
    right_id = await registered(owner, office)
    await tell(registrar, right_id, "filed", filed)
    await tell(registrar, right_id, "granted", granted)
    assert (await standing(owner, right_id))["status"] == "in_force"  # no fee was ever told

    await tell(registrar, right_id, "fee_paid", granted, fee_year=fee_year)

    found = await standing(owner, right_id)
    assert (found["fees_paid_until"], found["fees_grace_until"]) == (until, grace)
    assert found["status"] == "lapsed"
    for day, status in ((until, "in_force"), (lapsed_from, "lapsed")):
        assert (await standing(owner, right_id, on=day))["status"] == status
    assert (await ok(await owner.get(f"/v1/rights/{right_id}")))["legal_status"] == "lapsed"


async def test_in_the_grace_a_right_is_in_force_and_afterwards_never_was(
    owner: Person, registrar: Person, clock: ShiftedClock
) -> None:
    """Patent Act 81(3): what was in force on a day may turn out later not to have been."""
    clock.offset = datetime(2018, 6, 1, tzinfo=UTC) - datetime.now(UTC)
    right_id = await registered(owner)
    await tell(registrar, right_id, "granted", "2015-03-02")
    await tell(registrar, right_id, "fee_paid", "2015-03-02", fee_year=3)
    first_june = (await standing(owner, right_id))["known_at"]
    assert (await standing(owner, right_id, on="2018-05-01"))["status"] == "in_force"
    clock.offset = datetime(2018, 9, 3, 12, tzinfo=UTC) - datetime.now(UTC)

    now = await standing(owner, right_id, on="2018-05-01")
    then = await standing(owner, right_id, on="2018-05-01", known_at=first_june)

    assert (now["status"], then["status"]) == ("lapsed", "in_force")

    await tell(registrar, right_id, "lapsed", "2018-09-03")
    await tell(registrar, right_id, "fee_paid", "2018-09-03", fee_year=5)
    await tell(registrar, right_id, "restored", "2018-09-03", effective_on="2018-09-03")
    found = await standing(owner, right_id)
    assert found["status"] == "in_force"
    assert (await standing(owner, right_id, on="2018-03-02"))["status"] == "in_force"


async def test_between_lapse_and_restoration_a_right_binds_nobody(
    owner: Person, registrar: Person
) -> None:
    right_id = await registered(owner)
    facts: list[tuple[str, str, dict[str, Any]]] = [
        ("granted", "2015-03-02", {}),
        ("fee_paid", "2015-03-02", {"fee_year": 3}),
        ("lapsed", "2018-09-03", {}),
        ("restored", "2019-01-10", {}),
        ("fee_paid", "2019-01-10", {"fee_year": 20}),
    ]
    for kind, on, more in facts:
        await tell(registrar, right_id, kind, on, **more)

    found = await standing(owner, right_id)

    assert found["status"] == "in_force"
    assert found["no_effect"] == [{"begins": "2018-03-03", "ends": "2019-01-10"}]
    days = ("2018-03-02", "2018-03-03", "2019-01-09", "2019-01-10")
    told = [(await standing(owner, right_id, on=day))["status"] for day in days]
    assert told == ["in_force", "lapsed", "lapsed", "in_force"]
