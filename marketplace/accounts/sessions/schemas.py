from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.people.schemas import Email, Password, UserRead
from marketplace.accounts.permissions import MemberRole, Permission
from marketplace.kernel.schemas import Input, Output, example


class SignIn(Input):
    model_config = example(
        email="inventor@example.com",
        password="long and private",  # noqa: S106 - an example
    )

    email: Email
    password: Password
    organisation_id: UUID | None = Field(
        default=None, description="act for this organisation; left out, you act as a person"
    )


class Token(Output):
    token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme of RFC 6750
    expires_at: datetime
    organisation: OrganisationRead


class Me(Output):
    user: UserRead | None = Field(description="nobody, when a partner's system acts alone")
    organisation: OrganisationRead
    role: MemberRole | None
    permissions: list[Permission]
