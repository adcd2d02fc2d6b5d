from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves

OWNER: Final = "owner"
RECIPIENT: Final = "recipient"


class DisclosureState(StrEnum):
    PROPOSED = "proposed"
    PARTLY_SIGNED = "partly_signed"
    ACTIVE = "active"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


D = DisclosureState
_UNSIGNED: Final = (D.PROPOSED, D.PARTLY_SIGNED)

DISCLOSURE: Final = Lifecycle(
    "disclosure",
    DisclosureState,
    D.PROPOSED,
    (
        moves("sign", D.PROPOSED, D.PARTLY_SIGNED, OWNER, RECIPIENT),
        moves("countersign", D.PARTLY_SIGNED, D.ACTIVE, OWNER, RECIPIENT),
        moves("decline", _UNSIGNED, D.DECLINED, RECIPIENT),
        moves("withdraw", _UNSIGNED, D.WITHDRAWN, OWNER),
        moves("revoke", D.ACTIVE, D.REVOKED, OWNER, RECIPIENT),
        moves("expire", {*_UNSIGNED, D.ACTIVE}, D.EXPIRED, CLOCK),
    ),
    due={
        D.PROPOSED: Due("expire", timedelta(days=30)),
        D.PARTLY_SIGNED: Due("expire", timedelta(days=30)),
        D.ACTIVE: Due("expire", timedelta(days=365)),
    },
)
