from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Index, LargeBinary, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import Record, moment


class OAuthGrant(Record, table=True):
    """What a person allowed a client: it begins as a code, and goes on as a family of tokens.

    It ends when it is revoked, or when nobody redeemed the code or refreshed a token in time.
    """

    __tablename__: ClassVar[str] = "oauth_grant"
    __table_args__ = (
        UniqueConstraint("code_hash", name="oauth_grant_code_unique"),
        Index("oauth_grant_user_index", "user_id", "id"),
        Index("oauth_grant_client_index", "client_id"),
        Index("oauth_grant_ends_at_index", "ends_at"),
    )
    code_challenge_method: ClassVar[str] = "S256"

    client_id: UUID = Field(foreign_key="oauth_client.id")
    user_id: UUID = Field(foreign_key="user_account.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    scopes: list[str] = Field(sa_type=ARRAY(String))
    redirect_uri: str
    code_hash: bytes = Field(sa_type=LargeBinary)
    code_challenge: str
    code_used_at: datetime | None = moment(nullable=True)
    nonce: str | None = None
    signed_in_at: datetime = moment()
    ends_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)

    def get_redirect_uri(self) -> str:
        """As Authlib asks for it; `get_scope` likewise."""
        return self.redirect_uri

    def get_scope(self) -> str:
        return " ".join(self.scopes)


class RefreshToken(Record, table=True):
    """A token that is exchanged once for the next; used again, it was stolen."""

    __tablename__: ClassVar[str] = "oauth_refresh_token"
    __table_args__ = (
        UniqueConstraint("token_hash", name="oauth_refresh_token_unique"),
        Index("oauth_refresh_token_grant_index", "grant_id"),
        Index("oauth_refresh_token_expires_at_index", "expires_at"),
    )

    grant_id: UUID = Field(foreign_key="oauth_grant.id", ondelete="CASCADE")
    token_hash: bytes = Field(sa_type=LargeBinary)
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)


class UsedAssertion(SQLModel, table=True):
    """An assertion that a client proved itself with, until it expires: it works once."""

    __tablename__: ClassVar[str] = "oauth_used_assertion"
    __table_args__ = (Index("oauth_used_assertion_expires_at_index", "expires_at"),)

    client_id: UUID = Field(foreign_key="oauth_client.id", primary_key=True)
    jti_hash: bytes = Field(sa_type=LargeBinary, primary_key=True)
    expires_at: datetime = moment()
