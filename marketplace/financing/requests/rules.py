"""What blocks a right from being pledged for a loan, worked out from what is known. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.assets.models import LegalStatus


class Block(StrEnum):
    """A reason; each but `challenged` and `ranks_behind` keeps the right from being pledged."""

    NOT_OWNED = "not_owned"
    PENDING = "pending"
    LAPSED = "lapsed"
    NOT_IN_FORCE = "not_in_force"
    ATTACHED = "attached"
    PLEDGED = "pledged"
    ENCUMBERED = "encumbered"
    UNDER_SALE = "under_sale"
    CO_OWNER_CONSENT_MISSING = "co_owner_consent_missing"
    ANNUITY_UNPAID = "annuity_unpaid"
    LIFE_UNKNOWN = "life_unknown"
    LIFE_TOO_SHORT = "life_too_short"
    CHALLENGED = "challenged"
    RANKS_BEHIND = "ranks_behind"


WARNINGS = frozenset({Block.CHALLENGED, Block.RANKS_BEHIND})
_BY_STATUS = {
    LegalStatus.PENDING: Block.PENDING,
    LegalStatus.LAPSED: Block.LAPSED,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a right on a day."""

    status: LegalStatus
    owned: bool
    last_day: date | None
    fees_paid_until: date | None
    restrained: bool
    challenged: bool
    standing: str | None
    pledges: int
    owners_missing: int


def blocks(facts: Facts, *, today: date, loan_ends: date) -> list[Block]:
    """Everything that speaks against a pledge of the right, the gravest first."""
    found = [
        (Block.NOT_OWNED, not facts.owned),
        (_of_status(facts.status), facts.status is not LegalStatus.IN_FORCE),
        (Block.ATTACHED, facts.restrained or facts.standing == "attachment"),
        (Block.PLEDGED, facts.standing == "pledge"),
        (Block.UNDER_SALE, facts.standing == "sale"),
        (Block.ENCUMBERED, _is_encumbered(facts)),
        (Block.CO_OWNER_CONSENT_MISSING, facts.owners_missing > 0),
        (
            Block.ANNUITY_UNPAID,
            facts.fees_paid_until is not None and facts.fees_paid_until < today,
        ),
        (Block.LIFE_UNKNOWN, facts.last_day is None),
        (Block.LIFE_TOO_SHORT, facts.last_day is not None and facts.last_day < loan_ends),
        (Block.CHALLENGED, facts.challenged),
        (Block.RANKS_BEHIND, facts.pledges > 0 and facts.standing != "pledge"),
    ]
    return [block for block, speaks_against in found if speaks_against]


def _of_status(status: LegalStatus) -> Block:
    return _BY_STATUS.get(status, Block.NOT_IN_FORCE)


def _is_encumbered(facts: Facts) -> bool:
    told_apart = {None, "attachment", "pledge", "sale", "fees_due", *LegalStatus}
    return facts.standing not in told_apart


def is_clear(found: Sequence[Block]) -> bool:
    """Whether nothing but warnings was found."""
    return {*found} <= WARNINGS
