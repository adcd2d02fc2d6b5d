"""The whole table of conflicts against the database, which has to refuse by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from marketplace.assets.encumbrances.conflicts import PASSING, RULES, STANDING, Verdict, verdict
from marketplace.assets.encumbrances.kinds import (
    ACTS,
    SALE,
    Act,
    Cloud,
    Deed,
    EncumbranceKind,
    Use,
)
from marketplace.assets.encumbrances.scope import Scope
from marketplace.assets.models import LegalStatus
from tests.factories.encumbrances import (
    EVERYTHING,
    REFUSALS,
    START,
    Register,
    may_be_partial,
    refusal,
)

OFFICES = ("KR", "CN", "US", "EP")
TODAY = START.date()


def refusal_of(standing: str, found: Verdict) -> str | None:
    """The constraint that is to be named, None where the act may be."""
    if found in PASSING:
        return None
    if standing == SALE:
        return "conflict_sale"
    if standing in list(Cloud):
        return f"conflict_{standing}"
    return "conflict_status" if standing in list(LegalStatus) else REFUSALS[found]


async def outcome(register: Register, act: Act, right_id: Any, scope: Scope) -> str | None:
    """Write it inside a savepoint; the constraint that refused it."""
    undone = register.connection.transaction()
    await undone.start()
    try:
        await register.do(act, right_id, scope)
    except asyncpg.PostgresError as error:
        return refusal(error)
    finally:
        await undone.rollback()
    return None


@pytest.mark.parametrize("standing", STANDING)
@pytest.mark.parametrize("office", OFFICES)
async def test_the_database_refuses_what_the_table_says(
    register: Register, standing: str, office: str
) -> None:
    right_id = await register.right(office)
    await register.stand(standing, right_id)
    for act in ACTS:
        found = verdict(standing, act, office, "patent", TODAY)
        expected = refusal_of(standing, found)
        told = await register.conflicts(right_id, act)
        assert told == ([] if expected is None else [(standing, str(found))]), act
        if act is not Deed.WORK:
            assert await outcome(register, act, right_id, EVERYTHING) == expected, act


async def test_an_attachment_that_is_told_as_an_event_stands_like_one_that_is_entered(
    register: Register,
) -> None:
    right_id = await register.right("KR")
    await register.stand("restrained", right_id)
    for act in ACTS:
        found = verdict("attachment", act, "KR", "patent", TODAY)
        refused = found not in PASSING
        told = [("attachment", str(found))] if refused else []
        assert await register.conflicts(right_id, act) == told, act
        if act is not Deed.WORK:
            expected = "conflict_restrained" if refused else None
            assert await outcome(register, act, right_id, EVERYTHING) == expected, act


async def test_a_challenge_is_accepted_expressly_or_bars_a_pledge_in_china(
    register: Register,
) -> None:
    right_id = await register.right("CN")
    await register.stand("challenged", right_id)
    with pytest.raises(asyncpg.PostgresError) as refused:
        async with register.connection.transaction():
            await register.grant(EncumbranceKind.PLEDGE, right_id)
    assert refusal(refused.value) == "conflict_challenged"
    await register.grant(EncumbranceKind.PLEDGE, right_id, challenge_accepted=True)


def partial_pairs() -> Iterator[tuple[EncumbranceKind, EncumbranceKind]]:
    """Pairs that are refused where their scopes overlap."""
    for standing in EncumbranceKind:
        for act in EncumbranceKind:
            refused = verdict(standing, act, "KR", "patent", TODAY) is Verdict.REFUSED
            if refused and may_be_partial(standing) and may_be_partial(act):
                yield standing, act


SCOPE = Scope(
    starts_at=START,
    ends_at=datetime(2028, 1, 1, tzinfo=UTC),
    claims=(1, 2, 3),
    territories=("030", "DE"),
    fields=("G06Q 10", "A61K 31/07"),
    uses=Use.MAKE | Use.SELL,
)
OVERLAPPING = {
    "the same": {},
    "one claim of three": {"claims": (3, 9)},
    "every claim": {"claims": ()},
    "a country of the region": {"territories": ("KR",)},
    "a part of a country of the region": {"territories": ("KR-11", "US-CA")},
    "a region around a country": {"territories": ("EU",)},
    "the world": {"territories": ("001",)},
    "a subgroup of the group": {"fields": ("G06Q 10/06",)},
    "a finer subgroup": {"fields": ("A61K 31/075",)},
    "another subgroup, which may nest": {"fields": ("A61K 31/08",)},
    "the section above": {"fields": ("G",)},
    "the group itself": {"fields": ("G06Q 10/00",)},
    "one use of two": {"uses": Use.SELL | Use.EXPORT},
    "its last microsecond": {"starts_at": datetime(2027, 12, 31, 23, 59, 59, 999999, UTC)},
}
APART = {
    "other claims": {"claims": (4, 5)},
    "a country of another region": {"territories": ("FR", "VN")},
    "another part of the world": {"territories": ("021", "005")},
    "the next main group": {"fields": ("G06Q 11",)},
    "other uses": {"uses": Use.USE | Use.EXPORT},
    "from its end on": {"starts_at": datetime(2028, 1, 1, tzinfo=UTC), "ends_at": None},
    "until its beginning": {"starts_at": datetime(2025, 1, 1, tzinfo=UTC), "ends_at": START},
}


@pytest.mark.parametrize("pair", list(partial_pairs()), ids=" then ".join)
async def test_scopes_have_to_overlap_on_every_dimension(
    register: Register, pair: tuple[EncumbranceKind, EncumbranceKind]
) -> None:
    standing, act = pair
    right_id = await register.right("KR")
    await register.grant(standing, right_id, SCOPE)
    for about, overlaps in [*((a, True) for a in OVERLAPPING), *((a, False) for a in APART)]:
        wanted = _changed(OVERLAPPING[about] if overlaps else APART[about])
        assert SCOPE.overlaps(wanted) is wanted.overlaps(SCOPE) is overlaps, about
        expected = "conflict_refused" if overlaps else None
        assert await outcome(register, act, right_id, wanted) == expected, about


def _changed(changed: dict[str, Any]) -> Scope:
    return replace(SCOPE, **changed)


@pytest.mark.parametrize("state", ["released", "expired", "cancelled"])
async def test_what_has_ended_stands_against_nothing(register: Register, state: str) -> None:
    right_id = await register.right("KR")
    attached = await register.grant(EncumbranceKind.ATTACHMENT, right_id)
    assert await register.conflicts(right_id, Deed.SELL)
    await register.connection.execute(
        "UPDATE encumbrance SET state = $2 WHERE id = $1", attached, state
    )
    assert await register.conflicts(right_id, Deed.SELL) == []


async def test_what_waits_for_its_registration_keeps_others_away_but_not_the_owner(
    register: Register,
) -> None:
    right_id, kind = await register.right("KR"), EncumbranceKind.REGISTERED_EXCLUSIVE
    waiting = await register.grant(kind, right_id, state="pending_registration")
    assert await outcome(register, EncumbranceKind.SOLE, right_id, EVERYTHING) == "conflict_refused"
    assert await register.conflicts(right_id, Deed.WORK) == []
    await register.connection.execute(
        "UPDATE encumbrance SET state = 'active', registration_number = '1' WHERE id = $1", waiting
    )
    assert await register.conflicts(right_id, Deed.WORK) == [(kind, "refused")]


async def test_only_the_trustee_disposes(register: Register) -> None:
    right_id = await register.right("KR")
    await register.grant(EncumbranceKind.TRUST, right_id)
    assert await outcome(register, Deed.LIST, right_id, EVERYTHING) == "conflict_holder"
    trustee = register.on(register.connection)
    trustee.owner, trustee.holder = register.holder, register.owner
    assert await outcome(trustee, Deed.LIST, right_id, EVERYTHING) is None


async def test_nothing_reaches_a_right_without_a_rule(register: Register) -> None:
    """A status or an act that nobody thought of is refused, not let through."""
    right_id = await register.right("KR")
    await register.set_status(right_id, "unheard_of")
    for act in ACTS:
        assert await register.conflicts(right_id, act) == [("unheard_of", "refused")]


async def test_the_table_of_the_database_is_that_of_the_code(register: Register) -> None:
    """When this fails: a migration has to load the changed rows."""
    columns = ("standing", "act", "verdict", "basis", "jurisdiction", "right_kind", "valid_from")
    rows = await register.connection.fetch("SELECT * FROM conflict_rule")
    stored = {tuple(row[name] for name in (*columns, "valid_until")) for row in rows}
    assert stored == {
        tuple(getattr(rule, name) for name in (*columns, "valid_until")) for rule in RULES
    }
    pairs = {(rule.standing, rule.act) for rule in RULES if rule.jurisdiction == "*"}
    assert pairs == {(standing, act) for standing in STANDING for act in ACTS}


async def test_a_rule_counts_from_its_day_on_and_the_particular_one_first(
    register: Register,
) -> None:
    right_id = await register.right("KR")
    await register.grant(EncumbranceKind.PLEDGE, right_id)
    act = EncumbranceKind.PLEDGE
    assert await register.conflicts(right_id, act) == []
    await register.connection.execute(
        "INSERT INTO conflict_rule VALUES ('pledge', 'pledge', '*', 'patent', '2026-01-01',"
        " '2026-06-01', 'refused', 'kind'), ('pledge', 'pledge', 'KR', '*', '2026-03-01',"
        " '2026-04-01', 'subject', 'office'), ('pledge', 'pledge', 'KR', 'patent', '2026-03-15',"
        " '2026-03-16', 'refused', 'both')"
    )
    days = {
        date(2025, 12, 31): [],
        date(2026, 1, 1): [("pledge", "refused")],
        date(2026, 3, 14): [],
        date(2026, 3, 15): [("pledge", "refused")],
        date(2026, 3, 16): [],
        date(2026, 4, 1): [("pledge", "refused")],
        date(2026, 6, 1): [],
    }
    for day, expected in days.items():
        scope = Scope.whole(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        assert await register.conflicts(right_id, act, scope) == expected, day
