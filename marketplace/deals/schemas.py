from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.assets.models import RightKind
from marketplace.assets.title.schemas import RecordalDates
from marketplace.deals.lifecycle import DealState
from marketplace.deals.payees.schemas import PayeeRead
from marketplace.kernel.money import AMOUNT_MINOR_MAX
from marketplace.kernel.schemas import Amount, Input, LongText, Output, example
from marketplace.listings.deal_types import DealType
from marketplace.payments.online.schemas import PaymentInstructions

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class DealRead(Output):
    id: UUID
    state: DealState
    version: int
    type: DealType
    listing_id: UUID
    right_id: UUID
    right_kind: RightKind
    buyer_organisation_id: UUID
    seller_organisation_id: UUID
    price: Amount = Field(description="without VAT")
    vat: Amount = Field(description="VAT on top of the price; the buyer pays both")
    commission_basis_points: int
    commission: Amount = Field(
        description="as charged at the release; `/ledger` and the credit notes show what went back"
    )
    commission_vat: Amount = Field(description="VAT on the commission, as charged at the release")
    withheld: Amount = Field(description="tax kept back from the payees at the release")
    brokerage: Amount = Field(description="paid to brokers out of what was released")
    released: Amount = Field(description="of the price, to the seller's side")
    refunded: Amount = Field(description="of the price, out of held funds")
    returned: Amount = Field(description="of the released price, given back later")
    in_parts: bool = Field(description="see GET /v1/deals/{deal_id}/parts")
    bundled: bool = Field(description="about several rights: see GET /v1/deals/{deal_id}/items")
    brokered: bool = Field(description="see GET /v1/deals/{deal_id}/brokers")
    dual_agency: bool = Field(description="both sides consent before they sign")
    recordal_waived_by_seller: bool
    recordal_evidence: str | None
    dispute_reason: str | None
    title_passed: bool
    due_at: datetime | None = Field(description="when the clock moves the deal, if nobody does")
    your_role: str | None
    your_moves: list[str] = Field(description="what you can do now")
    created_at: datetime


class DealDetail(DealRead):
    held: Amount = Field(description="money held for this deal at this moment")
    payment: PaymentInstructions | None = Field(
        description="how the buyer pays, once signed; a deal in parts has one for each part"
    )
    payees: list[PayeeRead] = Field(description="who gets which share of the price")


class SignatureRead(Output):
    organisation_id: UUID
    user_id: UUID
    created_at: datetime


class AgreementRead(Output):
    sha256: str = Field(description="of the UTF-8 bytes of `content`; sign by naming it")
    content: str
    signatures: list[SignatureRead]


class AgreementAmend(Input):
    model_config = example(additional_terms="Two days of training are included.")

    additional_terms: LongText | None


class AgreementSign(Input):
    model_config = example(sha256="0f3c" * 16)

    sha256: Sha256


class RefusalEvidence(Input):
    model_config = example(evidence="KR notice of refusal 2026-11-20")

    evidence: LongText


class RecordalEvidence(RecordalDates):
    model_config = example(
        evidence="KR register extract 2026-11-20, receipt 1-1-2026-123",
        received_on="2026-11-12",
        recorded_on="2026-11-19",
        recordal_number="1-1-2026-123",
    )

    evidence: LongText = Field(examples=["KR register extract 2026-11-20, receipt 1-1-2026-123"])


class DisputeOpen(Input):
    model_config = example(reason="the register extract names another right")

    reason: LongText


class ReleaseResolution(Input):
    model_config = example(bear_loss=False)

    bear_loss: bool = Field(
        default=False,
        strict=True,
        description="after a chargeback that was lost: pay the seller as far as the platform's own"
        " money reaches, and book as its loss what the buyer keeps",
    )


class SplitResolution(ReleaseResolution):
    model_config = example(to_seller_minor=40_000_000)

    to_seller_minor: int = Field(gt=0, le=AMOUNT_MINOR_MAX, strict=True)


class PartialRefund(Input):
    model_config = example(amount_minor=10_000_000)

    amount_minor: int = Field(
        gt=0, le=AMOUNT_MINOR_MAX, strict=True, description="of the price, without VAT"
    )


class PostingRead(Output):
    kind: str
    source: str
    destination: str
    amount_minor: int
    currency: str
    recorded_at: datetime
