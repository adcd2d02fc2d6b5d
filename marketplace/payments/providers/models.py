"""What providers allow, as rows with a period: their rules change, and deals outlive them."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, moment, text_enum
from marketplace.payments.funding.models import Provider

ANY_COUNTRY = "*"
_PERIOD = text("tstzrange(valid_from, valid_until)")


class HoldPeriod(Record, table=True):
    """How long a provider lets a platform in a country hold money. `*` is every other country."""

    __tablename__: ClassVar[str] = "hold_period"
    __table_args__ = (
        ExcludeConstraint(
            ("provider", "="),
            ("country", "="),
            (_PERIOD, "&&"),
            name="hold_period_no_overlap",
            using="gist",
        ),
        CheckConstraint("days > 0", name="days_positive"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    provider: Provider = Field(sa_type=text_enum(Provider))
    country: str
    days: int
    source: str
    valid_from: datetime = moment()
    valid_until: datetime | None = moment(nullable=True)


class TransferCountry(Record, table=True):
    """A country whose payees a provider pays out to."""

    __tablename__: ClassVar[str] = "transfer_country"
    __table_args__ = (
        ExcludeConstraint(
            ("provider", "="),
            ("country", "="),
            (_PERIOD, "&&"),
            name="transfer_country_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    provider: Provider = Field(sa_type=text_enum(Provider))
    country: str
    source: str
    valid_from: datetime = moment()
    valid_until: datetime | None = moment(nullable=True)
