from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Input, Moment, Output, example


class CertificateAsk(Input):
    model_config = example(
        valid_at="2026-03-01T00:00:00+09:00", known_at="2026-03-15T00:00:00+09:00"
    )

    valid_at: Moment | None = Field(default=None, description="as it was then; or now")
    known_at: Moment | None = Field(default=None, description="as known then; or now")


class CertificateRead(Output):
    id: UUID
    right_id: UUID
    valid_at: datetime
    known_at: datetime
    created_at: datetime
    jws: str = Field(description="compact JWS (RFC 7515), signed with ES256")
    content: dict[str, Any] = Field(description="what the JWS says")


class PublishedKeys(Output):
    keys: list[dict[str, Any]] = Field(description="a JWK set (RFC 7517)")
