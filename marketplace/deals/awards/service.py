"""Awards: of many ideas some are bought, each by a deal of its own, within the budget."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.assets.models import Right
from marketplace.deals.agreement import draw_up
from marketplace.deals.awards.errors import BudgetExceededError, InvalidAwardError
from marketplace.deals.awards.models import AwardedDeal
from marketplace.deals.awards.schemas import (
    AmountFigures,
    AwardedRead,
    AwardGive,
    AwardRead,
    SolicitationFigures,
)
from marketplace.deals.models import Deal
from marketplace.deals.negotiations.lifecycle import BUYER, SELLER
from marketplace.deals.negotiations.models import Negotiation, Offer
from marketplace.deals.negotiations.service import VALIDITY
from marketplace.deals.opening import Way, open_deal
from marketplace.deals.payees.models import PayeeRole
from marketplace.deals.payees.schemas import Payee, Share
from marketplace.deals.payees.service import put_payees
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import lock, now
from marketplace.kernel.lifecycle import BY_SYSTEM, begin, move
from marketplace.kernel.schemas import Amount
from marketplace.listings.models import Listing
from marketplace.listings.service import withdraw_listings_of
from marketplace.listings.solicitations.models import Award, Solicitation, Submission
from marketplace.listings.solicitations.service import free, live_submissions, lock_for

_FIGURES: Final = text(
    """
    SELECT (SELECT count(*) FROM solicitation WHERE opened_at IS NOT NULL) AS solicitations,
        (SELECT count(DISTINCT solicitation_id) FROM award) AS with_awards,
        (SELECT count(*) FROM submission WHERE withdrawn_at IS NULL) AS submissions,
        (SELECT count(*) FROM award) AS awards
    """
)
_AMOUNTS: Final = text(
    """
    SELECT s.currency, sum(a.amount_minor)::bigint AS awarded_minor,
        coalesce(sum(d.released_minor - d.returned_minor), 0)::bigint AS settled_minor,
        count(*) FILTER (WHERE d.state IN ('settled', 'closed')) AS settled_awards,
        round(avg(a.amount_minor))::bigint AS mean_award_minor,
        max(a.amount_minor) AS largest_award_minor
    FROM award a JOIN solicitation s ON s.id = a.solicitation_id
    LEFT JOIN awarded_deal l ON l.award_id = a.id LEFT JOIN deal d ON d.id = l.deal_id
    GROUP BY s.currency ORDER BY s.currency
    """
)


async def give_awards(
    session: AsyncSession,
    keyring: Keyring,
    solicitation_id: UUID,
    wanted: Sequence[AwardGive],
    *,
    actor: Actor,
) -> list[AwardedRead]:
    """Award submissions, and open a deal for each; what is not selected stays with its authors.

    Raises:
        NotFoundError: not the actor's solicitation.
        IllegalMoveError: it does not evaluate.
        BudgetExceededError: too much, or too many; by the database as well.
        InvalidAwardError: no such submission, or one named twice.
        RightReservedError: by the database, when a deal over an idea runs.
    """
    solicitation, role = await lock_for(session, solicitation_id, actor)
    total_minor = sum(award.amount_minor for award in wanted)
    move(
        session,
        solicitation,
        "award",
        role=role,
        actor=actor,
        awards=len(wanted),
        amount_minor=total_minor,
        currency=solicitation.currency,
    )
    if len(wanted) > solicitation.awards_max or total_minor > solicitation.budget_minor:
        raise BudgetExceededError
    entered = {one.number: one for one in await live_submissions(session, solicitation.id)}
    numbers = [award.number for award in wanted]
    if len(set(numbers)) < len(numbers) or not set(numbers) <= entered.keys():
        raise InvalidAwardError
    await free(session, solicitation)
    return [
        await _award(session, keyring, solicitation, entered[one.number], one, actor)
        for one in sorted(wanted, key=lambda award: entered[award.number].right_id)
    ]


async def _award(
    session: AsyncSession,
    keyring: Keyring,
    solicitation: Solicitation,
    submission: Submission,
    wanted: AwardGive,
    actor: Actor,
) -> AwardedRead:
    award = Award(
        created_at=now(session),
        solicitation_id=solicitation.id,
        submission_id=submission.id,
        amount_minor=wanted.amount_minor,
    )
    session.add(award)
    await session.flush()
    deal = await _open_deal(session, keyring, solicitation, submission, award, actor)
    session.add(AwardedDeal(created_at=now(session), award_id=award.id, deal_id=deal.id))
    await session.flush()
    amount = Amount(amount_minor=award.amount_minor, currency=solicitation.currency)
    return AwardedRead(number=submission.number, amount=amount, deal_id=deal.id)


async def _open_deal(
    session: AsyncSession,
    keyring: Keyring,
    solicitation: Solicitation,
    submission: Submission,
    award: Award,
    actor: Actor,
) -> Deal:
    """The same deal as after a negotiation, over a listing that nobody was shown."""
    listing = await _private_listing(session, solicitation, submission)
    negotiation = await _concluded(session, solicitation, listing, award, actor)
    deal = await open_deal(
        session,
        keyring,
        negotiation_id=negotiation.id,
        listing_id=listing.id,
        buyer_organisation_id=solicitation.organiser_organisation_id,
        price_minor=award.amount_minor,
        currency=solicitation.currency,
        actor=actor,
        way=Way.AWARD,
    )
    if len(submission.shares) > 1:
        await put_payees(session, deal, _team(submission))
        await draw_up(session, keyring, deal)
    return deal


def _team(submission: Submission) -> list[Payee]:
    """The team by its exact shares, its seller first."""
    seller = str(submission.organisation_id)
    shares = sorted(submission.shares, key=lambda share: share["organisation_id"] != seller)
    return [
        Payee(
            organisation_id=share["organisation_id"],
            role=PayeeRole.SELLER if share["organisation_id"] == seller else PayeeRole.CO_OWNER,
            share=Share(numerator=share["numerator"], denominator=share["denominator"]),
        )
        for share in shares
    ]


async def _private_listing(
    session: AsyncSession, solicitation: Solicitation, submission: Submission
) -> Listing:
    await withdraw_listings_of(session, submission.right_id)
    right = await session.get_one(Right, submission.right_id)
    seller = await get_organisation(session, submission.organisation_id)
    listing = Listing(
        created_at=now(session),
        right_id=right.id,
        organisation_id=submission.organisation_id,
        title=right.title,
        teaser=solicitation.title,
        language=solicitation.language,
        currency=solicitation.currency,
        region=seller.region or seller.country,
    )
    begin(session, listing, BY_SYSTEM, right_id=right.id)
    await session.flush()
    return listing


async def _concluded(
    session: AsyncSession,
    solicitation: Solicitation,
    listing: Listing,
    award: Award,
    actor: Actor,
) -> Negotiation:
    """To enter an idea was to offer it; the award takes it."""
    valid_until = now(session) + VALIDITY
    negotiation = Negotiation(
        created_at=now(session),
        listing_id=listing.id,
        buyer_organisation_id=solicitation.organiser_organisation_id,
        seller_organisation_id=listing.organisation_id,
    )
    begin(session, negotiation, actor, due_at=valid_until, listing_id=listing.id)
    await session.flush()
    offer = Offer(
        created_at=now(session),
        negotiation_id=negotiation.id,
        number=1,
        by=BUYER,
        price_minor=award.amount_minor,
        currency=solicitation.currency,
        message=solicitation.subject,
        valid_until=valid_until,
    )
    session.add(offer)
    negotiation = await lock(session, Negotiation, negotiation.id)
    move(session, negotiation, "accept", role=SELLER, actor=BY_SYSTEM, offer_number=1)
    await session.flush()
    return negotiation


async def awards_of(session: AsyncSession, solicitation: Solicitation) -> list[AwardRead]:
    """What was awarded, in the order of the submissions."""
    query = (
        select(Submission.number, Award.amount_minor)
        .join(Award, col(Award.submission_id) == col(Submission.id))
        .where(col(Award.solicitation_id) == solicitation.id)
        .order_by(col(Submission.number))
        .limit(100)
    )
    return [
        AwardRead(
            number=number,
            amount=Amount(amount_minor=amount_minor, currency=solicitation.currency),
        )
        for number, amount_minor in (await session.execute(query)).all()
    ]


async def figures(session: AsyncSession) -> SolicitationFigures:
    """How many tasks, submissions and awards there were, and what became of the money."""
    counts = (await session.execute(_FIGURES)).mappings().one()
    amounts = (await session.execute(_AMOUNTS)).mappings().all()
    return SolicitationFigures(
        **counts,
        settled_awards=sum(row["settled_awards"] for row in amounts),
        amounts=[AmountFigures.model_validate(dict(row)) for row in amounts],
    )
