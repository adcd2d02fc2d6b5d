"""What a demand asks for and an offer gives, each in the words of its product."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from marketplace.financing.products.schemas import Months
from marketplace.financing.schemes.schemas import Minor, Rate, Share
from marketplace.kernel.schemas import Day, Input, LongText, ShortText
from marketplace.listings.deal_types import LicenceKind
from marketplace.listings.licensing.terms import LicenceTerms

TRANCHES_MAX: Final = 8
RECEIVABLES_MAX: Final = 1_000


class Product(StrEnum):
    GUARANTEE_LOAN = "guarantee_loan"
    EQUITY = "equity"
    SALE_AND_LICENCE_BACK = "sale_and_licence_back"
    SECURITISATION = "securitisation"


class Instrument(StrEnum):
    COMMON = "common"
    PREFERRED = "preferred"
    CONVERTIBLE = "convertible"


class GuaranteeLoanWanted(Input):
    """A loan against the rights, of which a guarantor stands for a part."""

    product: Literal[Product.GUARANTEE_LOAN]
    term_months: Months
    guaranteed_basis_points: Share = Field(description="of the loan, at least")


class EquityWanted(Input):
    product: Literal[Product.EQUITY]
    instrument: Instrument
    stake_max_basis_points: Share = Field(description="the most of the company that is given")
    use_of_proceeds: LongText


class LicenceBackWanted(Input):
    """The rights are sold, and their seller goes on using them as the buyer's licensee."""

    product: Literal[Product.SALE_AND_LICENCE_BACK]
    licence: LicenceTerms = Field(description="that you get back; its royalty is the rent")
    repurchase_months: Months | None = Field(
        default=None, description="for so long you want to be able to buy back"
    )

    @model_validator(mode="after")
    def _by_contract(self) -> Self:
        if self.licence.kind in {LicenceKind.OPEN, LicenceKind.REGISTERED_EXCLUSIVE}:
            raise ValueError("a licence back is exclusive, sole or non_exclusive")
        return self


class ReceivableKind(StrEnum):
    ROYALTY = "royalty"
    LOAN = "loan"


class Receivable(Input):
    """Money that a right of the pool is expected to bring."""

    right_id: UUID
    kind: ReceivableKind
    due_on: Day
    amount_minor: Minor


class Tranche(Input):
    name: ShortText
    size_minor: Minor
    coupon_max_basis_points: Rate = Field(description="a year, simple, ACT/365")


class SecuritisationWanted(Input):
    """Notes against the receivables of a pool of rights; what is left is the company's."""

    product: Literal[Product.SECURITISATION]
    receivables: list[Receivable] = Field(min_length=1, max_length=RECEIVABLES_MAX)
    tranches: list[Tranche] = Field(
        min_length=1, max_length=TRANCHES_MAX, description="of notes, the most senior first"
    )
    equity_minor: Minor = Field(description="kept by the company: it bears the first loss")

    @model_validator(mode="after")
    def _covered(self) -> Self:
        if len({one.name for one in self.tranches}) < len(self.tranches):
            raise ValueError("give each tranche a name of its own")
        sizes = self.notes_minor + self.equity_minor
        if sum(one.amount_minor for one in self.receivables) < sizes:
            raise ValueError("the receivables cover every tranche and the equity")
        return self

    @property
    def notes_minor(self) -> int:
        return sum(one.size_minor for one in self.tranches)


Wanted = Annotated[
    GuaranteeLoanWanted | EquityWanted | LicenceBackWanted | SecuritisationWanted,
    Field(discriminator="product"),
]


class GuaranteeOffered(Input):
    product: Literal[Product.GUARANTEE_LOAN]
    guaranteed_basis_points: Share
    fee_basis_points: Rate = Field(description="a year, of what is guaranteed")


class EquityOffered(Input):
    product: Literal[Product.EQUITY]
    stake_basis_points: Share
    conditions: list[ShortText] = Field(default_factory=list, max_length=20)


class LicenceBackOffered(Input):
    """A price for the rights, with the licence back as it was asked for."""

    product: Literal[Product.SALE_AND_LICENCE_BACK]
    repurchase_price_minor: Minor | None = None


class SecuritisationOffered(Input):
    """All notes are taken, each at a coupon."""

    product: Literal[Product.SECURITISATION]
    coupons_basis_points: list[Rate] = Field(
        min_length=1, max_length=TRANCHES_MAX, description="in the order of the tranches"
    )


Offered = Annotated[
    GuaranteeOffered | EquityOffered | LicenceBackOffered | SecuritisationOffered,
    Field(discriminator="product"),
]
