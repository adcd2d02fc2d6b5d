from uuid import UUID

from pydantic import Field

from marketplace.assets.schemas import TitleShare
from marketplace.deals.co_developments.lifecycle import CoDevelopmentState
from marketplace.kernel.schemas import Amount, Output


class PartyShare(Output):
    organisation_id: UUID
    share: TitleShare = Field(description="of every right that comes of the idea")
    signed: bool


class CoDevelopmentRead(Output):
    id: UUID
    right_id: UUID
    state: CoDevelopmentState
    version: int
    price: Amount = Field(description="that the organiser pays the authors, by their shares")
    parties: list[PartyShare] = Field(description="the organiser first; the shares sum to one")
    agreement: str
    sha256: str = Field(description="of the agreement; name it to sign")
    payment_reference: str | None = Field(description="to pay by, once everybody has signed")
    your_moves: list[str]
