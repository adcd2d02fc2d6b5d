from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, text_enum
from marketplace.valuation.purposes import Purpose
from marketplace.valuation.registry.contents import ModelKind


class ValuationModel(Record, table=True):
    """One published edition of a method, table, weight set or rating model. It never changes.

    What was computed with it names its id, and so can be computed again.
    """

    __tablename__: ClassVar[str] = "valuation_model"
    __table_args__ = (
        UniqueConstraint("name", "edition", name="valuation_model_edition_unique"),
        UniqueConstraint("id", "name", name="valuation_model_id_name_unique"),
        CheckConstraint("consistency_ratio IS NULL OR consistency_ratio < 0.1", name="consistency"),
    )

    name: str
    kind: ModelKind = Field(sa_type=text_enum(ModelKind))
    edition: str
    content: dict[str, Any] = Field(sa_type=JSONB)
    content_sha256: str
    consistency_ratio: float | None = None
    source: str


class ValuationModelUse(Record, table=True):
    """For which purpose an edition is allowed, and when: never two of a name at once."""

    __tablename__: ClassVar[str] = "valuation_model_use"
    __table_args__ = (
        ExcludeConstraint(
            ("name", "="),
            ("purpose", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="valuation_model_use_no_overlap",
            using="gist",
        ),
        ForeignKeyConstraint(
            ["model_id", "name"],
            ["valuation_model.id", "valuation_model.name"],
            name="valuation_model_use_model_foreign",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    model_id: UUID = Field(index=True)
    name: str
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    valid_from: date
    valid_until: date | None = None


class ValuationModelWithdrawal(Record, table=True):
    """From a day on, an edition is not used any more."""

    __tablename__: ClassVar[str] = "valuation_model_withdrawal"
    __table_args__ = (UniqueConstraint("model_id", name="valuation_model_withdrawal_model_unique"),)

    model_id: UUID = Field(foreign_key="valuation_model.id")
    withdrawn_from: date
    reason: str
