"""Entering ideas: sealed until the close, bound as they are, taken back only before it."""

import hashlib
from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.members.queries import share_people
from marketplace.assets.models import Right, RightKind
from marketplace.assets.schemas import TITLE_PARTS_MAX
from marketplace.assets.service import is_reserved
from marketplace.assets.title.queries import owners_of, owns
from marketplace.documents.disclosures.unwanted import require_wanted
from marketplace.documents.holds import commitments_of, hold, release_holds
from marketplace.documents.service import latest_body
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.money import SHARE_PARTS_MAX
from marketplace.listings.solicitations.errors import (
    NothingToSubmitError,
    OwnTaskError,
    SharesTooFineError,
    SubmissionsClosedError,
)
from marketplace.listings.solicitations.independence import are_partial
from marketplace.listings.solicitations.lifecycle import PUBLIC, SolicitationState
from marketplace.listings.solicitations.models import Evaluator, Solicitation, Submission

SUBMISSIONS_MAX: Final = 10_000


async def submit(
    session: AsyncSession, solicitation_id: UUID, right_id: UUID, *, actor: Actor
) -> Submission:
    """Enter an idea as it is now: its text and files cannot change until it is let go of.

    Raises:
        NotFoundError: no such open solicitation, or the idea is not the actor's.
        SubmissionsClosedError: by the database, before it opens and after its deadline.
        OwnTaskError: an owner stands with the organiser, or with somebody who judges.
        SharesTooFineError: no award could be split among its owners.
        NothingToSubmitError: it is no idea, has no text, or a deal over it runs.
        SubmittedError: by the database.
    """
    solicitation = await lock(session, Solicitation, solicitation_id)
    if solicitation.state not in PUBLIC:
        raise NotFoundError("no such solicitation")
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    if solicitation.state is not SolicitationState.OPEN:
        raise SubmissionsClosedError
    await _require_outsiders(session, solicitation, right_id, actor)
    _require_splittable(solicitation, await owners_of(session, right_id))
    await require_wanted(session, right_id, solicitation.organiser_organisation_id)
    right = await lock(session, Right, right_id)
    if right.kind is not RightKind.IDEA or await latest_body(session, right_id) is None:
        raise NothingToSubmitError
    if await is_reserved(session, right_id):
        raise NothingToSubmitError("a deal over it runs")
    submission = await _enter(session, solicitation, right_id, actor)
    await hold(
        session,
        right_id,
        subject=solicitation.subject,
        sealed_until=solicitation.sealed_until,
    )
    return submission


async def _enter(
    session: AsyncSession, solicitation: Solicitation, right_id: UUID, actor: Actor
) -> Submission:
    query = select(func.count()).where(col(Submission.solicitation_id) == solicitation.id)
    number = (await session.execute(query)).scalar_one() + 1
    if number > SUBMISSIONS_MAX:
        raise SubmissionsClosedError(f"it takes {SUBMISSIONS_MAX} submissions")
    commitments = await commitments_of(session, right_id)
    submission = Submission(
        created_at=now(session),
        solicitation_id=solicitation.id,
        number=number,
        right_id=right_id,
        organisation_id=actor.organisation_id,
        sha256=hashlib.sha256(b"".join(commitments)).hexdigest(),
        shares=await _shares(session, right_id),
    )
    session.add(submission)
    data = {"number": number, "sha256": submission.sha256}
    publish(session, "submission.enter", subject=solicitation.subject, actor=actor.label, data=data)
    await session.flush()
    return submission


async def _shares(session: AsyncSession, right_id: UUID) -> list[dict[str, Any]]:
    owners = await owners_of(session, right_id)
    denominator = lcm(*(share.denominator for share in owners.values()))
    return [
        {
            "organisation_id": str(owner),
            "numerator": int(share * denominator),
            "denominator": denominator,
        }
        for owner, share in owners.items()
    ]


def _require_splittable(solicitation: Solicitation, owners: Mapping[UUID, Fraction]) -> None:
    """An award is paid by these shares; developed together, what is filed is owned by them too."""
    organisers = solicitation.organiser_share
    shares = owners.values()
    if organisers is None:
        is_splittable = all(one.denominator <= SHARE_PARTS_MAX for one in shares)
    else:
        left = 1 - organisers
        is_splittable = all((left * one).denominator <= TITLE_PARTS_MAX for one in shares)
    if not is_splittable:
        raise SharesTooFineError


async def _require_outsiders(
    session: AsyncSession, solicitation: Solicitation, right_id: UUID, actor: Actor
) -> None:
    organiser, owners = solicitation.organiser_organisation_id, await owners_of(session, right_id)
    for owner in owners:
        if owner == organiser:
            raise OwnTaskError
        if await share_people(session, organiser, owner, person_id=actor.user_id):
            raise OwnTaskError
    query = select(Evaluator).where(col(Evaluator.solicitation_id) == solicitation.id)
    if await are_partial(session, (await session.execute(query)).scalars(), owners):
        raise OwnTaskError("somebody who judges stands with an owner of the idea")


async def withdraw(
    session: AsyncSession, solicitation_id: UUID, number: int, *, actor: Actor
) -> Submission:
    """Take an idea back before the close; it can be changed and entered again.

    Raises:
        NotFoundError: not the actor's.
        SubmissionsClosedError: by the database, after the close.
    """
    solicitation = await lock(session, Solicitation, solicitation_id)
    submission = await find(session, solicitation_id, number)
    if not await owns(session, submission.right_id, actor.organisation_id):
        raise NotFoundError("no such solicitation")
    if submission.withdrawn_at is not None:
        raise NotFoundError("no such submission")
    submission.withdrawn_at = now(session)
    await session.flush()
    await release_holds(session, subject=solicitation.subject, right_id=submission.right_id)
    data = {"number": number}
    publish(
        session, "submission.withdraw", subject=solicitation.subject, actor=actor.label, data=data
    )
    return submission


async def find(session: AsyncSession, solicitation_id: UUID, number: int) -> Submission:
    """A submission by its number.

    Raises:
        NotFoundError: none.
    """
    query = select(Submission).where(
        col(Submission.solicitation_id) == solicitation_id, col(Submission.number) == number
    )
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such submission")
    return found
