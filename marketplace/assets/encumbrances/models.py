from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, Computed, Index, Integer, String, Text, text
from sqlalchemy.dialects.postgresql import (
    INT4MULTIRANGE,
    INT4RANGE,
    INT8MULTIRANGE,
    JSONB,
    ExcludeConstraint,
)
from sqlmodel import Field, SQLModel

from marketplace.assets.encumbrances.intervals import as_ranges
from marketplace.assets.encumbrances.kinds import EVERY_USE, EncumbranceKind, Use
from marketplace.assets.encumbrances.lifecycle import ENCUMBRANCE, EncumbranceState
from marketplace.assets.encumbrances.scope import Scope
from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle

_KINDS = ", ".join(f"'{kind}'" for kind in EncumbranceKind)
_PLACE = f"array_position(ARRAY[{_KINDS}]::text[], kind::text)"
_KIND_RANGE = f"int4range({_PLACE}, {_PLACE}, '[]')"
_BY_BYTES: Any = String(collation="C")
_LIVE = "state IN ('pending_registration', 'active')"


def _ranges(of: type[Any]) -> Any:
    return Field(default_factory=lambda: as_ranges(()), sa_type=of, nullable=False)


class Encumbrance(Aggregate, table=True):
    """What burdens a right: a pledge, a licence, an option, an attachment or a trust.

    The codes of the scope are what was agreed; the ranges are the same as numbers, by which the
    database finds overlaps. Triggers refuse what conflicts, and keep each version of a row.
    """

    __tablename__: ClassVar[str] = "encumbrance"
    __table_args__ = (
        Index(
            "encumbrance_scope_index",
            "right_id",
            "field_range",
            "territory_range",
            "claim_range",
            "kind_range",
            text("tstzrange(starts_at, ends_at)"),
            postgresql_using="gist",
            postgresql_where=text(f"{_LIVE} AND kind <> 'non_exclusive'"),
        ),
        Index("encumbrance_right_index", "right_id", "id"),
        Index("encumbrance_holder_index", "holder_organisation_id", "id"),
        Index("encumbrance_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "encumbrance_rank_index",
            "right_id",
            "received_on",
            "receipt_order",
            unique=True,
            postgresql_where=text(f"received_on IS NOT NULL AND {_LIVE}"),
        ),
        Index(
            "encumbrance_number_index",
            "right_id",
            "registration_number",
            "received_on",
            unique=True,
            postgresql_where=text(f"registration_number IS NOT NULL AND {_LIVE}"),
        ),
        Index(
            "encumbrance_entry_index",
            "source",
            "source_entry",
            unique=True,
            postgresql_where=text("source_entry IS NOT NULL"),
        ),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="period"),
        CheckConstraint(f"uses BETWEEN 1 AND {int(EVERY_USE)}", name="uses_known"),
        CheckConstraint(
            "(kind = 'open_licence') = (num_nonnulls(holder_organisation_id, holder_name) = 0)",
            name="holder",
        ),
        CheckConstraint(
            "num_nulls(secured_minor, currency) <> 1 AND (kind = 'pledge' OR secured_minor IS NULL)"
            " AND secured_minor > 0",
            name="secured",
        ),
        CheckConstraint("(received_on IS NULL) = (receipt_order IS NULL)", name="receipt_whole"),
        CheckConstraint(
            "state <> 'active' OR registration_number IS NOT NULL OR kind IN"
            " ('exclusive', 'sole', 'non_exclusive', 'open_licence', 'option')",
            name="constitutive_registration",
        ),
        CheckConstraint(
            "kind NOT IN ('pledge', 'attachment', 'trust') OR (claim_range = '{(,)}'"
            " AND territory_range = '{(,)}' AND field_range = '{(,)}'"
            f" AND uses = {EVERY_USE:d})",
            name="whole_right",
        ),
    )
    lifecycle: ClassVar[Lifecycle[EncumbranceState]] = ENCUMBRANCE

    right_id: UUID = Field(foreign_key="ip_right.id")
    kind: EncumbranceKind = Field(sa_type=text_enum(EncumbranceKind))
    subject: str | None = Field(default=None, description="what it was granted by: `deal:<id>`")
    holder_organisation_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    holder_name: str | None = Field(default=None, description="of somebody outside")
    granted_by: UUID | None = Field(default=None, foreign_key="organisation.id")
    claims: list[int] = Field(default_factory=list, sa_type=ARRAY(Integer))
    territories: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    fields_of_use: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    uses: int = int(EVERY_USE)
    starts_at: datetime = moment()
    ends_at: datetime | None = moment(nullable=True)
    kind_range: Any = Field(
        default=None,
        sa_column=Column(INT4RANGE, Computed(_KIND_RANGE, persisted=True), nullable=False),
    )
    claim_range: Any = _ranges(INT4MULTIRANGE)
    territory_range: Any = _ranges(INT8MULTIRANGE)
    field_range: Any = _ranges(INT8MULTIRANGE)
    secured_minor: int | None = minor(default=None)
    currency: str | None = None
    challenge_accepted: bool = False
    registration_number: str | None = None
    contract_on: date | None = None
    effective_on: date | None = None
    received_on: date | None = None
    receipt_order: int | None = None
    recorded_on: date | None = None
    gazetted_on: date | None = None
    source: str
    source_entry: str | None = None
    entry_sha256: str | None = None
    valid_from: datetime = moment()
    changed_at: datetime = moment()
    state: EncumbranceState = Field(
        default=EncumbranceState.PENDING_REGISTRATION, sa_type=text_enum(EncumbranceState)
    )

    @property
    def scope(self) -> Scope:
        return Scope(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            claims=tuple(self.claims),
            territories=tuple(self.territories),
            fields=tuple(self.fields_of_use),
            uses=Use(self.uses),
        )

    def set_scope(self, scope: Scope) -> None:
        """Write a scope, as codes and as ranges."""
        self.starts_at, self.ends_at = scope.starts_at, scope.ends_at
        self.claims, self.territories = list(scope.claims), list(scope.territories)
        self.fields_of_use, self.uses = list(scope.fields), int(scope.uses)
        self.claim_range = as_ranges(scope.claim_intervals)
        self.territory_range = as_ranges(scope.territory_intervals)
        self.field_range = as_ranges(scope.field_intervals)


class EncumbranceVersion(SQLModel, table=True):
    """What an encumbrance was: true from `valid_from`, known here from `known_from`.

    Written by the database whenever an encumbrance changes. Of two that are known, the one valid
    later counts, and of two valid from the same moment the later version.
    """

    __tablename__: ClassVar[str] = "encumbrance_version"
    __table_args__ = (Index("encumbrance_version_right_index", "right_id", "known_from"),)

    encumbrance_id: UUID = Field(primary_key=True, foreign_key="encumbrance.id")
    number: int = Field(primary_key=True)
    right_id: UUID = Field(foreign_key="ip_right.id")
    valid_from: datetime = moment()
    known_from: datetime = moment()
    facts: dict[str, Any] = Field(sa_type=JSONB)


class ConflictRule(SQLModel, table=True):
    """A row of `conflicts.RULES`, by which the database refuses; a test keeps both the same."""

    __tablename__: ClassVar[str] = "conflict_rule"
    __table_args__ = (
        ExcludeConstraint(
            ("act", "="),
            ("standing", "="),
            ("jurisdiction", "="),
            ("right_kind", "="),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="conflict_rule_no_overlap",
            using="gist",
        ),
    )

    act: str = Field(primary_key=True)
    standing: str = Field(primary_key=True)
    jurisdiction: str = Field(primary_key=True)
    right_kind: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_until: date | None = None
    verdict: str
    basis: str


class ConflictSummary(SQLModel, table=True):
    """All rules of an act in one row, for the check. Written by the database from the rules.

    `barring` has the places, in the order of `EncumbranceKind`, of the kinds that do not let the
    act pass; as a range it is one more dimension of the index.
    """

    __tablename__: ClassVar[str] = "conflict_summary"

    act: str = Field(primary_key=True)
    # By their bytes, so that what speaks of everything, `*`, comes before what speaks of one thing.
    jurisdiction: str = Field(primary_key=True, sa_type=_BY_BYTES)
    right_kind: str = Field(primary_key=True, sa_type=_BY_BYTES)
    valid_from: date = Field(primary_key=True)
    valid_until: date | None = None
    barring: Any = Field(sa_type=INT4MULTIRANGE, nullable=False)
    verdicts: dict[str, str] = Field(sa_type=JSONB)


class EncumbranceConsent(Record, table=True):
    """A holder's consent to one act, for one deal, used once; it may be revoked until then."""

    __tablename__: ClassVar[str] = "encumbrance_consent"
    __table_args__ = (
        Index(
            "encumbrance_consent_open_index",
            "encumbrance_id",
            "act",
            "subject",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        Index("encumbrance_consent_subject_index", "subject"),
        CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="used_or_revoked"),
        CheckConstraint(
            "num_nulls(price_minor, claim_minor, currency) IN (0, 3)"
            " AND (act = 'sell') = (currency IS NOT NULL)",
            name="amounts_whole",
        ),
        CheckConstraint(
            "price_minor > 0 AND claim_minor >= 0 AND paid_minor BETWEEN 0 AND claim_minor",
            name="amounts",
        ),
    )

    encumbrance_id: UUID = Field(foreign_key="encumbrance.id")
    act: str
    subject: str
    price_minor: int | None = minor(default=None)
    claim_minor: int | None = minor(default=None)
    currency: str | None = None
    paid_minor: int = minor(default=0)
    given_by: UUID = Field(foreign_key="user_account.id")
    expires_at: datetime = moment()
    used_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
