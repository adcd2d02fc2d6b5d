from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.kernel.schemas import Input, Output, ShortText, Storable, example

Content = Annotated[str, StringConstraints(min_length=1, max_length=500_000), Storable]


class SealedDocumentPut(Input):
    model_config = example(name="Balance sheet 2025", content="Assets 1,200,000,000 …")

    name: ShortText = Field(description="what others may see of it without leave to read it")
    content: Content


class SealedDocumentAbout(Output):
    id: UUID
    organisation_id: UUID
    name: str
    sha256: str = Field(description="of the UTF-8 bytes of its content")
    created_at: datetime


class SealedDocumentRead(SealedDocumentAbout):
    content: str


class SealedDocumentShare(Input):
    model_config = example(organisation_id="01890a5d-0000-7000-8000-000000000009")

    organisation_id: UUID


class SealedDocumentViewRead(Output):
    organisation_id: UUID
    user_id: UUID
    created_at: datetime
