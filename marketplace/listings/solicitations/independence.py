"""Whether who judges stands apart from who is judged."""

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.affiliations.queries import groups_of
from marketplace.accounts.members.queries import SIGNERS
from marketplace.kernel.db import now
from marketplace.listings.solicitations.models import Evaluator

_COMMON_PEOPLE: Final = text(
    """
    SELECT EXISTS (
        SELECT FROM unnest(CAST(:organisations AS uuid[]), CAST(:people AS uuid[]))
            AS judge (organisation_id, user_id)
        JOIN membership entrant ON entrant.organisation_id = ANY (CAST(:owners AS uuid[]))
        WHERE entrant.user_id = judge.user_id
        OR entrant.role = ANY (CAST(:signers AS text[])) AND EXISTS (SELECT FROM membership own
            WHERE own.organisation_id = judge.organisation_id AND own.user_id = entrant.user_id
            AND own.role = ANY (CAST(:signers AS text[]))))
    """
)


async def are_partial(
    session: AsyncSession, evaluators: Iterable[Evaluator], owners: Collection[UUID]
) -> bool:
    """Whether any of the evaluators stands with any of the owners of ideas.

    They do when the person belongs to an owner, when somebody signs for both organisations, or
    when both are of one group of companies.
    """
    judges = [(one.organisation_id, one.user_id) for one in evaluators]
    if not judges or not owners:
        return False
    judging = {organisation_id for organisation_id, _ in judges}
    tops = await groups_of(session, {*judging, *owners}, now(session).date())
    if {tops[one] for one in judging} & {tops[one] for one in owners}:
        return True
    values = {
        "organisations": [organisation_id for organisation_id, _ in judges],
        "people": [user_id for _, user_id in judges],
        "owners": list(owners),
        "signers": sorted(SIGNERS),
    }
    return bool((await session.execute(_COMMON_PEOPLE, values)).scalar_one())
