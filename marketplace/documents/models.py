from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, moment

DOOMED: Final = "shredded_at IS NOT NULL AND destroyed_at IS NULL"
"""In SQL: withdrawn, and its key is still to be destroyed."""
LIST_VERSION: Final = 0
"""Of a reading of what files there are: versions of texts and files begin with one."""


class Viewed(StrEnum):
    """What somebody read."""

    TEXT = "text"
    FILE = "file"
    FILE_LIST = "file_list"


class Document(Record, table=True):
    """Text that parties sign, found by the SHA-256 of its UTF-8 bytes. Never changed."""

    __tablename__: ClassVar[str] = "document"
    __table_args__ = (Index("document_subject_index", "subject", "id"),)

    subject: str
    sha256: str = Field(index=True)
    media_type: str
    content: str


class Signature(Record, table=True):
    """A party's signature under exactly one text: another text has another hash."""

    __tablename__: ClassVar[str] = "signature"
    __table_args__ = (
        UniqueConstraint("subject", "sha256", "organisation_id", name="signature_once_unique"),
    )

    subject: str
    sha256: str
    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID = Field(foreign_key="user_account.id")


class ConfidentialBody(Record, table=True):
    """The confidential text of an idea: encrypted under its own key, which is in the vault.

    A text from before the vault has its key here, wrapped, until `marketplace keys rewrap`.
    """

    __tablename__: ClassVar[str] = "confidential_body"
    __table_args__ = (
        UniqueConstraint("right_id", "version", name="confidential_body_version_unique"),
        Index("confidential_body_doomed_index", "id", postgresql_where=text(DOOMED)),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    version: int
    key_id: str | None = None
    wrapped_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)
    shredded_at: datetime | None = moment(nullable=True)
    """When its owner withdrew it: from then on nobody reads it, and its key is destroyed."""
    destroyed_at: datetime | None = moment(nullable=True)


class ConfidentialHold(Record, table=True):
    """Something that binds an idea's text as it is: it cannot change, and stays sealed for a time.

    While `sealed_until` lies ahead, the database lets nobody but an owner read.
    """

    __tablename__: ClassVar[str] = "confidential_hold"
    __table_args__ = (
        Index(
            "confidential_hold_one_live",
            "right_id",
            "subject",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("confidential_hold_subject_index", "subject"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    subject: str
    sealed_until: datetime | None = moment(nullable=True)
    released_at: datetime | None = moment(nullable=True)


class DisclosureGrant(Record, table=True):
    """Leave for an organisation, or one person of it, to read a confidential body for a purpose."""

    __tablename__: ClassVar[str] = "disclosure_grant"
    __table_args__ = (
        UniqueConstraint(
            "right_id", "organisation_id", "purpose", name="disclosure_grant_purpose_unique"
        ),
        Index("disclosure_grant_purpose_index", "purpose"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    purpose: str
    granted_by: UUID
    survives_transfer: bool = Field(
        default=False, sa_column_kwargs={"server_default": text("false")}
    )
    """Paid for: it binds whoever owns the idea after the one who gave it."""
    expires_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)


class DisclosureView(Record, table=True):
    """One reading of a confidential body, written before it leaves. Its id marks the copy.

    The database refuses the row, and with it the reading, unless an owner reads, or somebody whose
    leave is good at that moment.
    """

    __tablename__: ClassVar[str] = "disclosure_view"
    __table_args__ = (Index("disclosure_view_right_index", "right_id", "id"),)

    right_id: UUID = Field(foreign_key="ip_right.id")
    version: int
    file_id: UUID | None = Field(default=None, foreign_key="confidential_file.id")
    grant_id: UUID | None = Field(default=None, foreign_key="disclosure_grant.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID = Field(foreign_key="user_account.id")

    @property
    def viewed(self) -> Viewed:
        if self.file_id is not None:
            return Viewed.FILE
        return Viewed.FILE_LIST if self.version == LIST_VERSION else Viewed.TEXT
