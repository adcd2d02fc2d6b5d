"""What a legal event makes of a right, as a table (DOMAIN A2)."""

from collections.abc import Mapping
from typing import Final

from marketplace.assets.models import LegalEventKind, LegalStatus, RightKind

STATUS_AFTER: Final[Mapping[LegalEventKind, LegalStatus]] = {
    LegalEventKind.SUBMITTED: LegalStatus.UNREGISTERED,
    LegalEventKind.FILED: LegalStatus.PENDING,
    LegalEventKind.GRANTED: LegalStatus.IN_FORCE,
    LegalEventKind.RESTORED: LegalStatus.IN_FORCE,
    LegalEventKind.LAPSED: LegalStatus.LAPSED,
    LegalEventKind.INVALIDATED: LegalStatus.INVALIDATED,
    LegalEventKind.EXPIRED: LegalStatus.EXPIRED,
}

DECISIVE: Final = frozenset(LegalEventKind) - {LegalEventKind.SUBMITTED, LegalEventKind.FILED}
"""Events that change the status. A right begins as submitted or filed, so learning of that later
changes nothing: a grant number was proof of the grant before its filing date was looked up."""

TRADABLE: Final = frozenset({LegalStatus.UNREGISTERED, LegalStatus.PENDING, LegalStatus.IN_FORCE})
"""An idea has no register; the right to a pending application is assignable (DOMAIN A1)."""


def can_happen(kind: RightKind, event: LegalEventKind) -> bool:
    """An idea is only ever submitted; every other right is never just submitted."""
    return (kind is RightKind.IDEA) == (event is LegalEventKind.SUBMITTED)
