from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.accounts.permissions import Permission
from marketplace.kernel.schemas import Input, Output, ShortText, example


class ApiKeyCreate(Input):
    model_config = example(
        name="nightly report", scopes=["read", "listings:write"], lifetime_days=30
    )

    name: ShortText = Field(description="for yourself, to know it by")
    scopes: list[Permission] = Field(
        min_length=1, max_length=50, description="of what your role lets you do"
    )
    lifetime_days: int = Field(default=90, ge=1, le=365, strict=True)


class ApiKeyRead(Output):
    id: UUID
    organisation_id: UUID = Field(description="the organisation that it acts for")
    name: str
    public_id: str = Field(description="the part of the key that is no secret, to recognise it by")
    scopes: list[Permission]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="a minute or two late")
    revoked_at: datetime | None


class ApiKeyCreated(ApiKeyRead):
    key: str = Field(description="shown this once; send it as `Authorization: Bearer …`")
