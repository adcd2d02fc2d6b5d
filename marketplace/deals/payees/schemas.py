from fractions import Fraction
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.deals.payees.models import PayeeRole
from marketplace.kernel.money import SHARE_PARTS_MAX
from marketplace.kernel.schemas import Input, Output, example

SHARE_MAX = SHARE_PARTS_MAX
PAYEES_MAX = 20
ShareNumber = Annotated[int, Field(ge=1, le=SHARE_MAX, strict=True)]


class Share(Input):
    """An exact fraction of the price: a third is 1 / 3, 12.5 % is 125 / 1000."""

    numerator: ShareNumber
    denominator: ShareNumber

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)


class Payee(Input):
    organisation_id: UUID
    role: PayeeRole
    share: Share


class PayeesName(Input):
    model_config = example(
        payees=[
            {
                "organisation_id": "01890a5d-0000-7000-8000-00000000000a",
                "role": "seller",
                "share": {"numerator": 2, "denominator": 3},
            },
            {
                "organisation_id": "01890a5d-0000-7000-8000-00000000000b",
                "role": "co_owner",
                "share": {"numerator": 1, "denominator": 3},
            },
        ]
    )

    payees: list[Payee] = Field(
        max_length=PAYEES_MAX, description="none: the seller gets the whole price again"
    )


class ShareRead(Output):
    numerator: int
    denominator: int


class PayeeRead(Output):
    organisation_id: UUID
    name: str
    role: PayeeRole
    share: ShareRead
