from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from marketplace.accounts.people.schemas import INSTEAD, Code, Password
from marketplace.kernel.schemas import Input, Output, example


class PersonalExport(Output):
    user_id: UUID
    exported_at: datetime
    sections: dict[str, list[dict[str, Any]]] = Field(description="rows about you, by kind")
    left_out: dict[str, dict[str, str]] = Field(description="what is not shown, and why")
    cut_short: list[str] = Field(description="sections with more rows than fit")


class ErasureRequest(Input):
    model_config = example(password="long and private")  # noqa: S106 - an example

    password: Password | None = Field(default=None, description=INSTEAD)
    code: Code | None = None


class Kept(Output):
    what: str
    why: str


class ErasureRead(Output):
    erased_at: datetime
    kept: list[Kept] = Field(description="what has to outlive you here, under a pseudonym")
