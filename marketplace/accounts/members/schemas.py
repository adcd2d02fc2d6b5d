from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.schemas import Input, Output, example

CompanyRole = Literal[MemberRole.OWNER, MemberRole.ADMIN, MemberRole.MEMBER, MemberRole.VIEWER]
"""Operators are made by the command line alone."""


class RoleChange(Input):
    model_config = example(role="admin")

    role: CompanyRole


class OwnershipTransfer(Input):
    model_config = example(user_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a", own_role="admin")

    user_id: UUID = Field(description="the member who becomes an owner")
    own_role: Literal[MemberRole.ADMIN, MemberRole.MEMBER, MemberRole.VIEWER] = Field(
        default=MemberRole.ADMIN, description="what you are afterwards"
    )


class MemberRead(Output):
    user_id: UUID
    display_name: str
    email: str
    role: MemberRole
    joined_at: datetime
