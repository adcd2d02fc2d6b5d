"""Settling: held money goes where it was decided, with everything that this changes, in one write.

A release is what the platform does most. Through the session's unit of work it took eight round
trips and several times the processor time; here it takes four in all (docs/decisions/0009).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.accounts.actors import Actor
from marketplace.assets.service import ENDING_RESERVATION
from marketplace.assets.standing.service import FOOTING, Footing
from marketplace.deals.errors import TitleLostError
from marketplace.deals.models import Deal
from marketplace.deals.parties import require_role
from marketplace.deals.rules import (
    COLUMNS,
    NO_DEDUCTIONS,
    Deductions,
    Division,
    Held,
    Payee,
    divide,
)
from marketplace.kernel.db import loaded
from marketplace.kernel.driver_pools import Connection, Writes
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import Change, Identity, changing, work_out
from marketplace.kernel.statements import Statement
from marketplace.payments.chargebacks.queries import STANDING
from marketplace.payments.ledger.service import BOOKED, POSTING, open_accounts_and_book

HOLDS_TITLE: Final = """
    EXISTS (
        SELECT FROM ownership o WHERE o.right_id = d.right_id
            AND o.organisation_id = d.buyer_organisation_id AND o.owned_until IS NULL
            AND o.numerator = o.denominator
    )
"""
"""Whether the buyer of deal `d` owns the whole of its right, after the transfer."""
_FOOTING: Final = ", ".join(f"r.{name} AS footing_{name}" for name in FOOTING)
_LOCK: Final = f"""
    SELECT d.*, {_FOOTING}, {HOLDS_TITLE} AS holds_title, EXISTS (
        SELECT FROM encumbrance e
        WHERE e.right_id = d.right_id AND e.state IN ('pending_registration', 'active')
    ) AS is_burdened, EXISTS (
        SELECT FROM chargeback c WHERE c.subject = 'deal:' || d.id AND {STANDING}
    ) AS is_charged_back
    FROM deal d JOIN ip_right r ON r.id = d.right_id
    WHERE d.id = $1 FOR UPDATE OF d
"""  # noqa: S608 - built from constants
_SETTLE: Final = Statement(POSTING, changing(Deal, *COLUMNS), ENDING_RESERVATION, select=BOOKED)


def whole(deal: Deal) -> Held:
    """What is held for a deal that is paid at once."""
    return Held(deal.subject, deal.price_minor, deal.vat_minor)


def fact(deal: Deal, amount_minor: int) -> dict[str, Any]:
    """What statistics count of a deal's event."""
    return {
        "amount_minor": amount_minor,
        "currency": deal.currency,
        "right_kind": deal.right_kind,
        "deal_type": deal.type,
    }


def require_footing(footing: Footing, at: datetime, *, holds_title: bool) -> None:
    """Refuse to pay for a right that is not what was sold, or was not looked up lately.

    Raises:
        TitleLostError: the buyer does not own it (any more).
        NotTradableError, RightRestrainedError, RegisterCheckStaleError: as for any release.
    """
    footing.require_sure(at)
    if not holds_title:
        raise TitleLostError


async def settle(
    connection: Connection,
    deal: Deal,
    name: str,
    to_seller_minor: int,
    *,
    role: str,
    actor: Identity,
    at: datetime,
    payees: Sequence[Payee] = (),
    deductions: Deductions = NO_DEDUCTIONS,
) -> tuple[Change, Division]:
    """Write a move that distributes what is held, in the transaction that locked the deal.

    Without payees, the seller gets everything. What claims ask for is left over, not paid yet.

    Returns:
        What was written; `deal` itself is as it was.

    Raises:
        IllegalMoveError, NotYourMoveError: and nothing has changed.
    """
    change = work_out(deal, name, role=role, actor=actor, at=at, **fact(deal, to_seller_minor))
    division = divide(deal, whole(deal), to_seller_minor, payees, deductions)
    freed = {"reserved_for": deal.subject, "reserved_until": at}
    values = division.booking().values(at) | change.values() | division.sums.values() | freed
    if not await _SETTLE.run(connection, values):
        await open_accounts_and_book(connection, values)
    return change, division


async def release(writes: Writes, deal_id: UUID, *, actor: Actor, at: datetime) -> Deal | None:
    """Release a deal's price in a transaction of its own; returns the settled deal.

    None when more than its own row has to be read (payees, brokers, taxes, parts, consents, what
    burdens the right, a chargeback, a right that time changed) or no money moves, and nothing was
    written: then `deals.settling.release` does it.

    Raises:
        NotFoundError: no such deal, or none of the actor's.
        IllegalMoveError, NotYourMoveError, and what `require_footing` raises: nothing has changed.
    """
    async with writes.transaction() as connection:
        row = await connection.fetchrow(_LOCK, deal_id)
        if row is None:
            raise NotFoundError("no such deal")
        columns = dict(row)
        footing = Footing.of({name: columns.pop(f"footing_{name}") for name in FOOTING})
        holds_title = columns.pop("holds_title")
        is_entangled = columns.pop("is_burdened") | columns.pop("is_charged_back")
        deal = loaded(Deal, columns)
        role = require_role(deal, actor)
        if is_entangled or not (deal.is_plain and deal.price_minor) or footing.has_turned(at):
            return None
        deal.lifecycle.step(deal.state, "release", role=role)
        require_footing(footing, at, holds_title=holds_title)
        change, division = await settle(
            connection, deal, "release", deal.price_minor, role=role, actor=actor, at=at
        )
    change.apply_to(deal)
    division.sums.apply_to(deal)
    return deal
