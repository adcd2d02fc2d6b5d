from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class SealedDocument(Record, table=True):
    """A confidential document of an organisation about something: encrypted, never changed."""

    __tablename__: ClassVar[str] = "sealed_document"
    __table_args__ = (Index("sealed_document_subject_index", "subject", "id"),)

    subject: str
    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str
    sha256: str
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)


class SealedDocumentGrant(Record, table=True):
    """Leave for another organisation to read a document, until it is revoked."""

    __tablename__: ClassVar[str] = "sealed_document_grant"
    __table_args__ = (
        Index(
            "sealed_document_grant_one_live",
            "document_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    document_id: UUID = Field(foreign_key="sealed_document.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    granted_by: UUID = Field(foreign_key="user_account.id")
    revoked_at: datetime | None = moment(nullable=True)


class SealedDocumentView(Record, table=True):
    """One reading of a document, written before the text leaves. Append-only."""

    __tablename__: ClassVar[str] = "sealed_document_view"
    __table_args__ = (Index("sealed_document_view_document_index", "document_id", "id"),)

    document_id: UUID = Field(foreign_key="sealed_document.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID = Field(foreign_key="user_account.id")
