from enum import StrEnum
from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Amount, Output


class WaitsFor(StrEnum):
    """What money that is owed waits for."""

    ACCOUNT = "account"
    """The organisation has given no account to be paid to."""
    STRIPE_ACCOUNT = "stripe_account"
    """The organisation chose Stripe, and its account there cannot receive."""
    STRIPE = "stripe"
    """The transfer failed, or the platform's Stripe balance does not cover it."""
    LARGER_AMOUNT = "larger_amount"
    """Stripe carries no amount as small; more of it, or a bank account, takes it along."""


class StuckPayable(Output):
    """Money that is owed and that no batch of payouts will take along."""

    organisation_id: UUID
    name: str
    amount: Amount
    waits_for: WaitsFor
    failed_refunds: list[str] = Field(
        description="of which subjects a refund failed; a deal's can be sent again",
        examples=[["deal:01a202d9-8178-7110-bc88-b2fca098c27a"]],
    )
