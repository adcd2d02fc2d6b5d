from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


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
    """The confidential text of an idea: encrypted under its own key, which a master key wraps."""

    __tablename__: ClassVar[str] = "confidential_body"
    __table_args__ = (
        UniqueConstraint("right_id", "version", name="confidential_body_version_unique"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    version: int
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)


class DisclosureGrant(Record, table=True):
    """Leave for an organisation to read a confidential body, for one stated purpose."""

    __tablename__: ClassVar[str] = "disclosure_grant"
    __table_args__ = (
        UniqueConstraint(
            "right_id", "organisation_id", "purpose", name="disclosure_grant_purpose_unique"
        ),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    purpose: str
    granted_by: UUID
    revoked_at: datetime | None = moment(nullable=True)


class DisclosureView(Record, table=True):
    """One reading of a confidential body, written before the text leaves."""

    __tablename__: ClassVar[str] = "disclosure_view"
    __table_args__ = (Index("disclosure_view_right_index", "right_id", "id"),)

    right_id: UUID = Field(foreign_key="ip_right.id")
    version: int
    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID = Field(foreign_key="user_account.id")
