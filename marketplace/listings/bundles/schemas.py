from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Input, Output

RIGHTS_MAX = 50


class BundleItem(Input):
    """One right of a bundle, and its weight in the price."""

    right_id: UUID
    weight: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)] = Field(
        description="in any unit: the price is divided in proportion, by largest remainder"
    )


class BundleItemRead(Output):
    position: int
    right_id: UUID
    title: str
    kind: str
    weight: int
