from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose


class MailedToken(Record, table=True):
    """The hash of a secret that was mailed to an address.

    Its one use, a newer one for the same purpose, and time end it.
    """

    __tablename__: ClassVar[str] = "mailed_token"
    __table_args__ = (
        UniqueConstraint("user_id", "purpose", name="mailed_token_purpose_unique"),
        UniqueConstraint("token_hash", name="mailed_token_hash_unique"),
        Index("mailed_token_expires_at_index", "expires_at"),
    )

    user_id: UUID = Field(foreign_key="user_account.id")
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    email: str
    token_hash: bytes = Field(sa_type=LargeBinary)
    expires_at: datetime = moment()
    times_mailed: int
