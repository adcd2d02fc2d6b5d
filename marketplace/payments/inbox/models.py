from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum
from marketplace.payments.funding.models import Provider


class ProviderEvent(Record, table=True):
    """News from a provider, kept for a while; the provider's id makes it exist once.

    Its body is encrypted: it names people, and may carry what confirms a payment.
    """

    __tablename__: ClassVar[str] = "provider_event"
    __table_args__ = (
        UniqueConstraint("provider", "external_id", name="provider_event_once_unique"),
        Index("provider_event_new_index", "id", postgresql_where=text("handled_at IS NULL")),
        Index("provider_event_created_at_index", "created_at"),
    )

    provider: Provider = Field(sa_type=text_enum(Provider))
    external_id: str
    type: str
    key_id: str
    wrapped_key: bytes = Field(sa_type=LargeBinary)
    ciphertext: bytes = Field(sa_type=LargeBinary)
    handled_at: datetime | None = moment(nullable=True)
    outcome: str | None = Field(default=None, description="the errand that it led to, or `ignored`")
