from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kernel.schemas import Input, Output, ShortText, example

SIZE_BYTES_MAX = 2**32
MediaType = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,100}$", max_length=161)
]


class FileAnnounce(Input):
    model_config = example(
        name="접이식 경첩.pdf", media_type="application/pdf", size_bytes=184_320, replaces=None
    )

    name: ShortText = Field(description="as confidential as the content: encrypted at rest")
    media_type: MediaType
    size_bytes: int = Field(ge=0, le=SIZE_BYTES_MAX, strict=True)
    replaces: UUID | None = Field(default=None, description="the file that this is a version of")


class FileRead(Output):
    id: UUID
    right_id: UUID
    name: str
    version: int
    replaces: UUID | None
    media_type: str
    size_bytes: int | None = Field(description="of the original; null for all but its owners")
    sha256: str | None = Field(
        description="of the exact bytes; null until they are here, and for all but their owners"
    )
    stored_at: datetime | None
    upload_until: datetime | None = Field(description="when its bytes are still to come")


class Withdrawn(Output):
    """What was withdrawn for good."""

    texts: int
    files: int
