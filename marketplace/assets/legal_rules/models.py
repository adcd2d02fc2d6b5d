from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from marketplace.assets.models import RightKind
from marketplace.kernel.db import Record, text_enum


class Topic(StrEnum):
    TERM = "term"
    FEES = "fees"
    INVALIDATION = "invalidation"
    TITLE = "title"
    CONSENTS = "consents"


class LegalRule(Record, table=True):
    """What the law of one jurisdiction says on one topic for one kind of right, in a period.

    Which day counts for the period is said by the topic: filing for the term, grant for fees, the
    day of the act for the rest. `terms` has the shape that `legal_rules/terms.py` gives the topic.
    """

    __tablename__: ClassVar[str] = "legal_rule"
    __table_args__ = (
        ExcludeConstraint(
            ("jurisdiction", "="),
            ("right_kind", "="),
            ("topic", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="legal_rule_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    jurisdiction: str
    right_kind: RightKind = Field(sa_type=text_enum(RightKind))
    topic: Topic = Field(sa_type=text_enum(Topic))
    terms: dict[str, Any] = Field(sa_type=JSONB)
    valid_from: date
    valid_until: date | None = None
    source: str
