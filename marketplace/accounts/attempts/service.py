"""Counts of failed attempts, shared by every process and kept by the database."""

from dataclasses import dataclass
from math import ceil
from typing import Final, Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete, or_

from marketplace.accounts.attempts.models import AttemptCount
from marketplace.accounts.attempts.rules import FORGOTTEN_AFTER, KNOWN_FOR, Counted, waits_until
from marketplace.accounts.callers import Caller
from marketplace.accounts.errors import TooManyAttemptsError
from marketplace.kernel.db import fetch, now
from marketplace.kernel.problems import RETRY_AFTER

_READ: Final = text(
    "SELECT subject, failures, failed_at, succeeded_at FROM attempt_count"
    " WHERE subject IN (:pair, :address, :account)"
)
_FAIL: Final = text(
    """
    INSERT INTO attempt_count AS c (subject, failures, failed_at)
    SELECT subject, 1, CAST(:now AS timestamptz)
    FROM unnest(ARRAY[CAST(:pair AS bytea), :address, :account]) AS s (subject)
    ORDER BY subject -- who locks more than one row locks them in this order
    ON CONFLICT (subject) DO UPDATE SET failed_at = excluded.failed_at,
        failures = CASE WHEN c.failed_at > :forgotten THEN c.failures + 1 ELSE 1 END
    """
)
_SUCCEED: Final = text(
    """
    INSERT INTO attempt_count (subject, failures, succeeded_at)
    SELECT subject, 0, CAST(:now AS timestamptz)
    FROM unnest(ARRAY[CAST(:pair AS bytea), :account]) AS s (subject) ORDER BY subject
    ON CONFLICT (subject) DO UPDATE
    SET failures = 0, failed_at = NULL, succeeded_at = excluded.succeeded_at
    """
)


@dataclass(frozen=True, slots=True)
class Subjects:
    """What an attempt is counted for."""

    pair: bytes
    address: bytes
    account: bytes

    @classmethod
    def of(cls, caller: Caller, email: str) -> Self:
        def hashed(content: str) -> bytes:
            return caller.keyring.fingerprint(content, context="attempt")

        address = f"address:{caller.address}"
        account = f"account:{email}"
        return cls(hashed(f"{account} {address}"), hashed(address), hashed(account))

    def values(self) -> dict[str, bytes]:
        return {"pair": self.pair, "address": self.address, "account": self.account}


async def refuse_too_many(session: AsyncSession, subjects: Subjects) -> None:
    """Let an attempt through, or say how long to wait.

    Raises:
        TooManyAttemptsError: with Retry-After; the same for known and unknown accounts.
    """
    found = {row[0]: Counted(*row[1:]) for row in await fetch(session, _READ, **subjects.values())}
    nothing = Counted()
    until = waits_until(
        found.get(subjects.pair, nothing),
        found.get(subjects.address, nothing),
        found.get(subjects.account, nothing),
        now(session),
    )
    if until is not None:
        seconds = ceil((until - now(session)).total_seconds())
        raise TooManyAttemptsError(f"wait {seconds} s", **{RETRY_AFTER: seconds})


async def count_failure(session: AsyncSession, subjects: Subjects) -> None:
    """Count a failure; in a transaction that the refusal which follows does not undo."""
    values = {"now": now(session), "forgotten": now(session) - FORGOTTEN_AFTER}
    await session.execute(_FAIL, subjects.values() | values)


async def count_success(session: AsyncSession, subjects: Subjects) -> None:
    """Forget the account's failures, and remember that its owner signs in from this address.

    What the address did to other accounts stays counted.
    """
    values = {"pair": subjects.pair, "account": subjects.account, "now": now(session)}
    await session.execute(_SUCCEED, values)


async def forget_old(session: AsyncSession) -> None:
    """Delete counts that nothing is decided by any more."""
    failed_at, succeeded_at = col(AttemptCount.failed_at), col(AttemptCount.succeeded_at)
    query = delete(AttemptCount).where(
        or_(failed_at.is_(None), failed_at < now(session) - FORGOTTEN_AFTER),
        or_(succeeded_at.is_(None), succeeded_at < now(session) - KNOWN_FOR),
    )
    await session.execute(query)
