from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Record, moment, text_enum


class ProviderAuthentication(StrEnum):
    """How we prove to a provider who we are."""

    SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the name of a method
    SECRET_POST = "client_secret_post"  # noqa: S105 - likewise
    PRIVATE_KEY = "private_key_jwt"


class IdentityProvider(Record, table=True):
    """Where the people of some e-mail domains sign in: an OpenID provider of their company.

    Its client secret is encrypted. While `enabled_at` is empty nobody signs in there.
    """

    __tablename__: ClassVar[str] = "identity_provider"
    __table_args__ = (
        UniqueConstraint("slug", name="identity_provider_slug_unique"),
        Index("identity_provider_organisation_index", "organisation_id"),
        CheckConstraint(
            "(authentication = 'private_key_jwt') = (ciphertext IS NULL)",
            name="secret_where_it_is_used",
        ),
        CheckConstraint(
            "(organisation_id IS NULL) = (role IS NULL)", name="role_with_an_organisation"
        ),
    )

    slug: str
    name: str
    issuer: str
    client_id: str
    authentication: ProviderAuthentication = Field(sa_type=text_enum(ProviderAuthentication))
    scopes: list[str] = Field(sa_type=ARRAY(String))
    country: str
    organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    role: MemberRole | None = Field(default=None, sa_type=text_enum(MemberRole))
    key_id: str | None = None
    wrapped_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    ciphertext: bytes | None = Field(default=None, sa_type=LargeBinary)
    enabled_at: datetime | None = moment(nullable=True)
    version: int = 1


class IdentityProviderDomain(SQLModel, table=True):
    """An e-mail domain whose people a provider vouches for; each has one provider at most."""

    __tablename__: ClassVar[str] = "identity_provider_domain"
    __table_args__ = (Index("identity_provider_domain_provider_index", "provider_id"),)

    domain: str = Field(primary_key=True)
    provider_id: UUID = Field(foreign_key="identity_provider.id")


class ExternalIdentity(Record, table=True):
    """Who somebody is elsewhere: the issuer and its name for them, which never changes."""

    __tablename__: ClassVar[str] = "external_identity"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="external_identity_subject_unique"),
        UniqueConstraint("user_id", "issuer", name="external_identity_user_unique"),
        Index("external_identity_provider_index", "provider_id"),
    )

    provider_id: UUID = Field(foreign_key="identity_provider.id")
    user_id: UUID = Field(foreign_key="user_account.id")
    issuer: str
    subject: str
    email: str
    last_login_at: datetime = moment()


class ExternalLogin(Record, table=True):
    """A browser that was sent to a provider, and did not come back yet. It is taken once.

    With a `user_id` the provider has vouched for them, and only their second factor is missing.
    """

    __tablename__: ClassVar[str] = "external_login"
    __table_args__ = (
        UniqueConstraint("state_hash", name="external_login_state_unique"),
        Index("external_login_expires_at_index", "expires_at"),
        Index("external_login_user_index", "user_id"),
    )

    provider_id: UUID = Field(foreign_key="identity_provider.id")
    state_hash: bytes = Field(sa_type=LargeBinary)
    browser_hash: bytes = Field(sa_type=LargeBinary)
    onward: str
    """What the person was about to do here: an authorization request, or nothing."""
    is_anew: bool
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    proved_at: datetime | None = moment(nullable=True)
    expires_at: datetime = moment()
