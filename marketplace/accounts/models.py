from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import Record, moment, text_enum


class OrganisationKind(StrEnum):
    """What an organisation says it is. Whether an institution is designated is a dated fact."""

    PERSON = "person"
    COMPANY = "company"
    UNIVERSITY = "university"
    RESEARCH_INSTITUTE = "research_institute"
    PUBLIC_BODY = "public_body"
    VALUATION_INSTITUTION = "valuation_institution"
    LENDER = "lender"
    GUARANTOR = "guarantor"
    INSURER = "insurer"
    AGENCY = "agency"
    OPERATOR = "operator"


class User(Record, table=True):
    """A person who signs in. The e-mail is stored in lower case, so that it is unique."""

    __tablename__: ClassVar[str] = "user_account"
    __table_args__ = (UniqueConstraint("email", name="user_account_email_unique"),)

    email: str
    email_verified_at: datetime | None = moment(nullable=True)
    password_hash: str
    display_name: str

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None


class Organisation(Record, table=True):
    """A party to deals. Every person has one of kind `person`, so each party is an organisation."""

    __tablename__: ClassVar[str] = "organisation"
    __table_args__ = (
        Index(
            "organisation_one_operator_unique",
            "kind",
            unique=True,
            postgresql_where=text("kind = 'operator'"),
        ),
    )

    name: str
    kind: OrganisationKind = Field(sa_type=text_enum(OrganisationKind))
    country: str
    region: str | None = None
    industry: str | None = None
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class Membership(Record, table=True):
    __tablename__: ClassVar[str] = "membership"
    __table_args__ = (
        UniqueConstraint("organisation_id", "user_id", name="membership_unique"),
        Index("membership_user_index", "user_id"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID = Field(foreign_key="user_account.id")
    role: MemberRole = Field(sa_type=text_enum(MemberRole))


class LoginSession(Record, table=True):
    """A signed-in person acting for one organisation. Only the token's hash is kept."""

    __tablename__: ClassVar[str] = "login_session"
    __table_args__ = (
        UniqueConstraint("token_hash", name="login_session_token_unique"),
        Index("login_session_expires_at_index", "expires_at"),
        Index("login_session_user_index", "user_id", "id"),
    )

    token_hash: bytes = Field(sa_type=LargeBinary)
    user_id: UUID = Field(foreign_key="user_account.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    expires_at: datetime = moment()
    revoked_at: datetime | None = moment(nullable=True)
    last_used_at: datetime | None = moment(nullable=True)
    proved_at: datetime | None = moment(nullable=True)
    """When an identity provider last made sure of the person; nothing for a password."""
    device: str = Field(
        default="another program", sa_column_kwargs={"server_default": "another program"}
    )
