"""What a row of `legal_rule` can say, by topic. A row that says anything else is refused."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from marketplace.assets.legal_rules.models import Topic
from marketplace.kernel.schemas import Input


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise ValueError("write the name of a time zone, such as Asia/Seoul") from error
    return name


Years = Annotated[int, Field(ge=1, le=100, strict=True)]


class Term(Input):
    """How long a right lasts. `first_day_counts` is the day's difference between KR and CN."""

    years: Years
    counted_from: Literal["filing", "grant"] = "filing"
    first_day_counts: bool = False
    extension_years_max: Annotated[int, Field(ge=0, le=20, strict=True)] = 0
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"


class Fees(Input):
    """Until when paid fees keep a right alive: whole years of protection, then a grace.

    `years_at_grant` are covered by what is paid at the grant; left out, those up to the grant.
    Unpaid after the grace, the right lapsed on the day after the paid years.
    """

    counted_from: Literal["filing", "grant"]
    first_day_counts: bool = False
    years_at_grant: Years | None = None
    grace_months: Annotated[int, Field(ge=0, le=24, strict=True)] = 6


class Invalidation(Input):
    """`ex_tunc`: an invalidated right is deemed never to have existed."""

    ex_tunc: bool


class Passing(StrEnum):
    """Which of a transfer's dates passes the title."""

    EFFECTIVE = "effective"
    RECEIPT = "receipt"
    RECORDAL = "recordal"
    GAZETTE = "gazette"


class Title(Input):
    """When title passes: `otherwise`, except for the kinds of conveyance in `by_kind`.

    Where later purchasers are protected, a transfer is void against them unless the office received
    it within so many months from its date, or before the later purchase.
    """

    otherwise: Passing
    by_kind: dict[str, Passing] = Field(default_factory=dict)
    protects_later_purchaser_months: Annotated[int, Field(ge=0, le=24, strict=True)] | None = None


class Act(StrEnum):
    """What an owner does that may need the others."""

    LIST = "list"
    SELL = "sell"
    SELL_SHARE = "sell_share"
    LICENSE = "license"
    LICENSE_SOLE = "license_sole"
    LICENSE_EXCLUSIVE = "license_exclusive"
    PLEDGE = "pledge"
    PLEDGE_SHARE = "pledge_share"
    SURRENDER = "surrender"


class Whose(StrEnum):
    ALL = "all"
    NOBODY = "nobody"


class Consents(Input):
    """Which acts need the consent of all other owners; an act that is not named does."""

    acts: dict[Act, Whose]
    fees_shared: bool = Field(
        default=False, description="what an ordinary licence earns belongs to all owners"
    )


TERMS: Final[Mapping[Topic, type[Input]]] = {
    Topic.TERM: Term,
    Topic.FEES: Fees,
    Topic.INVALIDATION: Invalidation,
    Topic.TITLE: Title,
    Topic.CONSENTS: Consents,
}
