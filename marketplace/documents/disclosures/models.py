from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.documents.disclosures.lifecycle import DISCLOSURE, DisclosureState
from marketplace.kernel.db import Record, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class Disclosure(Aggregate, table=True):
    """A confidential body shown to an organisation, or to one person of it, under an agreement."""

    __tablename__: ClassVar[str] = "disclosure"
    __table_args__ = (
        Index(
            "disclosure_one_live",
            "right_id",
            "recipient_organisation_id",
            text("coalesce(recipient_user_id, recipient_organisation_id)"),
            unique=True,
            postgresql_where=text("state IN ('proposed', 'partly_signed', 'active')"),
        ),
        Index("disclosure_owner_index", "owner_organisation_id", "id"),
        Index("disclosure_recipient_index", "recipient_organisation_id", "id"),
        Index("disclosure_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("owner_organisation_id <> recipient_organisation_id", name="two_sides"),
        CheckConstraint("known_days BETWEEN 1 AND 90", name="known_days_range"),
    )
    lifecycle: ClassVar[Lifecycle[DisclosureState]] = DISCLOSURE

    right_id: UUID = Field(foreign_key="ip_right.id")
    owner_organisation_id: UUID = Field(foreign_key="organisation.id")
    recipient_organisation_id: UUID = Field(foreign_key="organisation.id")
    recipient_user_id: UUID | None = Field(default=None, foreign_key="user_account.id")
    purpose: str
    expires_at: datetime = moment()
    known_days: int
    """How long after the first reading its recipient may say that they knew it already."""
    state: DisclosureState = Field(
        default=DisclosureState.PROPOSED, sa_type=text_enum(DisclosureState)
    )

    @property
    def subject(self) -> str:
        return f"disclosure:{self.id}"


class KnownDeclaration(Record, table=True):
    """A recipient's word that they knew an idea already, by a proof of theirs that is older."""

    __tablename__: ClassVar[str] = "known_declaration"
    __table_args__ = (
        UniqueConstraint("disclosure_id", "proof_id", name="known_declaration_once_unique"),
    )

    disclosure_id: UUID = Field(foreign_key="disclosure.id")
    proof_id: UUID = Field(foreign_key="existence_proof.id")
    timestamped_at: datetime = moment()
    first_read_at: datetime = moment()
    declared_by: UUID = Field(foreign_key="user_account.id")


class UnwantedIdea(Record, table=True):
    """What an organisation does not want to be shown, lest its own work be taken for another's."""

    __tablename__: ClassVar[str] = "unwanted_idea"
    __table_args__ = (
        Index("unwanted_idea_organisation_index", "organisation_id", "id"),
        CheckConstraint(
            "num_nonnulls(classification, author_organisation_id) = 1", name="one_reason"
        ),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    classification: str | None = None
    author_organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
