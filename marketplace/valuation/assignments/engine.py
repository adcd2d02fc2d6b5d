"""Finding valuers for many orders in one run, by the rules, over facts that are read once."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, timedelta, tzinfo
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.kernel.db import Sessions, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import BY_SYSTEM, begin
from marketplace.valuation.assignments.errors import ConflictOfInterestError, StandingLostError
from marketplace.valuation.assignments.loading import Board, load
from marketplace.valuation.assignments.models import ValuationAssignment, ValuationDecision
from marketplace.valuation.assignments.rules import (
    Candidate,
    Case,
    Decision,
    against,
    conflicts,
    decide,
    partial_to,
    without_standing,
)
from marketplace.valuation.orders.lifecycle import OrderState
from marketplace.valuation.orders.models import ValuationOrder

Rule = Callable[[Case, Candidate], Iterable[str]]

AT_ONCE: Final = 1_000
"""Orders that are decided in one transaction."""
WRITTEN_AT_ONCE: Final = 100
"""What is decided is written in parts, so that the database never waits long for the next."""
SEED_BITS: Final = 62
LOOK_AGAIN: Final = timedelta(hours=6)
"""When nobody was fit and free, somebody may be later."""


async def assign_due(sessions: Sessions, zone: tzinfo = UTC) -> int:
    """Find an institution for each order that lacks one; returns how many were looked at.

    Designations and interests count by the day of the reporting time zone.
    """
    async with sessions.begin() as session:
        query = (
            select(ValuationOrder)
            .where(col(ValuationOrder.seek_at) <= now(session))
            .where(col(ValuationOrder.state) == OrderState.OPEN)
            .order_by(col(ValuationOrder.seek_at), col(ValuationOrder.id))
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        orders = (await session.execute(query)).scalars().all()
        if orders:
            for order in orders:
                mark_locked(session, order)
            await assign(session, orders, on=now(session).astimezone(zone).date())
    return len(orders)


async def assign(session: AsyncSession, orders: Sequence[ValuationOrder], *, on: date) -> None:
    """Decide every open place of some locked orders, each decision with its reasons."""
    board = await load(session, orders, on, hold=True)
    for first in range(0, len(orders), WRITTEN_AT_ONCE):
        await _assign(session, board, orders[first : first + WRITTEN_AT_ONCE])


async def _assign(session: AsyncSession, board: Board, orders: Sequence[ValuationOrder]) -> None:
    decisions: list[ValuationDecision] = []
    assignments: list[ValuationAssignment] = []
    for order in orders:
        found = [_decide(session, board, order, slot) for slot in board.places(order)]
        decisions += (decision for decision, _ in found)
        assignments += (assignment for _, assignment in found if assignment)
        is_missing = any(assignment is None for _, assignment in found)
        order.seek_at = now(session) + LOOK_AGAIN if is_missing else None
    session.add_all(decisions)
    await session.flush()
    for assignment in assignments:
        told = {"order_id": assignment.order_id, "institution_id": assignment.institution_id}
        begin(session, assignment, BY_SYSTEM, due_at=assignment.due_at, **told)
    await session.flush()


def _decide(
    session: AsyncSession, board: Board, order: ValuationOrder, slot: int
) -> tuple[ValuationDecision, ValuationAssignment | None]:
    case, candidates = board.case(order, slot), board.candidates(order)
    seed = secrets.randbits(SEED_BITS)
    made = decide(case, candidates, seed)
    chosen = UUID(made.chosen) if made.chosen else None
    decision = ValuationDecision(
        id=new_id(),
        created_at=now(session),
        order_id=order.id,
        slot=slot,
        policy_id=order.policy_id,
        seed=seed,
        facts=case.as_json(),
        candidates=[one.as_json() for one in candidates],
        judgements=[one.as_json() for one in made.judgements],
        institution_id=chosen,
    )
    if chosen is None:
        publish(
            session,
            "valuation_order.nobody_fit",
            subject=order.subject,
            actor=BY_SYSTEM.label,
            data={"slot": slot, "decision_id": decision.id},
        )
        return decision, None
    board.give(order, chosen)
    hours = board.policies[order.policy_id].answer_hours
    assignment = ValuationAssignment(
        created_at=now(session),
        order_id=order.id,
        slot=slot,
        institution_id=chosen,
        decision_id=decision.id,
        fee_minor=order.fee_minor,
        currency=order.currency,
        due_at=now(session) + timedelta(hours=hours),
    )
    return decision, assignment


async def reasons_against(
    session: AsyncSession, order: ValuationOrder, institution_id: UUID, *, on: date
) -> list[str]:
    """Why an institution could not be asked for an order; nothing when it could."""
    board = await load(session, [order], on)
    return [*_judge(board, order, institution_id, against)]


async def require_fit_to_begin(
    session: AsyncSession, order: ValuationOrder, institution_id: UUID, *, on: date
) -> None:
    """Look once more whether an institution may take the case that it was asked for.

    Raises:
        StandingLostError: it is not designated on the day, or suspended.
        ConflictOfInterestError: what stands between them came about since the draw.
    """
    await _require(session, order, institution_id, conflicts, on)


async def require_fit_to_sign(
    session: AsyncSession, order: ValuationOrder, institution_id: UUID, *, on: date
) -> None:
    """Look on the day of a report whether its institution may still sign it.

    How often it valued the right or for the client was decided by the draw, and is not asked again:
    only what binds it to somebody or something of the case, which may have come about since.

    Raises:
        StandingLostError, ConflictOfInterestError: as in `require_fit_to_begin`.
    """
    await _require(session, order, institution_id, partial_to, on)


async def _require(
    session: AsyncSession, order: ValuationOrder, institution_id: UUID, rule: Rule, on: date
) -> None:
    board = await load(session, [order], on)
    if [*_judge(board, order, institution_id, lambda _, one: without_standing(one))]:
        raise StandingLostError
    if [*_judge(board, order, institution_id, rule)]:
        raise ConflictOfInterestError


def _judge(board: Board, order: ValuationOrder, institution_id: UUID, rule: Rule) -> Iterable[str]:
    """By one rule; who keeps no profile is none of those who can be asked."""
    wanted = str(institution_id)
    found = [one for one in board.candidates(order) if one.institution == wanted]
    return rule(board.case(order, 1), found[0]) if found else ["not_designated"]


async def get_decision(session: AsyncSession, decision_id: UUID) -> ValuationDecision:
    """Raises NotFoundError where there is none."""
    decision = await session.get(ValuationDecision, decision_id)
    if decision is None:
        raise NotFoundError("no such decision")
    return decision


def replay(decision: ValuationDecision) -> Decision:
    """Decide again by the present rules, with the facts and the seed of then."""
    candidates = [Candidate.of(one) for one in decision.candidates]
    return decide(Case.of(decision.facts), candidates, decision.seed)


def is_same(decision: ValuationDecision, again: Decision) -> bool:
    """Whether a replay chose the same institution, for the same reasons."""
    judgements = orjson.loads(orjson.dumps([one.as_json() for one in again.judgements]))
    chosen = str(decision.institution_id) if decision.institution_id else None
    return bool((again.chosen, judgements) == (chosen, decision.judgements))
