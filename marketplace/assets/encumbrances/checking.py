"""Whether an act is free of conflicts: one statement, the same that the database refuses by.

It is asked before an act so that the refusal can name what stands against it. Whoever is faster in
between is still refused: by the triggers, when it is written (docs/decisions/0026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.encumbrances.conflicts import Verdict
from marketplace.assets.encumbrances.errors import (
    ConsentMissingError,
    EncumberedError,
    TrusteeOnlyError,
)
from marketplace.assets.encumbrances.intervals import as_text
from marketplace.assets.encumbrances.kinds import SALE, Act, Cloud, EncumbranceKind
from marketplace.assets.encumbrances.scope import Scope, names_of
from marketplace.assets.errors import RightReservedError
from marketplace.assets.standing.errors import (
    ChallengedError,
    FeesDueError,
    NotTradableError,
    RightRestrainedError,
)
from marketplace.kernel.db import now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.money import Money

CONFLICTS: Final = """
    SELECT * FROM conflicts_of(
        :right_id, CAST(:act AS text),
        CAST(CAST(:claims AS text) AS int4multirange),
        CAST(CAST(:territories AS text) AS int8multirange),
        CAST(CAST(:fields AS text) AS int8multirange), :uses,
        tstzrange(CAST(:starts_at AS timestamptz), CAST(:ends_at AS timestamptz)),
        CAST(:subject AS text), CAST(:by AS uuid), CAST(:price_minor AS bigint),
        CAST(:currency AS text), CAST(:itself AS uuid), :challenge_accepted
    )
"""
_CONFLICTS: Final = text(CONFLICTS)
_ITSELF: Final[Mapping[str, type[MarketplaceError]]] = {
    EncumbranceKind.ATTACHMENT: RightRestrainedError,
    Cloud.FEES_DUE: FeesDueError,
    Cloud.CHALLENGED: ChallengedError,
}
"""What stands against an act without an entry of its own in the register of encumbrances."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The first thing that stands against an act. Its holder and its terms are not told."""

    standing: str
    verdict: str
    encumbrance: dict[str, Any] | None

    def error(self, act: Act) -> MarketplaceError:
        """The refusal, saying what stands in the way and what to do."""
        if self.standing == SALE:
            return RightReservedError(f"{act} has to wait until that deal has ended")
        if self.encumbrance is None and self.standing in _ITSELF:
            return _ITSELF[self.standing]()
        if self.encumbrance is None:
            return NotTradableError(f"its legal status is {self.standing}, which rules out: {act}")
        what = _named(self.standing, self.encumbrance)
        extra = {"encumbrance": self.encumbrance}
        if self.verdict == Verdict.CONSENT:
            how = f"POST /v1/encumbrances/{self.encumbrance['id']}/consents"
            detail = f"{act} takes the consent of who holds {what}; they record it with {how}"
            return ConsentMissingError(detail, **extra)
        if self.verdict == Verdict.HOLDER:
            return TrusteeOnlyError(f"{act} is for the trustee of {what}", **extra)
        advice = "choose another scope, or end it first"
        return EncumberedError(f"{act} conflicts with {what}: {advice}", **extra)


def _named(kind: str, encumbrance: dict[str, Any]) -> str:
    number = encumbrance["registration_number"]
    return f"the {kind} {number or encumbrance['id']}"


async def find_conflict(
    session: AsyncSession,
    right_id: UUID,
    act: Act,
    scope: Scope | None = None,
    *,
    subject: str | None = None,
    by: UUID | None = None,
    price: Money | None = None,
    itself: UUID | None = None,
    challenge_accepted: bool = False,
) -> Conflict | None:
    """What stands against an act, in one round trip; None when nothing does.

    Args:
        session: its transaction sees what it has written itself.
        right_id: the right.
        act: a deed, or granting an encumbrance of a kind.
        scope: of what is granted; left out, the whole right from now on.
        subject: the deal that acts, whose consents and reservation count.
        by: the organisation that acts, which matters where a right is held in trust.
        price: of a sale.
        itself: an encumbrance that is changed, which does not stand against itself.
        challenge_accepted: whoever gets it accepts a challenge of the right expressly.
    """
    scope = scope or Scope.whole(now(session))
    values = asked_of(scope) | {
        "right_id": right_id,
        "act": str(act),
        "subject": subject,
        "by": by,
        "price_minor": price.amount_minor if price else None,
        "currency": price.currency if price else None,
        "itself": itself,
        "challenge_accepted": challenge_accepted,
    }
    row = (await session.execute(_CONFLICTS, values)).first()
    if row is None:
        return None
    return Conflict(row.standing, row.verdict, _told(row) if row.encumbrance_id else None)


async def require_free(  # the same names as above
    session: AsyncSession,
    right_id: UUID,
    act: Act,
    scope: Scope | None = None,
    *,
    subject: str | None = None,
    by: UUID | None = None,
    price: Money | None = None,
    itself: UUID | None = None,
    challenge_accepted: bool = False,
) -> None:
    """Refuse an act that something stands against; see `find_conflict`.

    Raises:
        EncumberedError: another encumbrance overlaps it.
        ConsentMissingError: it takes the consent of a holder, which is not on record.
        TrusteeOnlyError: the right is held in trust.
        RightReservedError: another deal over the right is under way.
        NotTradableError: the right's legal status rules it out.
        RightRestrainedError, FeesDueError, ChallengedError: what hangs over it does.
    """
    conflict = await find_conflict(
        session,
        right_id,
        act,
        scope,
        subject=subject,
        by=by,
        price=price,
        itself=itself,
        challenge_accepted=challenge_accepted,
    )
    if conflict:
        raise conflict.error(act)


def asked_of(scope: Scope) -> dict[str, Any]:
    """A scope as parameters of `CONFLICTS`."""
    return {
        "claims": as_text(scope.claim_intervals),
        "territories": as_text(scope.territory_intervals),
        "fields": as_text(scope.field_intervals),
        "uses": int(scope.uses),
        "starts_at": scope.starts_at,
        "ends_at": scope.ends_at,
    }


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": row.encumbrance_id,
        "kind": row.standing,
        "registration_number": row.registration_number,
        "scope": scope_told(
            Scope(
                row.starts_at,
                row.ends_at,
                tuple(row.claims),
                tuple(row.territories),
                tuple(row.fields_of_use),
                row.uses,
            )
        ),
    }


def scope_told(scope: Scope) -> dict[str, Any]:
    """A scope as an answer shows it; an empty list is no limit."""

    def moment(at: datetime | None) -> str | None:
        return at.isoformat() if at else None

    return {
        "claims": list(scope.claims),
        "territories": list(scope.territories),
        "fields": list(scope.fields),
        "uses": names_of(scope.uses),
        "starts_at": moment(scope.starts_at),
        "ends_at": moment(scope.ends_at),
    }
