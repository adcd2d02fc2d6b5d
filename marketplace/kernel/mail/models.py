from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class Mail(Record, table=True):
    """A message that is still to be sent, encrypted whole; once it is sent the row is gone.

    `due_at` is when it is sent next, or, while somebody is sending it, when they are given up.
    Without one it was set aside and waits for an operator.
    """

    __tablename__: ClassVar[str] = "mail"
    __table_args__ = (
        Index("mail_due_at_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("mail_set_aside_index", "created_at", postgresql_where=text("due_at IS NULL")),
    )

    due_at: datetime | None = moment(nullable=True)
    attempts: int = 0
    error: str | None = None
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)
