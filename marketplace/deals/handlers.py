"""What deals do when other domains tell news."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.deals import transferring
from marketplace.deals.licences import handlers as licences
from marketplace.deals.negotiations.service import move_live_of_listing
from marketplace.deals.parts import service as parts
from marketplace.deals.parts.queries import deal_of, subjects_of
from marketplace.deals.royalties import paying as royalties
from marketplace.kernel.events import Fact
from marketplace.payments.transfers.service import pay_out

NEGOTIATIONS_AFTER: Final[Mapping[str, str]] = {
    "listing.reserve": "suspend",
    "listing.suspend": "suspend",
    "listing.reopen": "resume",
    "listing.resume": "resume",
    "listing.sell": "close",
    "listing.withdraw": "close",
    "listing.expire": "close",
}
"""What becomes of a listing's live negotiations when the listing moves."""


async def on_paid(session: AsyncSession, fact: Fact) -> None:
    """The whole price of a deal is held, or a part of it."""
    subject = str(fact.data["subject"])
    kind, _, paid_for = subject.partition(":")
    if kind == "deal":
        await transferring.fund(session, UUID(paid_for))
    elif kind == "deal_part":
        await parts.hold(session, UUID(paid_for))
    elif kind == "royalty_payment":
        await royalties.on_paid(session, UUID(paid_for))
    await licences.on_money(session, subject)


async def on_distributed(session: AsyncSession, fact: Fact) -> None:
    """Money of a deal or of a part of it became payable, or is owed back."""
    deal = await deal_of(session, fact.subject)
    if deal:
        subject, *others = await subjects_of(session, deal)
        await pay_out(session, subject, others)


async def on_listing_moved(session: AsyncSession, fact: Fact) -> None:
    listing_id = UUID(fact.subject.removeprefix("listing:"))
    await move_live_of_listing(session, listing_id, NEGOTIATIONS_AFTER[fact.type])
