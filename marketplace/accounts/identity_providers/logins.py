"""Logins on their way: each belongs to one browser, and is taken once."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete

from marketplace.accounts.authentication import new_secret, secret_hash
from marketplace.accounts.identity_providers.errors import LoginExpiredError
from marketplace.accounts.identity_providers.exchanging import Partner
from marketplace.accounts.identity_providers.metadata import Directory
from marketplace.accounts.identity_providers.models import (
    ExternalLogin,
    IdentityProvider,
    ProviderAuthentication,
)
from marketplace.accounts.identity_providers.queries import get_provider
from marketplace.accounts.identity_providers.service import secret_of
from marketplace.accounts.signing_keys.service import signing_key
from marketplace.accounts.suspensions.queries import require_not_suspended
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now

LIFETIME: Final = timedelta(minutes=10)
"""Enough for a password, a second factor and a telephone call at the provider."""
CODE_LIFETIME: Final = timedelta(minutes=5)
CALLBACK: Final = "/login/callback"


def callback_address(issuer: str, slug: str) -> str:
    """Where a provider sends browsers: each to its own, so no answer is taken for another's."""
    return f"{issuer}{CALLBACK}/{slug}"


@dataclass(frozen=True, slots=True)
class Ties:
    """What it takes to talk to providers, for this installation."""

    keyring: Keyring
    issuer: str
    directory: Directory

    async def partner(self, session: AsyncSession, provider: IdentityProvider) -> Partner:
        """A provider with our credentials; afterwards the session is not needed to talk to it."""
        by_key = provider.authentication is ProviderAuthentication.PRIVATE_KEY
        credential = (
            await signing_key(session, self.keyring)
            if by_key
            else secret_of(self.keyring, provider) or ""
        )
        address = callback_address(self.issuer, provider.slug)
        return Partner(provider, address, self.directory, credential)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a login was begun for."""

    provider: IdentityProvider
    onward: str
    is_anew: bool

    @classmethod
    async def of(cls, session: AsyncSession, login: ExternalLogin) -> Self:
        """What a login that was taken is for.

        Raises:
            LoginExpiredError: nobody signs in by its provider any more.
            OrganisationSuspendedError: that of the provider is.
        """
        provider = await get_provider(session, login.provider_id)
        if provider.enabled_at is None:
            raise LoginExpiredError
        if provider.organisation_id:
            await require_not_suspended(session, provider.organisation_id)
        return cls(provider, login.onward, login.is_anew)


@dataclass(frozen=True, slots=True)
class Vouched:
    """A person whom a provider vouched for."""

    user_id: UUID
    proved_at: datetime | None


async def begin(session: AsyncSession, begun: Begun, browser: str) -> str:
    """Note that a browser is sent away; gives the state by which it is known again."""
    return _note(session, begun, browser, LIFETIME)


async def ask_for_code(session: AsyncSession, begun: Begun, browser: str, vouched: Vouched) -> str:
    """Note that only the second factor of a person is missing; gives the state of that."""
    return _note(session, begun, browser, CODE_LIFETIME, **asdict(vouched))


def _note(
    session: AsyncSession, begun: Begun, browser: str, lifetime: timedelta, **vouched: Any
) -> str:
    state = new_secret("")
    session.add(
        ExternalLogin(
            created_at=now(session),
            provider_id=begun.provider.id,
            state_hash=secret_hash(state),
            browser_hash=secret_hash(browser),
            onward=begun.onward,
            is_anew=begun.is_anew,
            expires_at=now(session) + lifetime,
            **vouched,
        )
    )
    return state


async def forget_old(session: AsyncSession) -> None:
    """Delete logins that nobody came back from."""
    old = col(ExternalLogin.expires_at) < now(session)
    await session.execute(delete(ExternalLogin).where(old))


async def take(session: AsyncSession, state: str, browser: str) -> ExternalLogin | None:
    """The login that a browser comes back with, which is used up; of two at once, one gets it.

    None: used before, another browser's, too late, or never begun.
    """
    query = (
        delete(ExternalLogin)
        .where(
            col(ExternalLogin.state_hash) == secret_hash(state),
            col(ExternalLogin.browser_hash) == secret_hash(browser),
            col(ExternalLogin.expires_at) > now(session),
        )
        .returning(ExternalLogin)
    )
    return (await session.execute(query)).scalar_one_or_none()
