"""What the facts of registers make of a right, by the rules of its jurisdiction (DOMAIN A2, A3).

Pure: the standing on a day, as it was known at a moment, is worked out from the facts known then.
What is stored in `ip_right` is the standing of the newest moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from marketplace.assets.legal_rules.queries import Rules
from marketplace.assets.models import LegalEvent, LegalEventKind, LegalStatus, RightKind
from marketplace.assets.standing.days import last_day_of_years, months_after, years_begun

K = LegalEventKind
DECLARED_FILING: Final = "day of filing, declared by the owner"
"""The source of such a fact; a filing without it was told with the day of its registration here."""
OWNER: Final = "owner"
"""The origin of what an owner declares. Its day is that of the declaration, which says nothing of
when it happened: whatever a register tells outranks it."""

STATUS_AFTER: Final[Mapping[LegalEventKind, LegalStatus]] = {
    K.GRANTED: LegalStatus.IN_FORCE,
    K.RESTORED: LegalStatus.IN_FORCE,
    K.LAPSED: LegalStatus.LAPSED,
    K.REFUSED: LegalStatus.REFUSED,
    K.WITHDRAWN: LegalStatus.WITHDRAWN,
    K.SURRENDERED: LegalStatus.SURRENDERED,
    K.INVALIDATED: LegalStatus.INVALIDATED,
    K.EXPIRED: LegalStatus.EXPIRED,
}
"""What decides the status. A right begins as submitted or filed, so learning of that later changes
nothing: a grant number was proof of the grant before its filing date was looked up."""

FIRST_STATUS: Final[Mapping[LegalEventKind, LegalStatus]] = {
    K.SUBMITTED: LegalStatus.UNREGISTERED,
    K.FILED: LegalStatus.PENDING,
    K.GRANTED: LegalStatus.IN_FORCE,
}
TRADABLE: Final = frozenset({LegalStatus.UNREGISTERED, LegalStatus.PENDING, LegalStatus.IN_FORCE})
"""An idea has no register; the right to a pending application is assignable (DOMAIN A1)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a right is on a day: its status, until when, and what hangs over it."""

    status: LegalStatus
    filed_on: date | None = None
    granted_on: date | None = None
    last_day: date | None = None
    fees_paid_until: date | None = None
    fees_grace_until: date | None = None
    restrained_since: date | None = None
    challenged_since: date | None = None
    invalid_claims: tuple[int, ...] = ()
    no_effect: tuple[tuple[date, date], ...] = ()
    turns_on: date | None = None
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of a right that are known: events, and until when each register was looked at."""

    events: Sequence[LegalEvent] = ()
    checked: Mapping[str, date] = field(default_factory=dict)


def can_happen(kind: RightKind, event: LegalEventKind) -> bool:
    """An idea is only ever submitted; every other right is never just submitted."""
    return (kind is RightKind.IDEA) == (event is LegalEventKind.SUBMITTED)


def project(known: Known, rules: Rules, *, on: date, seen_on: date) -> Standing:
    """The standing on a day, to somebody who knows these facts on `seen_on`.

    Registers that would have to know the newest decisive fact must agree; else it is undetermined.
    """
    declared = [event for event in known.events if event.origin == OWNER]
    told = _by_origin(event for event in known.events if event.origin != OWNER)
    decisive = {origin: its for origin, its in told.items() if _newest_decisive(its)}
    readings = {
        origin: _read(its, declared, rules, on=on, seen_on=seen_on)
        for origin, its in (decisive or told or {OWNER: []}).items()
    }
    newest = max((_newest_decisive(its) or date.min for its in decisive.values()), default=None)
    speaking = {
        origin: reading
        for origin, reading in readings.items()
        if newest is None or _speaks_until(known, origin, decisive[origin]) >= newest
    }
    return replace(
        _agreed(list(speaking.values())),
        restrained_since=_open_since(told, K.ATTACHED, K.ATTACHMENT_LIFTED, on),
        challenged_since=_open_since(told, K.CHALLENGED, K.CHALLENGE_ENDED, on),
        origins=tuple(sorted(speaking)),
    )


def _by_origin(events: Iterable[LegalEvent]) -> dict[str, list[LegalEvent]]:
    found: dict[str, list[LegalEvent]] = {}
    for event in sorted(events, key=_order):
        found.setdefault(event.origin, []).append(event)
    return found


def _order(event: LegalEvent) -> tuple[object, ...]:
    """By the day it happened; of one day, as the same register told it."""
    return event.occurred_on, event.created_at, event.id


def _newest_decisive(events: Iterable[LegalEvent]) -> date | None:
    return max((e.occurred_on for e in events if e.kind in STATUS_AFTER), default=None)


def _speaks_until(known: Known, origin: str, events: Sequence[LegalEvent]) -> date:
    return max(known.checked.get(origin, date.min), *(e.occurred_on for e in events))


def _agreed(readings: Sequence[Standing]) -> Standing:
    first, *others = readings
    same = all(
        (other.status, other.last_day or first.last_day)
        == (first.status, first.last_day or other.last_day)
        for other in others
    )
    return first if same else replace(first, status=LegalStatus.UNDETERMINED)


def _read(
    events: Sequence[LegalEvent],
    declared: Sequence[LegalEvent],
    rules: Rules,
    *,
    on: date,
    seen_on: date,
) -> Standing:
    """The standing by one register, and what the owner declared where it says nothing."""
    filed_on, granted_on = _first(events, K.FILED), _first(events, K.GRANTED)
    last_day = _last_day(events, rules, filed_on, granted_on)
    paid_until, grace_until = _fees(events, rules, filed_on, granted_on)
    dates = Standing(LegalStatus.PENDING, filed_on, granted_on, last_day, paid_until, grace_until)
    status = _status(events, declared, dates, rules, on=on, seen_on=seen_on)
    turns = [day + timedelta(days=1) for day in (last_day, grace_until) if day and day >= seen_on]
    partly = [claim for e in events if e.claims and e.occurred_on <= on for claim in e.claims]
    return replace(
        dates,
        status=status,
        invalid_claims=tuple(sorted(set(partly))),
        no_effect=_no_effect(events, dates, rules),
        turns_on=min(turns, default=None),
    )


def _first(events: Iterable[LegalEvent], kind: LegalEventKind) -> date | None:
    return next((event.occurred_on for event in events if event.kind is kind), None)


def _last_day(
    events: Iterable[LegalEvent], rules: Rules, filed_on: date | None, granted_on: date | None
) -> date | None:
    term = rules.term(filed_on or granted_on)
    start = granted_on if term and term.counted_from == "grant" else filed_on
    if term is None or start is None:
        return None
    last = last_day_of_years(start, term.years, first_day_counts=term.first_day_counts)
    extended = last + timedelta(days=sum(event.extension_days or 0 for event in events))
    years_max = term.years + term.extension_years_max
    return min(
        extended, last_day_of_years(start, years_max, first_day_counts=term.first_day_counts)
    )


def _fees(
    events: Sequence[LegalEvent], rules: Rules, filed_on: date | None, granted_on: date | None
) -> tuple[date | None, date | None]:
    """Until when fees are paid and the grace after; unknown while a register tells of no fee."""
    paid = [event.fee_year for event in events if event.fee_year is not None]
    fees = rules.fees(granted_on)
    start = granted_on if fees and fees.counted_from == "grant" else filed_on
    if fees is None or start is None or granted_on is None or not paid:
        return None, None
    years = max(*paid, fees.years_at_grant or years_begun(start, granted_on))
    until = last_day_of_years(start, years, first_day_counts=fees.first_day_counts)
    return until, months_after(until, fees.grace_months)


def _status(
    events: Sequence[LegalEvent],
    declared: Sequence[LegalEvent],
    dates: Standing,
    rules: Rules,
    *,
    on: date,
    seen_on: date,
) -> LegalStatus:
    """The last thing that happened with an effect by that day."""
    if _contradict(dates):
        return LegalStatus.UNDETERMINED
    status = LegalStatus.PENDING if dates.granted_on else _declared_status(declared)
    for event in events:
        if event.kind not in STATUS_AFTER or event.claims:
            continue
        if status is not LegalStatus.INVALIDATED and _effect(event, events, dates, rules) <= on:
            status = STATUS_AFTER[event.kind]
    if status is not LegalStatus.IN_FORCE:
        return status
    if dates.last_day and on > dates.last_day:
        return LegalStatus.EXPIRED
    return LegalStatus.LAPSED if _is_unpaid(events, dates, on, seen_on) else status


def _contradict(dates: Standing) -> bool:
    """Nothing is granted before it is filed, or after its last day (DOMAIN G5)."""
    known = [day for day in (dates.filed_on, dates.granted_on, dates.last_day) if day]
    return dates.granted_on is not None and known != sorted(known)


def _declared_status(declared: Sequence[LegalEvent]) -> LegalStatus:
    known = [FIRST_STATUS[event.kind] for event in declared if event.kind in FIRST_STATUS]
    return known[-1] if known else LegalStatus.PENDING


def _effect(event: LegalEvent, events: Iterable[LegalEvent], dates: Standing, rules: Rules) -> date:
    """The day from which it counts, which may lie before the day it happened on.

    A lapse counts from the end of the years that were paid for by then (KR Patent Act 81(3)).
    """
    if event.effective_on is not None:
        return event.effective_on
    if event.kind is K.INVALIDATED:
        rule = rules.invalidation(event.occurred_on)
        return date.min if rule and rule.ex_tunc else event.occurred_on
    if event.kind is K.LAPSED:
        before = [one for one in events if one.occurred_on <= event.occurred_on]
        paid_until, _ = _fees(before, rules, dates.filed_on, dates.granted_on)
        if paid_until and paid_until < event.occurred_on:
            return paid_until + timedelta(days=1)
    return event.occurred_on


def _is_unpaid(events: Iterable[LegalEvent], dates: Standing, on: date, seen_on: date) -> bool:
    """Whether the grace is over without a payment: lapsed since the day after the paid years."""
    paid, grace = dates.fees_paid_until, dates.fees_grace_until
    if paid is None or grace is None or seen_on <= grace or on <= paid:
        return False
    if dates.last_day and paid >= dates.last_day:
        return False
    restored = [e.occurred_on for e in events if e.kind is K.RESTORED and e.occurred_on > paid]
    return not restored or on < restored[0]


def _no_effect(
    events: Sequence[LegalEvent], dates: Standing, rules: Rules
) -> tuple[tuple[date, date], ...]:
    """From each lapse until its restoration, half open: the right binds nobody for that time."""
    windows = []
    lapsed: date | None = None
    for event in events:
        if event.kind is K.LAPSED:
            lapsed = _effect(event, events, dates, rules)
        elif event.kind is K.RESTORED and lapsed is not None:
            windows.append((lapsed, event.effective_on or event.occurred_on))
            lapsed = None
    return tuple(window for window in windows if window[0] < window[1])


def _open_since(
    told: Mapping[str, Sequence[LegalEvent]],
    opened: LegalEventKind,
    ended: LegalEventKind,
    on: date,
) -> date | None:
    """The day of the first that began by then and that its register tells no end of."""
    open_on: list[date] = []
    for events in told.values():
        begun = [e.occurred_on for e in events if e.kind is opened and e.occurred_on <= on]
        over = sum(e.kind is ended and e.occurred_on <= on for e in events)
        open_on += begun[over:]
    return min(open_on, default=None)
