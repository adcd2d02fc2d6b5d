"""Editing what one has read: the version that a request insists on."""

from typing import Annotated

from fastapi import Header

IfMatch = Annotated[
    int | None, Header(alias="If-Match", ge=1, description="the version that you read")
]
