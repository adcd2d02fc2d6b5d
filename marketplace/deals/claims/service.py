"""The price of a pledged right first pays what the pledge secures (docs/decisions/0027)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.encumbrances.errors import EncumberedError
from marketplace.deals.bundles.service import rights_of
from marketplace.deals.claims.rules import Claim, Payment
from marketplace.deals.models import Deal
from marketplace.deals.rules import Division
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.listings.deal_types import DealType
from marketplace.payments.ledger.addresses import payable
from marketplace.payments.ledger.service import Booking, Posting, post

_HAS_CLAIMS: Final = text(
    "SELECT EXISTS (SELECT FROM encumbrance_consent"
    " WHERE subject = :subject AND act = 'sell' AND used_at IS NOT NULL AND claim_minor > 0)"
)
_CLAIMS: Final = text(
    """
    SELECT c.id, e.id AS encumbrance_id, e.holder_organisation_id, c.claim_minor - c.paid_minor
    FROM encumbrance_consent c JOIN encumbrance e ON e.id = c.encumbrance_id
    WHERE c.subject = :subject AND c.act = 'sell' AND c.used_at IS NOT NULL
    ORDER BY e.received_on, e.receipt_order, c.id FOR UPDATE OF c
    """
)
_PAY: Final = text(
    "UPDATE encumbrance_consent SET paid_minor = paid_minor + :amount_minor WHERE id = :id"
)
_STANDING: Final = text(
    """
    SELECT c.standing, e.registration_number
    FROM conflicts_of(:right_id, 'transfer', '{(,)}', '{(,)}', '{(,)}', 63,
        tstzrange(CAST(:at AS timestamptz), NULL), CAST(:subject AS text), CAST(:seller AS uuid),
        NULL, NULL, NULL) c
    JOIN encumbrance e ON e.id = c.encumbrance_id
    LEFT JOIN ownership o ON o.right_id = :right_id AND o.basis = CAST(:subject AS text)
        AND o.owned_until IS NULL
    WHERE e.granted_by IS DISTINCT FROM CAST(:buyer AS uuid) AND (o.id IS NULL
        OR coalesce(e.received_on, (e.starts_at AT TIME ZONE 'UTC')::date)
            <= (o.owned_from AT TIME ZONE 'UTC')::date)
    LIMIT 1
    """
)


async def has_claims(session: AsyncSession, subject: str) -> bool:
    """Whether consents to a sale ask for something of its price."""
    return bool((await session.execute(_HAS_CLAIMS, {"subject": subject})).scalar_one())


async def require_unburdened(session: AsyncSession, deal: Deal) -> None:
    """Refuse to pay for a right that is not what was bought, whenever that became known.

    What ranks after the buyer's title is the buyer's own matter.

    Raises:
        EncumberedError: an attachment, or a pledge whose holder has not consented to this sale.
    """
    if deal.type is not DealType.SALE:
        return  # a licence burdens the right itself, and was refused if it could not
    for right_id in await rights_of(session, deal):
        if what := await ranks_before(session, deal, right_id):
            raise EncumberedError(
                f"{what} ranks before the buyer's title; open a dispute or refund"
            )


async def ranks_before(session: AsyncSession, deal: Deal, right_id: UUID) -> str | None:
    """What burdens a sold right and was not agreed to in the sale; None when nothing does."""
    values = {
        "right_id": right_id,
        "subject": deal.subject,
        "at": now(session),
        "seller": deal.seller_organisation_id,
        "buyer": deal.buyer_organisation_id,
    }
    row = (await session.execute(_STANDING, values)).first()
    return f"{row.standing} {row.registration_number or ''}".rstrip() if row else None


async def claims_on(session: AsyncSession, deal: Deal) -> Sequence[Claim]:
    """What the price of a deal still has to pay to whoever has pledges, in order of rank."""
    if not deal.pledged:
        return ()
    rows = await session.execute(_CLAIMS, {"subject": deal.subject})
    return [Claim(*row) for row in rows]


async def pay_claims(session: AsyncSession, division: Division) -> None:
    """Out of what was just released, pay what the pledges secure, before anybody can be paid out.

    It is a movement of its own, from the payees to whoever has the pledge: if the sale is undone
    later, the payees give the price back, and the debt that was paid stays paid.
    """
    await _book(session, division)
    for payment in division.claimed:
        values = {"id": payment.claim.consent_id, "amount_minor": payment.amount_minor}
        await session.execute(_PAY, values)
        _tell(session, division, payment)


async def _book(session: AsyncSession, division: Division) -> None:
    postings = [
        Posting(payable(payee), payable(payment.claim.organisation_id), minor)
        for payment in division.claimed
        for payee, minor in payment.borne
        if minor
    ]
    if postings:
        deal = division.deal
        booking = Booking(
            key=f"secured_claim:{division.held.subject}",
            kind="secured_claim",
            subject=deal.subject,
            currency=deal.currency,
            postings=postings,
        )
        await post(session, booking)


def _tell(session: AsyncSession, division: Division, payment: Payment) -> None:
    deal = division.deal
    subject = f"encumbrance:{payment.claim.encumbrance_id}"
    data = {
        "amount_minor": payment.amount_minor,
        "currency": deal.currency,
        "still_due_minor": payment.claim.due_minor - payment.amount_minor,
        "deal": deal.subject,
        "released": division.held.subject,
    }
    publish(session, "encumbrance.claim_paid", subject=subject, actor="system", data=data)
