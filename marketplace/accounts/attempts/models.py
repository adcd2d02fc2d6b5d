from datetime import datetime
from typing import ClassVar

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import moment


class AttemptCount(SQLModel, table=True):
    """Failures to sign in, counted for an account, an address, or one of them from the other.

    The subject is a keyed hash of them, so that the table holds neither. Whether the account
    exists makes no difference.
    """

    __tablename__: ClassVar[str] = "attempt_count"

    subject: bytes = Field(sa_type=LargeBinary, primary_key=True)
    failures: int = 0
    failed_at: datetime | None = moment(nullable=True)
    succeeded_at: datetime | None = moment(nullable=True)
