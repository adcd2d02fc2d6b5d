from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A time-ordered UUIDv7, made by the application so that an id is known before its row."""
    return uuid7()
