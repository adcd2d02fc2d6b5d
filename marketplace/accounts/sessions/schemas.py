from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.people.schemas import Code, Email, Password, UserRead
from marketplace.accounts.permissions import MemberRole, Permission
from marketplace.kernel.schemas import Input, Output, example


class SignIn(Input):
    model_config = example(
        email="inventor@example.com",
        password="long and private",  # noqa: S106 - an example
    )

    email: Email
    password: Password
    code: Code | None = Field(
        default=None, description="of your second factor, or a recovery code; if you have one"
    )
    organisation_id: UUID | None = Field(
        default=None, description="act for this organisation; left out, you act as a person"
    )


class Token(Output):
    token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme of RFC 6750
    expires_at: datetime
    organisation: OrganisationRead


class SessionRead(Output):
    id: UUID
    organisation_id: UUID
    organisation_name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime = Field(description="right within some minutes")
    device: str = Field(examples=["Firefox on Windows"])
    is_current: bool = Field(description="the one that asks")


class Me(Output):
    user: UserRead | None = Field(description="nobody, when a partner's system acts alone")
    organisation: OrganisationRead
    role: MemberRole | None
    permissions: list[Permission]
