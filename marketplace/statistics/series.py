"""Counts beside deals: what was begun in a month (flow) and how many there are (stock).

A row names the events whose number is the flow, and the states of a lifecycle in which a thing
counts to the stock: entering one adds it, leaving takes it off. Flow and stock are never added.
A domain that brings another series adds its row here, and nothing else.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series.

    Attributes:
        name: how tables and pages call it.
        flow: the events that are counted.
        aggregate: whose states make the stock; without one, each flow event stays for good.
        states: in which it counts to the stock.
        leaving: events by which one is no more, where there is no lifecycle.
        has_amounts: the flow's events carry `amount_minor` and `currency`, which are summed.
        unit: what is counted once.
        amounts: what they are.
    """

    name: str
    flow: tuple[str, ...]
    unit: str
    aggregate: str | None = None
    states: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    has_amounts: bool = False
    amounts: str = "this series has none"


SERIES: Final = (
    Series(
        name="members",
        flow=("organisation.found",),
        leaving=("user.erase",),
        unit="a person's or an organisation's account",
    ),
    Series(
        name="listings",
        flow=("listing.publish",),
        aggregate="listing",
        states=("published",),
        unit="a listing; the stock is what is on offer",
    ),
    Series(
        name="institutions",
        flow=("designation.designate", "designation.recognise"),
        aggregate="designation",
        states=("designated",),
        unit="a designation of a valuation institution",
    ),
    Series(
        name="solicitations",
        flow=("solicitation.publish", "solicitation.open"),
        aggregate="solicitation",
        states=("open", "published"),
        unit="a solicitation that was opened",
    ),
    Series(
        name="valuations",
        flow=("valuation_assignment.release",),
        unit="a valuation report that was delivered and paid",
    ),
    Series(
        name="financing",
        flow=("loan.disburse",),
        aggregate="loan",
        states=("performing", "overdue", "defaulted", "enforcing"),
        has_amounts=True,
        amounts="what was paid out, by lenders to borrowers; neither pledged nor outstanding sums",
        unit="a loan; the flow is new supply, the stock is what is outstanding",
    ),
)

SETTLEMENT_DAYS: Final = "settlement_days"
"""Days from agreement to settlement: summed over the settled deals of a month."""


def _types(values: tuple[str, ...]) -> str:
    return "'{" + ",".join(values) + "}'"


def _rows() -> str:
    return ", ".join(
        f"('{one.name}', {_types(one.flow)}::text[], '{one.aggregate or ''}',"
        f" {_types(one.states)}::text[], {_types(one.leaving)}::text[], {one.has_amounts})"
        for one in SERIES
    )


def _events() -> str:
    """What of the log concerns a series: a lifecycle's events, and single ones by name."""
    named = [type_ for one in SERIES for type_ in (*one.flow, *one.leaving)]
    kinds = [one.aggregate for one in SERIES if one.aggregate]
    return (
        f"(e.type = ANY ({_types(tuple(named))})"
        f" OR split_part(e.type, '.', 1) = ANY ({_types(tuple(kinds))}))"
    )


COUNTS: Final = f"""
    SELECT date_trunc('month', e.recorded_at AT TIME ZONE %(time_zone)s)::date AS month,
        s.name AS series, coalesce(CASE WHEN s.has_amounts THEN e.data ->> 'currency' END, '')
            AS currency,
        (e.type = ANY (s.flow))::int AS flow,
        CASE
            WHEN s.aggregate = '' THEN
                (e.type = ANY (s.flow))::int - (e.type = ANY (s.leaving))::int
            WHEN split_part(e.type, '.', 1) = s.aggregate THEN
                coalesce((e.data ->> 'to' = ANY (s.states))::int, 0)
                - coalesce((e.data ->> 'from' = ANY (s.states))::int, 0)
            ELSE 0
        END AS stock_change,
        CASE WHEN s.has_amounts AND e.type = ANY (s.flow)
            THEN coalesce((e.data ->> 'amount_minor')::bigint, 0) ELSE 0 END AS amount_minor
    FROM event e
    JOIN (VALUES {_rows()}) AS s (name, flow, aggregate, states, leaving, has_amounts)
        ON e.type = ANY (s.flow || s.leaving) OR split_part(e.type, '.', 1) = s.aggregate
    WHERE {_events()}
"""  # noqa: S608 - built from the constants above
"""What each event changes of each series, one row each."""
