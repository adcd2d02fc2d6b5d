from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.accounts.invitations.lifecycle import INVITATION, InvitationState
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.db import text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class Invitation(Aggregate, table=True):
    """A place in an organisation, offered to an e-mail address. Only the token's hash is kept."""

    __tablename__: ClassVar[str] = "invitation"
    __table_args__ = (
        UniqueConstraint("token_hash", name="invitation_token_unique"),
        Index(
            "invitation_one_pending",
            "organisation_id",
            "email",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("invitation_organisation_index", "organisation_id", "id"),
        Index("invitation_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )
    lifecycle: ClassVar[Lifecycle[InvitationState]] = INVITATION

    organisation_id: UUID = Field(foreign_key="organisation.id")
    email: str
    role: MemberRole = Field(sa_type=text_enum(MemberRole))
    token_hash: bytes = Field(sa_type=LargeBinary)
    invited_by: UUID = Field(foreign_key="user_account.id")
    state: InvitationState = Field(
        default=InvitationState.PENDING, sa_type=text_enum(InvitationState)
    )
