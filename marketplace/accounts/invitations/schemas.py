from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr

from marketplace.accounts.invitations.lifecycle import InvitationState
from marketplace.accounts.members.schemas import CompanyRole
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.people.schemas import Email
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.mail.service import is_address
from marketplace.kernel.schemas import UNSTORABLE, Input, Output, example


def _reachable(email: str) -> str:
    if not is_address(email):
        raise ValueError("no mail can be sent to this")
    return email


def _encodable(token: SecretStr) -> SecretStr:
    if UNSTORABLE.search(token.get_secret_value()):
        raise ValueError("no token has such characters")
    return token


Address = Annotated[Email, AfterValidator(_reachable)]


class Invite(Input):
    model_config = example(email="colleague@example.com", role="member")

    email: Address
    role: CompanyRole


class InviteOwner(Input):
    model_config = example(email="director@example.com")

    email: Address


class InvitationToken(Input):
    model_config = example(token="mpi_0J7cH1Yk5sZqXw3n8uVtRbEaGdLf2oPiM6QyNhKxTjA")  # noqa: S106

    token: Annotated[
        SecretStr,
        Field(min_length=1, max_length=100, description="from the e-mail"),
        AfterValidator(_encodable),
    ]


class InvitationRead(Output):
    id: UUID
    email: str
    role: MemberRole
    state: InvitationState
    invited_by: UUID
    created_at: datetime
    expires_at: datetime | None = Field(validation_alias="due_at")


class Joined(Output):
    """Sign in again with the organisation's id to act for it."""

    organisation: OrganisationRead
    role: MemberRole
