from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum


class DocumentKind(StrEnum):
    TEXT = "text"
    FILE = "file"


class ProofBatch(Record, table=True):
    """A Merkle root over commitments, and what a time-stamping authority answered about it.

    Its token's time is compared with when the answer came: an authority whose clock runs ahead
    proves nothing.
    """

    __tablename__: ClassVar[str] = "proof_batch"
    __table_args__ = (
        Index("proof_batch_open_index", "id", postgresql_where=text("answer IS NULL")),
        Index("proof_batch_ending_index", "ends_at", postgresql_where=text("ends_at IS NOT NULL")),
        CheckConstraint("num_nulls(answer, timestamped_at, received_at) IN (0, 3)", name="whole"),
        CheckConstraint("num_nulls(authority, ends_at) IN (0, 2)", name="authority_whole"),
        CheckConstraint(
            "timestamped_at <= received_at + accuracy_ms * interval '1 millisecond'", name="time"
        ),
    )

    root: bytes = Field(sa_type=LargeBinary)
    leaves: int
    answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The authority's answer (RFC 3161 TimeStampResp), with the token in it."""
    timestamped_at: datetime | None = moment(nullable=True)
    received_at: datetime | None = moment(nullable=True)
    accuracy_ms: int = minor(default=0)
    authority: str | None = None
    """The certificates (PEM) that the token leads to, as they were trusted when it came."""
    ends_at: datetime | None = moment(nullable=True)
    """When the first certificate of its newest token ends."""


class ProofRenewal(Record, table=True):
    """A later stamp over the answer before it, made while the certificates of that were good."""

    __tablename__: ClassVar[str] = "proof_renewal"
    __table_args__ = (
        UniqueConstraint("batch_id", "number", name="proof_renewal_number_unique"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    batch_id: UUID = Field(foreign_key="proof_batch.id")
    number: int
    answer: bytes = Field(sa_type=LargeBinary)
    authority: str
    timestamped_at: datetime = moment()


class ExistenceProof(Record, table=True):
    """That a version of a document existed: a salted commitment to its exact bytes.

    The salt and the hash are encrypted under the document's own key, and so destroyed with it.
    """

    __tablename__: ClassVar[str] = "existence_proof"
    __table_args__ = (
        UniqueConstraint("document_id", name="existence_proof_document_unique"),
        UniqueConstraint("batch_id", "position", name="existence_proof_position_unique"),
        Index("existence_proof_right_index", "right_id", "id"),
        Index("existence_proof_open_index", "id", postgresql_where=text("batch_id IS NULL")),
        CheckConstraint("octet_length(commitment) = 32", name="commitment_sha256"),
        CheckConstraint("num_nulls(batch_id, position) <> 1", name="placed_whole"),
    )

    right_id: UUID = Field(foreign_key="ip_right.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    kind: DocumentKind = Field(sa_type=text_enum(DocumentKind))
    document_id: UUID
    version: int
    commitment: bytes = Field(sa_type=LargeBinary)
    opening_ciphertext: bytes = Field(sa_type=LargeBinary)
    batch_id: UUID | None = Field(default=None, foreign_key="proof_batch.id")
    position: int | None = None

    @property
    def label(self) -> str:
        """What the commitment says that the bytes are."""
        return f"right {self.right_id} {self.kind} {self.document_id} version {self.version}"

    @property
    def context(self) -> str:
        return f"existence_proof:{self.id}"
