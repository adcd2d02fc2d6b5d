"""What is bid at least, when a bid extends the auction, and what a sealed bid is the hash of."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

NOTICE_MAX: Final = timedelta(days=60)
BIDDING_MIN: Final = timedelta(hours=1)
BIDDING_MAX: Final = timedelta(days=60)


def least_minor(starting_minor: int, step_minor: int, highest_minor: int | None) -> int:
    """The smallest bid that counts now."""
    return starting_minor if highest_minor is None else highest_minor + step_minor


def extended(closes_at: datetime, bid_at: datetime, soft_close_minutes: int) -> datetime:
    """When the auction closes after a bid: in its last minutes, as many minutes later."""
    return max(closes_at, bid_at + timedelta(minutes=soft_close_minutes))


def commitment(auction_id: UUID, bidder_id: UUID, amount_minor: int, nonce: str) -> str:
    """The SHA-256, in hexadecimal, that seals a bid.

    The ids of auction and bidder make it worthless to anybody who copies it; the nonce, known to
    the bidder alone, keeps others from trying amounts until one fits.
    """
    return sha256(f"{auction_id}:{bidder_id}:{amount_minor}:{nonce}".encode()).hexdigest()
