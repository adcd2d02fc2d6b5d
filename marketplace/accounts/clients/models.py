from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class Authentication(StrEnum):
    """How a client proves who it is; a public one, which can keep no secret, does not."""

    SECRET = "client_secret_basic"  # noqa: S105 - the name of a method
    PRIVATE_KEY = "private_key_jwt"
    NONE = "none"


class Grant(StrEnum):
    """Alone, as its organisation; or for a person who allows it to."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"


class Client(Record, table=True):
    """An organisation's system that calls the API. Its `client_id` is its id.

    At most two secrets live: the present one, and the former one until its overlap ends.
    """

    __tablename__: ClassVar[str] = "oauth_client"
    __table_args__ = (
        Index("oauth_client_organisation_index", "organisation_id", "id"),
        CheckConstraint(
            "(authentication = 'client_secret_basic') = (secret_hash IS NOT NULL)",
            name="secret_where_it_is_used",
        ),
        CheckConstraint(
            "(authentication = 'private_key_jwt') = (jwks IS NOT NULL)",
            name="keys_where_they_are_used",
        ),
        CheckConstraint(
            "(former_secret_hash IS NULL) = (former_secret_ends_at IS NULL)",
            name="former_secret_ends",
        ),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str
    authentication: Authentication = Field(sa_type=text_enum(Authentication))
    grant_types: list[str] = Field(sa_type=ARRAY(String))
    redirect_uris: list[str] = Field(sa_type=ARRAY(String))
    scopes: list[str] = Field(sa_type=ARRAY(String))
    jwks: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    secret_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    secret_hint: str | None = None
    former_secret_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    former_secret_ends_at: datetime | None = moment(nullable=True)
    last_used_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
    version: int = 1

    @property
    def is_public(self) -> bool:
        return self.authentication is Authentication.NONE
