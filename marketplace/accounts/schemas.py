from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import MemberRole, Permission
from marketplace.kernel.schemas import (
    CountryCode,
    Input,
    Output,
    RegionCode,
    ShortText,
    Storable,
)


def _lower(text: str) -> str:
    return text.lower()


Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$"
    ),
    Storable,
    AfterValidator(_lower),
    Field(examples=["inventor@example.com"]),
]
Password = Annotated[SecretStr, Field(min_length=10, max_length=200, examples=["long and private"])]


class SignUp(Input):
    email: Email
    password: Password
    display_name: ShortText
    country: CountryCode
    region: RegionCode | None = None


class OrganisationCreate(Input):
    name: ShortText
    kind: OrganisationKind
    country: CountryCode
    region: RegionCode | None = None


class MemberAdd(Input):
    email: Email
    role: MemberRole


class SignIn(Input):
    email: Email
    password: Password
    organisation_id: UUID | None = Field(
        default=None, description="act for this organisation; left out, you act as a person"
    )


class OrganisationRead(Output):
    id: UUID
    name: str
    kind: OrganisationKind
    country: str
    region: str | None


class UserRead(Output):
    id: UUID
    email: str
    display_name: str


class SignedUp(Output):
    user: UserRead
    organisation: OrganisationRead


class Token(Output):
    token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme of RFC 6750
    expires_at: datetime
    organisation: OrganisationRead


class Me(Output):
    user: UserRead
    organisation: OrganisationRead
    role: MemberRole
    permissions: list[Permission]


class MemberRead(Output):
    user_id: UUID
    role: MemberRole
