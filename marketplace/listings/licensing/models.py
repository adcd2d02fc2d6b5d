from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from marketplace.kernel.db import Record
from marketplace.listings.licensing.terms import LicenceTerms


class LicenceOffer(Record, table=True):
    """The terms on which a listing offers a licence; a deal takes its own copy of them."""

    __tablename__: ClassVar[str] = "licence_offer"
    __table_args__ = (UniqueConstraint("listing_id", name="licence_offer_listing_unique"),)

    listing_id: UUID = Field(foreign_key="listing.id")
    terms: dict[str, Any] = Field(sa_type=JSONB)
    sha256: str
    head_licence_id: UUID | None = Field(
        default=None, foreign_key="licence.id", description="of a sub-licence"
    )
    pool_id: UUID | None = Field(
        default=None, foreign_key="pool.id", description="whose rights are licensed"
    )

    @property
    def offered(self) -> LicenceTerms:
        return LicenceTerms.model_validate(self.terms)
