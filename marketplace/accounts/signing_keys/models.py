from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum


class KeyPurpose(StrEnum):
    """What a key signs: a token lives for minutes, a certificate is verified for ever."""

    TOKENS = "tokens"
    CERTIFICATES = "certificates"


class SigningKey(Record, table=True):
    """A key that we sign with; its private half is encrypted. One signs, older verify."""

    __tablename__: ClassVar[str] = "signing_key"
    __table_args__ = (
        Index("signing_key_signs_index", "purpose", unique=True, postgresql_where=text("signs")),
    )

    purpose: KeyPurpose = Field(default=KeyPurpose.TOKENS, sa_type=text_enum(KeyPurpose))
    public_jwk: dict[str, Any] = Field(sa_type=JSONB)
    signs: bool
    retired_at: datetime | None = moment(nullable=True)
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)
