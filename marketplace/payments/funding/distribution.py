"""Where held funds go, and how what was released comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.money import split
from marketplace.payments.ledger.addresses import held
from marketplace.payments.ledger.service import Booking, Posting, post

Outflow = tuple[str, int]
"""An account, and what it gets in minor units; zero amounts are left out."""


def distribution(
    *, held_for: str, subject: str, currency: str, kind: str, outflows: Sequence[Outflow]
) -> Booking:
    """What empties the funds that are held for something, all at once.

    It happens once: the key and the overdraft check of the database both refuse a second time.

    Args:
        held_for: what the money is held for: a whole deal, or one part of it.
        subject: whose movement of money it is: the deal.
        currency: ISO 4217.
        kind: `release`, `refund` or `split`.
        outflows: together all that is held.
    """
    source = held(held_for)
    return Booking(
        key=f"distribute:{held_for}",
        kind=kind,
        subject=subject,
        currency=currency,
        postings=[Posting(source, address, minor) for address, minor in outflows if minor],
    )


_KEPT: Final = text(
    """
    SELECT address, sum(delta)::bigint AS kept_minor FROM (
        SELECT p.destination AS address, p.amount_minor AS delta
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.subject = :subject AND t.kind IN ('release', 'split') AND p.destination <> :payer
        UNION ALL
        SELECT p.source, -p.amount_minor
        FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
        WHERE t.subject = :subject AND t.kind IN ('reverse', 'refund_released')
    ) legs GROUP BY address HAVING sum(delta) > 0 ORDER BY address
    """
)


@dataclass(frozen=True, slots=True)
class Return:
    """Money that was released and goes back to who paid it.

    Attributes:
        subject: what it was released for.
        kind: `reverse` when all of it goes back, `refund_released` when a part does.
        key: names the fact; a second booking with it is refused by the database.
        payer: the account that gets it.
    """

    subject: str
    currency: str
    kind: str
    key: str
    payer: str


async def take_back(session: AsyncSession, wanted: Return, amount_minor: int | None = None) -> None:
    """Return an amount, or all that is left, from each account that got a share of the release.

    Each gives in proportion to what it still has of the release, by largest remainder: no account
    gives more than it got, and the last return leaves nothing anywhere, whatever went before. A
    payee who was paid out comes to owe the platform, and the next payables are set off.
    """
    values = {"subject": wanted.subject, "payer": wanted.payer}
    rows = (await session.execute(_KEPT, values)).all()
    kept = [int(row.kept_minor) for row in rows]
    total = sum(kept) if amount_minor is None else amount_minor
    if not total:
        return
    parts = split(total, kept)
    postings = [
        Posting(row.address, wanted.payer, minor)
        for row, minor in zip(rows, parts, strict=True)
        if minor
    ]
    booking = Booking(
        key=wanted.key,
        kind=wanted.kind,
        subject=wanted.subject,
        currency=wanted.currency,
        postings=postings,
    )
    await post(session, booking)
