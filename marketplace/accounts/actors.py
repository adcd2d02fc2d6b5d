from dataclasses import dataclass
from typing import Self
from uuid import UUID

from marketplace.accounts.errors import PersonNeededError
from marketplace.accounts.permissions import ROLE_PERMISSIONS, MemberRole, Permission


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, for which organisation, and what the credential lets them do there.

    A person acts in a role, themselves or through a client (an application) that they allowed to.
    A partner's own system acts alone: a client without a person, and so without a role.
    """

    organisation_id: UUID
    permissions: frozenset[Permission]
    user_id: UUID | None = None
    role: MemberRole | None = None
    client_id: UUID | None = None
    is_verified: bool = True
    """Whether a person has confirmed their e-mail address."""

    @classmethod
    def in_role(
        cls,
        organisation_id: UUID,
        user_id: UUID,
        role: MemberRole,
        *,
        is_verified: bool = True,
    ) -> Self:
        """A person with everything that their role lets them do."""
        permissions = ROLE_PERMISSIONS[role]
        return cls(organisation_id, permissions, user_id, role, is_verified=is_verified)

    @property
    def label(self) -> str:
        """How the event log names this actor."""
        return f"user:{self.user_id}" if self.user_id else f"client:{self.client_id}"

    @property
    def is_operator(self) -> bool:
        return self.role is MemberRole.OPERATOR

    @property
    def person_id(self) -> UUID:
        """The person, where only a person will do.

        Raises:
            PersonNeededError: a partner's system acts, which cannot sign or read in confidence.
        """
        if self.user_id is None:
            raise PersonNeededError
        return self.user_id

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions
