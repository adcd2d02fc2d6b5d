"""Everything that is known of all institutions for many cases at once, in a few statements.

How many statements it takes depends neither on the number of orders nor on that of institutions.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.affiliations.queries import groups_of
from marketplace.kernel.db import fetch, now
from marketplace.valuation.assignments.lifecycle import TOUCHED
from marketplace.valuation.assignments.models import IS_FILLED, IS_LIVE
from marketplace.valuation.assignments.rules import Candidate, Case, Limits, Party
from marketplace.valuation.institutions.models import STANDARD_WEIGHT
from marketplace.valuation.institutions.queries import weights_of
from marketplace.valuation.orders.models import ValuationOrder

_TOUCHED: Final = ", ".join(repr(state.value) for state in sorted(TOUCHED))

# Held by a statement of its own: what a run before has given away is seen by the ones after it.
_HOLD: Final = text("SELECT id FROM institution_profile ORDER BY organisation_id FOR UPDATE")
_INSTITUTIONS: Final = text(
    f"""
    SELECT p.organisation_id, p.fields, p.purposes, p.regions, p.capacity, d.status,
        (SELECT count(*) FROM valuation_assignment a
         WHERE a.institution_id = p.organisation_id AND {IS_LIVE}) AS open_cases,
        (SELECT max(a.created_at) FROM valuation_assignment a
         WHERE a.institution_id = p.organisation_id) AS last_asked
    FROM institution_profile p
    LEFT JOIN designation_period d ON d.organisation_id = p.organisation_id
        AND d.valid_from <= :on AND (d.valid_until IS NULL OR d.valid_until > :on)
    ORDER BY p.organisation_id
    """  # noqa: S608 - built from constants
)
_INTERESTS: Final = text(
    """
    SELECT institution_id, kind, counterpart_id, right_id FROM institution_interest
    WHERE valid_from <= :on AND (valid_until IS NULL OR valid_until > :on)
      AND (right_id = ANY (CAST(:rights AS uuid[]))
           OR counterpart_id = ANY (CAST(:organisations AS uuid[])))
    """
)
_PARTIES: Final = text(
    """
    SELECT order_id, organisation_id, role FROM valuation_party
    WHERE order_id = ANY (CAST(:orders AS uuid[]))
    UNION
    SELECT r.order_id, o.organisation_id, 'owner' FROM valuation_order_right r
    JOIN ownership o ON o.right_id = r.right_id AND o.owned_until IS NULL
    WHERE r.order_id = ANY (CAST(:orders AS uuid[]))
    """
)
_RIGHTS: Final = text(
    "SELECT order_id, right_id FROM valuation_order_right"
    " WHERE order_id = ANY (CAST(:orders AS uuid[]))"
)
_VALUED: Final = text(
    f"""
    SELECT a.institution_id, r.right_id, a.order_id, max(a.created_at) AS asked_at
    FROM valuation_order_right r JOIN valuation_assignment a ON a.order_id = r.order_id
    WHERE r.right_id = ANY (CAST(:rights AS uuid[])) AND a.state IN ({_TOUCHED})
    GROUP BY a.institution_id, r.right_id, a.order_id
    """  # noqa: S608 - built from constants
)
_CLIENTS: Final = text(
    f"""
    SELECT a.institution_id, o.client_organisation_id, a.order_id, a.created_at
    FROM valuation_order o JOIN valuation_assignment a ON a.order_id = o.id
    WHERE o.client_organisation_id = ANY (CAST(:clients AS uuid[])) AND a.state IN ({_TOUCHED})
      AND a.created_at > CAST(:now AS timestamptz) - make_interval(days => :days)
    """  # noqa: S608 - built from constants
)
_ASKED: Final = text(
    f"""
    SELECT order_id, institution_id, slot, {IS_FILLED} AS filled FROM valuation_assignment
    WHERE order_id = ANY (CAST(:orders AS uuid[]))
    """  # noqa: S608 - built from constants
)
# A draw that a client gave up while it was asked, where nobody may choose: it is gone on with.
_WITHDRAWN: Final = text(
    """
    SELECT n.id AS order_id, n.client_organisation_id AS client, a.slot, a.institution_id,
        e.client_organisation_id AS client_before
    FROM valuation_order n
    JOIN assignment_policy p ON p.id = n.policy_id AND NOT p.client_may_name
    JOIN valuation_order e ON e.state = 'withdrawn' AND e.purpose = n.purpose
        AND e.client_organisation_id = ANY (CAST(:clients AS uuid[]))
        AND e.created_at > n.created_at - make_interval(days => p.same_client_days)
    JOIN valuation_assignment a ON a.order_id = e.id AND a.state = 'cancelled'
    WHERE n.id = ANY (CAST(:orders AS uuid[])) AND EXISTS (
        SELECT FROM valuation_order_right x JOIN valuation_order_right y USING (right_id)
        WHERE x.order_id = n.id AND y.order_id = e.id)
    ORDER BY a.id
    """
)
_POLICIES: Final = text("SELECT * FROM assignment_policy WHERE id = ANY (CAST(:ids AS uuid[]))")


@dataclass(slots=True)
class _Institution:
    """What is known of one, kept true while cases are given away."""

    organisation: UUID
    group: UUID
    standing: str | None
    fields: tuple[int, ...]
    purposes: tuple[str, ...]
    regions: tuple[str, ...]
    capacity: int
    weight: int
    open_cases: int
    last_asked: str | None
    interests: set[tuple[str, UUID]] = field(default_factory=set)
    valued: dict[UUID, dict[UUID, date]] = field(default_factory=lambda: defaultdict(dict))
    """By the right, the day of each order."""
    clients: dict[UUID, dict[UUID, datetime]] = field(default_factory=lambda: defaultdict(dict))
    """By the client's group, the moment of each order."""
    asked: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class Board:
    """All institutions, and the facts of each case."""

    at: datetime
    day: date
    policies: Mapping[UUID, Any]
    groups: Mapping[UUID, UUID]
    institutions: dict[UUID, _Institution]
    parties: Mapping[UUID, Sequence[Any]]
    rights: Mapping[UUID, Sequence[UUID]]
    filled: Mapping[UUID, set[int]]
    continued: dict[tuple[UUID, int], UUID]
    """By order and place, whom an order that its client withdrew had asked last."""

    def places(self, order: ValuationOrder) -> list[int]:
        """The places of an order that nobody fills."""
        return [n for n in range(1, order.wanted + 1) if n not in self.filled.get(order.id, ())]

    def case(self, order: ValuationOrder, slot: int) -> Case:
        policy = self.policies[order.policy_id]
        client = order.client_organisation_id
        rows = sorted(self.parties.get(order.id, ()), key=lambda r: (str(r[1]), r[2]))
        parties = [Party(str(row[1]), str(self.groups[row[1]]), row[2]) for row in rows]
        named = order.named_institution_id
        continued = self.continued.get((order.id, slot))
        return Case(
            order=str(order.id),
            slot=slot,
            day=self.day,
            purpose=str(order.purpose),
            fields=tuple(order.fields),
            region=order.region,
            named=str(named) if named else None,
            client=str(self.groups[client]),
            parties=tuple(parties),
            rights=tuple(sorted(map(str, self.rights.get(order.id, ())))),
            continues=str(continued) if continued else None,
            limits=Limits(policy.top_k, policy.same_client_max, policy.revaluation_months),
        )

    def candidates(self, order: ValuationOrder) -> list[Candidate]:
        """Every institution with the facts that touch the order."""
        rights = self.rights.get(order.id, ())
        groups = {self.groups[row[1]] for row in self.parties.get(order.id, ())}
        things = groups | set(rights)
        return [self._candidate(order, one, things) for one in self.institutions.values()]

    def _candidate(self, order: ValuationOrder, one: _Institution, things: set[UUID]) -> Candidate:
        interests = sorted((kind, str(thing)) for kind, thing in one.interests if thing in things)
        valued = sorted(
            (str(right), day)
            for right in self.rights.get(order.id, ())
            if right in one.valued
            for valued_for, day in one.valued[right].items()
            if valued_for != order.id
        )
        return Candidate(
            institution=str(one.organisation),
            group=str(one.group),
            standing=one.standing,
            fields=one.fields,
            purposes=one.purposes,
            regions=one.regions,
            capacity=one.capacity,
            weight=one.weight,
            open_cases=one.open_cases,
            last_asked=one.last_asked,
            interests=tuple(interests),
            valued=tuple(valued),
            client_cases=self._client_cases(order, one),
            asked=order.id in one.asked,
        )

    def _client_cases(self, order: ValuationOrder, one: _Institution) -> int:
        """Of the policy's days, without the order itself."""
        cases = one.clients.get(self.groups[order.client_organisation_id], {})
        days = self.policies[order.policy_id].same_client_days
        return sum(
            asked_for != order.id and (self.at - asked_at).days < days
            for asked_for, asked_at in cases.items()
        )

    def give(self, order: ValuationOrder, institution: UUID) -> None:
        """Note that an institution is asked, for the decisions that follow."""
        one = self.institutions[institution]
        one.open_cases += 1
        one.last_asked = self.at.isoformat()
        one.asked.add(order.id)
        one.clients[self.groups[order.client_organisation_id]][order.id] = self.at
        for right in self.rights.get(order.id, ()):
            one.valued[right][order.id] = self.day


async def load(
    session: AsyncSession, orders: Sequence[ValuationOrder], on: date, *, hold: bool = False
) -> Board:
    """Read what the rules ask for.

    Who gives cases away has to `hold` the profiles of all institutions until the transaction ends,
    so that of two runs the second sees what the first has given.
    """
    order_ids = [order.id for order in orders]
    if hold:
        await fetch(session, _HOLD)
    rows = await fetch(session, _INSTITUTIONS, on=on)
    parties = _by_order(await fetch(session, _PARTIES, orders=order_ids))
    rights = _by_order(await fetch(session, _RIGHTS, orders=order_ids))
    clients = {order.client_organisation_id for order in orders}
    named = {row[1] for found in parties.values() for row in found}
    groups = await groups_of(session, {*clients, *named, *(r.organisation_id for r in rows)}, on)
    weights = await weights_of(session)
    institutions = {
        row.organisation_id: _Institution(
            organisation=row.organisation_id,
            group=groups[row.organisation_id],
            standing=row.status,
            fields=tuple(row.fields),
            purposes=tuple(row.purposes),
            regions=tuple(row.regions),
            capacity=row.capacity,
            weight=weights.get(row.organisation_id, STANDARD_WEIGHT),
            open_cases=row.open_cases,
            last_asked=row.last_asked.isoformat() if row.last_asked else None,
        )
        for row in rows
    }
    policies = await fetch(session, _POLICIES, ids=[order.policy_id for order in orders])
    board = Board(
        at=now(session),
        day=on,
        policies={row.id: row for row in policies},
        groups=groups,
        institutions=institutions,
        parties=parties,
        rights={order: [row[1] for row in found] for order, found in rights.items()},
        filled=defaultdict(set),
        continued={},
    )
    members = _members(groups, clients)
    await _remember(session, board, order_ids, members)
    for row in await fetch(session, _WITHDRAWN, clients=members, orders=order_ids):
        if groups[row.client] == groups[row.client_before]:
            board.continued[row.order_id, row.slot] = row.institution_id
    return board


def _by_order(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return dict(found)


def _members(groups: Mapping[UUID, UUID], of: Collection[UUID]) -> list[UUID]:
    """Everyone of the groups of some organisations."""
    tops = {groups[organisation] for organisation in of}
    return [organisation for organisation, top in groups.items() if top in tops]


async def _remember(
    session: AsyncSession, board: Board, orders: Sequence[UUID], clients: Sequence[UUID]
) -> None:
    """Add what each institution declared, valued, and was asked before."""
    rights = sorted({right for found in board.rights.values() for right in found})
    days = max(policy.same_client_days for policy in board.policies.values())
    asked: dict[str, Any] = {"on": board.day, "rights": rights}
    for row in await fetch(session, _INTERESTS, organisations=list(board.groups), **asked):
        if one := board.institutions.get(row.institution_id):
            thing = row.right_id or board.groups[row.counterpart_id]
            one.interests.add((row.kind, thing))
    for row in await fetch(session, _VALUED, rights=rights):
        if one := board.institutions.get(row.institution_id):
            one.valued[row.right_id][row.order_id] = row.asked_at.date()
    for row in await fetch(session, _CLIENTS, clients=clients, now=board.at, days=days):
        if one := board.institutions.get(row.institution_id):
            group = board.groups[row.client_organisation_id]
            one.clients[group][row.order_id] = row.created_at
    for row in await fetch(session, _ASKED, orders=orders):
        if one := board.institutions.get(row.institution_id):
            one.asked.add(row.order_id)
        if row.filled:
            board.filled[row.order_id].add(row.slot)
