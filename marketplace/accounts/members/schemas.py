from uuid import UUID

from marketplace.accounts.people.schemas import Email
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.schemas import Input, Output, example


class MemberAdd(Input):
    model_config = example(email="colleague@example.com", role="member")

    email: Email
    role: MemberRole


class MemberRead(Output):
    user_id: UUID
    role: MemberRole
