from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.documents.disclosures.models import Disclosure, KnownDeclaration
from marketplace.documents.disclosures.schemas import (
    DisclosureDetail,
    DisclosureRead,
    KnownRead,
    SignerRead,
)
from marketplace.documents.disclosures.service import require_side
from marketplace.documents.proofs.models import ExistenceProof
from marketplace.documents.signatures import newest, signatures_of
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id


async def disclosures_of(
    session: AsyncSession, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[Sequence[Disclosure], str | None]:
    """The actor's disclosures on either side, newest first."""
    to_them = and_(
        col(Disclosure.recipient_organisation_id) == actor.organisation_id,
        or_(
            col(Disclosure.recipient_user_id).is_(None),
            col(Disclosure.recipient_user_id) == actor.user_id,
        ),
    )
    by_them = col(Disclosure.owner_organisation_id) == actor.organisation_id
    query = select(Disclosure).where(or_(by_them, to_them))
    return await page_by_id(session, query, Disclosure, cursor=cursor, limit=limit)


async def get_disclosure(
    session: AsyncSession, disclosure_id: UUID, *, actor: Actor
) -> DisclosureDetail:
    """A disclosure with its agreement, to its sides.

    Raises:
        NotFoundError: none of theirs.
    """
    disclosure = await session.get(Disclosure, disclosure_id)
    if disclosure is None:
        raise NotFoundError("no such disclosure")
    return await read_detail(session, disclosure, actor)


async def read_detail(
    session: AsyncSession, disclosure: Disclosure, actor: Actor
) -> DisclosureDetail:
    role = require_side(disclosure, actor)
    document = await newest(session, disclosure.subject)
    signatures = await signatures_of(session, document)
    return DisclosureDetail(
        **DisclosureRead.model_validate(disclosure).model_dump(),
        agreement=document.content,
        sha256=document.sha256,
        signatures=[
            SignerRead(
                organisation_id=one.organisation_id, user_id=one.user_id, signed_at=one.created_at
            )
            for one in signatures
        ],
        known=await _known(session, disclosure),
        your_moves=disclosure.lifecycle.open_to(disclosure.state, role),
    )


async def _known(session: AsyncSession, disclosure: Disclosure) -> list[KnownRead]:
    query = (
        select(KnownDeclaration, ExistenceProof.commitment)
        .join(ExistenceProof, col(ExistenceProof.id) == col(KnownDeclaration.proof_id))
        .where(col(KnownDeclaration.disclosure_id) == disclosure.id)
        .order_by(col(KnownDeclaration.id))
        .limit(100)
    )
    return [
        KnownRead(
            proof_id=one.proof_id,
            commitment=commitment.hex(),
            timestamped_at=one.timestamped_at,
            first_read_at=one.first_read_at,
            declared_at=one.created_at,
        )
        for one, commitment in (await session.execute(query)).all()
    ]
