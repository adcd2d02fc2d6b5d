"""What persons allowed clients: codes that work once, and families of refresh tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.authentication import new_secret, secret_hash
from marketplace.accounts.models import Membership, Organisation, User
from marketplace.accounts.oauth.models import OAuthGrant, RefreshToken, UsedAssertion
from marketplace.accounts.permissions import MemberRole, OpenIdScope
from marketplace.accounts.revocations import revoke
from marketplace.accounts.signing_keys.service import TOKEN_LIFETIME
from marketplace.accounts.suspensions.models import OrganisationSuspension
from marketplace.kernel.db import fetch, now
from marketplace.kernel.events import publish

CODE_LIFETIME: Final = timedelta(seconds=60)
REFRESH_LIFETIME: Final = timedelta(days=30)
"""A client that does not come back for so long has to ask the person again."""
GRANT_LIFETIME: Final = timedelta(days=180)
"""After so long the person is asked again in any case."""
REMEMBERED: Final = timedelta(days=1)
CHOICES_MAX: Final = 100
CODE_PREFIX: Final = "mpc_"
REFRESH_PREFIX: Final = "mpr_"

_END_GRANTS: Final = text(
    """
    UPDATE oauth_grant SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL
        AND (CAST(:organisation_id AS uuid) IS NULL OR organisation_id = :organisation_id)
    RETURNING id
    """
)
_FORGET_GRANTS: Final = text(
    "DELETE FROM oauth_grant WHERE id IN (SELECT id FROM oauth_grant"
    " WHERE ends_at < :before OR revoked_at < :before LIMIT 10000)"
)


@dataclass(frozen=True, slots=True)
class Consent:
    """A person who allows a client to act for them, in one of their organisations."""

    user_id: UUID
    organisation_id: UUID
    signed_in_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """An organisation that a person belongs to."""

    organisation_id: UUID
    name: str
    role: MemberRole


@dataclass(frozen=True, slots=True)
class Holder:
    """A person as tokens are issued to them: with the role that they have now."""

    user_id: UUID
    organisation_id: UUID
    role: MemberRole
    is_verified: bool


async def allow(
    session: AsyncSession,
    consent: Consent,
    *,
    client_id: UUID,
    code: str,
    scopes: list[str],
    redirect_uri: str,
    code_challenge: str,
    nonce: str | None,
) -> OAuthGrant:
    """Write down what a person allows; the client redeems the code within a minute."""
    grant = OAuthGrant(
        created_at=now(session),
        client_id=client_id,
        user_id=consent.user_id,
        organisation_id=consent.organisation_id,
        scopes=scopes,
        redirect_uri=redirect_uri,
        code_hash=secret_hash(code),
        code_challenge=code_challenge,
        nonce=nonce,
        signed_in_at=consent.signed_in_at,
        ends_at=now(session) + CODE_LIFETIME,
    )
    session.add(grant)
    data = {
        "client_id": client_id,
        "user_id": consent.user_id,
        "organisation_id": consent.organisation_id,
        "scopes": scopes,
    }
    subject, actor = f"oauth_grant:{grant.id}", f"user:{consent.user_id}"
    publish(session, "oauth_grant.allow", subject=subject, actor=actor, data=data)
    await session.flush()
    return grant


async def redeemable(session: AsyncSession, code: str, client_id: UUID) -> OAuthGrant:
    """The grant of a code, locked.

    Raises:
        InvalidGrantError: not a code of this client, expired, revoked, or used before; a code that
            comes twice was stolen, so that what it gave is revoked, though the request is refused.
    """
    query = select(OAuthGrant).where(col(OAuthGrant.code_hash) == secret_hash(code))
    locking = query.with_for_update().execution_options(populate_existing=True)
    grant = (await session.execute(locking)).scalar_one_or_none()
    if grant is None or grant.client_id != client_id:
        raise InvalidGrantError("This is no code of this client.")
    if grant.code_used_at:
        await revoke_grant(session, grant, actor=f"client:{client_id}", reason="code_replayed")
        raise InvalidGrantError("The code was used before; what it gave is revoked.")
    if grant.revoked_at or grant.ends_at <= now(session):
        raise InvalidGrantError("The code has expired.")
    return grant


async def redeem(session: AsyncSession, grant: OAuthGrant) -> None:
    """Use up the code; the grant lives on with the tokens that it gives."""
    grant.code_used_at = now(session)
    refreshed = OpenIdScope.OFFLINE_ACCESS in grant.scopes
    grant.ends_at = now(session) + (GRANT_LIFETIME if refreshed else TOKEN_LIFETIME)


async def new_refresh_token(session: AsyncSession, grant: OAuthGrant) -> str:
    token = new_secret(REFRESH_PREFIX)
    expires_at = min(now(session) + REFRESH_LIFETIME, grant.ends_at)
    session.add(
        RefreshToken(
            created_at=now(session),
            grant_id=grant.id,
            token_hash=secret_hash(token),
            expires_at=expires_at,
        )
    )
    return token


async def find_refresh_token(
    session: AsyncSession, token: str
) -> tuple[RefreshToken, OAuthGrant] | None:
    """A refresh token and its grant, both locked."""
    query = (
        select(RefreshToken, OAuthGrant)
        .join(OAuthGrant, col(OAuthGrant.id) == RefreshToken.grant_id)
        .where(col(RefreshToken.token_hash) == secret_hash(token))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = (await session.execute(query)).one_or_none()
    return (found[0], found[1]) if found else None


async def refreshable(
    session: AsyncSession, token: str, client_id: UUID
) -> tuple[RefreshToken, OAuthGrant]:
    """A refresh token that may be exchanged, and its grant, locked.

    Raises:
        InvalidGrantError: not a token of this client, expired, revoked, or used before; a token
            that comes twice was stolen, so that its whole family is revoked.
    """
    found = await find_refresh_token(session, token)
    if found is None or found[1].client_id != client_id:
        raise InvalidGrantError("This is no refresh token of this client.")
    refresh, grant = found
    if grant.revoked_at:
        raise InvalidGrantError("The grant was revoked.")
    if refresh.used_at:
        await revoke_grant(session, grant, actor=f"client:{client_id}", reason="token_reused")
        raise InvalidGrantError("The refresh token was used before; its family is revoked.")
    if refresh.expires_at <= now(session):
        raise InvalidGrantError("The refresh token has expired.")
    return refresh, grant


async def use_up(session: AsyncSession, refresh: RefreshToken) -> None:
    refresh.used_at = now(session)


async def revoke_grant(
    session: AsyncSession, grant: OAuthGrant, *, actor: str, reason: str
) -> None:
    """End a grant with all its tokens, everywhere within a second; once is enough."""
    if grant.revoked_at:
        return
    grant.revoked_at = now(session)
    await revoke(session, f"token family:{grant.id}")
    subject, data = f"oauth_grant:{grant.id}", {"reason": reason}
    publish(session, "oauth_grant.revoke", subject=subject, actor=actor, data=data)


async def end_grants(
    session: AsyncSession, user_id: UUID, *, organisation_id: UUID | None = None
) -> None:
    """End what a person allowed to clients, for one organisation or for all."""
    values = {"user_id": user_id, "organisation_id": organisation_id, "now": now(session)}
    ended = [f"token family:{row.id}" for row in await fetch(session, _END_GRANTS, **values)]
    await revoke(session, *ended)


async def holder(session: AsyncSession, grant: OAuthGrant) -> Holder | None:
    """The person of a grant with their present role; None when they are no longer a member."""
    query = (
        select(Membership, User)
        .join(User, col(User.id) == Membership.user_id)
        .where(col(Membership.user_id) == grant.user_id)
        .where(col(Membership.organisation_id) == grant.organisation_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    membership, user = row
    return Holder(user.id, membership.organisation_id, membership.role, user.email_verified)


_SUSPENDED: Final = select(OrganisationSuspension.organisation_id).where(
    col(OrganisationSuspension.lifted_at).is_(None)
)


async def choices(session: AsyncSession, user_id: UUID) -> Sequence[Choice]:
    """The organisations that a person may let a client act for, their own first."""
    query = (
        select(col(Organisation.id), col(Organisation.name), col(Membership.role))
        .join(Membership, col(Membership.organisation_id) == Organisation.id)
        .where(col(Membership.user_id) == user_id, col(Organisation.id).not_in(_SUSPENDED))
        .order_by(col(Membership.created_at), col(Membership.id))
        .limit(CHOICES_MAX)
    )
    return [Choice(*row) for row in (await session.execute(query)).all()]


async def forget_ended(session: AsyncSession) -> None:
    """Delete what nobody can use any more, with a day's delay for replays to be recognised."""
    await session.execute(_FORGET_GRANTS, {"before": now(session) - REMEMBERED})
    for model in (RefreshToken, UsedAssertion):
        await session.execute(delete(model).where(col(model.expires_at) < now(session)))
