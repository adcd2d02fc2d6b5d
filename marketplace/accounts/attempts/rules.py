"""How long to wait after how many failures. Pure, so that the whole table can be tested.

Three things are counted. Failures of one account *from one address* stop a guesser soon. Those of
an address over all accounts stop one who tries a few passwords on many. Those of an account over
all addresses stop one who has many addresses, but do not concern an address from which its owner
signed in lately: so a stranger's failures keep nobody out of where they always sign in from. A new
address is opened by resetting the password, which takes the mailbox.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PAIR_FREE: Final = 5
ADDRESS_FREE: Final = 50
ACCOUNT_FREE: Final = 20
"""So many failures cost no waiting."""
WAIT_MAX: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""A day without a failure, and the count begins anew."""
KNOWN_FOR: Final = timedelta(days=90)
"""So long is an address remembered as one that the owner signs in from."""
_DOUBLINGS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Counted:
    """What is known of one subject."""

    failures: int = 0
    failed_at: datetime | None = None
    succeeded_at: datetime | None = None


def wait_after(failures: int, free: int) -> timedelta:
    """Nothing while failures are free, then 1, 2, 4 … seconds up to a cap."""
    if failures < free:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - free, _DOUBLINGS_MAX)), WAIT_MAX)


def waits_until(pair: Counted, address: Counted, account: Counted, at: datetime) -> datetime | None:
    """Until when nobody is let in; None when the next attempt is free."""
    known = pair.succeeded_at is not None and at - pair.succeeded_at < KNOWN_FOR
    asked = [(pair, PAIR_FREE)]
    if not known:
        asked += [(address, ADDRESS_FREE), (account, ACCOUNT_FREE)]
    ends = [
        counted.failed_at + wait_after(counted.failures, free)
        for counted, free in asked
        if counted.failed_at and at - counted.failed_at < FORGOTTEN_AFTER
    ]
    last = max(ends, default=at)
    return last if last > at else None
