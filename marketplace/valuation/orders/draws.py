"""What keeps a client from choosing the institution where nobody chooses: whom it may name."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.affiliations.queries import groups_of
from marketplace.valuation.institutions.models import InstitutionProfile
from marketplace.valuation.orders.errors import InstitutionNotChosenError, LenderMissingError
from marketplace.valuation.orders.models import PartyRole
from marketplace.valuation.orders.schemas import FeeShare, OrderPlace
from marketplace.valuation.purposes import Purpose

Named = tuple[UUID, PartyRole]

LENDING: Final = {
    Purpose.LOAN: frozenset({PartyRole.LENDER}),
    Purpose.GUARANTEE: frozenset({PartyRole.LENDER, PartyRole.GUARANTOR}),
}
"""Of whose group the valuer must not be, and who is therefore named."""
LENDERS: Final = frozenset({PartyRole.LENDER, PartyRole.GUARANTOR})


def require_lender(request: OrderPlace, own: PartyRole) -> None:
    """Raises LenderMissingError: a valuation for a loan or guarantee that names nobody to give it.

    Without a lender nobody could say whether the institution is of the lender's group.
    """
    wanted = LENDING.get(request.purpose, frozenset())
    if wanted and not wanted & {own, *(party.role for party in request.parties)}:
        raise LenderMissingError


async def require_drawn(
    session: AsyncSession,
    client_id: UUID,
    parties: Sequence[Named],
    payers: Iterable[FeeShare],
    *,
    today: date,
) -> None:
    """Refuse parties and payers that would leave only the institutions that the client wants.

    An institution that is named, or one of whose group is, takes no part in the draw. Lenders and
    guarantors may be, as some are institutions themselves, but one of each; nobody else.

    Raises:
        InstitutionNotChosenError.
    """
    others = [(one.organisation_id, PartyRole.PAYER) for one in payers]
    named = {one for one in (*parties, *others) if one[0] != client_id}
    if not named:
        return
    found = await session.execute(select(col(InstitutionProfile.organisation_id)))
    institutions = set(found.scalars())
    groups = await groups_of(session, {client_id, *institutions, *(one for one, _ in named)}, today)
    kept_out = {groups[one] for one in institutions} - {groups[client_id]}
    excluding = {(groups[one], role) for one, role in named if groups[one] in kept_out}
    lending = {one for one in excluding if one[1] in LENDERS}
    elsewhere = {group for group, _ in excluding} - {group for group, _ in lending}
    if elsewhere or max(Counter(role for _, role in lending).values(), default=0) > 1:
        raise InstitutionNotChosenError(
            "for this purpose you name an institution, or one of its group, as the one lender or"
            " the one guarantor alone"
        )
