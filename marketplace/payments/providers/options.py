"""Which providers can take a payment, by the rules that are in force."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.db import fetch, now
from marketplace.payments.funding.models import Provider
from marketplace.payments.providers.models import ANY_COUNTRY
from marketplace.payments.providers.port import Inquiry, Option, PaymentProvider

_IN_FORCE: Final = "valid_from <= :at AND (valid_until IS NULL OR valid_until > :at)"
_HOLD: Final = text(
    f"""
    SELECT days FROM hold_period
    WHERE provider = :provider AND country IN (:country, :any) AND {_IN_FORCE}
    ORDER BY country = :any LIMIT 1
    """  # noqa: S608 - our own text
)
_RULES: Final = text(
    f"""
    SELECT
        (SELECT array_agg(DISTINCT country) FROM organisation
         WHERE id = ANY (CAST(:payees AS uuid[]))) AS payees,
        (SELECT array_agg(provider || ':' || country) FROM transfer_country
         WHERE {_IN_FORCE}) AS transfers
    """  # noqa: S608 - our own text
)


async def hold_days(
    session: AsyncSession, provider: Provider, country: str, at: datetime
) -> int | None:
    """How long a platform in a country may hold money with a provider; None without a limit."""
    values = {"provider": provider, "country": country, "any": ANY_COUNTRY, "at": at}
    days: int | None = (await session.execute(_HOLD, values)).scalar()
    return days


async def options(
    session: AsyncSession,
    providers: Iterable[PaymentProvider],
    *,
    amount_minor: int,
    currency: str,
    payees: Sequence[UUID],
) -> list[Option]:
    """What each provider says to a payment, from which these organisations will be paid."""
    at = now(session)
    (rules,) = await fetch(session, _RULES, payees=list(payees), at=at)
    found = []
    for provider in providers:
        prefix = f"{provider.name}:"
        named = (name for name in rules.transfers or () if name.startswith(prefix))
        inquiry = Inquiry(
            amount_minor=amount_minor,
            currency=currency,
            payee_countries=frozenset(rules.payees or ()),
            transfer_countries=frozenset(name.removeprefix(prefix) for name in named),
            hold_days=await hold_days(session, provider.name, provider.country, at),
        )
        found.append(provider.option(inquiry))
    return found
