"""At every past moment a certificate says what a replay of the facts known at that moment says."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from tests.assets.encumbrances.test_encumbrances import grant, licence, patent, pledge_entry, record
from tests.factories.deals import Market, ok

STEPS = some.tuples(
    some.sampled_from(
        ("licence", "entry", "entry", "pledge", "change", "delete", "release", "wait", "wait")
    ),
    some.integers(0, 40),
    some.integers(0, 10**6),
)
_ENTRIES = count(1)


@dataclass(frozen=True)
class Said:
    """One fact: of what, since when, and what it was from then on; known by its place."""

    about: str
    valid_from: datetime
    state: str
    ends_at: datetime | None = None
    secured: int | None = None
    receipt: tuple[date, int] | None = None


@dataclass
class History:
    """What the test itself did, and a moment after each deed."""

    market: Market
    right_id: str
    said: list[Said] = field(default_factory=list)
    moments: list[tuple[datetime, int]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.market.world.clock.now()

    def day(self, days_ago: int) -> date:
        return (self.now() - timedelta(days=days_ago)).date()

    def say(self, said: Said) -> None:
        self.said.append(said)

    def living(self, *, registered: bool) -> list[Said]:
        """The newest of each that has not ended."""
        newest = {said.about: said for said in self.said}
        return [
            one
            for one in newest.values()
            if one.state == "active" and (one.receipt is not None) is registered
        ]

    def replay(self, valid_at: datetime, known: int) -> list[tuple[Any, ...]]:
        """By the first `known` facts: what burdened the right then, with its rank."""
        counted: dict[str, Said] = {}
        last: dict[str, datetime] = {}
        for said in self.said[:known]:
            since = max(said.valid_from, last.get(said.about, said.valid_from))
            last[said.about] = since
            if since <= valid_at:
                counted[said.about] = said
        live = [
            one
            for one in counted.values()
            if one.state == "active" and (one.ends_at is None or valid_at < one.ends_at)
        ]
        receipts = sorted(one.receipt for one in live if one.receipt)
        ranks = {receipt: rank for rank, receipt in enumerate(receipts, 1)}
        shown = ((one.about, ranks.get(one.receipt), one.secured) for one in live)  # type: ignore[arg-type]
        return sorted(shown, key=str)


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def take(history: History, step: tuple[str, int, int]) -> None:
    deed, days, number = step
    market, right_id, day = history.market, history.right_id, history.day(days)
    if deed == "wait":
        market.world.clock.offset += timedelta(hours=1 + days)
    elif deed == "licence":
        starts_at, ends_at = start_of(day), None
        if number % 2:
            ends_at = starts_at + timedelta(days=1 + number % 60)
        scope = {"starts_at": starts_at.isoformat(), "ends_at": ends_at and ends_at.isoformat()}
        body = licence(market.buyer, "non_exclusive", **scope)
        made = await grant(market, right_id, body)
        if made.is_success:  # a pledge would have to consent
            history.say(Said(made.json()["id"], starts_at, "active", ends_at))
    elif deed in {"entry", "pledge"}:
        order, secured = next(_ENTRIES), 40_000_000 if deed == "pledge" else None
        received = {"received_on": str(day), "entry_id": f"H-{order}", "receipt_order": order}
        body = pledge_entry(market.stranger, "1", **received)
        if deed == "entry":
            body |= {"kind": "non_exclusive", "secured": None}
        made = await record(market, right_id, body)
        if made.is_success:
            about, receipt = made.json()["id"], (day, order)
            history.say(Said(about, start_of(day), "active", None, secured, receipt))
    else:
        await change(history, deed, day, number)


async def change(history: History, deed: str, day: date, number: int) -> None:
    found = history.living(registered=deed != "release")
    if not found:
        return
    one, since = found[number % len(found)], start_of(day)
    path = f"/v1/encumbrances/{one.about}/{deed}"
    state, secured, ends_at = "released", one.secured, one.ends_at
    body: dict[str, Any] = {"valid_from": str(day)}
    if deed == "change":
        state = "active"
        if secured:
            secured = number + 1
            body |= {"secured": {"amount_minor": secured, "currency": "KRW"}}
        else:
            ends_at = history.now() + timedelta(minutes=number)
            body |= {"ends_at": ends_at.isoformat()}
    if deed == "release":
        since = history.now()
        answer = await history.market.buyer.post(path)
        since = max(since, history.now())
    else:
        answer = await history.market.operator.post(path, body)
    await ok(answer)
    history.say(Said(one.about, since, state, ends_at, secured, one.receipt))


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=12,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=some.lists(STEPS, min_size=5, max_size=14), picked=some.randoms(use_true_random=False))
async def test_a_certificate_is_a_replay_of_what_was_known(
    kept_market: Market, steps: list[tuple[str, int, int]], picked: Any
) -> None:
    kept_market.world.clock.offset = timedelta(0)
    history = History(kept_market, await patent(kept_market))
    history.moments.append((history.now(), 0))
    for step in steps:
        await take(history, step)
        history.moments.append((history.now(), len(history.said)))
    for _ in range(6):
        known_at, known = picked.choice(history.moments)
        valid_at = picked.choice(
            [moment for moment, _ in history.moments]
            + [start_of(history.day(days)) for days in range(45)]
        )
        asked = {"valid_at": valid_at.isoformat(), "known_at": known_at.isoformat()}
        path = f"/v1/rights/{history.right_id}/encumbrance-certificates"
        content = (await ok(await kept_market.seller.post(path, asked)))["content"]
        shown = [
            (one["id"], one["rank"], one["secured"] and one["secured"]["amount_minor"])
            for one in content["encumbrances"]
        ]
        assert sorted(shown, key=str) == history.replay(valid_at, known)
