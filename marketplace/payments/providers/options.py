"""Which providers can take a payment, by the rules that are in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides who can take payments for some payees, on a day."""

    providers: Sequence[PaymentProvider]
    payee_countries: frozenset[str]
    transfer_countries: Mapping[Provider, frozenset[str]]
    hold_days: Mapping[Provider, int | None]

    def options(self, amount_minor: int, currency: str) -> list[Option]:
        """What each provider says to a payment of so much."""
        return [
            provider.option(
                Inquiry(
                    amount_minor=amount_minor,
                    currency=currency,
                    payee_countries=self.payee_countries,
                    transfer_countries=self.transfer_countries[provider.name],
                    hold_days=self.hold_days[provider.name],
                )
            )
            for provider in self.providers
        ]


async def read_rules(
    session: AsyncSession, providers: Iterable[PaymentProvider], payees: Sequence[UUID]
) -> Rules:
    """The rules of today for payments from which these organisations will be paid."""
    at = now(session)
    (found,) = await fetch(session, _RULES, payees=list(payees), at=at)
    providers = tuple(providers)
    named = [name.partition(":") for name in found.transfers or ()]
    return Rules(
        providers,
        frozenset(found.payees or ()),
        {p.name: frozenset(to for by, _, to in named if by == p.name) for p in providers},
        {p.name: await hold_days(session, p.name, p.country, at) for p in providers},
    )
