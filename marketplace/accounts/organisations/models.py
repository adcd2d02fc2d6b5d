from typing import ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.accounts.organisations.numbers import NumberScheme
from marketplace.kernel.db import Record, text_enum


class OrganisationNumber(Record, table=True):
    """A business number of an organisation; no two organisations have the same."""

    __tablename__: ClassVar[str] = "organisation_number"
    __table_args__ = (
        UniqueConstraint("scheme", "number", name="organisation_number_unique"),
        UniqueConstraint("organisation_id", "scheme", name="organisation_number_one_of_a_scheme"),
    )

    organisation_id: UUID = Field(foreign_key="organisation.id")
    scheme: NumberScheme = Field(sa_type=text_enum(NumberScheme))
    number: str
