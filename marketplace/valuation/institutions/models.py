from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field

from marketplace.kernel.db import Record, text_enum


class InterestKind(StrEnum):
    """Why an institution cannot be asked about somebody, or about a right."""

    STAKE = "stake"
    LOSS_SHARING = "loss_sharing"
    PROSECUTION = "prosecution"
    EMPLOYMENT = "employment"


class Tier(StrEnum):
    """How far quality control trusts an institution."""

    A = "a"
    B = "b"
    C = "c"


WEIGHTS: Final[Mapping[Tier, int]] = {Tier.A: 15_000, Tier.B: 10_000, Tier.C: 5_000}
"""How much of the cases each tier gets, in basis points of what its capacity alone would get."""
STANDARD_WEIGHT: Final = WEIGHTS[Tier.B]
"""Of an institution that nothing was found out about."""


class InstitutionProfile(Record, table=True):
    """What an institution does, and how much of it at once. Whether it may is its designation."""

    __tablename__: ClassVar[str] = "institution_profile"
    __table_args__ = (
        UniqueConstraint("organisation_id", name="institution_profile_organisation_unique"),
        CheckConstraint("capacity BETWEEN 0 AND 10000", name="capacity_range"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    fields: list[int] = Field(sa_type=ARRAY(Integer))
    purposes: list[str] = Field(sa_type=ARRAY(Text))
    regions: list[str] = Field(sa_type=ARRAY(Text))
    capacity: int
    version: int = Field(default=1)


class InstitutionInterest(Record, table=True):
    """What an institution declares: it stands between it and cases of somebody, or of a right."""

    __tablename__: ClassVar[str] = "institution_interest"
    __table_args__ = (
        CheckConstraint("(counterpart_id IS NULL) <> (right_id IS NULL)", name="about_one_thing"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="period"),
        Index("institution_interest_institution_index", "institution_id", "id"),
        Index("institution_interest_counterpart_index", "counterpart_id"),
        Index("institution_interest_right_index", "right_id"),
    )

    institution_id: UUID = Field(foreign_key="organisation.id")
    kind: InterestKind = Field(sa_type=text_enum(InterestKind))
    counterpart_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    right_id: UUID | None = Field(default=None, foreign_key="ip_right.id")
    valid_from: date
    valid_until: date | None = None
    note: str


class InstitutionStanding(Record, table=True):
    """What quality control made of an institution; the newest counts, and none is changed."""

    __tablename__: ClassVar[str] = "institution_standing"
    __table_args__ = (
        CheckConstraint("weight BETWEEN 1 AND 100000", name="weight_range"),
        Index("institution_standing_institution_index", "institution_id", "id"),
    )

    institution_id: UUID = Field(foreign_key="organisation.id")
    tier: Tier = Field(sa_type=text_enum(Tier))
    weight: int
    basis: str
    reason: str
    decided_by: UUID | None = Field(default=None, foreign_key="user_account.id")
