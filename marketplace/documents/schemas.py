from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.documents.models import DisclosureView, Viewed
from marketplace.documents.watermarks import name_of
from marketplace.kernel.schemas import Input, Output, Storable, example


class ConfidentialText(Input):
    model_config = example(content="How the shelf dries an umbrella in nine minutes: …")

    content: Annotated[str, StringConstraints(min_length=1, max_length=200_000), Storable] = Field(
        description="encrypted at rest; leaves only for a logged reader"
    )


class ConfidentialVersion(Output):
    right_id: UUID
    version: int
    created_at: datetime


class ConfidentialRead(ConfidentialVersion):
    content: str
    copy_id: str = Field(description="leads from a copy back to this reading")


class ViewRead(Output):
    copy_id: str = Field(description="what the copy is marked with")
    viewed: Viewed = Field(description="`file_list`: what files there are, by name and type")
    version: int = Field(description="of the text or the file; 0 for the list of files")
    file_id: UUID | None = Field(description="null for the text and for the list of files")
    organisation_id: UUID
    user_id: UUID
    created_at: datetime


def read_view(view: DisclosureView) -> ViewRead:
    """A reading as an owner sees it."""
    return ViewRead(
        copy_id=name_of(view.id),
        viewed=view.viewed,
        version=view.version,
        file_id=view.file_id,
        organisation_id=view.organisation_id,
        user_id=view.user_id,
        created_at=view.created_at,
    )
