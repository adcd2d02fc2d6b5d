"""An idea that is filed: the application is its owners', by the same shares, and linked to it.

What its owners promised of future rights comes off first; their own shares divide the rest.

The idea's confidential body stays with the idea, under the same leave to read: to file publishes
nothing here.
"""

from collections.abc import Sequence
from fractions import Fraction
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import KindMismatchError, RightReservedError
from marketplace.assets.filings.models import FiledIdea, FutureShare
from marketplace.assets.filings.schemas import IdeaFile
from marketplace.assets.models import Right, RightKind
from marketplace.assets.schemas import OwnerInput, RightRegister, TitleShare
from marketplace.assets.service import is_reserved, register_right
from marketplace.assets.title.queries import owners_of, owns
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish


async def file_idea(
    session: AsyncSession, idea_id: UUID, request: IdeaFile, *, actor: Actor
) -> tuple[FiledIdea, Right]:
    """Register the application that an idea became; its team owns it by the same exact shares.

    Raises:
        NotFoundError: the idea is not the actor's, and they were promised nothing of it.
        KindMismatchError: it is no idea, or the number is of another kind.
        RightReservedError: a deal over the idea runs.
        RightExistsError: by the database, when the number is registered.
    """
    shares = await future_shares(session, idea_id)
    if actor.organisation_id not in shares:
        raise NotFoundError("no such right")
    idea = await lock(session, Right, idea_id)
    if idea.kind is not RightKind.IDEA:
        raise KindMismatchError("only an idea is filed")
    if await is_reserved(session, idea_id):
        raise RightReservedError
    owners = [
        OwnerInput(
            organisation_id=owner,
            share=TitleShare(numerator=share.numerator, denominator=share.denominator),
        )
        for owner, share in shares.items()
    ]
    register = RightRegister(
        kind=RightKind(request.kind),
        title=idea.title,
        abstract=idea.abstract,
        language=idea.language,
        identifier=request.identifier,
        filed_on=request.filed_on,
        owners=owners,
        classifications=idea.classifications,
    )
    right = await register_right(session, register, actor=actor)
    filed = FiledIdea(
        created_at=now(session),
        idea_id=idea_id,
        right_id=right.id,
        filed_by=actor.organisation_id,
    )
    session.add(filed)
    data = {"right_id": right.id}
    publish(session, "right.file", subject=f"right:{idea_id}", actor=actor.label, data=data)
    await session.flush()
    return filed, right


async def promised(session: AsyncSession, idea_id: UUID) -> dict[UUID, Fraction]:
    """What others than its owners will own of whatever is filed from an idea."""
    query = select(FutureShare).where(col(FutureShare.idea_id) == idea_id)
    found: dict[UUID, Fraction] = {}
    for one in (await session.execute(query)).scalars():
        found[one.organisation_id] = found.get(one.organisation_id, Fraction(0)) + one.share
    return found


async def future_shares(session: AsyncSession, idea_id: UUID) -> dict[UUID, Fraction]:
    """Who will own what of whatever is filed from an idea: exact, the sum one."""
    found = await promised(session, idea_id)
    rest = 1 - sum(found.values(), Fraction(0))
    for owner, share in (await owners_of(session, idea_id)).items():
        found[owner] = found.get(owner, Fraction(0)) + rest * share
    return found


async def filings_of(
    session: AsyncSession, right_id: UUID, *, actor: Actor
) -> Sequence[tuple[FiledIdea, Right]]:
    """What an idea was filed as, or which idea an application came from, oldest first.

    Raises:
        NotFoundError: the right is not the actor's.
    """
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    query = (
        select(FiledIdea, Right)
        .join(Right, col(Right.id) == col(FiledIdea.right_id))
        .where((col(FiledIdea.idea_id) == right_id) | (col(FiledIdea.right_id) == right_id))
        .order_by(col(FiledIdea.id))
        .limit(100)
    )
    return [(filed, right) for filed, right in (await session.execute(query)).all()]
