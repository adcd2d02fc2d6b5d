from datetime import timedelta
from enum import StrEnum
from typing import Final

from marketplace.kernel.lifecycle import CLOCK, Due, Lifecycle, moves

INVITEE: Final = "invitee"
MANAGER: Final = "manager"


class InvitationState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXPIRED = "expired"


S = InvitationState

INVITATION: Final = Lifecycle(
    "invitation",
    InvitationState,
    S.PENDING,
    (
        moves("accept", S.PENDING, S.ACCEPTED, INVITEE),
        moves("decline", S.PENDING, S.DECLINED, INVITEE),
        moves("revoke", S.PENDING, S.REVOKED, MANAGER),
        moves("expire", S.PENDING, S.EXPIRED, CLOCK),
    ),
    due={S.PENDING: Due("expire", timedelta(days=14))},
)
