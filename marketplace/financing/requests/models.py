from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.financing.requests.lifecycle import FINANCING_REQUEST, RequestState
from marketplace.kernel.db import Record, minor, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle


class FinancingRequest(Aggregate, table=True):
    """A company asks for a loan, and says what secures it."""

    __tablename__: ClassVar[str] = "financing_request"
    __table_args__ = (
        Index("financing_request_borrower_index", "borrower_organisation_id", "id"),
        Index("financing_request_state_index", "state", "id"),
        Index("financing_request_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("term_months BETWEEN 1 AND 360", name="term"),
    )
    lifecycle: ClassVar[Lifecycle[RequestState]] = FINANCING_REQUEST

    borrower_organisation_id: UUID = Field(foreign_key="organisation.id")
    amount_minor: int = minor()
    currency: str
    term_months: int
    purpose: str
    region: str | None = None
    guarantee_offered: bool = False
    state: RequestState = Field(default=RequestState.APPLIED, sa_type=text_enum(RequestState))

    @property
    def subject(self) -> str:
        return f"financing_request:{self.id}"


class FinancingPledgor(Record, table=True):
    """A third party that the borrower asked to pledge rights of its own."""

    __tablename__: ClassVar[str] = "financing_pledgor"
    __table_args__ = (
        UniqueConstraint("request_id", "organisation_id", name="financing_pledgor_once_unique"),
        Index("financing_pledgor_organisation_index", "organisation_id"),
    )

    request_id: UUID = Field(foreign_key="financing_request.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")


class FinancingCollateral(Record, table=True):
    """A right that is to be pledged, and by whom."""

    __tablename__: ClassVar[str] = "financing_collateral"
    __table_args__ = (
        UniqueConstraint("request_id", "right_id", name="financing_collateral_right_unique"),
        Index("financing_collateral_right_index", "right_id"),
    )

    request_id: UUID = Field(foreign_key="financing_request.id")
    right_id: UUID = Field(foreign_key="ip_right.id")
    pledgor_organisation_id: UUID = Field(foreign_key="organisation.id")
