from enum import StrEnum
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Output


class Source(StrEnum):
    """Where a look-alike is from."""

    REGISTER = "register"
    MARKET = "market"
    OWN = "own"


class LookAlike(Output):
    source: Source
    id: UUID = Field(description="of the right; on the market, of the listing")
    title: str
    numbers: list[str] = Field(description="of an office")
    score_basis_points: int = Field(description="10,000: a passage is the same")


class LookAlikes(Output):
    """What is like an idea in public, and among one's own. Others' confidential texts are not."""

    score_basis_points: int = Field(description="of the nearest; 0 where nothing is near")
    candidates: list[LookAlike] = Field(description="the nearest ten, the nearest first")
    compared: dict[Source, int] = Field(description="how many texts were compared in full")
