from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.documents.models import DOOMED
from marketplace.kernel.db import Record, minor, moment

UNFINISHED: Final = "stored_at IS NULL AND shredded_at IS NULL"
"""In SQL: announced, and not there yet."""


class ConfidentialFile(Record, table=True):
    """A file of an idea's confidential body, encrypted on disk under its own key in the vault.

    Its name is as confidential as its content, and its hash would let a small content be guessed:
    both are encrypted. `attempt_id` names the bytes of the newest try to upload it.
    """

    __tablename__: ClassVar[str] = "confidential_file"
    __table_args__ = (
        UniqueConstraint("replaces_id", name="confidential_file_replaced_once_unique"),
        Index("confidential_file_right_index", "right_id", "id"),
        Index("confidential_file_doomed_index", "id", postgresql_where=text(DOOMED)),
        Index(
            "confidential_file_unfinished_index", "expires_at", postgresql_where=text(UNFINISHED)
        ),
        CheckConstraint("size_bytes >= 0", name="size"),
        CheckConstraint(
            "stored_at IS NULL OR (attempt_id IS NOT NULL AND sha256_ciphertext IS NOT NULL)",
            name="stored_whole",
        ),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    replaces_id: UUID | None = Field(default=None, foreign_key="confidential_file.id")
    version: int
    name_ciphertext: bytes = Field(sa_type=LargeBinary)
    media_type: str
    size_bytes: int = minor()
    sha256_ciphertext: bytes | None = Field(default=None, sa_type=LargeBinary)
    attempt_id: UUID | None = None
    expires_at: datetime = moment()
    """Until when its bytes are awaited."""
    stored_at: datetime | None = moment(nullable=True)
    shredded_at: datetime | None = moment(nullable=True)
    destroyed_at: datetime | None = moment(nullable=True)

    @property
    def context(self) -> str:
        """Binds everything encrypted of it to this row."""
        return f"confidential_file:{self.id}"
