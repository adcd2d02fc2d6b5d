from datetime import date
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlmodel import Field

from marketplace.assets.models import RightKind
from marketplace.deals.licences.lifecycle import LICENCE, LicenceState
from marketplace.kernel.db import Record, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.terms import LicenceTerms, RoyaltyTerms


class EffectiveBy(StrEnum):
    CONTRACT = "contract"
    REGISTRATION = "registration"


class LicenceRule(Record, table=True):
    """What makes a kind of licence effective in a jurisdiction; where no row is, the contract."""

    __tablename__: ClassVar[str] = "licence_rule"
    __table_args__ = (
        ExcludeConstraint(
            ("jurisdiction", "="),
            ("right_kind", "="),
            ("kind", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="licence_rule_no_overlap",
            using="gist",
        ),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="period"),
    )

    jurisdiction: str
    right_kind: RightKind = Field(sa_type=text_enum(RightKind))
    kind: LicenceKind = Field(sa_type=text_enum(LicenceKind))
    effective_by: EffectiveBy = Field(sa_type=text_enum(EffectiveBy))
    valid_from: date
    valid_until: date | None = None
    source: str


class Licence(Aggregate, table=True):
    """A licence that a deal grants: of a deal, one; of a cross-licence, one in each direction."""

    __tablename__: ClassVar[str] = "licence"
    __table_args__ = (
        UniqueConstraint("deal_id", "position", name="licence_position_unique"),
        Index("licence_licensor_index", "licensor_organisation_id", "id"),
        Index("licence_licensee_index", "licensee_organisation_id", "id"),
        Index(
            "licence_head_index",
            "head_licence_id",
            postgresql_where=text("head_licence_id IS NOT NULL"),
        ),
        Index("licence_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("licensor_organisation_id <> licensee_organisation_id", name="two_parties"),
        CheckConstraint("(starts_on IS NULL) = (ends_on IS NULL)", name="term"),
        CheckConstraint("ends_on > starts_on AND ended_on <= ends_on", name="period"),
    )
    lifecycle: ClassVar[Lifecycle[LicenceState]] = LICENCE

    deal_id: UUID = Field(foreign_key="deal.id")
    position: int
    licensor_organisation_id: UUID = Field(foreign_key="organisation.id")
    licensee_organisation_id: UUID = Field(foreign_key="organisation.id")
    head_licence_id: UUID | None = Field(default=None, foreign_key="licence.id")
    kind: LicenceKind = Field(sa_type=text_enum(LicenceKind))
    terms: dict[str, Any] = Field(sa_type=JSONB)
    currency: str
    starts_on: date | None = None
    ends_on: date | None = Field(default=None, description="the first day after the term")
    ended_on: date | None = Field(default=None, description="when it ended, if before its term")
    notice_reason: str | None = None
    state: LicenceState = Field(default=LicenceState.DRAFTED, sa_type=text_enum(LicenceState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this licence."""
        return f"licence:{self.id}"

    @property
    def agreed(self) -> LicenceTerms:
        return LicenceTerms.model_validate(self.terms)

    @property
    def royalty(self) -> RoyaltyTerms | None:
        return self.agreed.royalty

    def until(self) -> date:
        """The first day on which it no longer runs; it must have taken effect."""
        found = self.ended_on or self.ends_on
        assert found is not None
        return found


class LicenceRight(Record, table=True):
    """One of the rights that a licence is of."""

    __tablename__: ClassVar[str] = "licence_right"
    __table_args__ = (
        UniqueConstraint("licence_id", "right_id", name="licence_right_once_unique"),
        UniqueConstraint("licence_id", "position", name="licence_right_position_unique"),
        Index("licence_right_right_index", "right_id"),
    )

    licence_id: UUID = Field(foreign_key="licence.id")
    position: int
    right_id: UUID = Field(foreign_key="ip_right.id")
