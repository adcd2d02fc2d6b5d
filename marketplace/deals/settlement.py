"""Settling: held money goes where it was decided, with everything that this changes, in one write.

A release is what the platform does most. Through the session's unit of work it took eight round
trips and several times the processor time; here it takes four in all (docs/decisions/0009).
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import NotTradableError
from marketplace.assets.models import LegalStatus
from marketplace.assets.rules import TRADABLE
from marketplace.assets.service import ENDING_RESERVATION
from marketplace.deals.models import Deal
from marketplace.deals.parties import require_role
from marketplace.kernel.db import loaded
from marketplace.kernel.driver_pools import Connection, Writes
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import Change, Identity, changing, work_out
from marketplace.kernel.money import share_of
from marketplace.kernel.statements import Statement
from marketplace.payments.funding.service import distribution
from marketplace.payments.ledger.service import BOOKED, POSTING, Booking, open_accounts_and_book

_LOCK: Final = """
    SELECT d.*, r.legal_status FROM deal d JOIN ip_right r ON r.id = d.right_id
    WHERE d.id = $1 FOR UPDATE OF d
"""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a price is divided, in minor units; the commission is a part of what is released."""

    released_minor: int
    refunded_minor: int
    commission_minor: int

    def booking(self, deal: Deal) -> Booking:
        return distribution(
            subject=deal.subject,
            currency=deal.currency,
            seller=deal.seller_organisation_id,
            buyer=deal.buyer_organisation_id,
            to_seller_minor=self.released_minor,
            to_buyer_minor=self.refunded_minor,
            commission_minor=self.commission_minor,
        )

    def apply_to(self, deal: Deal) -> None:
        deal.released_minor = self.released_minor
        deal.refunded_minor = self.refunded_minor
        deal.commission_minor = self.commission_minor


_SETTLE: Final = Statement(
    POSTING,
    changing(Deal, *Distribution.__dataclass_fields__),
    ENDING_RESERVATION,
    select=BOOKED,
)


def divide(deal: Deal, to_seller_minor: int) -> Distribution:
    """Release a part of the price to the seller, by the commission frozen into the deal."""
    return Distribution(
        released_minor=to_seller_minor,
        refunded_minor=deal.price_minor - to_seller_minor,
        commission_minor=share_of(to_seller_minor, deal.commission_basis_points),
    )


def fact(deal: Deal, amount_minor: int) -> dict[str, Any]:
    """What statistics count of a deal's event."""
    return {
        "amount_minor": amount_minor,
        "currency": deal.currency,
        "right_kind": deal.right_kind,
        "deal_type": deal.type,
    }


def require_in_force(status: str) -> None:
    """Raises NotTradableError when a right lapsed, expired or was invalidated meanwhile."""
    if LegalStatus(status) not in TRADABLE:
        raise NotTradableError(f"its legal status is {status}; open a dispute or refund")


async def settle(
    connection: Connection,
    deal: Deal,
    name: str,
    to_seller_minor: int,
    *,
    role: str,
    actor: Identity,
    at: datetime,
) -> tuple[Change, Distribution]:
    """Write a move that distributes what is held, in the transaction that locked the deal.

    Returns:
        What was written; `deal` itself is as it was.

    Raises:
        IllegalMoveError, NotYourMoveError: and nothing has changed.
    """
    change = work_out(deal, name, role=role, actor=actor, at=at, **fact(deal, to_seller_minor))
    divided = divide(deal, to_seller_minor)
    freed = {"reserved_for": deal.subject, "reserved_until": at}
    values = divided.booking(deal).values(at) | change.values() | asdict(divided) | freed
    if not await _SETTLE.run(connection, values):
        await open_accounts_and_book(connection, values)
    return change, divided


async def release(writes: Writes, deal_id: UUID, *, actor: Actor, at: datetime) -> Deal:
    """Release a deal's price in a transaction of its own; returns the settled deal.

    Raises:
        NotFoundError: no such deal, or none of the actor's.
        NotTradableError, IllegalMoveError, NotYourMoveError: and nothing has changed.
    """
    async with writes.transaction() as connection:
        row = await connection.fetchrow(_LOCK, deal_id)
        if row is None:
            raise NotFoundError("no such deal")
        columns = dict(row)
        status = columns.pop("legal_status")
        deal = loaded(Deal, columns)
        role = require_role(deal, actor)
        require_in_force(status)
        change, divided = await settle(
            connection, deal, "release", deal.price_minor, role=role, actor=actor, at=at
        )
    change.apply_to(deal)
    divided.apply_to(deal)
    return deal
