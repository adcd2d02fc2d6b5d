from typing import ClassVar
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record


class BrowserSession(Record, table=True):
    """A browser whose person signed in on our page, by a cookie that opens no API.

    It lives as long as the login that it came from, which is listed and revoked like any other.
    """

    __tablename__: ClassVar[str] = "browser_session"
    __table_args__ = (
        UniqueConstraint("cookie_hash", name="browser_session_cookie_unique"),
        UniqueConstraint("login_session_id", name="browser_session_login_unique"),
    )

    cookie_hash: bytes = Field(sa_type=LargeBinary)
    login_session_id: UUID = Field(foreign_key="login_session.id", ondelete="CASCADE")
