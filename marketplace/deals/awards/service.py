"""Awards: of many ideas some are bought, each by a deal of its own, within the budget."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.deals.awards.errors import BudgetExceededError, InvalidAwardError
from marketplace.deals.awards.models import AwardedDeal
from marketplace.deals.awards.schemas import (
    AmountFigures,
    AwardedRead,
    AwardGive,
    AwardRead,
    SolicitationFigures,
)
from marketplace.deals.co_developments.service import propose
from marketplace.deals.models import Deal
from marketplace.deals.private import Agreed, open_private_deal, team
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now
from marketplace.kernel.lifecycle import move
from marketplace.kernel.schemas import Amount
from marketplace.listings.solicitations.models import Award, Outcome, Solicitation, Submission
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
        (coalesce(sum(d.released_minor - d.returned_minor), 0)
            + coalesce(sum(c.price_minor), 0))::bigint AS settled_minor,
        count(*) FILTER (WHERE d.state IN ('settled', 'closed') OR c.id IS NOT NULL)
            AS settled_awards,
        round(avg(a.amount_minor))::bigint AS mean_award_minor,
        max(a.amount_minor) AS largest_award_minor
    FROM award a JOIN solicitation s ON s.id = a.solicitation_id
    LEFT JOIN awarded_deal l ON l.award_id = a.id LEFT JOIN deal d ON d.id = l.deal_id
    LEFT JOIN co_development c ON c.award_id = a.id AND c.state = 'in_force'
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
        EncumberedError, TerritoryNotCoveredError, LicenceKindUnknownError: no such licence of it.
        FutureSharesError: nothing of what comes of it would be left to its authors.
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
    amount = Amount(amount_minor=award.amount_minor, currency=solicitation.currency)
    if solicitation.outcome is Outcome.CO_DEVELOPMENT:
        agreement = await propose(session, solicitation, submission, award, actor=actor)
        return AwardedRead(
            number=submission.number, amount=amount, deal_id=None, co_development_id=agreement.id
        )
    deal = await _open_deal(session, keyring, solicitation, submission, award, actor)
    session.add(AwardedDeal(created_at=now(session), award_id=award.id, deal_id=deal.id))
    await session.flush()
    return AwardedRead(
        number=submission.number, amount=amount, deal_id=deal.id, co_development_id=None
    )


async def _open_deal(
    session: AsyncSession,
    keyring: Keyring,
    solicitation: Solicitation,
    submission: Submission,
    award: Award,
    actor: Actor,
) -> Deal:
    agreed = Agreed(
        right_id=submission.right_id,
        seller=submission.organisation_id,
        buyer=solicitation.organiser_organisation_id,
        price_minor=award.amount_minor,
        currency=solicitation.currency,
        teaser=solicitation.title,
        language=solicitation.language,
        about=solicitation.subject,
        licence=solicitation.licence,
        payees=team(submission.organisation_id, submission.exact_shares()),
    )
    return await open_private_deal(session, keyring, agreed, actor=actor)


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
