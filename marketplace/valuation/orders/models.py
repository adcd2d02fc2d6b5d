from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Integer, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kernel.db import Record, minor, moment, text_enum
from marketplace.kernel.lifecycle import Aggregate, Lifecycle
from marketplace.valuation.orders.lifecycle import VALUATION_ORDER, OrderState
from marketplace.valuation.purposes import Purpose


class ClientRole(StrEnum):
    """As what a client has rights valued."""

    OWNER = "owner"
    BUYER = "buyer"
    LENDER = "lender"


class PartyRole(StrEnum):
    """What somebody is to a case. No valuer is of the group of any of them."""

    CLIENT = "client"
    PAYER = "payer"
    OWNER = "owner"
    LENDER = "lender"
    GUARANTOR = "guarantor"
    BORROWER = "borrower"
    BUYER = "buyer"
    SELLER = "seller"
    OPPONENT = "opponent"


class ValuationOrder(Aggregate, table=True):
    """Somebody has rights valued for a purpose, by institutions that each get the same fee.

    `total_minor` is held: the fee of each valuation and, of two, that of a third which their
    spread may call for. `wanted` is how many there are to be; `seek_at` is when the next
    institution is looked for, null while none is missing.
    """

    __tablename__: ClassVar[str] = "valuation_order"
    __table_args__ = (
        Index("valuation_order_client_index", "client_organisation_id", "id"),
        Index("valuation_order_due_index", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "valuation_order_seek_index", "seek_at", postgresql_where=text("seek_at IS NOT NULL")
        ),
        CheckConstraint("fee_minor > 0 AND total_minor >= fee_minor", name="fee_positive"),
        CheckConstraint(
            "valuations BETWEEN 1 AND 3 AND wanted BETWEEN valuations AND 3", name="valuations"
        ),
        CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0"
            " AND released_minor + refunded_minor <= total_minor",
            name="distribution",
        ),
    )
    lifecycle: ClassVar[Lifecycle[OrderState]] = VALUATION_ORDER

    client_organisation_id: UUID = Field(foreign_key="organisation.id")
    client_role: ClientRole = Field(sa_type=text_enum(ClientRole))
    purpose: Purpose = Field(sa_type=text_enum(Purpose))
    base_date: date
    deadline: date
    policy_id: UUID = Field(foreign_key="assignment_policy.id")
    fee_minor: int = minor()
    total_minor: int = minor()
    currency: str
    valuations: int
    wanted: int
    named_institution_id: UUID | None = Field(default=None, foreign_key="organisation.id")
    fields: list[int] = Field(sa_type=ARRAY(Integer))
    region: str | None = None
    seek_at: datetime | None = moment(nullable=True)
    spread_basis_points: int | None = None
    objection: str | None = None
    released_minor: int = minor(default=0)
    refunded_minor: int = minor(default=0)
    state: OrderState = Field(default=OrderState.AWAITING_PAYMENT, sa_type=text_enum(OrderState))

    @property
    def subject(self) -> str:
        """How lower layers and the event log name this order."""
        return f"valuation_order:{self.id}"

    @property
    def is_blind(self) -> bool:
        """Of several valuers none learns of the others, nor the client of any, until all are in."""
        return self.valuations > 1


class ValuationOrderRight(Record, table=True):
    """A right that is to be valued."""

    __tablename__: ClassVar[str] = "valuation_order_right"
    __table_args__ = (
        UniqueConstraint("order_id", "right_id", name="valuation_order_right_unique"),
        Index("valuation_order_right_index", "right_id", "order_id"),
    )

    order_id: UUID = Field(foreign_key="valuation_order.id")
    right_id: UUID = Field(foreign_key="ip_right.id")


class ValuationParty(Record, table=True):
    """Who has to do with a case, as it was placed; owners at a later moment come to it."""

    __tablename__: ClassVar[str] = "valuation_party"
    __table_args__ = (
        UniqueConstraint("order_id", "organisation_id", "role", name="valuation_party_unique"),
        Index("valuation_party_organisation_index", "organisation_id"),
    )

    order_id: UUID = Field(foreign_key="valuation_order.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    role: PartyRole = Field(sa_type=text_enum(PartyRole))


class ValuationPayer(Record, table=True):
    """Who pays which share of an order, held apart so that it goes back to who paid it."""

    __tablename__: ClassVar[str] = "valuation_payer"
    __table_args__ = (
        UniqueConstraint("order_id", "organisation_id", name="valuation_payer_unique"),
        UniqueConstraint("order_id", "position", name="valuation_payer_position_unique"),
        Index("valuation_payer_organisation_index", "organisation_id"),
        CheckConstraint("numerator > 0 AND numerator <= denominator", name="share"),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
    )

    order_id: UUID = Field(foreign_key="valuation_order.id")
    organisation_id: UUID = Field(foreign_key="organisation.id")
    position: int
    numerator: int = Field(sa_type=BigInteger)
    denominator: int = Field(sa_type=BigInteger)
    amount_minor: int = minor()

    @property
    def subject(self) -> str:
        """What this payer's money is held for."""
        return f"valuation_payer:{self.id}"
