from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, SYSTEM, Due, Lifecycle, moves

OWNER: Final = "owner"
HOLDER: Final = "holder"
OPERATOR: Final = "operator"


class EncumbranceState(StrEnum):
    PENDING_REGISTRATION = "pending_registration"
    ACTIVE = "active"
    RELEASED = "released"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


S = EncumbranceState

# What the register shows ends by an entry in the register: its holder's waiver alone ends nothing.
# A lapse of the right moves nothing here. An encumbrance has no effect while its right has none,
# and has it again, with its rank, when the right is restored.
ENCUMBRANCE: Final = Lifecycle(
    "encumbrance",
    EncumbranceState,
    S.PENDING_REGISTRATION,
    (
        moves("take_effect", S.PENDING_REGISTRATION, S.ACTIVE, SYSTEM),
        moves("register", {S.PENDING_REGISTRATION, S.ACTIVE}, S.ACTIVE, OPERATOR),
        moves("reject", S.PENDING_REGISTRATION, S.CANCELLED, OPERATOR),
        moves("cancel", S.PENDING_REGISTRATION, S.CANCELLED, HOLDER, SYSTEM),
        moves("change", S.ACTIVE, S.ACTIVE, OPERATOR),
        moves("delete", S.ACTIVE, S.RELEASED, OPERATOR),
        moves("release", S.ACTIVE, S.RELEASED, HOLDER, SYSTEM),
        moves("withdraw", S.ACTIVE, S.RELEASED, OWNER),
        moves("expire", S.ACTIVE, S.EXPIRED, CLOCK),
        moves("remind", S.PENDING_REGISTRATION, S.PENDING_REGISTRATION, CLOCK),
        moves("review", S.ACTIVE, S.ACTIVE, CLOCK),
    ),
    due={
        S.PENDING_REGISTRATION: Due("remind", timedelta(days=90)),
        S.ACTIVE: Due("review", timedelta(days=365)),
    },
)

LIVE: Final = (S.PENDING_REGISTRATION, S.ACTIVE)
