"""What a failure of the database means: try again in a moment, a broken rule, or a bug."""

from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

DatabaseError = DBAPIError | asyncpg.PostgresError | asyncpg.InterfaceError
"""What SQLAlchemy raises, and what the driver itself raises where hot reads use it."""

TRANSIENT_STATES: Final = frozenset(
    {"40001", "40P01", "55P03", "57014", "57P01", "57P02", "57P03", "53300"}
)
"""Serialization failure, deadlock, lock or statement timeout, server stopping, starting, full."""
CONNECTION_STATES: Final = "08"
"""The class of states that tell of a lost connection."""


def constraint_of(error: DatabaseError) -> str:
    """The name of the constraint that was violated; empty when it was none."""
    return getattr(_driver_error(error), "constraint_name", None) or ""


def is_transient(error: BaseException) -> bool:
    """Whether the same work, sent again in a moment, may well succeed."""
    cause = _driver_error(error)
    state = getattr(cause, "sqlstate", None) or ""
    if state in TRANSIENT_STATES or state.startswith(CONNECTION_STATES):
        return True
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, InterfaceError | OperationalError | asyncpg.InterfaceError)


def _driver_error(error: BaseException) -> BaseException | None:
    """The driver's own error, which SQLAlchemy wraps twice."""
    if not isinstance(error, DBAPIError):
        return error
    return getattr(error.orig, "__cause__", None) or error.orig
