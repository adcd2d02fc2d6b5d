"""Confidential documents: sealed, shared by grants. Each reading is logged before a byte leaves."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation
from marketplace.documents.sealed.models import (
    SealedDocument,
    SealedDocumentGrant,
    SealedDocumentView,
)
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.pagination import page_by_id

DOCUMENTS_MAX: Final = 100
_REVOKE: Final = text(
    "UPDATE sealed_document_grant SET revoked_at = :now"
    " WHERE document_id = :id AND organisation_id = :organisation_id AND revoked_at IS NULL"
)


def _context(document_id: UUID) -> str:
    """Binds the ciphertext to its row."""
    return f"sealed_document:{document_id}"


async def put(
    session: AsyncSession,
    keyring: Keyring,
    subject: str,
    name: str,
    content: str,
    *,
    actor: Actor,
) -> SealedDocument:
    """Keep a document of the actor's organisation about a subject, encrypted."""
    document_id = new_id()
    sealed = keyring.seal(content.encode(), context=_context(document_id))
    document = SealedDocument(
        id=document_id,
        created_at=now(session),
        subject=subject,
        organisation_id=actor.organisation_id,
        name=name,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
        key_id=sealed.key_id,
        wrapped_key=sealed.wrapped_key,
        ciphertext=sealed.ciphertext,
    )
    session.add(document)
    _tell(session, document, "put", actor, {"about": subject})
    await session.flush()
    return document


async def documents_about(session: AsyncSession, subject: str) -> Sequence[SealedDocument]:
    """What was put about a subject, oldest first; their names, not their content."""
    query = select(SealedDocument).where(col(SealedDocument.subject) == subject)
    query = query.order_by(col(SealedDocument.id)).limit(DOCUMENTS_MAX)
    return (await session.execute(query)).scalars().all()


async def grant(
    session: AsyncSession, document_id: UUID, organisation_id: UUID, *, actor: Actor
) -> None:
    """Let another organisation read a document; granted already, nothing happens.

    Raises:
        NotFoundError: not the actor's document, or no such organisation.
    """
    document = await _own(session, document_id, actor)
    if await session.get(Organisation, organisation_id) is None:
        raise NotFoundError("no such organisation")
    if await _may_read(session, document, organisation_id):
        return
    session.add(
        SealedDocumentGrant(
            created_at=now(session),
            document_id=document.id,
            organisation_id=organisation_id,
            granted_by=actor.person_id,
        )
    )
    _tell(session, document, "grant", actor, {"to": organisation_id})
    await session.flush()


async def revoke(
    session: AsyncSession, document_id: UUID, organisation_id: UUID, *, actor: Actor
) -> None:
    """End the leave of an organisation; what it has read it has read.

    Raises:
        NotFoundError: not the actor's document.
    """
    document = await _own(session, document_id, actor)
    values = {"id": document.id, "organisation_id": organisation_id, "now": now(session)}
    await session.execute(_REVOKE, values)
    _tell(session, document, "revoke", actor, {"of": organisation_id})


async def read(
    session: AsyncSession, keyring: Keyring, document_id: UUID, *, actor: Actor
) -> tuple[SealedDocument, str]:
    """Decrypt a document for its owner or a grantee, and log the reading.

    Raises:
        NotFoundError: not theirs and not granted to them, or there is none.
        PersonNeededError: a program alone reads nothing in confidence.
    """
    document = await session.get(SealedDocument, document_id)
    if document is None or not await _may_read(session, document, actor.organisation_id):
        raise NotFoundError("no such document")
    session.add(
        SealedDocumentView(
            created_at=now(session),
            document_id=document.id,
            organisation_id=actor.organisation_id,
            user_id=actor.person_id,
        )
    )
    await session.flush()
    sealed = Sealed(document.key_id, document.wrapped_key, document.ciphertext)
    return document, keyring.open(sealed, context=_context(document.id)).decode()


async def views_of(
    session: AsyncSession, document_id: UUID, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[Sequence[SealedDocumentView], str | None]:
    """Who read one's own document, newest first.

    Raises:
        NotFoundError: not the actor's document.
    """
    document = await _own(session, document_id, actor)
    query = select(SealedDocumentView).where(col(SealedDocumentView.document_id) == document.id)
    return await page_by_id(session, query, SealedDocumentView, cursor=cursor, limit=limit)


async def _own(session: AsyncSession, document_id: UUID, actor: Actor) -> SealedDocument:
    found = await session.get(SealedDocument, document_id)
    if found is None or found.organisation_id != actor.organisation_id:
        raise NotFoundError("no such document")
    return await lock(session, SealedDocument, document_id)


async def _may_read(session: AsyncSession, document: SealedDocument, organisation_id: UUID) -> bool:
    if document.organisation_id == organisation_id:
        return True
    query = select(SealedDocumentGrant.id).where(
        col(SealedDocumentGrant.document_id) == document.id,
        col(SealedDocumentGrant.organisation_id) == organisation_id,
        col(SealedDocumentGrant.revoked_at).is_(None),
    )
    return (await session.execute(query)).first() is not None


def _tell(
    session: AsyncSession,
    document: SealedDocument,
    name: str,
    actor: Actor,
    data: dict[str, object],
) -> None:
    subject = f"sealed_document:{document.id}"
    publish(session, f"sealed_document.{name}", subject=subject, actor=actor.label, data=data)
