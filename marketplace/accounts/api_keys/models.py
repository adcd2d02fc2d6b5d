from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment


class ApiKey(Record, table=True):
    """A person's key for programs of their own, acting for one organisation.

    Only its hash is kept, and the public part by which its holder recognises it.
    """

    __tablename__: ClassVar[str] = "api_key"
    __table_args__ = (
        UniqueConstraint("secret_hash", name="api_key_secret_unique"),
        UniqueConstraint("public_id", name="api_key_public_id_unique"),
        Index("api_key_user_index", "user_id", "id"),
    )

    public_id: str
    secret_hash: bytes = Field(sa_type=LargeBinary)
    user_id: UUID = Field(foreign_key="user_account.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    expires_at: datetime = moment()
    last_used_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
