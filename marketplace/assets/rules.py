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

TRADABLE: Final = frozenset({LegalStatus.UNREGISTERED, LegalStatus.PENDING, LegalStatus.IN_FORCE})
"""An idea has no register; the right to a pending application is assignable (DOMAIN A1)."""


def can_happen(kind: RightKind, event: LegalEventKind) -> bool:
    """An idea is only ever submitted; every other right is never just submitted."""
    return (kind is RightKind.IDEA) == (event is LegalEventKind.SUBMITTED)
