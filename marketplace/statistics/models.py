from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from marketplace.kernel.db import Record, minor, moment


class DealRollup(SQLModel, table=True):
    """Settled deals summed by month of the reporting time zone; a reversal counts negative."""

    __tablename__: ClassVar[str] = "deal_rollup"

    month: date = Field(primary_key=True)
    right_kind: str = Field(primary_key=True)
    deal_type: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    deals: int = Field(sa_type=BigInteger)
    amount_minor: int = minor()
    zero_deals: int = Field(sa_type=BigInteger)


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
    parts_deals: int = Field(sa_type=BigInteger)
    parts_amount_minor: int | None = minor(default=None)


class PublishedFigure(Record, table=True):
    """One printed row: deals of a half-open period, and their amount unless that is undisclosed."""

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
    amount_minor: int | None = minor(default=None)


class DealFact(SQLModel, table=True):
    """One counted event with everything by which tables divide it; folded from the log.

    `counted_month` is that of what a refund or a reversal undoes, else the event's own. The
    dimensions are those of the day on which the deal was first counted. The groups are the heads of
    the parties' enterprise groups on that day: they are what disclosure control counts, and are
    never shown.
    """

    __tablename__: ClassVar[str] = "deal_fact"
    __table_args__ = (Index("deal_fact_day_index", "day"),)

    sequence: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date
    counted_month: date
    reason: str
    currency: str
    deals: int
    amount_minor: int = minor()
    right_kind: str
    deal_type: str
    seller_type: str
    buyer_type: str
    seller_region: str
    buyer_region: str
    industry: str
    wipo_field: str
    amount_band: str
    payment_form: str
    deal_id: UUID | None = None
    seller_group: UUID | None = None
    buyer_group: UUID | None = None
    cycle_days: int | None = None


class DealDay(SQLModel, table=True):
    """Facts summed by day, for tables as of any day, and by the month that they belong to."""

    __tablename__: ClassVar[str] = "deal_day"

    day: date = Field(primary_key=True)
    counted_month: date = Field(primary_key=True)
    right_kind: str = Field(primary_key=True)
    deal_type: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    deals: int = Field(sa_type=BigInteger)
    amount_minor: int = minor()
    zero_deals: int = Field(sa_type=BigInteger)


class FigureRevision(SQLModel, table=True):
    """What changed a month after it had ended: numbered, with its reason."""

    __tablename__: ClassVar[str] = "figure_revision"

    currency: str = Field(primary_key=True)
    month: date = Field(primary_key=True)
    number: int = Field(primary_key=True)
    day: date
    reason: str
    right_kind: str
    deals: int
    amount_minor: int = minor()
    sequence: int = Field(sa_type=BigInteger)


class SeriesMonth(SQLModel, table=True):
    """Flow and change of stock of a series in a month."""

    __tablename__: ClassVar[str] = "series_month"

    month: date = Field(primary_key=True)
    series: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    flow: int = Field(sa_type=BigInteger)
    stock_change: int = Field(sa_type=BigInteger)
    amount_minor: int = minor()


class StatisticsZone(SQLModel, table=True):
    """Whose calendar the folded days and months are of."""

    __tablename__: ClassVar[str] = "statistics_zone"

    consumer: str = Field(primary_key=True)
    time_zone: str


class IpcField(SQLModel, table=True):
    """The technology field (1 to 35) of what is classified under a symbol; the longest counts."""

    __tablename__: ClassVar[str] = "ipc_field"
    __table_args__ = (CheckConstraint("field BETWEEN 1 AND 35", name="range"),)

    prefix: str = Field(primary_key=True)
    field: int


class StatisticsRelease(SQLModel, table=True):
    """Tables that were published together, and the events that they are made of."""

    __tablename__: ClassVar[str] = "statistics_release"
    __table_args__ = (UniqueConstraint("as_of", name="statistics_release_as_of_unique"),)

    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    as_of: date
    made_at: datetime = moment()
    last_sequence: int = Field(sa_type=BigInteger)
    sha256: str
    rules: dict[str, Any] = Field(sa_type=JSONB)


class ReleasedTable(SQLModel, table=True):
    """One table of a release, as bytes that never change."""

    __tablename__: ClassVar[str] = "released_table"

    release: int = Field(primary_key=True, foreign_key="statistics_release.number")
    dimension: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    content: str
    sha256: str
