from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum
from marketplace.payments.payouts.models import PayoutMethod


class ConnectedAccount(Record, table=True):
    """A payee's account with Stripe, as Stripe last described it; an organisation has one.

    The link to the onboarding page lets whoever has it in; it is kept encrypted, and briefly.
    """

    __tablename__: ClassVar[str] = "connected_account"
    __table_args__ = (
        UniqueConstraint("external_id", name="connected_account_external_unique"),
        Index(
            "connected_account_one_current",
            "organisation_id",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    country: str
    external_id: str | None = None
    transfers_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    requirements: list[str] = Field(default_factory=list, sa_type=JSONB)
    disabled_reason: str | None = None
    failure_code: str | None = None
    failure_text: str | None = None
    key_id: str | None = None
    wrapped_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    ciphertext: bytes | None = Field(default=None, sa_type=LargeBinary)
    link_expires_at: datetime | None = moment(nullable=True)
    retired_at: datetime | None = moment(nullable=True)

    @property
    def masked(self) -> str:
        """As a payout shows where it went."""
        return f"Stripe ****{(self.external_id or '')[-4:]}"


class PayoutChoice(Record, table=True):
    """How an organisation wants to be paid. One that never chose is paid by bank."""

    __tablename__: ClassVar[str] = "payout_choice"
    __table_args__ = (
        UniqueConstraint("organisation_id", name="payout_choice_organisation_unique"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    method: PayoutMethod = Field(sa_type=text_enum(PayoutMethod))
