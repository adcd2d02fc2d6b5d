from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Output


class AuthorizationRead(Output):
    id: UUID
    client_id: UUID
    client_name: str
    organisation_id: UUID = Field(description="the organisation that the client acts for, as you")
    scopes: list[str]
    created_at: datetime
    ends_at: datetime
