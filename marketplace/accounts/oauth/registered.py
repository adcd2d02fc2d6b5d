"""A client as Authlib asks about it."""

from typing import Final
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.clients.models import Client, Grant
from marketplace.accounts.clients.rules import is_registered
from marketplace.accounts.clients.service import secret_matches
from marketplace.accounts.permissions import OpenIdScope
from marketplace.kernel.db import now

REFRESH: Final = "refresh_token"


class Registered(ClientMixin):
    """A live client, in the transaction that looks at it."""

    def __init__(self, client: Client, session: AsyncSession) -> None:
        self.row = client
        self._now = now(session)

    def get_client_id(self) -> str:
        return str(self.row.id)

    def get_default_redirect_uri(self) -> str | None:
        """None: the request names the address, always."""
        return None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What was asked for, once each; None when it is nothing, or more than the client has."""
        asked = sorted(set((scope or "").split()))
        return " ".join(asked) if asked and set(asked) <= set(self.row.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_registered(self.row, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return secret_matches(self.row, client_secret, self._now)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return self.row.authentication == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and Grant.AUTHORIZATION_CODE in self.row.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        if grant_type == REFRESH:
            return OpenIdScope.OFFLINE_ACCESS in self.row.scopes
        return grant_type in self.row.grant_types


async def find_client(session: AsyncSession, client_id: str) -> Registered | None:
    """The client of an id, unless it was revoked. Its id has one spelling."""
    try:
        known = UUID(client_id)
    except ValueError:
        return None
    client = await session.get(Client, known) if str(known) == client_id else None
    return Registered(client, session) if client and client.revoked_at is None else None
