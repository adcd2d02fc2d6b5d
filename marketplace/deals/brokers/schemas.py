from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.deals.brokers.models import ConsentPurpose
from marketplace.deals.mandates.models import Side
from marketplace.deals.payees.schemas import Share, ShareRead
from marketplace.deals.schemas import AgreementRead
from marketplace.kernel.schemas import Amount, Input, Output, example

BROKERS_MAX = 10


class BrokerName(Input):
    mandate_id: UUID
    share: Share


class BrokersName(Input):
    model_config = example(
        brokers=[
            {
                "mandate_id": "01890a5d-0000-7000-8000-00000000000a",
                "share": {"numerator": 2, "denominator": 3},
            },
            {
                "mandate_id": "01890a5d-0000-7000-8000-00000000000b",
                "share": {"numerator": 1, "denominator": 3},
            },
        ]
    )

    brokers: list[BrokerName] = Field(
        max_length=BROKERS_MAX, description="of your side, by what they contributed"
    )


class BrokerRead(Output):
    side: Side
    mandate_id: UUID
    organisation_id: UUID
    name: str
    commission_ppm: int
    share: ShareRead = Field(description="of what the brokers of this side contributed")
    commission: Amount = Field(description="out of the whole price")


class PaidRead(Output):
    organisation_id: UUID
    amount: Amount


class ConsentRead(Output):
    purpose: ConsentPurpose
    organisation_id: UUID
    user_id: UUID
    sha256: str
    holds: bool = Field(description="it is of the present text")
    created_at: datetime


class BrokersRead(Output):
    dual_agency: bool = Field(description="a broker, or its group, acts for both sides")
    brokers: list[BrokerRead]
    consents: list[ConsentRead]
    paid: list[PaidRead] = Field(description="so far, out of what was released")
    agreement: AgreementRead
