from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from marketplace.assets.consents.lifecycle import CONSENT, ConsentState
from marketplace.assets.legal_rules.terms import Act
from marketplace.kernel.db import minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class Consent(Aggregate, table=True):
    """What one owner of a right is asked to let another do, and the answer.

    It is for one act under exactly the terms whose SHA-256 it names; other terms need another. The
    answer may narrow it to a limit: the least price of a sale or licence, the most of a pledge. A
    single use is told by the state, a standing consent stays `given`.
    """

    __tablename__: ClassVar[str] = "consent"
    __table_args__ = (
        Index(
            "consent_one_open",
            "right_id",
            "act",
            "organisation_id",
            "terms_sha256",
            "counterparty_organisation_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state IN ('asked', 'given')"),
        ),
        Index("consent_organisation_index", "organisation_id", "id"),
        Index("consent_asker_index", "asked_by", "id"),
        Index("consent_used_index", "used_for", postgresql_where=text("used_for IS NOT NULL")),
        Index("consent_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("organisation_id <> asked_by", name="two_owners"),
        CheckConstraint("(limit_minor IS NULL) = (currency IS NULL)", name="limit"),
        CheckConstraint("limit_minor > 0", name="limit_positive"),
        CheckConstraint("(state = 'used') = (used_for IS NOT NULL)", name="used"),
    )
    lifecycle: ClassVar[Lifecycle[ConsentState]] = CONSENT

    right_id: UUID = Field(foreign_key="ip_right.id")
    act: Act = Field(sa_type=text_enum(Act))
    asked_by: UUID = Field(foreign_key="organisation.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    counterparty_organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    terms: str
    terms_sha256: str
    rule_id: UUID | None = Field(default=None, foreign_key="legal_rule.id")
    limit_minor: int | None = minor(default=None)
    currency: str | None = None
    single_use: bool = True
    used_for: str | None = None
    state: ConsentState = Field(default=ConsentState.ASKED, sa_type=text_enum(ConsentState))
