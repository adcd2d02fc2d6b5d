"""Naming who gets which share of a price. It is a part of the text that both sides sign."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.deals.agreement import draw_up
from marketplace.deals.models import Deal
from marketplace.deals.parties import lock_for
from marketplace.deals.payees.errors import (
    FeesSharedError,
    InvalidPayeeError,
    InvalidSharesError,
)
from marketplace.deals.payees.models import DealPayee, PayeeRole
from marketplace.deals.payees.schemas import Payee
from marketplace.deals.pools.errors import PooledSharesError
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import move
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.listings.deal_types import DealType
from marketplace.listings.licensing.service import offer_of


async def name_payees(
    session: AsyncSession,
    keyring: Keyring,
    deal_id: UUID,
    payees: Sequence[Payee],
    *,
    actor: Actor,
) -> Deal:
    """Say who gets which share; nobody named is the seller alone. The text gets another hash.

    Raises:
        InvalidSharesError: they do not sum to exactly one.
        InvalidPayeeError: the buyer, the platform, nobody known, or somebody twice.
        PooledSharesError: the deal licenses a pool, whose members have agreed on theirs.
        FeesSharedError: the law divides among all owners what the licence earns.
    """
    deal, role = await lock_for(session, deal_id, actor)
    named = [{"organisation_id": p.organisation_id, "role": p.role} for p in payees]
    move(session, deal, "name_payees", role=role, actor=actor, payees=named)
    await _require_free_shares(session, deal)
    await put_payees(session, deal, payees)
    await draw_up(session, keyring, deal)
    return deal


async def put_payees(session: AsyncSession, deal: Deal, payees: Sequence[Payee]) -> None:
    """Write the shares down in place of those before.

    Raises:
        InvalidSharesError, InvalidPayeeError: as for naming them.
    """
    ids = [payee.organisation_id for payee in payees]
    shares = [payee.share.fraction for payee in payees]
    over_one_denominator(shares)
    await _require_payees(session, deal, ids)
    roles = {payee.organisation_id: payee.role for payee in payees}
    await put_shares(session, deal, dict(zip(ids, shares, strict=True)), roles)


async def put_shares(
    session: AsyncSession,
    deal: Deal,
    shares: Mapping[UUID, Fraction],
    roles: Mapping[UUID, PayeeRole],
) -> None:
    """Write down who gets which part of a whole, in this order, in place of what was before.

    Raises:
        InvalidSharesError: they have no common denominator in reach.
    """
    numerators, denominator = over_one_denominator([*shares.values()])
    await session.execute(delete(DealPayee).where(col(DealPayee.deal_id) == deal.id))
    session.add_all(
        DealPayee(
            created_at=now(session),
            deal_id=deal.id,
            position=position,
            organisation_id=payee,
            role=roles[payee],
            numerator=numerator,
            denominator=denominator,
        )
        for position, (payee, numerator) in enumerate(zip(shares, numerators, strict=True), 1)
    )
    deal.shared = bool(shares)
    await session.flush()


async def _require_free_shares(session: AsyncSession, deal: Deal) -> None:
    if deal.fees_shared:
        raise FeesSharedError
    offer = None if deal.type is DealType.SALE else await offer_of(session, deal.listing_id)
    if offer is not None and offer.pool_id is not None:
        raise PooledSharesError


def over_one_denominator(shares: Sequence[Fraction]) -> tuple[list[int], int]:
    """Shares over their least common denominator.

    Raises:
        InvalidSharesError: there are some, and they do not sum to exactly one, or it is too large.
    """
    if shares and sum(shares) != 1:
        raise InvalidSharesError(f"they sum to {sum(shares)}")
    denominator = lcm(*(share.denominator for share in shares))
    if denominator > AMOUNT_MINOR_MAX:
        raise InvalidSharesError("their common denominator is too large; use rounder shares")
    return [int(share * denominator) for share in shares], denominator


async def _require_payees(session: AsyncSession, deal: Deal, ids: Sequence[UUID]) -> None:
    if deal.buyer_organisation_id in ids:
        raise InvalidPayeeError("the buyer pays, and is no payee")
    query = select(func.count()).where(
        col(Organisation.id).in_(ids), col(Organisation.kind) != OrganisationKind.OPERATOR
    )
    if (await session.execute(query)).scalar_one() != len(ids):
        raise InvalidPayeeError("name organisations of this marketplace, each once")
