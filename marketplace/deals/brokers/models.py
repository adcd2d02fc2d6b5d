from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.deals.mandates.models import Side
from marketplace.kernel.db import Record, minor, text_enum


class ConsentPurpose(StrEnum):
    DUAL_AGENCY = "dual_agency"
    SPLIT = "split"


class DealBroker(Record, table=True):
    """A broker of one side of a deal, and its exact share of what that side's brokers contributed.

    A deferred trigger refuses a transaction after which the shares of a side do not sum to one, and
    another one refuses any change after the second signature.
    """

    __tablename__: ClassVar[str] = "deal_broker"
    __table_args__ = (
        UniqueConstraint("deal_id", "mandate_id", name="deal_broker_once_unique"),
        UniqueConstraint("deal_id", "side", "position", name="deal_broker_position_unique"),
        Index("deal_broker_organisation_index", "broker_organisation_id", "deal_id"),
        CheckConstraint("numerator > 0 AND numerator <= denominator", name="share"),
    )

    deal_id: UUID = Field(foreign_key="deal.id")
    side: Side = Field(sa_type=text_enum(Side))
    position: int
    mandate_id: UUID = Field(foreign_key="mandate.id")
    broker_organisation_id: UUID = Field(foreign_key="organisation.id")
    commission_ppm: int
    numerator: int = minor()
    denominator: int = minor()


class BrokerConsent(Record, table=True):
    """That a side consents to dual agency, or a broker to a split, in exactly one text."""

    __tablename__: ClassVar[str] = "broker_consent"
    __table_args__ = (
        UniqueConstraint(
            "deal_id", "purpose", "organisation_id", "sha256", name="broker_consent_once_unique"
        ),
    )

    deal_id: UUID = Field(foreign_key="deal.id")
    purpose: ConsentPurpose = Field(sa_type=text_enum(ConsentPurpose))
    organisation_id: UUID = Field(foreign_key="organisation.id")
    user_id: UUID = Field(foreign_key="user_account.id")
    sha256: str


class BrokerPayment(Record, table=True):
    """What a broker got out of what was held for a deal or for a part of its price."""

    __tablename__: ClassVar[str] = "broker_payment"
    __table_args__ = (
        UniqueConstraint("held_for", "broker_organisation_id", name="broker_payment_once_unique"),
        Index("broker_payment_deal_index", "deal_id"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    deal_id: UUID = Field(foreign_key="deal.id")
    held_for: str
    broker_organisation_id: UUID = Field(foreign_key="organisation.id")
    amount_minor: int = minor()
    currency: str
