from datetime import date
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import Record, minor


class DealRollup(SQLModel, table=True):
    """Settled deals summed by month of the reporting time zone; a reversal counts negative."""

    __tablename__: ClassVar[str] = "deal_rollup"

    month: date = Field(primary_key=True)
    right_kind: str = Field(primary_key=True)
    deal_type: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    deals: int = Field(sa_type=BigInteger)
    amount_minor: int = minor()


class PublishedSeries(Record, table=True):
    """Figures that somebody published before: as printed, with source, unit and as-of date."""

    __tablename__: ClassVar[str] = "published_series"
    __table_args__ = (
        UniqueConstraint("source", "as_of", name="published_series_once_unique"),
        CheckConstraint("unit_minor > 0", name="unit_positive"),
    )

    source: str
    as_of: date
    currency: str
    unit_minor: int = minor()
    sha256: str
    printed_deals: int | None = Field(default=None, sa_type=BigInteger)
    printed_amount_minor: int | None = minor(default=None)
    discrepancy: str | None = None


class PublishedFigure(Record, table=True):
    """One printed row: deals and amount of a half-open period."""

    __tablename__: ClassVar[str] = "published_figure"
    __table_args__ = (
        UniqueConstraint("series_id", "period_from", name="published_figure_period_unique"),
        CheckConstraint("period_until > period_from", name="period"),
        CheckConstraint("deals >= 0 AND amount_minor >= 0", name="counts"),
    )

    series_id: UUID = Field(foreign_key="published_series.id")
    label: str
    period_from: date
    period_until: date
    deals: int = Field(sa_type=BigInteger)
    amount_minor: int = minor()
