from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.deals.royalty_checks.rules import Reason
from marketplace.kernel.money import BASIS_POINTS
from marketplace.kernel.schemas import Day, Input, Output, ShortText, example

Share = Annotated[int, Field(ge=0, le=BASIS_POINTS, strict=True)]


class FlagRead(Output):
    """A reason to look: what was seen and what is usual, in basis points."""

    reason: Reason
    seen_basis_points: int
    usual_basis_points: int
    compared_with: int = Field(description="how many figures made what is usual")


class ReportCheck(Output):
    report_id: UUID
    policy_id: UUID = Field(description="the thresholds that it went by")
    flags: list[FlagRead] = Field(description="none is the usual case; a flag proves nothing")


class CheckPolicySet(Input):
    model_config = example(
        declared_shortfall_basis_points=4_000,
        earlier_drop_basis_points=3_500,
        peer_distance_hundredths=300,
        peers_min=8,
        source="benchmark of 2026-11: 2 % false alarms",
    )

    declared_shortfall_basis_points: Share
    earlier_drop_basis_points: Share
    peer_distance_hundredths: Annotated[int, Field(ge=50, le=2_000, strict=True)]
    peers_min: Annotated[int, Field(ge=5, le=1_000, strict=True)]
    valid_from: Day | None = Field(default=None, description="today, if left out")
    source: ShortText


class CheckPolicyRead(Output):
    id: UUID
    declared_shortfall_basis_points: int
    earlier_drop_basis_points: int
    peer_distance_hundredths: int
    peers_min: int
    valid_from: date
    valid_until: date | None
    source: str
