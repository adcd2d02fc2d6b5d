from dataclasses import dataclass
from uuid import UUID

from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission


@dataclass(frozen=True, slots=True)
class Actor:
    """A person acting for one organisation, in a role there."""

    user_id: UUID
    organisation_id: UUID
    role: MemberRole

    @property
    def label(self) -> str:
        """How the event log names this actor."""
        return f"user:{self.user_id}"

    @property
    def is_operator(self) -> bool:
        return self.role is MemberRole.OPERATOR

    def may(self, permission: Permission) -> bool:
        return permission in ROLE_PERMISSIONS[self.role]
