from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, SQLModel

from marketplace.kernel.db import moment


class PasswordResetRequest(SQLModel, table=True):
    """Somebody asks for a new password for an address.

    The worker looks whether it has an account, so that asking takes the same time for any.
    """

    __tablename__: ClassVar[str] = "password_reset_request"

    email: str = Field(primary_key=True)
    requested_at: datetime = moment()
