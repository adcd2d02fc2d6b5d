from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class SecondFactor(Record, table=True):
    """A person's shared secret for time-based codes, encrypted. It counts once it is confirmed."""

    __tablename__: ClassVar[str] = "second_factor"
    __table_args__ = (UniqueConstraint("user_id", name="second_factor_user_unique"),)

    user_id: UUID = Field(foreign_key="user_account.id")
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)
    confirmed_at: datetime | None = moment(nullable=True)
    last_step: int = Field(default=0, sa_type=BigInteger)
    """The time step of the last code that was taken: no code is taken twice."""


class RecoveryCode(Record, table=True):
    """The hash of a code that stands in for the second factor once; used, it is deleted."""

    __tablename__: ClassVar[str] = "recovery_code"
    __table_args__ = (UniqueConstraint("user_id", "code_hash", name="recovery_code_hash_unique"),)

    user_id: UUID = Field(foreign_key="user_account.id")
    code_hash: bytes = Field(sa_type=LargeBinary)
